/*
 * fs/ext2 as a whole, on images made by mke2fs and judged by e2fsck: random work beside a model of what
 * must come out, also with memory that runs out.
 */
#include "ext2_work.h"

static void random_work(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		make_image(k % 3 ? IMAGE_SIZE : 3 * MB, kinds[k]);
		assert_int_equal(host_mount(0, ""), 0);
		model_begin();
		nturns = 0;
		for (unsigned i = 0; i < 2000 * effort(); i++) {
			do_something();
			if (i % 500 == 0)
				compare_all();
		}
		compare_all();
		host_unmount();
		assert_true(nturns > 1000);
		expect_clean(kinds[k]);
		/* What was written is there when all of memory is new. */
		assert_int_equal(host_mount(MS_RDONLY, ""), 0);
		compare_all();
		host_unmount();
		model_end();
	}
}

static void memory_runs_out(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		make_image(IMAGE_SIZE, kinds[k]);
		assert_int_equal(host_mount(0, ""), 0);
		model_begin();
		quiet_log = true;
		for (unsigned i = 0; i < 2000 * effort(); i++) {
			fail_one_in = 20;
			do_something();
			fail_one_in = 0;
		}
		compare_all();
		host_unmount();
		quiet_log = false;
		expect_clean(kinds[k]);
		model_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_work),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, ext2_begin_all, ext2_end_all);
}
