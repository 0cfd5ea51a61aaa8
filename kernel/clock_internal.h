/*
 * What the files about time share: kernel/clock.c, timer.c, time.c, sleep.c, itimer.c.
 */
#ifndef LOFT_KERNEL_CLOCK_INTERNAL_H
#define LOFT_KERNEL_CLOCK_INTERNAL_H

#include <abi/time.h>
#include <clock.h>
#include <wait.h>

#define NSEC_PER_USEC 1000u
#define USEC_PER_SEC 1000000u

/* Fires the timers that are due at `now`. From the tick, interrupts off. */
void timers_run(uint64_t now);
/*
 * One tick of processor time went to the current process: ITIMER_VIRTUAL and ITIMER_PROF.
 * Likewise.
 */
void itimer_tick(bool from_user);

/* Sleepers until a wall time: woken when it is set. */
extern struct wait_queue clock_was_set;
/* The monotonic time at which the wall clock, as it is set now, shows ns. */
uint64_t clock_monotonic_from_realtime(uint64_t ns);

/*
 * Seconds and the nanoseconds left over: one division of the processor's as long as the seconds
 * fit 32 bits, which for wall time is until 2106.
 */
static inline uint64_t split_ns(uint64_t ns, uint32_t *left)
{
	uint32_t low = (uint32_t)ns, high = ns >> 32, seconds;

	if (high >= NSEC_PER_SEC) {
		*left = ns % NSEC_PER_SEC;
		return ns / NSEC_PER_SEC;
	}
	__asm__("divl %4"
		: "=a"(seconds), "=d"(*left)
		: "a"(low), "d"(high), "rm"((uint32_t)NSEC_PER_SEC)
		: "cc");
	return seconds;
}

/* True for what timespec's fields may hold: sec >= 0, nsec in [0, 10^9). */
bool timespec_valid(int64_t sec, int32_t nsec);
/* To nanoseconds; times that do not fit are cut to some three hundred years. */
uint64_t timespec_to_ns(int64_t sec, int32_t nsec);
/*
 * Copies a user's timespec of either width in: 0, -EFAULT; `wide`: struct timespec64. Not
 * checked.
 */
__must_check int timespec_get(int64_t *sec, int32_t *nsec, const void __user *from, bool wide);
__must_check int timespec_put(void __user *to, uint64_t ns, bool wide);

/* The time on a clock of clock_gettime(2), in ns; -EINVAL. */
__must_check int clock_read(int32_t id, uint64_t *ns);

#endif
