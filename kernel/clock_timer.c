/*
 * Timers on the clocks that programs name. See clock_timer.h.
 *
 * The machine's timers (kernel/timer.c) know monotonic time alone. A span is turned into such a
 * time when it is armed, on whichever clock: setting the wall clock does not change spans. A wall
 * time is kept as one, and all that are armed so are in a list, to be armed anew when the clock is
 * set.
 */
#include <clock_timer.h>

#include <abi/errno.h>
#include <assert.h>
#include <trap.h>
#include <uaccess.h>

#include "clock_internal.h"

static struct list wall_timers = LIST_INIT(wall_timers);
static struct list listeners = LIST_INIT(listeners);

bool clock_has_timers(int32_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
	       clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM || clock == CLOCK_TAI;
}

static bool shows_wall_time(int32_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

static void fired(void *context)
{
	struct clock_timer *timer = context;

	list_remove(&timer->wall_link);
	timer->fire(timer);
}

void clock_timer_init(struct clock_timer *timer, int32_t clock,
		      void (*fire)(struct clock_timer *timer))
{
	assert(clock_has_timers(clock) && fire);
	*timer = (struct clock_timer){ .clock = clock, .fire = fire };
	timer_init(&timer->timer, fired, timer);
	list_init(&timer->wall_link);
}

static uint64_t now_of(const struct clock_timer *timer)
{
	return timer->wall ? clock_realtime_ns() : clock_monotonic_ns();
}

static uint64_t add_times(uint64_t a, uint64_t b)
{
	return a > INT64_MAX - MIN(b, (uint64_t)INT64_MAX) ? INT64_MAX : a + b;
}

void clock_timer_restart(struct clock_timer *timer)
{
	uint32_t flags = irq_save();

	list_remove(&timer->wall_link);
	if (timer->wall) {
		list_add_tail(&wall_timers, &timer->wall_link);
		timer_start(&timer->timer, clock_monotonic_from_realtime(timer->expires));
	} else {
		timer_start(&timer->timer, timer->expires);
	}
	irq_restore(flags);
}

void clock_timer_stop(struct clock_timer *timer)
{
	uint32_t flags = irq_save();

	list_remove(&timer->wall_link);
	timer_stop(&timer->timer);
	irq_restore(flags);
}

void clock_timer_set(struct clock_timer *timer, bool absolute, uint64_t value, uint64_t interval)
{
	uint32_t flags = irq_save();

	clock_timer_stop(timer);
	timer->wall = absolute && shows_wall_time(timer->clock);
	timer->interval = interval;
	timer->expires = absolute || !value ? value : add_times(clock_monotonic_ns(), value);
	if (value)
		clock_timer_restart(timer);
	irq_restore(flags);
}

uint64_t clock_timer_left(const struct clock_timer *timer)
{
	uint64_t now = now_of(timer);

	return timer->expires > now ? timer->expires - now : 0;
}

uint64_t clock_timer_forward(struct clock_timer *timer)
{
	uint64_t now = now_of(timer), count;

	assert(timer->interval);
	if (now < timer->expires)
		return 0;
	count = (now - timer->expires) / timer->interval + 1;
	timer->expires = add_times(timer->expires, count * timer->interval);
	return count;
}

void clock_timers_move(void)
{
	uint32_t flags = irq_save();
	struct clock_timer *timer;
	struct clock_listener *listener, *after;

	list_for_each(timer, &wall_timers, wall_link)
		timer_start(&timer->timer, clock_monotonic_from_realtime(timer->expires));
	irq_restore(flags);
	list_for_each_safe(listener, after, &listeners, link)
		listener->was_set(listener);
}

void clock_listen(struct clock_listener *listener)
{
	assert(listener->was_set);
	list_add_tail(&listeners, &listener->link);
}

void clock_unlisten(struct clock_listener *listener)
{
	list_remove(&listener->link);
}

/* ---- itimerspec ---- */

int itimerspec_get(uint64_t *value, uint64_t *interval, const void __user *from, bool wide)
{
	const char __user *at = from;
	size_t size = wide ? sizeof(struct timespec64) : sizeof(struct timespec);
	int64_t sec[2];
	int32_t nsec[2];

	if (timespec_get(&sec[0], &nsec[0], at, wide) != 0 ||
	    timespec_get(&sec[1], &nsec[1], at + size, wide) != 0)
		return -EFAULT;
	if (!timespec_valid(sec[0], nsec[0]) || !timespec_valid(sec[1], nsec[1]))
		return -EINVAL;
	*interval = timespec_to_ns(sec[0], nsec[0]);
	*value = timespec_to_ns(sec[1], nsec[1]);
	return 0;
}

int itimerspec_put(void __user *to, uint64_t value, uint64_t interval, bool wide)
{
	char __user *at = to;
	size_t size = wide ? sizeof(struct timespec64) : sizeof(struct timespec);

	if (timespec_put(at, interval, wide) != 0 || timespec_put(at + size, value, wide) != 0)
		return -EFAULT;
	return 0;
}
