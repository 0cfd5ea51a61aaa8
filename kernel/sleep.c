/*
 * Sleeping for a time, or until one: nanosleep and clock_nanosleep.
 *
 * A sleep for a time that a signal breaks off reports what is left and, unless a handler runs,
 * goes on through restart_syscall until the same deadline. A sleep until a time needs no such
 * help: the same call again does the same. One until a wall time follows the clock when it is
 * set.
 */
#include <abi/errno.h>
#include <abi/time.h>
#include <assert.h>
#include <clock.h>
#include <task.h>
#include <uaccess.h>
#include <wait.h>

#include "clock_internal.h"
#include "cpu_clock.h"

/* Until a monotonic time: 0, or -EINTR. */
static int sleep_until(uint64_t deadline)
{
	int result = 0;

	while (result == 0) {
		wait_prepare(true);
		result = wait_sleep(deadline);
	}
	return result == -ETIMEDOUT ? 0 : result;
}

static int sleep_until_wall_time(uint64_t ns)
{
	struct waiter waiter;
	int result = 0;

	wait_enter(&clock_was_set, &waiter);
	while (result != -EINTR && clock_realtime_ns() < ns) {
		wait_prepare(true);
		result = wait_sleep(clock_monotonic_from_realtime(ns));
	}
	wait_leave(&waiter);
	return result == -EINTR ? -ERESTARTNOHAND : 0;
}

static int32_t report_left(uint64_t deadline, void __user *left, bool wide)
{
	uint64_t now = clock_monotonic_ns();

	if (deadline <= now)
		return 0;
	if (left && timespec_put(left, deadline - now, wide) != 0)
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static int32_t restart(struct task *task, bool wide)
{
	if (sleep_until(task->restart_deadline) == 0)
		return 0;
	return report_left(task->restart_deadline, (void __user *)task->restart_argument, wide);
}

static int32_t restart_narrow(struct task *task)
{
	return restart(task, false);
}

static int32_t restart_wide(struct task *task)
{
	return restart(task, true);
}

static int32_t sleep_for(uint64_t ns, void __user *left, bool wide)
{
	uint64_t deadline = clock_monotonic_ns() + ns;

	if (sleep_until(deadline) == 0)
		return 0;
	current->restart = wide ? restart_wide : restart_narrow;
	current->restart_deadline = deadline;
	current->restart_argument = (uint32_t)left;
	return report_left(deadline, left, wide);
}

/* Until a clock of processor time shows ns: 0, or -EINTR. */
static int sleep_until_cpu_time(const struct cpu_clock *clock, uint64_t ns)
{
	struct waiter waiter;
	int result = 0;

	wait_enter(&cpu_clock_sleepers, &waiter);
	while (result != -EINTR && cpu_clock_ns(clock) < ns) {
		wait_prepare(WAIT_INTERRUPTIBLE);
		result = wait_sleep(WAIT_FOREVER);
	}
	wait_leave(&waiter);
	return result;
}

static int32_t report_cpu_left(const struct cpu_clock *clock, uint64_t deadline, void __user *left,
			       bool wide)
{
	uint64_t now = cpu_clock_ns(clock);

	if (deadline <= now)
		return 0;
	if (left && timespec_put(left, deadline - now, wide) != 0)
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static int32_t sleep_on_cpu_clock(int32_t id, uint64_t deadline, void __user *left, bool wide);

static int32_t restart_on_cpu_clock(struct task *task)
{
	return sleep_on_cpu_clock((int32_t)task->restart_arguments[0], task->restart_deadline,
				  (void __user *)task->restart_argument,
				  task->restart_arguments[1]);
}

/* For a time that ends at deadline on the clock. */
static int32_t sleep_on_cpu_clock(int32_t id, uint64_t deadline, void __user *left, bool wide)
{
	struct cpu_clock clock;
	int error = cpu_clock_find(id, &clock);

	if (error)
		return error;
	if (sleep_until_cpu_time(&clock, deadline) == 0)
		return 0;
	current->restart = restart_on_cpu_clock;
	current->restart_deadline = deadline;
	current->restart_argument = (uint32_t)left;
	current->restart_arguments[0] = (uint32_t)id;
	current->restart_arguments[1] = wide;
	return report_cpu_left(&clock, deadline, left, wide);
}

/* A thread that waits for its own time to pass would wait for ever. */
static int32_t cpu_clock_nanosleep(int32_t id, bool absolute, uint64_t ns, void __user *left,
				   bool wide)
{
	struct cpu_clock clock;
	int error = cpu_clock_find(id, &clock);

	if (error || (clock.thread && clock.number == current->tid))
		return -EINVAL;
	if (!absolute)
		return sleep_on_cpu_clock(id, cpu_clock_ns(&clock) + ns, left, wide);
	return sleep_until_cpu_time(&clock, ns) == 0 ? 0 : -ERESTARTNOHAND;
}

/* 0 when a task can sleep on the clock. */
static int check_clock(int32_t id)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
	case CLOCK_TAI:
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_THREAD_CPUTIME_ID:
		return -EOPNOTSUPP;
	default:
		return is_cpu_clock(id) ? 0 : -EINVAL;
	}
}

static bool is_wall_clock(int32_t id)
{
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_ALARM || id == CLOCK_TAI;
}

static int32_t clock_nanosleep(int32_t id, int32_t flags, const void __user *request,
			       void __user *left, bool wide)
{
	int64_t sec;
	int32_t nsec;
	int result = check_clock(id);

	if (result != 0)
		return result;
	if (timespec_get(&sec, &nsec, request, wide) != 0)
		return -EFAULT;
	if (!timespec_valid(sec, nsec))
		return -EINVAL;
	uint64_t ns = timespec_to_ns(sec, nsec);

	if (is_cpu_clock(id))
		return cpu_clock_nanosleep(id, flags & TIMER_ABSTIME, ns, left, wide);
	if (!(flags & TIMER_ABSTIME))
		return sleep_for(ns, left, wide);
	if (is_wall_clock(id))
		return sleep_until_wall_time(ns);
	return sleep_until(ns) == 0 ? 0 : -ERESTARTNOHAND;
}

int32_t sys_nanosleep(const struct timespec __user *request, struct timespec __user *left)
{
	return clock_nanosleep(CLOCK_MONOTONIC, 0, request, left, false);
}

int32_t sys_clock_nanosleep(int32_t id, int32_t flags, const struct timespec __user *request,
			    struct timespec __user *left)
{
	return clock_nanosleep(id, flags, request, left, false);
}

int32_t sys_clock_nanosleep64(int32_t id, int32_t flags, const struct timespec64 __user *request,
			      struct timespec64 __user *left)
{
	return clock_nanosleep(id, flags, request, left, true);
}
