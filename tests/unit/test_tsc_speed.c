/*
 * kernel/tsc_speed.c on timers that lose ticks, deliver them late or in bursts, and on honest
 * ones: what it settles on is the counter's speed, and it always comes to an end.
 * SOURCES: kernel/tsc_speed.c lib/string.c
 */
#include "unit.h"

#include "../../kernel/tsc_speed.h"
#include <string.h>

#define TICK 9999126u

static struct tsc_speed speed;
static uint64_t now; /* true time, ns */
static double rate;  /* true cycles a ns */

static int begin(void **state)
{
	(void)state;
	memset(&speed, 0, sizeof(speed));
	speed.tick_ns = TICK;
	now = 123456789;
	rate = 2.4;
	return 0;
}

/* A tick handled at true time `at`. */
static void handle(uint64_t at)
{
	now = at;
	tsc_speed_tick(&speed, (uint64_t)(at * rate), at % TICK);
}

static void check_settled(void)
{
	double wanted = (1 << TSC_SCALE_SHIFT) / rate;

	assert_true(speed.scale > wanted * 0.99 && speed.scale < wanted * 1.01);
}

static uint64_t next_tick(uint64_t after)
{
	return (after / TICK + 1) * TICK;
}

static void honest(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		handle(next_tick(now) + unit_random() % 20000);
	check_settled();
	for (int i = 0; i < 1100; i++)
		handle(next_tick(now) + unit_random() % 20000);
	check_settled();
	assert_true(speed.done);
	assert_in_range(tsc_speed_khz(&speed), 2390000, 2410000);
}

/* Every speed there is, from the first Pentium's on. */
static void speeds(void **state)
{
	for (double each = 0.06; each < 8; each *= 1.3) {
		begin(state);
		rate = each;
		for (int i = 0; i < 200; i++)
			handle(next_tick(now) + unit_random() % 50000);
		check_settled();
	}
}

/* One tick in `every` does not come for a while; then all that were missed do, or only the last. */
static void disturbed(int every, bool burst)
{
	for (int i = 0; i < 600; i++) {
		int missed = unit_random() % every == 0 ? 1 + unit_random() % 5 : 0;

		handle(next_tick(now) + (uint64_t)missed * TICK + unit_random() % TICK / 2);
		for (; burst && missed > 0; missed--)
			handle(now + 1000 + unit_random() % 2000000);
	}
	check_settled();
}

static void lost(void **state)
{
	(void)state;
	disturbed(4, false);
}

static void bursts(void **state)
{
	(void)state;
	disturbed(4, true);
}

/* The very first intervals mislead: ticks in a row after a long pause, or each second one lost. */
static void bad_start(void **state)
{
	for (int i = 0; i < 30; i++)
		handle(now + 500 + unit_random() % 3000000);
	for (int i = 0; i < 200; i++)
		handle(next_tick(now) + unit_random() % 20000);
	check_settled();
	begin(state);
	for (int i = 0; i < 20; i++)
		handle(next_tick(now) + TICK + unit_random() % 20000);
	for (int i = 0; i < 200; i++)
		handle(next_tick(now) + unit_random() % 20000);
	check_settled();
}

/* Anything: it ends, and says nothing out of range. */
static void nonsense(void **state)
{
	uint64_t tsc = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		tsc += (uint64_t)unit_random() << (unit_random() % 6);
		tsc_speed_tick(&speed, unit_random() % 50 ? tsc : 0, unit_random() % TICK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(honest, begin),	  cmocka_unit_test_setup(speeds, begin),
		cmocka_unit_test_setup(lost, begin),	  cmocka_unit_test_setup(bursts, begin),
		cmocka_unit_test_setup(bad_start, begin), cmocka_unit_test_setup(nonsense, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
