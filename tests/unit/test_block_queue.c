/*
 * The queue of a disk: which requests go together, in which order, how many, and where there are
 * more than it has room for.
 */
#include "block_queue_host.h"

static void neighbours_are_one_transfer(void **state)
{
	(void)state;
	/* Backwards, and a gap. */
	for (unsigned i = 0; i < 10; i++)
		submit(&wishes[i], BLOCK_WRITE, 800 - 8 * i, 1);
	submit(&wishes[10], BLOCK_WRITE, 1000, 1);
	work();
	assert_int_equal(nstarted, 2);
	assert_int_equal(given[0]->disk_sector, 728);
	assert_int_equal(block_chain_sectors(given[0]), 80);
	finish();
	assert_int_equal(nended, 11);
	assert_int_equal(device.stats.merges[BLOCK_WRITE], 9);
}

static void limits_are_kept(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		submit(&wishes[i], BLOCK_READ, i * 256, 32);
	work();
	/* 50 segments: one request of 32 alone fits. */
	assert_int_equal(nstarted, 4);
	finish();
	disk.max_segments = 1000;
	nstarted = 0;
	for (unsigned i = 0; i < 4; i++)
		submit(&wishes[i], BLOCK_READ, i * 256, 32);
	work();
	assert_int_equal(nstarted, 2);
	finish();
}

static void reads_go_first_but_not_for_ever(void **state)
{
	unsigned reads_before = 0;

	(void)state;
	disk.depth = 1;
	submit(&wishes[0], BLOCK_WRITE, 0, 1);
	/* A new read far from the others whenever there is room. */
	for (unsigned i = 1; wishes[0].under_way && i < WISHES; i++) {
		submit(&wishes[i], BLOCK_READ, 100 * i, 1);
		work();
		reads_before += ngiven && given[0]->op == BLOCK_READ;
		disk_answers();
		work();
	}
	assert_false(wishes[0].under_way);
	assert_in_range(reads_before, 1, 8);
	finish();
}

static void far_away_is_not_for_ever(void **state)
{
	unsigned rounds = 0;

	(void)state;
	disk.depth = 1;
	submit(&wishes[0], BLOCK_READ, 0, 1);
	work();
	disk_answers();
	work();
	/* The head is behind sector 8; somebody always wants what comes next. */
	submit(&wishes[1], BLOCK_READ, 0, 1);
	for (unsigned i = 0; wishes[1].under_way; i++) {
		submit(&wishes[2 + i % 8], BLOCK_READ, 16 + 10 * (i % 300), 1);
		work();
		disk_answers();
		work();
		now += 10 * NSEC_PER_TICK;
		assert_true(++rounds < 100);
	}
	finish();
}

static void bounds(void **state)
{
	(void)state;
	is_bad[0] = true; /* so that an error is what wish_done expects */
	device.start = 100;
	device.nsectors = 16;
	submit(&wishes[0], BLOCK_READ, 0, 3);
	work();
	assert_int_equal(nended, 1);
	assert_int_equal(nfailed, 1);
	is_bad[0] = false;
	submit(&wishes[1], BLOCK_READ, 8, 1);
	work();
	assert_int_equal(given[0]->disk_sector, 108);
	finish();
	assert_int_equal(nended, 2);
	assert_int_equal(nfailed, 1);
}

static void flushes_are_one(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		submit(&wishes[i], BLOCK_FLUSH, 0, 0);
	work();
	assert_int_equal(nstarted, 1);
	finish();
	assert_int_equal(nended, 5);
	/* Without a cache there is nothing to flush. */
	disk.write_cache = false;
	submit(&wishes[0], BLOCK_FLUSH, 0, 0);
	work();
	work();
	assert_int_equal(nstarted, 1);
	assert_int_equal(nended, 6);
}

static void the_pool_has_a_reserve(void **state)
{
	struct block_request *taken[POOL_REQUESTS];
	unsigned count = 0;

	(void)state;
	assert_int_equal(block_pool_init(), 0);
	while ((taken[count] = block_request_get(false)))
		count++;
	assert_int_equal(count, POOL_REQUESTS - POOL_RESERVE);
	while (count < POOL_REQUESTS)
		taken[count++] = block_request_get(true);
	for (unsigned i = 0; i < POOL_REQUESTS; i++) {
		assert_non_null(taken[i]);
		assert_null(taken[i]->device);
		for (unsigned j = 0; j < i; j++)
			assert_ptr_not_equal(taken[i], taken[j]);
	}
	while (count > 0)
		block_request_put(taken[--count]);
	assert_non_null(block_request_get(false));
	/* The block of them is the oldest's address. */
	for (unsigned i = 1; i < POOL_REQUESTS; i++)
		if (taken[i] < taken[0])
			taken[0] = taken[i];
	free(taken[0]);
	list_init(&unused);
	nunused = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(neighbours_are_one_transfer, set_up),
		cmocka_unit_test_setup(limits_are_kept, set_up),
		cmocka_unit_test_setup(reads_go_first_but_not_for_ever, set_up),
		cmocka_unit_test_setup(far_away_is_not_for_ever, set_up),
		cmocka_unit_test_setup(bounds, set_up),
		cmocka_unit_test_setup(flushes_are_one, set_up),
		cmocka_unit_test_setup(the_pool_has_a_reserve, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
