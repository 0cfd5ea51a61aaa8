/*
 * Memory map arithmetic: named shapes, and random changes against a set kept as one flag for each
 * part of the address space. SOURCES: kernel/bootmap.c lib/string.c
 */
#include "unit.h"

#include "../../kernel/bootmap.h"

#include <string.h>

#define GIG (1ull << 30)

static void check_shape(const struct bootmap *map)
{
	for (unsigned i = 0; i < map->count; i++) {
		assert_true(map->ranges[i].start < map->ranges[i].end);
		assert_true(i == 0 || map->ranges[i - 1].end < map->ranges[i].start);
	}
}

static void check_range(const struct bootmap *map, unsigned i, paddr_t start, paddr_t end)
{
	assert_true(i < map->count);
	assert_int_equal(map->ranges[i].start, start);
	assert_int_equal(map->ranges[i].end, end);
}

static void test_any_order(void **state)
{
	struct bootmap map = { .count = 0 };

	(void)state;
	assert_true(bootmap_add(&map, 0x100000, 0x700000));
	assert_true(bootmap_add(&map, 0, 0x9fc00));
	assert_true(bootmap_add(&map, 0x400000, 0x100000));
	assert_true(bootmap_add(&map, 0x800000, 0x1000));
	assert_int_equal(map.count, 2);
	check_range(&map, 0, 0, 0x9fc00);
	check_range(&map, 1, 0x100000, 0x801000);
}

static void test_reserved_wins(void **state)
{
	struct bootmap map = { .count = 0 };

	(void)state;
	assert_true(bootmap_add(&map, 0, 64 * MB));
	assert_true(bootmap_remove(&map, 0xa0000, 0x60000));
	assert_true(bootmap_remove(&map, 10 * MB + 100, 1));
	assert_true(bootmap_remove(&map, 63 * MB, 10 * GIG));
	assert_true(bootmap_remove(&map, 5 * MB, 0));
	bootmap_trim(&map);
	assert_int_equal(map.count, 3);
	check_range(&map, 0, 0, 0xa0000);
	check_range(&map, 1, 0x100000, 10 * MB);
	check_range(&map, 2, 10 * MB + 4096, 63 * MB);
	assert_true(bootmap_holds(&map, 0x100000, 10 * MB));
	assert_false(bootmap_holds(&map, 0x100000, 10 * MB + 1));
	assert_true(bootmap_touches(&map, 10 * MB, 10 * MB + 4097));
	assert_false(bootmap_touches(&map, 10 * MB, 10 * MB + 4096));
}

static void test_pages_that_no_range_has_alone(void **state)
{
	struct bootmap map = { .count = 0 };

	(void)state;
	assert_true(bootmap_add(&map, 0x1000, 0x800));
	assert_true(bootmap_add(&map, 0x1800, 0x800));
	assert_true(bootmap_add(&map, 0x3001, 0xffe));
	bootmap_trim(&map);
	assert_int_equal(map.count, 1);
	check_range(&map, 0, 0x1000, 0x2000);
}

static void test_four_gigabytes(void **state)
{
	struct bootmap map = { .count = 0 };

	(void)state;
	assert_true(bootmap_add(&map, 3 * GIG, 2 * GIG));
	check_range(&map, 0, 3 * GIG, BOOTMAP_TOP);
	assert_int_equal(map.above, GIG + 0x1000);
	assert_true(bootmap_add(&map, 6 * GIG, GIG));
	assert_int_equal(map.above, 2 * GIG + 0x1000);
	assert_true(bootmap_add(&map, UINT64_MAX - 10, 100));
	assert_int_equal(map.count, 1);
	assert_true(bootmap_remove(&map, 0, UINT64_MAX));
	assert_int_equal(map.count, 0);
}

static void test_full(void **state)
{
	struct bootmap map = { .count = 0 }, before;

	(void)state;
	for (unsigned i = 0; i < BOOT_RANGES_MAX; i++)
		assert_true(bootmap_add(&map, 0x3000ull * i, 0x2000));
	before = map;
	assert_false(bootmap_add(&map, 0x3000ull * BOOT_RANGES_MAX, 0x1000));
	assert_false(bootmap_remove(&map, 0x3800, 0x100));
	assert_memory_equal(&map, &before, sizeof(map));
	assert_true(bootmap_add(&map, 0x2000, 0x1000));
	assert_int_equal(map.count, BOOT_RANGES_MAX - 1);
}

/* The model: what is there of the first PARTS parts of PART bytes. */
#define PARTS 200
#define PART 0x900

static void test_random_changes(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct bootmap map = { .count = 0 };
		bool model[PARTS] = { false };

		for (unsigned change = 0; change < 60; change++) {
			unsigned start = unit_random() % PARTS;
			unsigned size = unit_random() % (PARTS - start) / (1 + change / 8);
			bool add = unit_random() % 2;

			memset(model + start, add, size);
			if (add)
				assert_true(bootmap_add(&map, start * PART, size * PART));
			else
				assert_true(bootmap_remove(&map, start * PART, size * PART));
			check_shape(&map);
		}
		for (unsigned i = 0; i < PARTS; i++) {
			assert_int_equal(bootmap_holds(&map, i * PART, (i + 1) * PART), model[i]);
			assert_int_equal(bootmap_touches(&map, i * PART, (i + 1) * PART), model[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_reserved_wins),
		cmocka_unit_test(test_pages_that_no_range_has_alone),
		cmocka_unit_test(test_four_gigabytes),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_random_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
