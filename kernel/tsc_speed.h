/*
 * How fast the time stamp counter runs, from the intervals between ticks. Pure: the host's tests
 * compile it too. Guarded by whoever owns the struct (kernel/clock.c: interrupts off).
 */
#ifndef LOFT_KERNEL_TSC_SPEED_H
#define LOFT_KERNEL_TSC_SPEED_H

#include <types.h>

#define TSC_SCALE_SHIFT 24     /* nanoseconds a cycle, as a fixed-point number */
#define TSC_FIRST_INTERVALS 9u /* odd: one is in the middle */

struct tsc_speed {
	uint32_t tick_ns; /* the timer's period */
	uint32_t scale;	  /* ns a cycle, shifted by TSC_SCALE_SHIFT; 0: not known yet */
	bool done;	  /* measured for long enough: nothing more is learnt */
	/* the rest is tsc_speed.c's */
	bool started;
	uint64_t last_tsc;		     /* when the last tick was handled, */
	uint32_t last_late;		     /* and how many ns late that was */
	uint32_t first[TSC_FIRST_INTERVALS]; /* scales of single intervals, in ascending order */
	unsigned nfirst;
	unsigned nodd;	     /* intervals in a row that were not one tick long */
	uint64_t cycles, ns; /* sums over the intervals that counted */
};

/*
 * A tick is handled: the counter's reading, and how many ns ago (0..tick_ns) the timer's period
 * began, by the timer's own count. May change scale and done. Allocates nothing, never sleeps.
 */
void tsc_speed_tick(struct tsc_speed *speed, uint64_t tsc, uint32_t late);

/* 1000 cycles a second, as far as is known; 0: nothing is. */
uint32_t tsc_speed_khz(const struct tsc_speed *speed);

#endif
