/*
 * The mmap family: single cases that random operations do not come by.
 */
#include "vma_host.h"

/*
 * A stack keeps its guard distance from what is placed below it, unless that is asked for exactly.
 */
static void test_stack_guard(void **state)
{
	struct mm_map_request stack = {
		.address = 0x40000000,
		.size = PAGE_SIZE,
		.fixed = true,
		.flags = VMA_READ | VMA_WRITE | VMA_GROWSDOWN,
	};
	struct mm_map_request request = { .size = PAGE_SIZE, .flags = VMA_READ };
	vaddr_t address;

	(void)state;
	mm.mmap_top = 0x40000000;
	assert_int_equal(mm_map(&mm, &stack, &address), 0);
	assert_int_equal(mm_map(&mm, &request, &address), 0);
	assert_int_equal(address, 0x40000000 - MM_STACK_GUARD - PAGE_SIZE);
	request.address = 0x40000000 - PAGE_SIZE;
	assert_int_equal(mm_map(&mm, &request, &address), 0);
	assert_int_equal(address, 0x40000000 - MM_STACK_GUARD - 2 * PAGE_SIZE);
	request.fixed = true;
	request.address = 0x40000000 - PAGE_SIZE;
	assert_int_equal(mm_map(&mm, &request, &address), 0);
	assert_int_equal(address, 0x40000000 - PAGE_SIZE);
}

static void test_bad_ranges(void **state)
{
	struct mm_map_request request = { .size = PAGE_SIZE, .fixed = true };
	vaddr_t address;

	(void)state;
	request.address = USER_TOP;
	assert_int_equal(mm_map(&mm, &request, &address), -ENOMEM);
	request.address = USER_TOP - 1;
	assert_int_equal(mm_map(&mm, &request, &address), -ENOMEM);
	request.address = PAGE_SIZE + 1;
	assert_int_equal(mm_map(&mm, &request, &address), -EINVAL);
	request.address = 0;
	assert_int_equal(mm_map(&mm, &request, &address), -EPERM);
	request.fixed = false;
	request.size = USER_TOP + PAGE_SIZE;
	assert_int_equal(mm_map(&mm, &request, &address), -ENOMEM);
	request.size = USER_TOP - PAGE_SIZE;
	assert_int_equal(mm_map(&mm, &request, &address), 0);
	assert_int_equal(address, PAGE_SIZE);
	assert_int_equal(mm_unmap(&mm, 1, PAGE_SIZE), -EINVAL);
	assert_int_equal(mm_unmap(&mm, PAGE_SIZE, 0), -EINVAL);
	assert_int_equal(mm_unmap(&mm, PAGE_SIZE, USER_TOP), -EINVAL);
	assert_int_equal(mm_unmap(&mm, 0xfffff000u, PAGE_SIZE), -EINVAL);
	assert_int_equal(mm_protect(&mm, 0xfffff000u, 2 * PAGE_SIZE, VMA_READ), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stack_guard, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_ranges, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
