/*
 * User halves of page directories against a record of what each page should be, on two
 * directories at once: mappings, rights, references, resident counts and page tables, with
 * allocations that fail. Pages lie around table borders. SOURCES: lib/string.c
 */
#include "host_memory.h"

#include "../../mm/frame.c"
#include "../../mm/frame_boot.c"

static bool failing;

static struct frame *alloc_or_fail(enum frame_kind kind, unsigned flags)
{
	return failing && unit_random() % 3 == 0 ? NULL : frame_alloc(kind, flags);
}

#define frame_alloc alloc_or_fail
#include "../../mm/pagedir.c"
#include "../../mm/pagedir_copy.c"
#undef frame_alloc

#define NPAGES 96u /* of the model: 32 before and after each of three table borders */
#define PART 32u
#define NDIRECTORIES 2

uint32_t boot_pagedir[TABLE_ENTRIES];

struct page {
	struct frame *frame;
	unsigned rights;
};

static struct pagedir directories[NDIRECTORIES];
static struct page model[NDIRECTORIES][NPAGES];

static vaddr_t address_of(unsigned page)
{
	vaddr_t border = (1 + 3 * (page / PART)) * TABLE_SPAN;

	return border - PART / 2 * PAGE_SIZE + page % PART * PAGE_SIZE;
}

/* A random run of pages without a gap in addresses: within one part. */
static void random_run(unsigned *first, unsigned *count)
{
	*first = unit_random() % NPAGES;
	*count = 1 + unit_random() % (PART - *first % PART);
}

static vaddr_t end_of(unsigned first, unsigned count)
{
	return address_of(first) + count * PAGE_SIZE;
}

static unsigned random_rights(void)
{
	static const unsigned rights[] = { 0, MAP_READ, MAP_READ | MAP_WRITE, MAP_READ | MAP_COW,
					   MAP_COW };

	return rights[unit_random() % ARRAY_SIZE(rights)];
}

static void do_map(unsigned which, unsigned page)
{
	struct frame *frame = frame_alloc(unit_random() % 3 ? FRAME_ANON : FRAME_CACHE, 0);
	unsigned rights = random_rights();

	assert_non_null(frame);
	if (model[which][page].frame) {
		pagedir_replace(&directories[which], address_of(page), frame, rights);
	} else if (pagedir_map(&directories[which], address_of(page), frame, rights)) {
		assert_true(failing);
		frame_put(frame);
		return;
	}
	model[which][page] = (struct page){ frame, rights };
}

static void do_set_rights(unsigned which, unsigned page)
{
	if (!model[which][page].frame)
		return;
	model[which][page].rights = random_rights();
	pagedir_set_rights(&directories[which], address_of(page), model[which][page].rights);
}

static void do_unmap(unsigned which)
{
	unsigned first, count;

	random_run(&first, &count);
	pagedir_unmap(&directories[which], address_of(first), end_of(first, count));
	for (unsigned i = first; i < first + count; i++)
		model[which][i].frame = NULL;
}

static void model_protect(struct page *page, unsigned rights, bool cow)
{
	bool shared = page->frame->refs != 1 || page->frame->kind != FRAME_ANON;
	unsigned kept = page->rights & MAP_COW;

	if (!(rights & MAP_WRITE))
		page->rights = rights | kept;
	else if ((cow || kept) && shared)
		page->rights = MAP_READ | MAP_COW;
	else
		page->rights = MAP_READ | MAP_WRITE;
}

static void do_protect(unsigned which)
{
	static const unsigned rights[] = { 0, MAP_READ, MAP_READ | MAP_WRITE };
	unsigned wanted = rights[unit_random() % 3], first, count;
	bool cow = unit_random() % 2;

	random_run(&first, &count);
	pagedir_protect(&directories[which], address_of(first), end_of(first, count), wanted, cow);
	for (unsigned i = first; i < first + count; i++) {
		if (model[which][i].frame)
			model_protect(&model[which][i], wanted, cow);
	}
}

/* Copies a run into the other directory, where it is unmapped first. */
static void do_copy(unsigned which)
{
	struct pagedir *to = &directories[!which];
	bool cow = unit_random() % 2;
	unsigned first, count;
	int error;

	random_run(&first, &count);
	pagedir_unmap(to, address_of(first), end_of(first, count));
	error = pagedir_copy(to, &directories[which], address_of(first), end_of(first, count), cow);
	if (error) {
		assert_true(failing);
		pagedir_unmap(to, address_of(first), end_of(first, count));
	}
	for (unsigned i = first; i < first + count; i++) {
		struct page *source = &model[which][i], *target = &model[!which][i];
		struct page_mapping now;

		target->frame = NULL;
		if (!source->frame)
			continue;
		if (error) {
			/* How far it got is not told. */
			assert_true(pagedir_lookup(&directories[which], address_of(i), &now));
			source->rights = now.rights & ~MAP_USER;
			continue;
		}
		if (cow)
			source->rights = (source->rights & ~MAP_WRITE) | MAP_COW;
		*target = *source;
	}
}

static void do_move(unsigned which)
{
	struct pagedir *pagedir = &directories[which];
	unsigned first, count, to;

	random_run(&first, &count);
	to = unit_random() % NPAGES;
	if (to % PART + count > PART || (to < first + count && first < to + count))
		return;
	pagedir_unmap(pagedir, address_of(to), end_of(to, count));
	for (unsigned i = 0; i < count; i++)
		model[which][to + i].frame = NULL;
	if (pagedir_move(pagedir, address_of(first), address_of(to), count * PAGE_SIZE)) {
		assert_true(failing);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		model[which][to + i] = model[which][first + i];
		model[which][first + i].frame = NULL;
	}
}

static void check_directory(unsigned which)
{
	uint32_t anon = 0, file = 0, tables = 0;
	bool has_table[16] = { false };

	for (unsigned i = 0; i < NPAGES; i++) {
		const struct page *page = &model[which][i];
		struct page_mapping found;
		bool mapped = pagedir_lookup(&directories[which], address_of(i), &found);

		assert_int_equal(mapped, page->frame != NULL);
		if (!mapped)
			continue;
		assert_ptr_equal(found.frame, page->frame);
		assert_int_equal(found.rights, page->rights | MAP_USER);
		anon += page->frame->kind == FRAME_ANON;
		file += page->frame->kind == FRAME_CACHE;
		tables += !has_table[address_of(i) >> 22];
		has_table[address_of(i) >> 22] = true;
	}
	assert_int_equal(directories[which].resident_anon, anon);
	assert_int_equal(directories[which].resident_file, file);
	assert_int_equal(directories[which].ntables, tables);
}

/* A frame is in as many mappings as it has references. */
static void check_references(void)
{
	for (unsigned i = 0; i < NDIRECTORIES * NPAGES; i++) {
		struct frame *frame = model[i / NPAGES][i % NPAGES].frame;
		uint32_t mappings = 0;

		for (unsigned j = 0; frame && j < NDIRECTORIES * NPAGES; j++)
			mappings += model[j / NPAGES][j % NPAGES].frame == frame;
		if (frame)
			assert_int_equal(frame->refs, mappings);
	}
}

static void one_step(void)
{
	unsigned which = unit_random() % NDIRECTORIES;

	switch (unit_random() % 16) {
	case 0:
		do_unmap(which);
		break;
	case 1:
		do_protect(which);
		break;
	case 2:
		do_copy(which);
		break;
	case 3:
		do_move(which);
		break;
	case 4:
	case 5:
		do_set_rights(which, unit_random() % NPAGES);
		break;
	default:
		do_map(which, unit_random() % NPAGES);
	}
}

static void test_random_use(void **state)
{
	uint32_t before = free_frames();

	(void)state;
	for (unsigned i = 0; i < NDIRECTORIES; i++)
		assert_int_equal(pagedir_init(&directories[i]), 0);
	for (unsigned round = 0; round < 30000; round++) {
		failing = round / 1000 % 2;
		one_step();
		check_directory(0);
		check_directory(1);
		if (round % 50 == 0)
			check_references();
	}
	failing = false;
	for (unsigned i = 0; i < NDIRECTORIES; i++) {
		pagedir_unmap(&directories[i], 0, USER_TOP);
		pagedir_destroy(&directories[i]);
	}
	assert_int_equal(free_frames(), before);
	assert_int_equal(frame_check(report), 0);
}

/* Frames given back as zeroed must be. */
static void test_tables_come_back_clean(void **state)
{
	(void)state;
	for (struct list *at = frame_state.low.zeroed; at; at = at->next) {
		const uint32_t *words = kmap(list_entry(at, struct frame, link));

		for (unsigned i = 0; i < TABLE_ENTRIES; i++)
			assert_int_equal(words[i], 0);
	}
	assert_true(frame_state.low.nzeroed >= 2);
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
					     frame_alloc(FRAME_ANON, 0), random_rights()),
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
	pagedir_unmap(&directories[0], 0, USER_TOP);
	expect_assert_failure(frame_put(frame));
	pagedir_destroy(&directories[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_tables_come_back_clean),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_dirty_bit_moves_to_the_frame),
		cmocka_unit_test(test_misuse_is_noticed),
	};

	return cmocka_run_group_tests(tests, setup_memory, NULL);
}
