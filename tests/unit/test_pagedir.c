/*
 * User halves of page directories against a record of what each page should be, on three
 * directories at once: mappings, rights, references, resident counts and page tables, with
 * allocations that fail. Pages lie around table borders. Directories are forked into each other,
 * so that they share page tables: a page may then have lost a right to write and get it back when
 * nobody else has the table any more. Pages go to swap, also out of shared tables, and come back.
 * SOURCES: lib/string.c
 */
#include "host_memory.h"

#include "../../mm/frame.c"
#include "../../mm/frame_boot.c"
#include "../../mm/frame_check.c"

static bool failing;

static struct frame *alloc_or_fail(enum frame_kind kind, unsigned flags)
{
	return failing && unit_random() % 3 == 0 ? NULL : frame_alloc(kind, flags);
}

#define frame_alloc alloc_or_fail
#include "../../mm/pagedir.c"
#include "../../mm/pagedir_copy.c"
#include "../../mm/pagedir_share.c"
#undef frame_alloc

#define NPAGES 96u /* of the model: 32 before and after each of three table borders */
#define PART 32u
#define NDIRECTORIES 3
#define PARTS (NPAGES / PART)

uint32_t boot_pagedir[TABLE_ENTRIES];

struct page {
	struct frame *frame;
	unsigned rights;
	bool forked; /* MAP_WRITE in rights may be lost by now, and MAP_COW have come */
	swap_t swap; /* frame is NULL: the slot that has the page; 0: nothing is there */
};

/* A page is there, or in swap. */
static bool is_used(const struct page *page)
{
	return page->frame || page->swap;
}

static struct pagedir directories[NDIRECTORIES];
static struct page model[NDIRECTORIES][NPAGES];

/* Swap is counts alone: a frame's slot is in this cache only while the frame goes out. */
#define NSLOTS (NDIRECTORIES * NPAGES + 1)
static uint32_t slot_references[NSLOTS];

/* Names with few and with many bits. */
static swap_t slot_name(unsigned number)
{
	return number % 2 ? number : (1u << SWAP_BITS) - 1 - number;
}

static uint32_t *references_of(swap_t swap)
{
	unsigned number = swap < NSLOTS ? swap : (1u << SWAP_BITS) - 1 - swap;

	assert_true(number > 0 && number < NSLOTS && slot_name(number) == swap);
	return &slot_references[number];
}

void swap_duplicate(swap_t swap)
{
	assert_true((*references_of(swap))++ > 0);
}

void swap_free(swap_t swap)
{
	assert_true((*references_of(swap))-- > 0);
}

void swap_put(struct frame *frame)
{
	fail_msg("frame %p is in the swap cache", (void *)frame);
}

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

/* Page tables are shared where all is anonymous: in every part but the first. */
static bool may_share(unsigned page)
{
	return page >= PART;
}

/* What the two tables of a part cover. */
static vaddr_t part_start(unsigned part)
{
	return ROUND_DOWN(address_of(part * PART), TABLE_SPAN);
}

static vaddr_t part_end(unsigned part)
{
	return part_start(part) + 2 * TABLE_SPAN;
}

static struct page_mapping see(unsigned which, unsigned page)
{
	struct page_mapping found;

	assert_true(pagedir_lookup(&directories[which], address_of(page), &found));
	return found;
}

static unsigned other_than(unsigned which)
{
	return (which + 1 + unit_random() % (NDIRECTORIES - 1)) % NDIRECTORIES;
}

/* False when memory is out. Afterwards the rights that are seen are those that the pages have. */
static bool own(unsigned which, unsigned first, unsigned count)
{
	if (pagedir_own(&directories[which], address_of(first), end_of(first, count))) {
		assert_true(failing);
		return false;
	}
	for (unsigned i = first; i < first + count; i++) {
		if (!model[which][i].frame || !model[which][i].forked)
			continue;
		model[which][i].rights = see(which, i).rights & ~MAP_USER;
		model[which][i].forked = false;
	}
	return true;
}

static void do_map(unsigned which, unsigned page)
{
	bool cache = !may_share(page) && unit_random() % 3 == 0;
	struct frame *frame = frame_alloc(cache ? FRAME_CACHE : FRAME_ANON, 0);
	struct pagedir *pagedir = &directories[which];
	unsigned rights = random_rights();
	bool mapped;

	assert_non_null(frame);
	if (model[which][page].swap) {
		frame_set_kind(frame, FRAME_ANON);
		mapped = own(which, page, 1);
		if (mapped)
			pagedir_set_present(pagedir, address_of(page), frame, rights);
	} else if (model[which][page].frame) {
		mapped = own(which, page, 1);
		if (mapped)
			pagedir_replace(pagedir, address_of(page), frame, rights);
	} else {
		mapped = pagedir_map(pagedir, address_of(page), frame, rights) == 0;
	}
	if (mapped) {
		model[which][page] = (struct page){ frame, rights, false, 0 };
	} else {
		assert_true(failing);
		frame_put(frame);
	}
}

static void do_set_rights(unsigned which, unsigned page)
{
	unsigned rights = random_rights();

	if (!model[which][page].frame || !own(which, page, 1))
		return;
	/* Private memory is written by its only owner. */
	if (model[which][page].frame->kind == FRAME_ANON && model[which][page].frame->refs > 1)
		rights &= ~MAP_WRITE;
	model[which][page].rights = rights;
	pagedir_set_rights(&directories[which], address_of(page), model[which][page].rights);
}

/* Unmaps [start, end), which has these pages of the model; false when memory is out. */
static bool unmap_model(unsigned which, vaddr_t start, vaddr_t end, unsigned first, unsigned count)
{
	if (pagedir_own_ends(&directories[which], start, end)) {
		assert_true(failing);
		return false;
	}
	pagedir_unmap(&directories[which], start, end);
	for (unsigned i = first; i < first + count; i++)
		model[which][i] = (struct page){ 0 };
	return true;
}

static void do_unmap(unsigned which)
{
	unsigned first, count;

	random_run(&first, &count);
	unmap_model(which, address_of(first), end_of(first, count), first, count);
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
	/* What can be shared is private. */
	cow |= may_share(first);
	if (!own(which, first, count))
		return;
	pagedir_protect(&directories[which], address_of(first), end_of(first, count), wanted, cow);
	for (unsigned i = first; i < first + count; i++) {
		if (model[which][i].frame)
			model_protect(&model[which][i], wanted, cow);
	}
}

/* Copies a run into another directory, where it is unmapped first. */
static void do_copy(unsigned which)
{
	unsigned first, count, target = other_than(which);
	struct pagedir *to = &directories[target];
	int error;

	random_run(&first, &count);
	if (!unmap_model(target, address_of(first), end_of(first, count), first, count))
		return;
	error = pagedir_copy(to, &directories[which], address_of(first), end_of(first, count), 0,
			     0);
	if (error) {
		assert_true(failing);
		pagedir_unmap(to, address_of(first), end_of(first, count));
	}
	for (unsigned i = first; i < first + count; i++) {
		struct page *source = &model[which][i];

		if (!is_used(source))
			continue;
		/* How far it got is not told. */
		source->forked = error;
		if (error)
			continue;
		source->rights = (source->rights & ~MAP_WRITE) | MAP_COW;
		model[target][i] = *source;
	}
}

/* Forks one part, all of two tables, into another directory, in two steps as if of two regions. */
static void do_fork(unsigned which)
{
	unsigned part = 1 + unit_random() % (PARTS - 1), target = other_than(which);
	vaddr_t start = part_start(part), end = part_end(part);
	vaddr_t middle = start + unit_random() % (2 * TABLE_ENTRIES) * PAGE_SIZE;
	struct pagedir *to = &directories[target], *from = &directories[which];
	int error;

	unmap_model(target, start, end, part * PART, PART);
	error = pagedir_copy(to, from, start, middle, start, end);
	if (!error)
		error = pagedir_copy(to, from, middle, end, start, end);
	if (error) {
		assert_true(failing);
		pagedir_abandon(to, start, end);
	}
	for (unsigned i = part * PART; i < (part + 1) * PART; i++) {
		model[which][i].forked = true;
		if (!error)
			model[target][i] = model[which][i];
	}
}

static void do_move(unsigned which)
{
	struct pagedir *pagedir = &directories[which];
	unsigned first, count, to;

	random_run(&first, &count);
	to = unit_random() % NPAGES;
	if (to % PART + count > PART || (to < first + count && first < to + count) ||
	    may_share(first) != may_share(to))
		return;
	if (!unmap_model(which, address_of(to), end_of(to, count), to, count))
		return;
	if (pagedir_move(pagedir, address_of(first), address_of(to), count * PAGE_SIZE)) {
		assert_true(failing);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		model[which][to + i] = model[which][first + i];
		model[which][first + i] = (struct page){ 0 };
	}
}

static unsigned free_slot(void)
{
	unsigned number = 1;

	while (slot_references[number])
		number++;
	return number;
}

/*
 * The page of one directory has gone from a table, for all that have the table: they are told, and
 * the model knows.
 */
static void note_sharers(unsigned which, unsigned page, struct frame *table, swap_t swap)
{
	for (unsigned i = 0; i < NDIRECTORIES; i++) {
		if (!model[i][page].frame || see(i, page).table != table)
			continue;
		if (i != which)
			pagedir_note_swapped(&directories[i], address_of(page));
		model[i][page] = (struct page){ .swap = swap };
	}
}

/* Sends a page out of all directories, and drops its frame. */
static void do_swap_out(unsigned which, unsigned page)
{
	struct frame *frame = model[which][page].frame;
	unsigned slot = free_slot();

	if (!frame || frame->kind != FRAME_ANON)
		return;
	frame_get(frame);
	frame->slot = slot_name(slot);
	slot_references[slot] = 1;
	for (unsigned i = 0; i < NDIRECTORIES * NPAGES; i++) {
		struct frame *table;

		if (model[i / NPAGES][i % NPAGES].frame != frame)
			continue;
		table = see(i / NPAGES, i % NPAGES).table;
		pagedir_set_swap(&directories[i / NPAGES], address_of(i % NPAGES));
		note_sharers(i / NPAGES, i % NPAGES, table, slot_name(slot));
	}
	assert_int_equal(frame->refs, 1);
	frame->slot = 0;
	slot_references[slot]--;
	frame_put(frame);
}

/* Pages of the model that map this frame. */
static unsigned count_users(const struct frame *frame)
{
	unsigned count = 0;

	for (unsigned i = 0; i < NDIRECTORIES * NPAGES; i++)
		count += model[i / NPAGES][i % NPAGES].frame == frame;
	return count;
}

static void check_rights(const struct page *page, unsigned rights)
{
	assert_true(rights & MAP_USER);
	assert_false(rights & MAP_FORKED && rights & MAP_WRITE);
	rights &= ~(MAP_USER | MAP_FORKED);
	if (!page->forked) {
		assert_int_equal(rights, page->rights);
		return;
	}
	assert_int_equal((rights | MAP_COW | MAP_WRITE), (page->rights | MAP_COW | MAP_WRITE));
	if (rights & MAP_WRITE) {
		assert_true(page->rights & MAP_WRITE && !(rights & MAP_COW));
		assert_int_equal(count_users(page->frame), 1);
	}
}

static void check_directory(unsigned which)
{
	uint32_t anon = 0, file = 0, tables = 0, swapped = 0;
	bool has_table[16] = { false };

	for (unsigned i = 0; i < NPAGES; i++) {
		const struct page *page = &model[which][i];
		struct page_mapping found;
		bool mapped = pagedir_lookup(&directories[which], address_of(i), &found);

		assert_int_equal(mapped, is_used(page));
		if (!mapped)
			continue;
		assert_ptr_equal(found.frame, page->frame);
		assert_int_equal(found.swap, page->swap);
		if (page->frame)
			check_rights(page, found.rights);
		else
			assert_int_equal(found.rights & ~MAP_FORKED, 0);
		swapped += page->swap != 0;
		anon += page->frame && page->frame->kind == FRAME_ANON;
		file += page->frame && page->frame->kind == FRAME_CACHE;
		tables += !has_table[address_of(i) >> 22];
		has_table[address_of(i) >> 22] = true;
	}
	assert_int_equal(directories[which].resident_anon, anon);
	assert_int_equal(directories[which].resident_file, file);
	assert_int_equal(directories[which].swapped, swapped);
	assert_int_equal(directories[which].ntables, tables);
}

/* Directories before `which` that have the same table for this page. */
static unsigned count_sharers_before(unsigned which, unsigned page)
{
	unsigned count = 0;

	for (unsigned i = 0; i < which; i++)
		count += is_used(&model[i][page]) && see(i, page).table == see(which, page).table;
	return count;
}

/*
 * A table has as many references as directories have it, a frame and a slot as many as there are
 * entries in tables, each counted once.
 */
static void check_references(void)
{
	uint32_t of_slots[NSLOTS] = { 0 };

	for (unsigned i = 0; i < NDIRECTORIES * NPAGES; i++) {
		swap_t swap = model[i / NPAGES][i % NPAGES].swap;

		if (swap)
			of_slots[references_of(swap) - slot_references] +=
				count_sharers_before(i / NPAGES, i % NPAGES) == 0;
	}
	assert_memory_equal(of_slots, slot_references, sizeof(of_slots));
	for (unsigned i = 0; i < NDIRECTORIES * NPAGES; i++) {
		struct frame *frame = model[i / NPAGES][i % NPAGES].frame;
		uint32_t mappings = 0;

		for (unsigned j = 0; frame && j < NDIRECTORIES * NPAGES; j++)
			mappings += model[j / NPAGES][j % NPAGES].frame == frame &&
				    count_sharers_before(j / NPAGES, j % NPAGES) == 0;
		if (frame)
			assert_int_equal(frame->refs, mappings);
	}
	for (unsigned page = 0; page < NPAGES; page++) {
		const unsigned last = NDIRECTORIES - 1;

		if (is_used(&model[last][page]) && count_sharers_before(last, page) == last)
			assert_int_equal(see(last, page).table->refs, NDIRECTORIES);
	}
}

static void one_step(void)
{
	unsigned which = unit_random() % NDIRECTORIES;

	switch (unit_random() % 19) {
	case 16:
		do_fork(which);
		break;
	case 17:
	case 18:
		do_swap_out(which, unit_random() % NPAGES);
		break;
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
		for (unsigned i = 0; i < NDIRECTORIES; i++)
			check_directory(i);
		if (round % 50 == 0)
			check_references();
	}
	failing = false;
	for (unsigned i = 0; i < NDIRECTORIES; i++) {
		if (i == 0)
			pagedir_unmap(&directories[i], 0, USER_TOP);
		else
			pagedir_abandon(&directories[i], 0, USER_TOP);
		pagedir_destroy(&directories[i]);
	}
	for (unsigned i = 0; i < NSLOTS; i++)
		assert_int_equal(slot_references[i], 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_tables_come_back_clean),
	};

	return cmocka_run_group_tests(tests, setup_memory, NULL);
}
