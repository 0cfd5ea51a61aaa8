/*
 * Injected failures: the Nth allocation from now on, of a frame, of a block of frames or of an
 * object on the kernel heap, fails as if memory were out; or the Nth request to a block device ends
 * in -EIO and never reaches the disk. So that each path that undoes half-done work can be walked: for
 * N = 1, 2, 3, ... until the call under test succeeds.
 *
 * Either for one task (/proc/PID/fail-nth: as Linux's, Documentation/fault-injection), which makes
 * it repeatable whatever else runs, and counts allocations and the requests that the task itself
 * submits alike; or for the system, where each has its own count (/proc/sys/vm/fail_nth and fail_io,
 * and fail_nth=N and fail_io=N on the command line: from the start of process 1 on). With
 * /proc/sys/vm/fail_io_interval not 0, each so manieth request after that one fails as well.
 *
 * Protected by: the kernel not being preempted. Interrupt handlers do not allocate.
 */
#ifndef LOFT_FAIL_H
#define LOFT_FAIL_H

#include <types.h>

struct task;

/* How many wait for a failure: tasks, and the system as a whole. For the function below alone. */
extern uint32_t fail_armed;
/* Counts this allocation. True: it is to fail. */
bool fail_now(void);

/* Asked by each allocation before it does anything. */
static inline bool fail_allocation(void)
{
	return unlikely(fail_armed) && fail_now();
}

/* The nth allocation of task fails; 0: none. */
void fail_set_task(struct task *task, uint32_t nth);
/* The nth of anybody; 0: none. What is left to count is fail_system_nth. */
void fail_set_system(uint32_t nth);
extern int32_t fail_system_nth;

/* Asked for each request to a block device that is submitted. True: it is to fail. */
bool fail_request(void);
/* Requests until one fails, 0: none will; and from then on, 0: no more. */
extern int32_t fail_io_nth, fail_io_interval;
/* Arms what the command line asks for. */
void fail_init(void);

#endif
