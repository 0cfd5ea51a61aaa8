/*
 * The kernel heap by random use: no two objects overlap, contents stay, counts add up, all
 * frames come back. SOURCES: lib/string.c
 */
#include "host_memory.h"

#include "../../mm/frame.c"
#include "../../mm/frame_boot.c"
#include "../../mm/frame_check.c"
#include "../../mm/kheap.c"

#define NOBJECTS 2000

struct held {
	uint8_t *memory;
	size_t size;
	uint8_t fill;
};

static struct held held[NOBJECTS];

static void check_and_free(struct held *object)
{
	for (size_t i = 0; i < object->size; i++)
		assert_int_equal(object->memory[i], object->fill);
	kfree(object->memory);
	object->memory = NULL;
}

static void renew(struct held *object)
{
	size_t limits[] = { 20, 100, 600, 2100, 9000 };

	if (object->memory)
		check_and_free(object);
	object->size = 1 + unit_random() % limits[unit_random() % ARRAY_SIZE(limits)];
	/* The junk that freed memory is filled with is as good as any other content. */
	object->fill = unit_random() % 4 ? (uint8_t)unit_random() : JUNK_BYTE;
	object->memory = kalloc(object->size);
	assert_non_null(object->memory);
	assert_int_equal((uintptr_t)object->memory % 16, 0);
	memset(object->memory, object->fill, object->size);
}

static void test_random_use(void **state)
{
	uint32_t before = free_frames(), objects, bytes;

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		renew(&held[unit_random() % NOBJECTS]);
	assert_int_equal(frame_check(report), 0);
	for (unsigned i = 0; i < NOBJECTS; i++) {
		if (held[i].memory)
			check_and_free(&held[i]);
	}
	kheap_count(&objects, &bytes);
	assert_int_equal(objects, 0);
	assert_int_equal(bytes, 0);
	/* At most one empty slab a class is kept, and none after a trim. */
	assert_true(before - free_frames() <= NCLASSES);
	kheap_trim();
	assert_int_equal(free_frames(), before);
	assert_int_equal(frame_check(report), 0);
}

static void test_sizes_fit_their_class(void **state)
{
	(void)state;
	for (size_t size = 1; size <= SMALL_MAX; size++) {
		size_t class = class_by_units[(size + UNIT - 1) / UNIT];

		assert_true(class_sizes[class] >= size);
		assert_true(class == 0 || class_sizes[class - 1] < size);
	}
}

static void test_memory_runs_out(void **state)
{
	uint32_t before = free_frames();
	void **chain = NULL, **object;

	(void)state;
	while ((object = kalloc(1024))) {
		*object = chain;
		chain = object;
	}
	assert_null(kalloc(5000));
	assert_null(kalloc((4 << 20) + 1));
	assert_null(kalloc(UINT32_MAX));
	while ((object = chain)) {
		chain = *object;
		kfree(object);
	}
	kheap_trim();
	assert_int_equal(free_frames(), before);
}

static void test_freed_memory_is_junk(void **state)
{
	uint8_t *object = kalloc(200);

	(void)state;
	memset(object, 1, 200);
	kfree(object);
	for (unsigned i = 4; i < 200; i++)
		assert_int_equal(object[i], JUNK_BYTE);
}

static void test_zalloc_and_strdup(void **state)
{
	uint8_t *zeros = kzalloc(3000);
	char *copy = kstrdup("loft"), *empty = kstrdup("");

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal(zeros[i], 0);
	assert_string_equal(copy, "loft");
	assert_string_equal(empty, "");
	kfree(zeros);
	kfree(copy);
	kfree(empty);
	kfree(NULL);
}

static void test_misuse_is_noticed(void **state)
{
	uint8_t *object = kalloc(100), *large = kalloc(5000);

	(void)state;
	expect_assert_failure(kfree(object + 16));
	expect_assert_failure(kfree(large + PAGE_SIZE));
	kfree(object);
	expect_assert_failure(kfree(object));
	/* Written to after it was freed: noticed when it is handed out again. */
	object[5] = 1;
	expect_assert_failure(object = kalloc(100));
	kfree(large);
}

static int setup_heap(void **state)
{
	setup_memory(state);
	kheap_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_sizes_fit_their_class),
		cmocka_unit_test(test_memory_runs_out),
		cmocka_unit_test(test_freed_memory_is_junk),
		cmocka_unit_test(test_zalloc_and_strdup),
		cmocka_unit_test(test_misuse_is_noticed),
	};

	return cmocka_run_group_tests(tests, setup_heap, NULL);
}
