/*
 * The speed of the time stamp counter, measured while the machine goes on.
 *
 * The timer's count tells how late each tick is handled, so the time between two ticks is known
 * but for a number of whole periods: 1 as a rule; more when a tick got lost, because interrupts
 * were off or the emulator did not run; 0 when an emulator delivers late ones in a burst. So
 *
 *   at first   the middle one of nine intervals, each taken for one period, is believed;
 *   then       each interval's number of periods follows from the scale known so far, and the
 *              sums of cycles and time make the scale better and better;
 *   but        when many intervals in a row are not one period long, or none at all, it was the
 *              belief that was wrong, and all begins anew.
 */
#include "tsc_speed.h"

#include <assert.h>

#define ENOUGH_NS 10000000000ull
#define ODD_MAX 16u

static void insert_in_order(uint32_t *list, unsigned count, uint32_t value)
{
	for (; count > 0 && list[count - 1] > value; count--)
		list[count] = list[count - 1];
	list[count] = value;
}

/* An interval while nothing is known. Those of a burst are too short to be any speed. */
static void propose(struct tsc_speed *speed, uint32_t cycles, uint32_t ns)
{
	uint64_t scale = ((uint64_t)ns << TSC_SCALE_SHIFT) / cycles;

	assert(speed->nfirst < TSC_FIRST_INTERVALS);
	if (scale == 0 || scale > UINT32_MAX)
		return;
	insert_in_order(speed->first, speed->nfirst, scale);
	if (++speed->nfirst == TSC_FIRST_INTERVALS)
		speed->scale = speed->first[TSC_FIRST_INTERVALS / 2];
}

static void begin_anew(struct tsc_speed *speed)
{
	*speed = (struct tsc_speed){ .tick_ns = speed->tick_ns,
				     .started = true,
				     .last_tsc = speed->last_tsc,
				     .last_late = speed->last_late };
}

/* Adds an interval that is ns long. The first ones are not exact enough to go by them alone. */
static void add(struct tsc_speed *speed, uint32_t cycles, uint64_t ns)
{
	uint64_t scale;

	speed->cycles += cycles;
	speed->ns += ns;
	speed->done = speed->ns >= ENOUGH_NS;
	scale = (speed->ns << TSC_SCALE_SHIFT) / speed->cycles;
	if (scale > 0 && scale <= UINT32_MAX)
		speed->scale = scale;
}

/* An interval of `cycles` that is shift ns longer, or shorter, than a number of whole periods. */
static void refine(struct tsc_speed *speed, uint32_t cycles, int32_t shift)
{
	uint64_t expected = ((uint64_t)cycles * speed->scale) >> TSC_SCALE_SHIFT;
	int64_t whole = (int64_t)expected - shift + speed->tick_ns / 2;
	uint32_t periods = whole > 0 ? (uint64_t)whole / speed->tick_ns : 0;
	uint64_t ns = (int64_t)periods * speed->tick_ns + shift;
	uint64_t off = expected > ns ? expected - ns : ns - expected;
	bool fits = periods > 0 && ns > speed->tick_ns / 2 && off <= ns / 8;

	if (fits)
		add(speed, cycles, ns);
	if (fits && periods == 1)
		speed->nodd = 0;
	else if (++speed->nodd == ODD_MAX)
		begin_anew(speed);
}

void tsc_speed_tick(struct tsc_speed *speed, uint64_t tsc, uint32_t late)
{
	uint64_t cycles = tsc - speed->last_tsc;
	int32_t shift = (int32_t)(late - speed->last_late);
	bool counts = speed->started && cycles > 0 && cycles <= UINT32_MAX;

	assert(speed->tick_ns > 0 && late <= 2 * speed->tick_ns);
	speed->last_tsc = tsc;
	speed->last_late = late;
	speed->started = true;
	if (!counts)
		return;
	if (speed->scale)
		refine(speed, cycles, shift);
	else if (shift > -(int32_t)(speed->tick_ns / 2))
		propose(speed, cycles, speed->tick_ns + shift);
}

uint32_t tsc_speed_khz(const struct tsc_speed *speed)
{
	if (!speed->scale)
		return 0;
	return (1000000ull << TSC_SCALE_SHIFT) / speed->scale;
}
