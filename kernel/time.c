/*
 * What time it is: the clocks as programs name them, and setting the wall clock.
 */
#include <abi/errno.h>
#include <abi/time.h>
#include <assert.h>
#include <clock.h>
#include <task.h>
#include <uaccess.h>

#include "clock_internal.h"
#include "cpu_clock.h"

#define UPTIME_SECONDS_MAX (30LL * 365 * 24 * 3600)	/* TIME_UPTIME_SEC_MAX */
#define SECONDS_MAX (INT64_MAX / (int64_t)NSEC_PER_SEC) /* as Linux's KTIME_SEC_MAX */

/* ---- times between the ABI's forms and ours */

bool timespec_valid(int64_t sec, int32_t nsec)
{
	return sec >= 0 && nsec >= 0 && nsec < (int32_t)NSEC_PER_SEC;
}

uint64_t timespec_to_ns(int64_t sec, int32_t nsec)
{
	assert(timespec_valid(sec, nsec));
	if (sec >= SECONDS_MAX)
		return INT64_MAX;
	return (uint64_t)sec * NSEC_PER_SEC + (uint32_t)nsec;
}

int timespec_get(int64_t *sec, int32_t *nsec, const void __user *from, bool wide)
{
	struct timespec64 long_form;
	struct timespec short_form;

	if (wide) {
		if (copy_from_user(&long_form, from, sizeof(long_form)) != 0)
			return -EFAULT;
		*sec = long_form.sec;
		*nsec = long_form.nsec;
		return 0;
	}
	if (copy_from_user(&short_form, from, sizeof(short_form)) != 0)
		return -EFAULT;
	*sec = short_form.sec;
	*nsec = short_form.nsec;
	return 0;
}

int timespec_put(void __user *to, uint64_t ns, bool wide)
{
	uint32_t nsec;
	uint64_t sec = split_ns(ns, &nsec);
	struct timespec64 long_form = { .sec = sec, .nsec = nsec };
	struct timespec short_form = { .sec = sec, .nsec = nsec };

	return wide ? copy_to_user(to, &long_form, sizeof(long_form))
		    : copy_to_user(to, &short_form, sizeof(short_form));
}

/* ---- clocks */

static int read_cpu_clock(int32_t id, uint64_t *ns)
{
	struct cpu_clock clock;
	int error = cpu_clock_find(id, &clock);

	if (!error)
		*ns = cpu_clock_ns(&clock);
	return error;
}

int clock_read(int32_t id, uint64_t *ns)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*ns = clock_realtime_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = clock_monotonic_ns();
		return 0;
	case CLOCK_REALTIME_COARSE:
		*ns = clock_realtime_coarse_ns();
		return 0;
	case CLOCK_MONOTONIC_COARSE:
		*ns = clock_coarse_ns();
		return 0;
	}
	return is_cpu_clock(id) ? read_cpu_clock(id, ns) : -EINVAL;
}

static uint64_t resolution_ns(int32_t id)
{
	return id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE ? NSEC_PER_TICK : 1;
}

static int set_realtime(int64_t sec, int32_t nsec)
{
	if (!timespec_valid(sec, nsec) || sec >= SECONDS_MAX - UPTIME_SECONDS_MAX)
		return -EINVAL;
	if (!current_is_root())
		return -EPERM;
	return clock_set_realtime_ns(timespec_to_ns(sec, nsec));
}

/* ---- system calls */

static int32_t clock_gettime(int32_t id, void __user *to, bool wide)
{
	uint64_t ns;
	int result = clock_read(id, &ns);

	return result != 0 ? result : timespec_put(to, ns, wide);
}

int32_t sys_clock_gettime(int32_t id, struct timespec __user *to)
{
	return clock_gettime(id, to, false);
}

int32_t sys_clock_gettime64(int32_t id, struct timespec64 __user *to)
{
	return clock_gettime(id, to, true);
}

static int32_t clock_getres(int32_t id, void __user *to, bool wide)
{
	uint64_t ns;
	int result = clock_read(id, &ns);

	if (result != 0 || !to)
		return result;
	return timespec_put(to, resolution_ns(id), wide);
}

int32_t sys_clock_getres(int32_t id, struct timespec __user *to)
{
	return clock_getres(id, to, false);
}

int32_t sys_clock_getres64(int32_t id, struct timespec64 __user *to)
{
	return clock_getres(id, to, true);
}

static int32_t clock_settime(int32_t id, const void __user *from, bool wide)
{
	int64_t sec;
	int32_t nsec;
	struct cpu_clock clock;

	/* Processor time cannot be set; but a clock that is none is told first. */
	if (id < 0)
		return cpu_clock_find(id, &clock) != 0 ? -EINVAL : -EPERM;
	if (id != CLOCK_REALTIME)
		return -EINVAL;
	if (timespec_get(&sec, &nsec, from, wide) != 0)
		return -EFAULT;
	return set_realtime(sec, nsec);
}

int32_t sys_clock_settime(int32_t id, const struct timespec __user *from)
{
	return clock_settime(id, from, false);
}

int32_t sys_clock_settime64(int32_t id, const struct timespec64 __user *from)
{
	return clock_settime(id, from, true);
}

/* As of the last tick, like Linux's and the vDSO's. */
int32_t sys_time(int32_t __user *to)
{
	uint32_t left;
	int32_t seconds = split_ns(clock_realtime_coarse_ns(), &left);

	if (to && put_user((uint32_t __user *)to, seconds) != 0)
		return -EFAULT;
	return seconds;
}

int32_t sys_stime(const int32_t __user *from)
{
	uint32_t seconds;

	if (get_user(&seconds, (const uint32_t __user *)from) != 0)
		return -EFAULT;
	return set_realtime((int32_t)seconds, 0);
}

int32_t sys_gettimeofday(struct timeval __user *to, struct timezone __user *zone)
{
	static const struct timezone universal;
	uint32_t nsec;
	uint64_t sec = split_ns(clock_realtime_ns(), &nsec);
	struct timeval now = { sec, nsec / NSEC_PER_USEC };

	if (to && copy_to_user(to, &now, sizeof(now)) != 0)
		return -EFAULT;
	return zone ? copy_to_user(zone, &universal, sizeof(universal)) : 0;
}

/* The kernel keeps universal time alone: a time zone is taken note of by saying yes. */
int32_t sys_settimeofday(const struct timeval __user *from, const struct timezone __user *zone)
{
	struct timeval time;
	struct timezone ignored;

	if (from) {
		if (copy_from_user(&time, from, sizeof(time)) != 0)
			return -EFAULT;
		if (time.usec < 0 || time.usec > (int32_t)USEC_PER_SEC)
			return -EINVAL;
	}
	if (zone && copy_from_user(&ignored, zone, sizeof(ignored)) != 0)
		return -EFAULT;
	if (from)
		return set_realtime(time.sec, time.usec * NSEC_PER_USEC);
	return current_is_root() ? 0 : -EPERM;
}

/*
 * Ticks since boot; like Linux near a wrap, a count that looks like an errno is one all the
 * same.
 */
int32_t sys_times(struct tms __user *to)
{
	const struct process *process = current->process;
	struct tms times = {
		.utime = process->ticks_user,
		.stime = process->ticks_system,
		.cutime = process->children_user,
		.cstime = process->children_system,
	};

	if (to && copy_to_user(to, &times, sizeof(times)) != 0)
		return -EFAULT;
	return clock_ticks();
}
