/*
 * User halves of page directories, case by case: walking, the dirty bit of a page of a file, and
 * misuse. What can be told from random use is in test_pagedir.c. SOURCES: lib/string.c
 */
#include "host_memory.h"

#include "../../mm/frame.c"
#include "../../mm/frame_boot.c"
#include "../../mm/frame_check.c"
#include "../../mm/pagedir.c"
#include "../../mm/pagedir_copy.c"
#include "../../mm/pagedir_share.c"

#define NPAGES 96u /* 48 on each side of the border between two page tables */

uint32_t boot_pagedir[TABLE_ENTRIES];

static struct pagedir directories[2];

/* Nothing goes to swap here. */
void swap_duplicate(swap_t swap)
{
	fail_msg("slot %x", swap);
}

void swap_free(swap_t swap)
{
	fail_msg("slot %x", swap);
}

void swap_put(struct frame *frame)
{
	fail_msg("frame %p", (void *)frame);
}

static vaddr_t address_of(unsigned page)
{
	return TABLE_SPAN + (page - NPAGES / 2) * PAGE_SIZE;
}

static bool collect(void *context, vaddr_t at, const struct page_mapping *page)
{
	vaddr_t **next = context;

	assert_non_null(page->frame);
	*(*next)++ = at;
	return true;
}

static void test_walk(void **state)
{
	vaddr_t expected[NPAGES], met[NPAGES + 1], *next = met;
	unsigned count = 0;

	(void)state;
	assert_int_equal(pagedir_init(&directories[0]), 0);
	for (unsigned i = 0; i < NPAGES; i++) {
		if (unit_random() % 2)
			continue;
		assert_int_equal(pagedir_map(&directories[0], address_of(i),
					     frame_alloc(FRAME_ANON, 0), MAP_READ),
				 0);
		expected[count++] = address_of(i);
	}
	pagedir_walk(&directories[0], 0, USER_TOP, collect, &next);
	assert_int_equal(next - met, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(met[i], expected[i]);
	pagedir_unmap(&directories[0], 0, USER_TOP);
	pagedir_destroy(&directories[0]);
}

/* What the processor noted of a shared page reaches the page cache when the mapping goes. */
static void test_dirty_bit_moves_to_the_frame(void **state)
{
	struct frame *frame = frame_alloc(FRAME_CACHE, 0);

	(void)state;
	assert_int_equal(pagedir_init(&directories[0]), 0);
	frame_get(frame);
	assert_int_equal(pagedir_map(&directories[0], PAGE_SIZE, frame, MAP_READ | MAP_WRITE), 0);
	*find_entry(&directories[0], PAGE_SIZE) |= ENTRY_DIRTY | ENTRY_ACCESSED;
	pagedir_set_rights(&directories[0], PAGE_SIZE, MAP_READ);
	assert_false(frame->flags & FRAME_FLAG_DIRTY);
	pagedir_unmap(&directories[0], PAGE_SIZE, 2 * PAGE_SIZE);
	assert_true(frame->flags & FRAME_FLAG_DIRTY);
	frame_put(frame);
	pagedir_destroy(&directories[0]);
}

static void map_or_assert(vaddr_t at, struct frame *frame)
{
	assert_int_equal(pagedir_map(&directories[0], at, frame, MAP_READ), 0);
}

static void test_misuse_is_noticed(void **state)
{
	struct frame *frame = frame_alloc(FRAME_ANON, 0);

	(void)state;
	assert_int_equal(pagedir_init(&directories[0]), 0);
	map_or_assert(PAGE_SIZE, frame);
	expect_assert_failure(map_or_assert(PAGE_SIZE, frame));
	expect_assert_failure(map_or_assert(2 * PAGE_SIZE + 4, frame));
	expect_assert_failure(pagedir_set_rights(&directories[0], 2 * PAGE_SIZE, MAP_READ));
	expect_assert_failure(pagedir_set_rights(&directories[0], PAGE_SIZE, MAP_WRITE));
	expect_assert_failure(pagedir_unmap(&directories[0], 2 * PAGE_SIZE, PAGE_SIZE));
	expect_assert_failure(pagedir_destroy(&directories[0]));
	assert_int_equal(pagedir_init(&directories[1]), 0);
	assert_int_equal(
		pagedir_copy(&directories[1], &directories[0], 0, TABLE_SPAN, 0, TABLE_SPAN), 0);
	expect_assert_failure(pagedir_set_rights(&directories[0], PAGE_SIZE, MAP_READ));
	expect_assert_failure(pagedir_unmap(&directories[1], PAGE_SIZE, 2 * PAGE_SIZE));
	pagedir_abandon(&directories[1], PAGE_SIZE, 2 * PAGE_SIZE);
	pagedir_destroy(&directories[1]);
	pagedir_unmap(&directories[0], 0, USER_TOP);
	expect_assert_failure(frame_put(frame));
	pagedir_destroy(&directories[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_dirty_bit_moves_to_the_frame),
		cmocka_unit_test(test_misuse_is_noticed),
	};

	return cmocka_run_group_tests(tests, setup_memory, NULL);
}
