/*
 * lib/radix.c against an array of pairs, over small, clustered and huge indices, with
 * allocations that fail. SOURCES: lib/radix.c
 */
#include "unit.h"

#include <abi/errno.h>
#include <kheap.h>
#include <radix.h>

#define NPAIRS 200

static struct pair {
	uint32_t index;
	bool present;
	bool tagged[RADIX_TAGS];
} pairs[NPAIRS];

static int live_nodes;
static bool failing;

void *kzalloc(size_t size)
{
	if (failing && unit_random() % 3 == 0)
		return NULL;
	live_nodes++;
	return calloc(1, size);
}

void kfree(void *pointer)
{
	live_nodes -= pointer != NULL;
	free(pointer);
}

static uint32_t random_index(void)
{
	switch (unit_random() % 4) {
	case 0:
		return unit_random() % 40;
	case 1:
		return 0xffffffffu - unit_random() % 40;
	case 2:
		return 0x12340 + unit_random() % 64;
	default:
		return unit_random();
	}
}

static struct pair *find(uint32_t index)
{
	for (unsigned i = 0; i < NPAIRS; i++) {
		if (pairs[i].present && pairs[i].index == index)
			return &pairs[i];
	}
	return NULL;
}

/* The pair (with the tag) with the lowest index at or after `index`, or NULL. */
static struct pair *find_next(uint32_t index, enum radix_tag tag)
{
	struct pair *best = NULL;

	for (unsigned i = 0; i < NPAIRS; i++) {
		if (pairs[i].present && pairs[i].index >= index &&
		    (tag == RADIX_TAGS || pairs[i].tagged[tag]) &&
		    (!best || pairs[i].index < best->index))
			best = &pairs[i];
	}
	return best;
}

static void toggle(struct radix *radix, struct pair *pair)
{
	uint32_t count = radix->count;
	int nodes = live_nodes;

	if (pair->present) {
		assert_ptr_equal(radix_remove(radix, pair->index), pair);
		pair->present = false;
		assert_int_equal(radix->count, count - 1);
		return;
	}
	do {
		pair->index = random_index();
	} while (find(pair->index));
	if (radix_insert(radix, pair->index, pair)) {
		assert_true(failing);
		assert_int_equal(radix->count, count);
		assert_int_equal(live_nodes, nodes);
		return;
	}
	pair->present = true;
	for (unsigned tag = 0; tag < RADIX_TAGS; tag++)
		pair->tagged[tag] = false;
}

/* Sets or clears a tag, now and then by replacing the entry by itself. */
static void change_tag(struct radix *radix, struct pair *pair)
{
	enum radix_tag tag = unit_random() % RADIX_TAGS;

	if (!pair->present)
		return;
	pair->tagged[tag] = unit_random() % 2;
	if (pair->tagged[tag])
		radix_tag_set(radix, pair->index, tag);
	else
		radix_tag_clear(radix, pair->index, tag);
	assert_ptr_equal(radix_replace(radix, pair->index, pair), pair);
	for (tag = 0; tag < RADIX_TAGS; tag++)
		assert_int_equal(radix_tagged(radix, pair->index, tag), pair->tagged[tag]);
}

static void check_around(const struct radix *radix, uint32_t index)
{
	struct pair *next = find_next(index, RADIX_TAGS);
	void *const *group = radix_group(radix, index);
	uint32_t at = index;

	assert_ptr_equal(radix_lookup(radix, index), find(index));
	for (uint32_t i = 0; i < RADIX_GROUP; i++)
		assert_ptr_equal(group ? group[i] : NULL, find((index & ~(RADIX_GROUP - 1)) + i));
	assert_ptr_equal(radix_next(radix, &at), next);
	if (next)
		assert_int_equal(at, next->index);
	for (unsigned tag = 0; tag < RADIX_TAGS; tag++) {
		next = find_next(index, tag);
		at = index;
		assert_ptr_equal(radix_next_tagged(radix, &at, tag), next);
		if (next)
			assert_int_equal(at, next->index);
	}
}

static void test_random_use(void **state)
{
	struct radix radix = { 0 };

	(void)state;
	for (unsigned round = 0; round < 30000; round++) {
		failing = round / 1000 % 2;
		toggle(&radix, &pairs[unit_random() % NPAIRS]);
		for (unsigned i = 0; i < 2; i++)
			change_tag(&radix, &pairs[unit_random() % NPAIRS]);
		check_around(&radix, random_index());
		if (round % 3000 == 0) {
			for (unsigned i = 0; i < NPAIRS; i++) {
				if (pairs[i].present)
					toggle(&radix, &pairs[i]);
			}
			assert_int_equal(live_nodes, 0);
			assert_null(radix.root);
		}
	}
	for (unsigned i = 0; i < NPAIRS; i++) {
		if (pairs[i].present)
			toggle(&radix, &pairs[i]);
	}
	assert_int_equal(live_nodes, 0);
}

static void test_empty(void **state)
{
	struct radix radix = { 0 };
	uint32_t at = 0;

	(void)state;
	assert_null(radix_lookup(&radix, 0));
	assert_null(radix_remove(&radix, 7));
	assert_null(radix_next(&radix, &at));
}

static void test_iteration_meets_all_in_order(void **state)
{
	struct radix radix = { 0 };
	uint32_t at = 0, met = 0;

	(void)state;
	failing = false;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(radix_insert(&radix, i * i * 4000, &pairs[i % NPAIRS]), 0);
	while (radix_next(&radix, &at)) {
		assert_int_equal(at, met * met * 4000);
		met++;
		at++;
	}
	assert_int_equal(met, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_ptr_equal(radix_remove(&radix, i * i * 4000), &pairs[i % NPAIRS]);
	assert_int_equal(live_nodes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_iteration_meets_all_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
