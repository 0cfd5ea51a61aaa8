/*
 * Interval timers and alarm(2), all of the whole process: ITIMER_REAL is a timer of the machine,
 * ITIMER_VIRTUAL and ITIMER_PROF count down with the process's own ticks, in user mode or at all.
 */
#include <abi/errno.h>
#include <abi/time.h>
#include <assert.h>
#include <clock.h>
#include <signal.h>
#include <task.h>
#include <trap.h>
#include <uaccess.h>

#include "clock_internal.h"

/* Remaining and interval, both in nanoseconds; remaining 0: not running. */
struct itimer_setting {
	uint64_t left_ns, interval_ns;
};

static struct cpu_timer *cpu_timer_of(int32_t which)
{
	assert(which == ITIMER_VIRTUAL || which == ITIMER_PROF);
	return &current->process->cpu_timers[which - ITIMER_VIRTUAL];
}

static void cpu_timer_tick(struct process *process, struct cpu_timer *timer, int signal)
{
	if (timer->left_ns == 0)
		return;
	if (timer->left_ns > NSEC_PER_TICK) {
		timer->left_ns -= NSEC_PER_TICK;
		return;
	}
	timer->left_ns = timer->interval_ns;
	signal_send_process(process, signal, NULL);
}

void itimer_tick(bool from_user)
{
	struct process *process = current->process;

	if (from_user)
		cpu_timer_tick(process, &process->cpu_timers[0], SIGVTALRM);
	cpu_timer_tick(process, &process->cpu_timers[1], SIGPROF);
}

static struct itimer_setting get_setting(int32_t which)
{
	const struct process *process = current->process;
	const struct cpu_timer *timer;

	if (which == ITIMER_REAL)
		return (struct itimer_setting){ timer_left(&process->alarm),
						process->alarm_interval_ns };
	timer = cpu_timer_of(which);
	return (struct itimer_setting){ timer->left_ns, timer->interval_ns };
}

/* Stopped, it loses its interval; the other two keep theirs. So it is on Linux. */
static void set_real(const struct itimer_setting *setting)
{
	struct process *process = current->process;

	process->alarm_interval_ns = setting->left_ns ? setting->interval_ns : 0;
	if (setting->left_ns)
		timer_start(&process->alarm, clock_monotonic_ns() + setting->left_ns);
	else
		timer_stop(&process->alarm);
}

static void put_setting(int32_t which, struct itimer_setting setting)
{
	uint32_t flags = irq_save();

	if (which == ITIMER_REAL)
		set_real(&setting);
	else
		*cpu_timer_of(which) = (struct cpu_timer){ setting.left_ns, setting.interval_ns };
	irq_restore(flags);
}

static struct timeval to_timeval(uint64_t ns)
{
	return (struct timeval){ ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC };
}

static bool timeval_valid(const struct timeval *time)
{
	return time->sec >= 0 && time->usec >= 0 && time->usec < (int32_t)USEC_PER_SEC;
}

static uint64_t from_timeval(const struct timeval *time)
{
	return (uint64_t)time->sec * NSEC_PER_SEC + (uint64_t)time->usec * NSEC_PER_USEC;
}

static int copy_setting_out(struct itimerval __user *to, const struct itimer_setting *setting)
{
	struct itimerval value = {
		.interval = to_timeval(setting->interval_ns),
		.value = to_timeval(setting->left_ns),
	};

	/* Linux does not show a running timer as one that has run out. */
	if (setting->left_ns && value.value.sec == 0 && value.value.usec == 0)
		value.value.usec = 1;
	return copy_to_user(to, &value, sizeof(value));
}

int32_t sys_getitimer(int32_t which, struct itimerval __user *to)
{
	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	struct itimer_setting setting = get_setting(which);

	return copy_setting_out(to, &setting);
}

/* No new value at all is taken for one of zeros, as on Linux. */
int32_t sys_setitimer(int32_t which, const struct itimerval __user *from,
		      struct itimerval __user *old)
{
	struct itimerval value = { { 0, 0 }, { 0, 0 } };
	struct itimer_setting before;

	if (from) {
		if (copy_from_user(&value, from, sizeof(value)) != 0)
			return -EFAULT;
		if (!timeval_valid(&value.value) || !timeval_valid(&value.interval))
			return -EINVAL;
	}
	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	before = get_setting(which);
	put_setting(which, (struct itimer_setting){ from_timeval(&value.value),
						    from_timeval(&value.interval) });
	return old ? copy_setting_out(old, &before) : 0;
}

/* Whole seconds, rounded to the nearest but never down to 0 while it runs. */
int32_t sys_alarm(uint32_t seconds)
{
	struct itimer_setting before = get_setting(ITIMER_REAL);
	uint32_t left = (before.left_ns + NSEC_PER_SEC / 2) / NSEC_PER_SEC;

	put_setting(ITIMER_REAL, (struct itimer_setting){ seconds * NSEC_PER_SEC, 0 });
	return before.left_ns ? MAX(left, 1u) : 0;
}
