/*
 * Self-tests of swap: pages of address spaces built for it go out to a disk in memory and come back,
 * alone, shared after a fork, in shared page tables, while errors come, until swap is full; and
 * swapoff. The ledger holds the slots against their entries throughout.
 */
#include "selftest_disk.h"
#include "selftest_vm.h"

#include <block.h>
#include <err.h>
#include <fail.h>
#include <kvrange.h>
#include <reclaim.h>
#include <string.h>
#include <swap.h>
#include <task.h>
#include <vm_events.h>
#include <vma.h>

#define AREA_PAGES 600u

static void ignore(void *context, const char *text)
{
	(void)context;
	(void)text;
}

/* ---- an area on it ---- */

static struct object pages; /* what swapon reads the header from */

static int fill_from_disk(struct object *object, uint32_t index, struct frame *frame)
{
	void *window = kmap(frame);

	(void)object;
	memcpy(window, test_disk_blocks + index * PAGE_SIZE, PAGE_SIZE);
	kunmap(window);
	return 0;
}

static void release(struct object *object)
{
	(void)object;
}

static const struct object_ops page_ops = { .fill = fill_from_disk, .release = release };

static void make_header(uint32_t npages)
{
	uint32_t words[3] = { 1, npages - 1, 0 };

	memset(test_disk_blocks, 0, PAGE_SIZE);
	memcpy(test_disk_blocks + 1024, words, sizeof(words));
	memcpy(test_disk_blocks + PAGE_SIZE - 10, "SWAPSPACE2", 10);
}

static int begin(unsigned *number)
{
	struct swap_source source = { .object = &pages, .name = "selftest" };

	source.device = test_disk();
	object_init(&pages, &page_ops, NULL);
	pages.size = (uint64_t)TEST_DISK_PAGES * PAGE_SIZE;
	return swap_area_begin(&source, -1, number);
}

/* An area of npages, header included, in use; its number. */
static unsigned swap_on(uint32_t npages)
{
	unsigned number = 99;

	test_disk();
	make_header(npages);
	EXPECT(begin(&number) == 0);
	EXPECT(swap_total_npages == npages - 1 && swap_free_npages == npages - 1);
	return number;
}

static void swap_off(unsigned number)
{
	void *owner;

	EXPECT(swap_area_end(number, &owner) == 0);
	EXPECT(swap_total_npages == 0 && swap_free_npages == 0 && swap_cached_npages == 0);
	EXPECT(swap_writing_npages == 0);
	object_put(&pages);
	EXPECT(books() == 0);
}

/* ---- pages ---- */

static void page_out(struct mm *mm, vaddr_t at, unsigned npages)
{
	mutex_lock(&mm->lock);
	mm_page_out(mm_find(mm, at), at, at + npages * PAGE_SIZE);
	mutex_unlock(&mm->lock);
}

/* Until what is being written has been, and is dropped where it can be. */
static void settle(void)
{
	for (unsigned i = 0; i < 1000 && test_disk()->stats.in_flight; i++)
		sched_yield();
	EXPECT(test_disk()->stats.in_flight == 0);
}

static void fill(struct mm *mm, vaddr_t at, unsigned npages, uint8_t with)
{
	for (unsigned i = 0; i < npages; i++)
		EXPECT(store(mm, at + i * PAGE_SIZE, (uint8_t)(with + i)));
}

/* How many of them do not hold what fill put there. */
static unsigned wrong(struct mm *mm, vaddr_t at, unsigned npages, uint8_t with)
{
	unsigned count = 0;

	for (unsigned i = 0; i < npages; i++)
		count += byte_at(mm, at + i * PAGE_SIZE) != (uint8_t)(with + i);
	return count;
}

/* An address space with npages at AT, filled and out of memory. */
static struct mm *swapped_mm(unsigned npages, uint8_t with)
{
	struct mm *mm = new_mm();

	EXPECT(map(mm, AT, npages, RW, NULL) == 0);
	fill(mm, AT, npages, with);
	page_out(mm, AT, npages);
	settle();
	EXPECT(mm->pagedir.swapped == npages && mm->pagedir.resident_anon == 0);
	EXPECT(books() == 0);
	return mm;
}

SELFTEST(swap_out_and_in)
{
	unsigned area = swap_on(AREA_PAGES);
	const unsigned npages = 100;
	struct mm *mm = swapped_mm(npages, 3);

	EXPECT(swap_cached_npages == 0 && swap_free_npages == AREA_PAGES - 1 - npages);
	EXPECT(wrong(mm, AT, npages, 3) == 0);
	EXPECT(mm->pagedir.swapped == 0 && mm->pagedir.resident_anon == npages);
	EXPECT(books() == 0);
	mm_put(mm);
	EXPECT(swap_free_npages == AREA_PAGES - 1);
	swap_off(area);
}

SELFTEST(swap_drops_clean_pages_without_a_write)
{
	unsigned area = swap_on(AREA_PAGES);
	struct mm *mm = swapped_mm(16, 40);
	uint32_t written = vm_events[VM_EVENT_PSWPOUT], read = vm_events[VM_EVENT_PSWPIN];

	EXPECT(wrong(mm, AT, 16, 40) == 0);
	EXPECT(vm_events[VM_EVENT_PSWPIN] == read + 16 && swap_cached_npages == 16);
	page_out(mm, AT, 16);
	EXPECT(vm_events[VM_EVENT_PSWPOUT] == written && swap_cached_npages == 0);
	EXPECT(mm->pagedir.swapped == 16);
	/* The first write gives the slot up: now it has to be written. */
	EXPECT(store(mm, AT, 77) && byte_at(mm, AT) == 77);
	EXPECT(swap_free_npages == AREA_PAGES - 16);
	page_out(mm, AT, 16);
	settle();
	EXPECT(vm_events[VM_EVENT_PSWPOUT] == written + 1);
	EXPECT(byte_at(mm, AT) == 77 && wrong(mm, AT + PAGE_SIZE, 15, 41) == 0);
	mm_put(mm);
	swap_off(area);
}

SELFTEST(swap_read_ahead)
{
	unsigned area = swap_on(AREA_PAGES);
	struct mm *mm = swapped_mm(16, 70);
	uint32_t major = fault_major_count, hits = vm_events[VM_EVENT_SWAP_RA_HIT];
	struct page_mapping page;

	for (unsigned i = 0; i < 16; i++)
		EXPECT(pagedir_lookup(&mm->pagedir, AT + i * PAGE_SIZE, &page) &&
		       swap_read_ahead(page.swap));
	EXPECT(swap_cached_npages == 16);
	settle();
	EXPECT(books() == 0 && mm->pagedir.swapped == 16);
	EXPECT(wrong(mm, AT, 16, 70) == 0 && fault_major_count == major);
	EXPECT(vm_events[VM_EVENT_SWAP_RA_HIT] > hits);
	mm_put(mm);
	swap_off(area);
}

/* Forked with so many pages that page tables are shared, or so few that they are copied. */
static void fork_swapped(unsigned npages)
{
	unsigned area = swap_on(AREA_PAGES);
	struct mm *mm = swapped_mm(npages, 9), *child, *second;

	child = mm_fork(mm);
	EXPECT(!IS_ERR(child) && child->pagedir.swapped == npages && books() == 0);
	EXPECT(wrong(child, AT, npages, 9) == 0 && books() == 0);
	fill(mm, AT, npages / 2, 100);
	EXPECT(books() == 0);
	second = mm_fork(mm);
	EXPECT(!IS_ERR(second) && books() == 0);
	fill(second, AT, npages, 200);
	EXPECT(wrong(child, AT, npages, 9) == 0 && wrong(second, AT, npages, 200) == 0);
	EXPECT(wrong(mm, AT, npages / 2, 100) == 0);
	EXPECT(wrong(mm, AT + npages / 2 * PAGE_SIZE, npages - npages / 2,
		     (uint8_t)(9 + npages / 2)) == 0);
	page_out(second, AT, npages);
	page_out(mm, AT, npages);
	EXPECT(books() == 0);
	mm_put(mm);
	EXPECT(wrong(second, AT, npages, 200) == 0 && wrong(child, AT, npages, 9) == 0);
	mm_put(second);
	mm_put(child);
	settle();
	EXPECT(swap_free_npages == AREA_PAGES - 1);
	swap_off(area);
}

SELFTEST(swap_fork_copies_entries)
{
	fork_swapped(20);
}

SELFTEST(swap_fork_shares_tables_of_entries)
{
	fork_swapped(290);
}

/* One copy in memory, whoever brings it in. */
SELFTEST(swap_cache_serves_all)
{
	unsigned area = swap_on(AREA_PAGES);
	struct mm *mm = swapped_mm(8, 1), *child = mm_fork(mm);
	struct frame *frame;

	EXPECT(!IS_ERR(child));
	EXPECT(wrong(mm, AT, 8, 1) == 0 && wrong(child, AT, 8, 1) == 0);
	frame = frame_at(mm, AT);
	EXPECT(frame && frame == frame_at(child, AT) && frame_mappings(frame) == 2);
	EXPECT(store(mm, AT, 50) && byte_at(child, AT) == 1 && byte_at(mm, AT) == 50);
	EXPECT(frame_at(child, AT) == frame && frame_mappings(frame) == 1);
	EXPECT(store(child, AT, 51) && frame_at(child, AT) == frame && !frame->slot);
	EXPECT(books() == 0);
	mm_put(mm);
	mm_put(child);
	swap_off(area);
}

SELFTEST(swap_entries_move_and_go)
{
	unsigned area = swap_on(AREA_PAGES);
	struct mm *mm = swapped_mm(64, 1);
	struct page_mapping page;

	EXPECT(mm_protect(mm, AT, 32 * PAGE_SIZE, VMA_READ) == 0);
	EXPECT(mm_protect(mm, AT + 32 * PAGE_SIZE, 32 * PAGE_SIZE, 0) == 0 && books() == 0);
	EXPECT(mm->pagedir.swapped == 64);
	EXPECT(!store(mm, AT, 1) && wrong(mm, AT, 32, 1) == 0);
	EXPECT(mm_fault(mm, AT + 40 * PAGE_SIZE, 0) == FAULT_NO_RIGHT);
	mutex_lock(&mm->lock);
	EXPECT(pagedir_move(&mm->pagedir, AT + 60 * PAGE_SIZE, AT + LARGE_PAGE_SIZE,
			    4 * PAGE_SIZE) == 0);
	EXPECT(pagedir_lookup(&mm->pagedir, AT + LARGE_PAGE_SIZE, &page) && page.swap);
	EXPECT(pagedir_move(&mm->pagedir, AT + LARGE_PAGE_SIZE, AT + 60 * PAGE_SIZE,
			    4 * PAGE_SIZE) == 0);
	mutex_unlock(&mm->lock);
	EXPECT(mm_protect(mm, AT, 64 * PAGE_SIZE, RW) == 0);
	EXPECT(mm_unmap(mm, AT + 8 * PAGE_SIZE, 8 * PAGE_SIZE) == 0 && books() == 0);
	EXPECT(wrong(mm, AT + 16 * PAGE_SIZE, 48, 17) == 0);
	mm_put(mm);
	EXPECT(swap_free_npages == AREA_PAGES - 1 && swap_cached_npages == 0);
	swap_off(area);
}

SELFTEST(swap_full)
{
	unsigned area = swap_on(20);
	struct mm *mm = new_mm();

	EXPECT(map(mm, AT, 40, RW, NULL) == 0);
	fill(mm, AT, 40, 5);
	page_out(mm, AT, 40);
	settle();
	EXPECT(mm->pagedir.swapped == 19 && swap_free_npages == 0 && books() == 0);
	EXPECT(wrong(mm, AT, 40, 5) == 0);
	mm_put(mm);
	swap_off(area);
}

SELFTEST(swap_write_error_keeps_the_page)
{
	unsigned area = swap_on(AREA_PAGES);
	struct mm *mm = new_mm();

	EXPECT(map(mm, AT, 4, RW, NULL) == 0);
	fill(mm, AT, 4, 5);
	test_disk_bad_sector = (256 + 1) *
			       SECTORS_PER_PAGE; /* of the second slot that is given out */
	page_out(mm, AT, 4);
	settle();
	EXPECT(swap_cached_npages == 4 && mm->pagedir.swapped == 4 && books() == 0);
	/* As they come back: still to be written, now each alone. */
	EXPECT(wrong(mm, AT, 4, 5) == 0);
	page_out(mm, AT, 4);
	settle();
	EXPECT(swap_cached_npages == 1 && mm->pagedir.swapped == 4 && books() == 0);
	EXPECT(wrong(mm, AT, 4, 5) == 0);
	/* Written, it gives up the bad slot, which is not given out again. */
	fill(mm, AT, 4, 6);
	EXPECT(swap_total_npages == AREA_PAGES - 2 && swap_free_npages == AREA_PAGES - 2);
	page_out(mm, AT, 4);
	settle();
	test_disk_bad_sector = UINT64_MAX;
	EXPECT(swap_cached_npages == 0 && wrong(mm, AT, 4, 6) == 0 && books() == 0);
	mm_put(mm);
	swap_off(area);
}

SELFTEST(swap_read_error_is_the_pages_alone)
{
	unsigned area = swap_on(AREA_PAGES);
	struct mm *mm = swapped_mm(8, 5);
	struct page_mapping page;
	uint8_t byte;

	EXPECT(pagedir_lookup(&mm->pagedir, AT + 3 * PAGE_SIZE, &page) && page.swap);
	test_disk_bad_sector = (page.swap & ((1u << SWAP_SLOT_BITS) - 1)) * SECTORS_PER_PAGE;
	EXPECT(mm_fault(mm, AT + 3 * PAGE_SIZE, 0) == FAULT_IO_ERROR && books() == 0);
	EXPECT(mm_read(mm, AT + 3 * PAGE_SIZE, &byte, 1) == 0);
	EXPECT(wrong(mm, AT, 3, 5) == 0 && wrong(mm, AT + 4 * PAGE_SIZE, 4, 9) == 0);
	EXPECT(swap_area_end(area, NULL) == -EIO);
	EXPECT(swap_total_npages == AREA_PAGES - 1);
	test_disk_bad_sector = UINT64_MAX;
	EXPECT(byte_at(mm, AT + 3 * PAGE_SIZE) == 8);
	mm_put(mm);
	swap_off(area);
}

SELFTEST(swap_off_brings_all_back)
{
	unsigned area = swap_on(AREA_PAGES);
	struct mm *mm = swapped_mm(300, 1), *child = mm_fork(mm);

	EXPECT(!IS_ERR(child));
	fill(child, AT, 3, 90);
	EXPECT(mm_protect(mm, AT, 8 * PAGE_SIZE, 0) == 0);
	swap_off(area);
	EXPECT(mm->pagedir.swapped == 0 && child->pagedir.swapped == 0);
	EXPECT(mm_protect(mm, AT, 8 * PAGE_SIZE, RW) == 0);
	EXPECT(wrong(mm, AT, 300, 1) == 0);
	EXPECT(wrong(child, AT, 3, 90) == 0 && wrong(child, AT + 3 * PAGE_SIZE, 297, 4) == 0);
	fill(mm, AT, 300, 60);
	EXPECT(wrong(mm, AT, 300, 60) == 0 && wrong(child, AT + 3 * PAGE_SIZE, 297, 4) == 0);
	mm_put(mm);
	mm_put(child);
}

/* Memory is out for a moment, and there is nothing to reclaim. */
SELFTEST(swap_off_asks_again_for_memory)
{
	unsigned area = swap_on(AREA_PAGES);
	struct mm *mm = swapped_mm(40, 1);

	while (reclaim_make_room())
		;
	fail_set_task(current, 1);
	swap_off(area);
	EXPECT(current->fail_met && current->fail_nth == 0);
	current->fail_met = false;
	EXPECT(mm->pagedir.swapped == 0 && wrong(mm, AT, 40, 1) == 0);
	mm_put(mm);
}

/* Sends the first npages of an object, mapped at AT by mm alone, to swap. */
static void object_out(struct object *object, struct mm *mm, unsigned npages)
{
	pagedir_unmap(&mm->pagedir, AT, AT + npages * PAGE_SIZE);
	for (uint32_t i = 0; i < npages; i++) {
		struct frame *frame = object_find_page(object, i);

		if (!frame)
			continue;
		EXPECT(object_page_to_swap(frame) == 0);
		EXPECT(frame->slot && swap_write(frame) == 0);
		swap_put(frame);
	}
	swap_submit();
}

SELFTEST(swap_shared_memory)
{
	unsigned area = swap_on(AREA_PAGES);
	struct object *object = object_create_shared(40 * PAGE_SIZE);
	struct mm *mm = new_mm(), *second = new_mm();
	uint32_t stolen;

	EXPECT(map(mm, AT, 40, RW | VMA_SHARED, object) == 0);
	EXPECT(map(second, AT, 40, RW | VMA_SHARED, object) == 0);
	fill(mm, AT, 32, 7);
	object_out(object, mm, 32);
	/* Wanted while it is being written. */
	EXPECT(wrong(second, AT, 4, 7) == 0 && books() == 0);
	settle();
	EXPECT(object->nswapped == 28 && object->pages.count == 32 && books() == 0);
	EXPECT(object_count_swapped(object, 4, 31) == 28);
	EXPECT(wrong(second, AT, 32, 7) == 0 && wrong(mm, AT, 32, 7) == 0);
	EXPECT(object->nswapped == 0 && swap_free_npages == AREA_PAGES - 1 && books() == 0);
	pagedir_unmap(&second->pagedir, AT, AT + 40 * PAGE_SIZE);
	/* Taken back by its owner, it counts as no page that reclaim has got. */
	reclaim_collect();
	stolen = vm_events[VM_EVENT_PGSTEAL_ANON];
	page_out(mm, AT, 1);
	EXPECT(object->nswapped == 1 && byte_at(mm, AT) == 7 && reclaim_collect() == 0);
	EXPECT(vm_events[VM_EVENT_PGSTEAL_ANON] == stolen && books() == 0);
	object_out(object, mm, 32);
	settle();
	/* Cut in the middle of a page, and longer again: zeros. */
	EXPECT(object_truncate(object, 20 * PAGE_SIZE + 1) == 0);
	EXPECT(object->nswapped == 20 && books() == 0);
	EXPECT(object_truncate(object, 40 * PAGE_SIZE) == 0);
	EXPECT(wrong(mm, AT, 21, 7) == 0 && byte_at(mm, AT + 20 * PAGE_SIZE + 1) == 0);
	EXPECT(byte_at(mm, AT + 30 * PAGE_SIZE) == 0);
	object_out(object, mm, 21);
	mm_put(second);
	swap_off(area);
	EXPECT(wrong(mm, AT, 21, 7) == 0);
	mm_put(mm);
	object_put(object);
}

/* The page in which it would end cannot be read: then nothing is cut, and nothing reappears. */
SELFTEST(swap_cut_page_that_cannot_be_read)
{
	unsigned area = swap_on(AREA_PAGES);
	struct object *object = object_create_shared(4 * PAGE_SIZE);
	struct mm *mm = new_mm();
	swap_t slot;

	EXPECT(map(mm, AT, 4, RW | VMA_SHARED, object) == 0);
	fill(mm, AT, 4, 7);
	EXPECT(store(mm, AT + 2 * PAGE_SIZE + 100, 55));
	object_out(object, mm, 4);
	settle();
	slot = swap_from_entry(radix_lookup(&object->pages, 2));
	test_disk_bad_sector = (uint64_t)(slot & ((1u << SWAP_SLOT_BITS) - 1)) * SECTORS_PER_PAGE;
	EXPECT(object_truncate(object, 2 * PAGE_SIZE + 10) == -EIO);
	EXPECT(object->size == 4 * PAGE_SIZE && object->pages.count == 4 && books() == 0);
	test_disk_bad_sector = UINT64_MAX;
	EXPECT(byte_at(mm, AT + 2 * PAGE_SIZE + 100) == 55 && wrong(mm, AT, 4, 7) == 0);
	object_out(object, mm, 4);
	settle();
	EXPECT(object_truncate(object, 2 * PAGE_SIZE + 10) == 0);
	EXPECT(object_truncate(object, 4 * PAGE_SIZE) == 0);
	EXPECT(byte_at(mm, AT + 2 * PAGE_SIZE) == 9);
	EXPECT(byte_at(mm, AT + 2 * PAGE_SIZE + 100) == 0 && books() == 0);
	mm_put(mm);
	object_put(object);
	swap_off(area);
}

static int begin_with(uint32_t at, uint32_t word)
{
	unsigned number;
	int error;

	make_header(AREA_PAGES);
	memcpy(test_disk_blocks + at, &word, sizeof(word));
	error = begin(&number);
	object_put(&pages);
	return error;
}

SELFTEST(swap_header_is_not_believed)
{
	test_disk();
	EXPECT(begin_with(1024, 2) == -EINVAL);
	EXPECT(begin_with(1028, 0) == -EINVAL);
	EXPECT(begin_with(1028, TEST_DISK_PAGES) == -EINVAL);
	EXPECT(begin_with(1028, UINT32_MAX) == -EINVAL);
	EXPECT(begin_with(1032, 638) == -EINVAL);
	EXPECT(begin_with(1032, 1) == -EINVAL); /* bad page 0 */
	EXPECT(begin_with(PAGE_SIZE - 8, 0) == -EINVAL);
	EXPECT(swap_total_npages == 0 && books() == 0);
}

SELFTEST(swap_ledger_finds_wrong_counts)
{
	unsigned area = swap_on(AREA_PAGES);
	struct mm *mm = swapped_mm(2, 1);
	struct page_mapping page;

	EXPECT(pagedir_lookup(&mm->pagedir, AT, &page));
	swap_duplicate(page.swap);
	EXPECT(ledger_check(ignore, NULL) > 0);
	swap_free(page.swap);
	EXPECT(books() == 0);
	mm->pagedir.swapped++;
	EXPECT(ledger_check(ignore, NULL) > 0);
	mm->pagedir.swapped--;
	swap_free_npages--;
	EXPECT(ledger_check(ignore, NULL) > 0);
	swap_free_npages++;
	EXPECT(books() == 0);
	mm_put(mm);
	swap_off(area);
}
