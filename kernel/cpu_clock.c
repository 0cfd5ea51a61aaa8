/*
 * Processor time as a clock: counted in ticks, by whom the tick finds running.
 */
#include "cpu_clock.h"

#include <abi/errno.h>
#include <abi/time.h>
#include <assert.h>
#include <task.h>

/* In a negative clock number: ~pid in the upper 29 bits, below it what is counted. */
#define NUMBER_SHIFT 3
#define COUNTS_THREAD 4
#define COUNTS_WHAT 3
enum { WHAT_ALL, WHAT_USER, WHAT_RUN };

struct wait_queue cpu_clock_sleepers = WAIT_QUEUE_INIT(cpu_clock_sleepers);

int cpu_clock_find(int32_t id, struct cpu_clock *clock)
{
	uint32_t what = (uint32_t)id & COUNTS_WHAT;
	pid_t number = ~(id >> NUMBER_SHIFT);
	const struct task *task;

	assert(is_cpu_clock(id));
	if (id >= 0) {
		clock->thread = id == CLOCK_THREAD_CPUTIME_ID;
		number = 0;
		what = WHAT_RUN;
	} else {
		clock->thread = id & COUNTS_THREAD;
	}
	if (what > WHAT_RUN)
		return -EINVAL;
	clock->user_only = what == WHAT_USER;
	if (number == 0)
		number = clock->thread ? current->tid : current->process->pid;
	clock->number = number;
	if (!clock->thread)
		return process_find(number) ? 0 : -EINVAL;
	/* A thread's clock is for its own process alone. */
	task = task_find(number);
	return task && task->process == current->process ? 0 : -EINVAL;
}

uint64_t cpu_clock_ns(const struct cpu_clock *clock)
{
	const struct process *process;
	const struct task *task;
	uint32_t user = 0, system = 0;

	if (clock->thread) {
		task = task_find(clock->number);
		if (task) {
			user = task->ticks_user;
			system = task->ticks_system;
		}
	} else {
		process = process_find(clock->number);
		if (process) {
			user = process->ticks_user;
			system = process->ticks_system;
		}
	}
	return ((uint64_t)user + (clock->user_only ? 0 : system)) * NSEC_PER_TICK;
}

bool cpu_clock_counts_current(const struct cpu_clock *clock)
{
	return clock->number == (clock->thread ? current->tid : current->process->pid);
}
