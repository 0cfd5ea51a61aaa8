/*
 * The queue of a disk that errs, falls silent or is dead: what fails, when, and that all the rest
 * goes on.
 */
#include "block_queue_host.h"

static void only_the_bad_one_fails(void **state)
{
	(void)state;
	is_bad[836] = true;
	for (unsigned i = 0; i < 10; i++)
		submit(&wishes[i], BLOCK_READ, 800 + 8 * i, 1);
	finish();
	assert_int_equal(nended, 10);
	assert_int_equal(nfailed, 1);
	/* Together, nine once more, and the bad one twice more. */
	assert_true(nstarted <= 1 + 9 + 2 + 1);
	assert_int_equal(nresets, 0);
}

static void a_dead_disk_fails_in_time(void **state)
{
	uint64_t begin = now;

	(void)state;
	silent = dead = true;
	for (unsigned i = 0; i < 30; i++)
		submit(&wishes[i], BLOCK_READ, 64 * i, 1);
	finish();
	assert_int_equal(nended, 30);
	assert_int_equal(nfailed, 30);
	assert_int_equal(nresets, 3);
	assert_true(now - begin < 40 * NSEC_PER_SEC);
	/* What comes now fails at once. */
	begin = now;
	submit(&wishes[0], BLOCK_READ, 0, 1);
	finish();
	assert_true(now - begin < NSEC_PER_SEC);
	assert_int_equal(nfailed, 31);
	/* Later it is asked again, one request once; then it is alive. */
	now += 31 * NSEC_PER_SEC;
	begin = now;
	for (unsigned i = 0; i < 5; i++)
		submit(&wishes[i], BLOCK_READ, 64 * i, 1);
	finish();
	assert_int_equal(nfailed, 36);
	assert_int_equal(nresets, 4);
	assert_true(now - begin < 15 * NSEC_PER_SEC);
	silent = dead = false;
	now += 31 * NSEC_PER_SEC;
	for (unsigned i = 0; i < 5; i++)
		submit(&wishes[i], BLOCK_READ, 64 * i, 1);
	finish();
	assert_int_equal(nfailed, 36);
}

static void a_failed_reset_is_the_end(void **state)
{
	(void)state;
	silent = dead = resets_fail = true;
	for (unsigned i = 0; i < 30; i++)
		submit(&wishes[i], BLOCK_READ, 64 * i, 1);
	finish();
	assert_int_equal(nfailed, 30);
	assert_int_equal(nresets, 1);
}

static void submit_any(void)
{
	struct wish *wish = &wishes[unit_random() % WISHES];
	uint32_t npages = 1 + unit_random() % (unit_random() % 4 ? 3 : BLOCK_SEGMENTS);
	uint32_t begin = unit_random() % (SECTORS - npages * SECTORS_PER_PAGE);
	unsigned kind = unit_random() % 16;

	if (wish->under_way)
		return;
	if (unit_random() % 2)
		begin = ROUND_DOWN(begin, 8);
	submit(wish, kind == 0 ? BLOCK_FLUSH : kind < 9 ? BLOCK_READ : BLOCK_WRITE, begin, npages);
}

/* Everything at once; all ends, and what is on the disk is what the last write that did not fail says. */
static void any_order(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		set_up(NULL);
		refuses = unit_random() % 2;
		disk.depth = 1 + unit_random() % SLOTS;
		disk.max_segments = BLOCK_SEGMENTS + unit_random() % 100;
		disk.max_sectors = BLOCK_SECTORS_MAX + unit_random() % 1000;
		for (unsigned i = unit_random() % 4; i > 0; i--)
			is_bad[unit_random() % SECTORS] = true;
		for (unsigned step = 0; step < 500; step++) {
			if (unit_random() % 3)
				submit_any();
			if (unit_random() % 2)
				disk_answers();
			if (unit_random() % 2)
				kernel_runs();
			if (round % 4 == 0 && unit_random() % 200 == 0)
				silent = true;
			if (round % 8 == 0 && unit_random() % 400 == 0)
				silent = dead = true;
			now += silent ? NSEC_PER_SEC : NSEC_PER_TICK;
		}
		finish();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_the_bad_one_fails, set_up),
		cmocka_unit_test_setup(a_dead_disk_fails_in_time, set_up),
		cmocka_unit_test_setup(a_failed_reset_is_the_end, set_up),
		cmocka_unit_test_setup(any_order, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
