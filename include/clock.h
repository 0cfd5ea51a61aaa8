/*
 * Time: a periodic tick of HZ from the PIT for preemption and timeouts, a finer clock between ticks (PIT counter or
 * TSC where there is one), the wall clock from the RTC at boot. Calibration never stops the machine to wait.
 */
#ifndef LOFT_CLOCK_H
#define LOFT_CLOCK_H

#include <list.h>
#include <types.h>

#define HZ 100				/* ticks a second; also USER_HZ of times(2) and /proc */
#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_TICK (NSEC_PER_SEC / HZ)

void clock_init(void);
/* Since boot, monotonic. Callable from anywhere. */
uint64_t clock_monotonic_ns(void);
uint32_t clock_ticks(void);
/* Since 1970, UTC. */
uint64_t clock_realtime_ns(void);
void clock_set_realtime_ns(uint64_t ns);

/* One-shot timer: calls fire(context) at or after deadline, from the tick, interrupts off. */
struct timer {
	struct list link;
	uint64_t deadline;	/* clock_monotonic_ns() time */
	void (*fire)(void *context);
	void *context;
};
void timer_init(struct timer *timer, void (*fire)(void *context), void *context);
/* (Re)arms. */
void timer_start(struct timer *timer, uint64_t deadline);
/* True when it was pending. */
bool timer_stop(struct timer *timer);
/* Nanoseconds until it fires, 0 if not armed. */
uint64_t timer_left(const struct timer *timer);

#endif
