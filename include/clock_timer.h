/*
 * Timers on a clock of the ABI's: what timerfds and POSIX timers have in common. Armed for a span
 * or for a time on the clock; fires once, and the owner moves it on by whole intervals when
 * somebody has taken note. One armed for a wall time moves when the clock is set.
 *
 * Guarded by interrupt-off sections inside; fire runs from the tick with interrupts off.
 */
#ifndef LOFT_CLOCK_TIMER_H
#define LOFT_CLOCK_TIMER_H

#include <abi/time.h>
#include <clock.h>
#include <list.h>
#include <types.h>

struct clock_timer {
	struct timer timer;
	int32_t clock;
	bool wall; /* armed for a wall time: expires is one; else it is a monotonic time */
	uint64_t expires, interval;
	struct list wall_link; /* while pending with wall set */
	void (*fire)(struct clock_timer *timer);
};

/* CLOCK_REALTIME, MONOTONIC, BOOTTIME, their _ALARM forms or TAI: those that a timer can be on. */
bool clock_has_timers(int32_t clock);
void clock_timer_init(struct clock_timer *timer, int32_t clock,
		      void (*fire)(struct clock_timer *timer));
/*
 * Arms for value ns from now, or (absolute) for the time value; again every interval ns (0: not).
 * A time that has passed fires at the next tick. value 0 disarms.
 */
void clock_timer_set(struct clock_timer *timer, bool absolute, uint64_t value, uint64_t interval);
void clock_timer_stop(struct clock_timer *timer);
/* Until it fires, in ns: 0 when the time has come; not before clock_timer_set. */
uint64_t clock_timer_left(const struct clock_timer *timer);
/* The intervals that have ended by now; expires moves on by them. interval is not 0. */
uint64_t clock_timer_forward(struct clock_timer *timer);
/* Arms for expires again. */
void clock_timer_restart(struct clock_timer *timer);
/* The wall clock has been set: for kernel/clock.c. */
void clock_timers_move(void);

/* Who wants to know that the wall clock has been set: called from the setter's task. */
struct clock_listener {
	struct list link;
	void (*was_set)(struct clock_listener *listener);
};
void clock_listen(struct clock_listener *listener);
void clock_unlisten(struct clock_listener *listener);

/* An itimerspec of either width from or to a program: 0, -EFAULT; -EINVAL for odd nanoseconds. */
__must_check int itimerspec_get(uint64_t *value, uint64_t *interval, const void __user *from,
				bool wide);
__must_check int itimerspec_put(void __user *to, uint64_t value, uint64_t interval, bool wide);

#endif
