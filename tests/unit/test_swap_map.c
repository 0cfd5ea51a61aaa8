/*
 * The slots of an area of swap against an array of counts: taking, duplicating, giving back, bad
 * slots, in maps of many sizes, with allocations that fail; and that slots taken one after the other
 * lie one after the other. SOURCES: mm/swap_map.c
 */
#include "unit.h"

#include <abi/errno.h>
#include <kheap.h>

#include "../../mm/swap_internal.h"

#define NSLOTS_MAX 2000u

static struct {
	uint32_t references;
	bool bad;
} model[NSLOTS_MAX];
static uint32_t nslots, nfree;

static int live;
static bool failing;

void *kzalloc(size_t size)
{
	if (failing && unit_random() % 2 == 0)
		return NULL;
	live++;
	return calloc(1, size);
}

void kfree(void *pointer)
{
	live -= pointer != NULL;
	free(pointer);
}

void panic(const char *text, ...)
{
	fail_msg("panic: %s", text);
	__builtin_unreachable();
}

static void do_alloc(struct swap_map *map)
{
	uint32_t slot;

	if (!swap_map_alloc(map, &slot)) {
		assert_true(nfree == 0 || failing);
		return;
	}
	assert_true(slot < nslots && !model[slot].bad);
	assert_int_equal(model[slot].references, 0);
	model[slot].references = 1;
	nfree--;
}

static void do_duplicate(struct swap_map *map, uint32_t slot)
{
	struct swap_slot *found = swap_map_find(map, slot);

	if (found && found->references) {
		found->references++;
		model[slot].references++;
	}
}

static void do_put(struct swap_map *map, uint32_t slot)
{
	if (!model[slot].references)
		return;
	swap_map_put(map, slot);
	if (--model[slot].references == 0 && !model[slot].bad)
		nfree++;
}

static void do_bad(struct swap_map *map, uint32_t slot)
{
	bool free = !model[slot].references && !model[slot].bad;

	if (unit_random() % 50)
		return;
	if (swap_map_set_bad(map, slot)) {
		assert_true(failing && free);
		return;
	}
	nfree -= free;
	model[slot].bad = true;
}

static void check(const struct swap_map *map)
{
	uint32_t free = 0;

	for (uint32_t slot = 0; slot < nslots; slot++) {
		const struct swap_slot *found = swap_map_find(map, slot);

		assert_int_equal(found ? found->references : 0, model[slot].references);
		assert_int_equal(found ? found->bad : 0, model[slot].bad);
		free += !found;
	}
	assert_null(swap_map_find(map, nslots));
	assert_int_equal(free, nfree);
	assert_int_equal(map->nfree, nfree);
}

static void one_step(struct swap_map *map, unsigned mood)
{
	uint32_t slot = unit_random() % nslots;

	switch (unit_random() % 8) {
	case 0:
		do_duplicate(map, slot);
		break;
	case 1:
		do_bad(map, slot);
		break;
	default:
		/* There are times of growing and times of shrinking. */
		if (unit_random() % 8 < 1 + 3 * mood)
			do_alloc(map);
		else
			do_put(map, slot);
	}
}

static void test_random_use(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct swap_map map;

		failing = false;
		nslots = nfree = 1 + unit_random() % NSLOTS_MAX;
		assert_int_equal(swap_map_init(&map, nslots), 0);
		for (unsigned step = 0; step < 6000; step++) {
			failing = step / 500 % 2;
			one_step(&map, step / 1500 % 3);
			if (step % 100 == 0)
				check(&map);
		}
		for (uint32_t slot = 0; slot < nslots; slot++) {
			while (model[slot].references)
				do_put(&map, slot);
			model[slot].bad = false;
		}
		swap_map_destroy(&map);
		assert_int_equal(live, 0);
	}
}

/* All of a map can be had; each slot once. */
static void test_every_slot_is_found(void **state)
{
	struct swap_map map;
	uint32_t slot;

	(void)state;
	failing = false;
	nslots = 3 * CLUSTER_SLOTS + 7;
	assert_int_equal(swap_map_init(&map, nslots), 0);
	assert_int_equal(swap_map_set_bad(&map, 0), 0);
	for (uint32_t i = 1; i < nslots; i++)
		assert_true(swap_map_alloc(&map, &slot));
	assert_false(swap_map_alloc(&map, &slot));
	swap_map_put(&map, 300);
	assert_true(swap_map_alloc(&map, &slot));
	assert_int_equal(slot, 300);
	for (uint32_t i = 1; i < nslots; i++)
		swap_map_put(&map, i);
	assert_int_equal(map.nfree, nslots - 1);
	swap_map_destroy(&map);
	assert_int_equal(live, 0);
}

/* With a map in use here and there, runs go on in clusters that are free as a whole. */
static void test_runs_lie_together(void **state)
{
	struct swap_map map;
	uint32_t slot, before, breaks = 0;

	(void)state;
	nslots = 8 * CLUSTER_SLOTS;
	assert_int_equal(swap_map_init(&map, nslots), 0);
	for (uint32_t i = 0; i < 4 * CLUSTER_SLOTS; i++)
		assert_true(swap_map_alloc(&map, &slot));
	for (uint32_t i = 0; i < 4 * CLUSTER_SLOTS; i += 2)
		swap_map_put(&map, i);
	assert_true(swap_map_alloc(&map, &before));
	assert_int_equal(before, 4 * CLUSTER_SLOTS);
	for (uint32_t i = 1; i < 4 * CLUSTER_SLOTS; i++) {
		assert_true(swap_map_alloc(&map, &slot));
		breaks += slot != before + 1;
		before = slot;
	}
	assert_int_equal(breaks, 0);
	assert_true(swap_map_alloc(&map, &slot));
	assert_true(slot < 4 * CLUSTER_SLOTS);
	for (uint32_t i = 0; i < nslots; i++)
		if (swap_map_find(&map, i))
			swap_map_put(&map, i);
	swap_map_destroy(&map);
	assert_int_equal(live, 0);
}

static void test_misuse_is_noticed(void **state)
{
	struct swap_map map;
	uint32_t slot;

	(void)state;
	assert_int_equal(swap_map_init(&map, 10), 0);
	assert_true(swap_map_alloc(&map, &slot));
	expect_assert_failure(swap_map_put(&map, slot + 1));
	expect_assert_failure(swap_map_destroy(&map));
	swap_map_put(&map, slot);
	expect_assert_failure(swap_map_put(&map, slot));
	expect_assert_failure((void)swap_map_set_bad(&map, 10));
	swap_map_destroy(&map);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_every_slot_is_found),
		cmocka_unit_test(test_runs_lie_together),
		cmocka_unit_test(test_misuse_is_noticed),
	};

	return cmocka_run_group_tests_name("swap_map", tests, NULL, NULL);
}
