/*
 * Self-tests of the ground floor of mm/: frames, page directories, kernel heap, kernel ranges,
 * user copies. Each leaves the machine as it found it; the ledger checks that after each.
 * Random numbers are xorshift's from a fixed seed, so that a failure happens again.
 */
#include <selftest.h>

#include <abi/errno.h>
#include <cpu.h>
#include <frame.h>
#include <kheap.h>
#include <kvrange.h>
#include <layout.h>
#include <log.h>
#include <pagedir.h>
#include <string.h>
#include <uaccess.h>

#define USER_AT 0x10000000u
#define TABLE_BYTES (4u * MB)

static uint32_t random_state = 2463534242u;

/* Marsaglia's xorshift (2003), 32 bits. */
static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static uint32_t free_frames(void)
{
	struct frame_counts counts;

	frame_count(&counts);
	return counts.free_low + counts.free_high;
}

static void report_fault(const char *text, pfn_t pfn)
{
	log_error("frame check: %s (%#x)", text, pfn);
}

static bool is_filled(const void *memory, uint8_t byte, size_t size)
{
	const uint8_t *at = memory;

	while (size > 0 && *at == byte) {
		at++;
		size--;
	}
	return size == 0;
}

/* ---- frames ---- */

SELFTEST(frame_counts_add_up)
{
	struct frame_counts counts;
	uint32_t sum = 0;

	frame_count(&counts);
	for (unsigned kind = 0; kind < FRAME_KINDS; kind++)
		sum += counts.by_kind[kind];
	EXPECT(sum == counts.total);
	EXPECT(counts.by_kind[FRAME_FREE] == counts.free_low + counts.free_high);
	EXPECT(frame_check(report_fault) == 0);
}

SELFTEST(frame_alloc_until_none_is_left)
{
	struct list taken = LIST_INIT(taken);
	uint32_t before = free_frames(), count = 0;
	struct frame *frame, *after;

	while ((frame = frame_alloc(FRAME_ANON, 0))) {
		list_remove(&frame->link);
		list_add(&taken, &frame->link);
		count++;
	}
	while ((frame = frame_alloc(FRAME_KERNEL, 0))) {
		EXPECT(frame_is_low(frame));
		list_add(&taken, &frame->link);
		count++;
	}
	EXPECT(count == before && free_frames() == 0);
	EXPECT(!frame_alloc_block(FRAME_KERNEL, 0, 0));
	list_for_each_safe(frame, after, &taken, link) {
		list_remove(&frame->link);
		frame_put(frame);
	}
	EXPECT(free_frames() == before);
	EXPECT(frame_check(report_fault) == 0);
}

SELFTEST(frame_zero_means_zero)
{
	for (unsigned i = 0; i < 64; i++) {
		struct frame *frame = frame_alloc(FRAME_ANON, 0);
		void *window = kmap(frame);

		memset(window, 0xa5, PAGE_SIZE);
		kunmap(window);
		frame_put(frame);
		frame_zero_one_idle();
		frame = frame_alloc(FRAME_ANON, FRAME_ZERO);
		window = kmap(frame);
		EXPECT(is_filled(window, 0, PAGE_SIZE));
		kunmap(window);
		frame_put(frame);
	}
	EXPECT(frame_check(report_fault) == 0);
}

SELFTEST(frame_blocks_are_aligned_and_join_again)
{
	uint32_t before = free_frames();

	for (unsigned order = 0; order <= FRAME_MAX_ORDER; order++) {
		struct frame *first = frame_alloc_block(FRAME_KERNEL, order, 0);

		if (!first)
			continue; /* a small machine has no large block */
		EXPECT((frame_pfn(first) & ((1u << order) - 1)) == 0);
		EXPECT(first->order == order && first[(1u << order) - 1].refs == 1);
		EXPECT(free_frames() == before - (1u << order));
		frame_free_block(first, order);
	}
	EXPECT(free_frames() == before);
	EXPECT(frame_check(report_fault) == 0);
}

/* ---- page directories ---- */

static unsigned rights_at(const struct pagedir *pagedir, vaddr_t at)
{
	struct page_mapping page;

	return pagedir_lookup(pagedir, at, &page) ? page.rights : 0;
}

/* Maps a fresh anonymous frame and says which. */
static struct frame *map_fresh(struct pagedir *pagedir, vaddr_t at, unsigned rights)
{
	struct frame *frame = frame_alloc(FRAME_ANON, FRAME_ZERO);

	EXPECT(frame && pagedir_map(pagedir, at, frame, rights) == 0);
	return frame;
}

SELFTEST(pagedir_map_protect_unmap)
{
	uint32_t before = free_frames();
	struct pagedir pagedir;
	struct frame *frame;

	EXPECT(pagedir_init(&pagedir) == 0);
	frame = map_fresh(&pagedir, USER_AT, MAP_READ | MAP_WRITE);
	EXPECT(rights_at(&pagedir, USER_AT) == (MAP_READ | MAP_WRITE | MAP_USER));
	EXPECT(rights_at(&pagedir, USER_AT + PAGE_SIZE) == 0);
	EXPECT(pagedir.resident_anon == 1 && pagedir.ntables == 1);
	pagedir_protect(&pagedir, USER_AT, USER_AT + PAGE_SIZE, MAP_READ, true);
	EXPECT(rights_at(&pagedir, USER_AT) == (MAP_READ | MAP_USER));
	pagedir_protect(&pagedir, USER_AT, USER_AT + PAGE_SIZE, 0, true);
	EXPECT(rights_at(&pagedir, USER_AT) == MAP_USER);
	frame_get(frame);
	pagedir_protect(&pagedir, USER_AT, USER_AT + PAGE_SIZE, MAP_READ | MAP_WRITE, true);
	EXPECT(rights_at(&pagedir, USER_AT) == (MAP_READ | MAP_COW | MAP_USER));
	frame_put(frame);
	pagedir_protect(&pagedir, USER_AT, USER_AT + PAGE_SIZE, MAP_READ | MAP_WRITE, true);
	EXPECT(rights_at(&pagedir, USER_AT) == (MAP_READ | MAP_WRITE | MAP_USER));
	pagedir_unmap(&pagedir, 0, USER_TOP);
	EXPECT(pagedir.ntables == 0 && pagedir.resident_anon == 0);
	pagedir_destroy(&pagedir);
	EXPECT(free_frames() == before);
}

SELFTEST(pagedir_copy_shares_and_marks)
{
	uint32_t before = free_frames();
	struct pagedir parent, child;
	struct frame *frame;

	EXPECT(pagedir_init(&parent) == 0 && pagedir_init(&child) == 0);
	frame = map_fresh(&parent, USER_TOP - PAGE_SIZE, MAP_READ | MAP_WRITE);
	EXPECT(pagedir_copy(&child, &parent, 0, USER_TOP, 0, 0) == 0);
	EXPECT(frame->refs == 2 && child.resident_anon == 1);
	EXPECT(rights_at(&parent, USER_TOP - PAGE_SIZE) == (MAP_READ | MAP_COW | MAP_USER));
	EXPECT(rights_at(&child, USER_TOP - PAGE_SIZE) == (MAP_READ | MAP_COW | MAP_USER));
	pagedir_replace(&child, USER_TOP - PAGE_SIZE, frame_alloc(FRAME_ANON, 0),
			MAP_READ | MAP_WRITE);
	EXPECT(frame->refs == 1 && child.resident_anon == 1);
	EXPECT(rights_at(&child, USER_TOP - PAGE_SIZE) & MAP_WRITE);
	pagedir_unmap(&parent, 0, USER_TOP);
	pagedir_unmap(&child, 0, USER_TOP);
	pagedir_destroy(&parent);
	pagedir_destroy(&child);
	EXPECT(free_frames() == before);
}

SELFTEST(pagedir_copy_shares_whole_tables)
{
	uint32_t before = free_frames();
	struct pagedir parent, child;
	struct page_mapping page;
	struct frame *frame;

	EXPECT(pagedir_init(&parent) == 0 && pagedir_init(&child) == 0);
	frame = map_fresh(&parent, USER_AT, MAP_READ | MAP_WRITE);
	EXPECT(pagedir_copy(&child, &parent, USER_AT, USER_AT + TABLE_BYTES, 0, USER_TOP) == 0);
	EXPECT(pagedir_lookup(&child, USER_AT, &page) && page.table->refs == 2);
	EXPECT(frame->refs == 1 && child.resident_anon == 1 && child.ntables == 1);
	EXPECT(rights_at(&parent, USER_AT) == (MAP_READ | MAP_USER | MAP_FORKED));
	EXPECT(rights_at(&child, USER_AT) == (MAP_READ | MAP_USER | MAP_FORKED));
	/* The first change copies the table, and marks the pages in both. */
	EXPECT(pagedir_own(&child, USER_AT, USER_AT + PAGE_SIZE) == 0);
	EXPECT(frame->refs == 2 && page.table->refs == 1);
	EXPECT(rights_at(&child, USER_AT) == (MAP_READ | MAP_COW | MAP_USER));
	pagedir_unmap(&child, USER_AT, USER_AT + PAGE_SIZE);
	EXPECT(frame->refs == 1 && child.ntables == 0 && child.resident_anon == 0);
	/* Shared again and left again: nothing has changed for the one who stays. */
	EXPECT(pagedir_own(&parent, USER_AT, USER_AT + PAGE_SIZE) == 0);
	pagedir_set_rights(&parent, USER_AT, MAP_READ | MAP_WRITE);
	EXPECT(pagedir_copy(&child, &parent, USER_AT, USER_AT + TABLE_BYTES, 0, USER_TOP) == 0);
	pagedir_abandon(&child, USER_AT, USER_AT + PAGE_SIZE);
	EXPECT(child.ntables == 0 && child.resident_anon == 0);
	EXPECT(pagedir_own(&parent, USER_AT, USER_AT + PAGE_SIZE) == 0);
	EXPECT(rights_at(&parent, USER_AT) == (MAP_READ | MAP_WRITE | MAP_USER));
	pagedir_unmap(&parent, 0, USER_TOP);
	pagedir_destroy(&parent);
	pagedir_destroy(&child);
	EXPECT(free_frames() == before);
}

SELFTEST(pagedir_move_moves_entries)
{
	const vaddr_t from = USER_AT + TABLE_BYTES - 2 * PAGE_SIZE;
	const vaddr_t to = 3 * USER_AT + TABLE_BYTES - PAGE_SIZE;
	uint32_t before = free_frames();
	struct frame *frames[4];
	struct pagedir pagedir;
	struct page_mapping page;

	EXPECT(pagedir_init(&pagedir) == 0);
	for (unsigned i = 0; i < 4; i++)
		frames[i] = map_fresh(&pagedir, from + i * PAGE_SIZE, MAP_READ);
	EXPECT(pagedir.ntables == 2);
	EXPECT(pagedir_move(&pagedir, from, to, 16 * PAGE_SIZE) == 0);
	for (unsigned i = 0; i < 4; i++) {
		EXPECT(!pagedir_lookup(&pagedir, from + i * PAGE_SIZE, &page));
		EXPECT(pagedir_lookup(&pagedir, to + i * PAGE_SIZE, &page) &&
		       page.frame == frames[i] && page.rights == (MAP_READ | MAP_USER));
	}
	EXPECT(pagedir.ntables == 2 && pagedir.resident_anon == 4);
	pagedir_unmap(&pagedir, to, to + 16 * PAGE_SIZE);
	EXPECT(pagedir.ntables == 0);
	pagedir_destroy(&pagedir);
	EXPECT(free_frames() == before);
}

static bool count_page(void *context, vaddr_t at, const struct page_mapping *page)
{
	uint32_t *sum = context;

	EXPECT(page->frame && at % (TABLE_BYTES + PAGE_SIZE) == 0);
	(*sum)++;
	return *sum < 5;
}

SELFTEST(pagedir_walk_visits_in_order_until_told)
{
	struct pagedir pagedir;
	uint32_t visited = 0;

	EXPECT(pagedir_init(&pagedir) == 0);
	for (unsigned i = 1; i <= 6; i++)
		map_fresh(&pagedir, i * (TABLE_BYTES + PAGE_SIZE), MAP_READ);
	pagedir_walk(&pagedir, 0, USER_TOP, count_page, &visited);
	EXPECT(visited == 5);
	pagedir_unmap(&pagedir, 0, USER_TOP);
	pagedir_destroy(&pagedir);
}

SELFTEST(pagedir_kernel_text_is_read_only)
{
	paddr_t paddr;

	EXPECT(cpu_read_cr0() & CR0_WP);
	EXPECT(pagedir_kernel_paddr((vaddr_t)text_start, &paddr) &&
	       paddr == virt_to_paddr(text_start));
	EXPECT(!pagedir_kernel_paddr(KVRANGE_END - PAGE_SIZE, &paddr));
	EXPECT(!pagedir_kernel_paddr(KMAP_END - PAGE_SIZE, &paddr));
}

/* ---- kernel heap ---- */

#define HEAP_OBJECTS 300u

struct heap_object {
	uint8_t *memory;
	size_t size;
	uint8_t fill;
};

static void renew(struct heap_object *object)
{
	size_t limit = next_random() % 8 ? 2100 : 20000;

	if (object->memory) {
		EXPECT(is_filled(object->memory, object->fill, object->size));
		kfree(object->memory);
	}
	object->size = 1 + next_random() % limit;
	object->fill = (uint8_t)next_random();
	object->memory = kalloc(object->size);
	if (!object->memory)
		return; /* a small machine */
	EXPECT((uintptr_t)object->memory % 16 == 0);
	memset(object->memory, object->fill, object->size);
}

SELFTEST(kheap_random_use_leaks_nothing)
{
	uint32_t objects, bytes, objects_after, bytes_after, frames;
	struct heap_object *all = kzalloc(HEAP_OBJECTS * sizeof(*all));

	kheap_trim();
	frames = free_frames();
	kheap_count(&objects, &bytes);
	for (unsigned i = 0; i < 10 * HEAP_OBJECTS; i++)
		renew(&all[next_random() % HEAP_OBJECTS]);
	for (unsigned i = 0; i < HEAP_OBJECTS; i++)
		kfree(all[i].memory);
	kheap_count(&objects_after, &bytes_after);
	kheap_trim();
	EXPECT(objects == objects_after && bytes == bytes_after && frames == free_frames());
	EXPECT(frame_check(report_fault) == 0);
	kfree(all);
}

SELFTEST(kheap_zalloc_and_strdup)
{
	uint8_t *zeros = kzalloc(100);
	char *copy = kstrdup("loft");

	EXPECT(is_filled(zeros, 0, 100));
	EXPECT(strcmp(copy, "loft") == 0);
	kfree(zeros);
	kfree(copy);
	kfree(NULL);
}

/* ---- kernel ranges and windows ---- */

SELFTEST(kvrange_has_a_guard_page)
{
	uint32_t before = free_frames();
	char *first = kvrange_alloc(2), *second = kvrange_alloc(3);

	EXPECT(first && second);
	EXPECT(is_filled(first, 0, 2 * PAGE_SIZE) && is_filled(second, 0, 3 * PAGE_SIZE));
	memset(second, 1, 3 * PAGE_SIZE);
	EXPECT(is_filled(first, 0, 2 * PAGE_SIZE));
	EXPECT(kvrange_is_guard((vaddr_t)first - 1) && kvrange_is_guard((vaddr_t)second - 1));
	EXPECT(!kvrange_is_guard((vaddr_t)first) && !kvrange_is_guard((vaddr_t)second));
	EXPECT(free_frames() == before - 5);
	kvrange_free(first);
	EXPECT(!kvrange_is_guard((vaddr_t)first - 1));
	kvrange_free(second);
	EXPECT(free_frames() == before);
}

SELFTEST(kvrange_maps_devices_at_any_offset)
{
	const paddr_t screen = 0xb8000;
	const char *window = kvrange_map_device(screen + 100, 2 * PAGE_SIZE, CACHE_UNCACHED);
	paddr_t paddr;

	EXPECT(window && pagedir_kernel_paddr((vaddr_t)window, &paddr) && paddr == screen + 100);
	EXPECT(pagedir_kernel_paddr((vaddr_t)window + 2 * PAGE_SIZE - 1, &paddr) &&
	       paddr == screen + 100 + 2 * PAGE_SIZE - 1);
}

SELFTEST(kmap_windows_do_not_mix)
{
	struct frame *frames[8];
	uint32_t *windows[8];

	for (unsigned round = 0; round < 100; round++) {
		for (unsigned i = 0; i < 8; i++) {
			frames[i] = frame_alloc(FRAME_ANON, 0);
			windows[i] = kmap(frames[i]);
			*windows[i] = i;
		}
		for (unsigned i = 0; i < 8; i++) {
			EXPECT(*windows[i] == i);
			kunmap(windows[i]);
		}
		frame_copy(frames[0], frames[7]);
		windows[0] = kmap(frames[0]);
		EXPECT(*windows[0] == 7);
		kunmap(windows[0]);
		for (unsigned i = 0; i < 8; i++)
			frame_put(frames[i]);
	}
}

/* ---- user copies ---- */

SELFTEST(uaccess_refuses_kernel_addresses)
{
	char buffer[16] = "";
	uint32_t word = 0;
	void *kernel = (void *)KERNEL_VMA;
	char *edge = (char *)USER_TOP - 4;

	EXPECT(copy_from_user(buffer, kernel, 1) == -EFAULT);
	EXPECT(copy_to_user(kernel, buffer, 1) == -EFAULT);
	EXPECT(copy_to_user(edge, buffer, 8) == -EFAULT);
	EXPECT(copy_to_user((void *)16, buffer, UINT32_MAX) == -EFAULT);
	EXPECT(clear_user(kernel, 4) == -EFAULT);
	EXPECT(get_user(&word, kernel) == -EFAULT);
	EXPECT(put_user(kernel, 1) == -EFAULT);
	EXPECT(get_user(&word, (uint32_t *)(USER_TOP - 2)) == -EFAULT);
	EXPECT(cmpxchg_user(kernel, 0, 1, &word) == -EFAULT);
	EXPECT(strncpy_from_user(buffer, kernel, sizeof(buffer)) == -EFAULT);
	EXPECT(strnlen_user(kernel, 10) == -EFAULT);
	EXPECT(copy_from_user(buffer, kernel, 0) == 0);
	EXPECT(user_range_ok(edge, 4) && !user_range_ok(edge, 5));
}

SELFTEST(uaccess_survives_unmapped_addresses)
{
	char buffer[16] = "";
	uint32_t word = 0;
	void *nowhere = (void *)16; /* page 0 is never mapped */

	EXPECT(copy_from_user(buffer, nowhere, 7) == -EFAULT);
	EXPECT(copy_from_user_partial(buffer, nowhere, 7) == 7);
	EXPECT(copy_to_user(nowhere, buffer, 3) == -EFAULT);
	EXPECT(clear_user(nowhere, 16) == -EFAULT);
	EXPECT(get_user(&word, nowhere) == -EFAULT);
	EXPECT(put_user(nowhere, 1) == -EFAULT);
	EXPECT(cmpxchg_user(nowhere, 0, 1, &word) == -EFAULT);
	EXPECT(strncpy_from_user(buffer, nowhere, sizeof(buffer)) == -EFAULT);
	EXPECT(strnlen_user(nowhere, 10) == -EFAULT);
}

SELFTEST(uaccess_strings_end_at_user_top)
{
	const vaddr_t last = USER_TOP - PAGE_SIZE;
	char *edge = (char *)USER_TOP - 4;
	char buffer[16];
	struct pagedir pagedir;
	uint32_t word;

	EXPECT(pagedir_init(&pagedir) == 0);
	map_fresh(&pagedir, last, MAP_READ | MAP_WRITE);
	pagedir_activate(&pagedir);
	EXPECT(copy_to_user(edge, "abcd", 4) == 0);
	EXPECT(strncpy_from_user(buffer, edge, sizeof(buffer)) == -EFAULT);
	EXPECT(strncpy_from_user(buffer, edge, 4) == -ENAMETOOLONG);
	EXPECT(strnlen_user(edge, 100) == -EFAULT && strnlen_user(edge, 3) == 3);
	EXPECT(copy_to_user(edge, "abc", 4) == 0);
	EXPECT(strncpy_from_user(buffer, edge, sizeof(buffer)) == 3 && strcmp(buffer, "abc") == 0);
	EXPECT(strnlen_user(edge, 100) == 3);
	EXPECT(copy_from_user_partial(buffer, edge, 10) == 6);
	EXPECT(copy_to_user_partial((char *)last - 3, "abcdef", 6) == 6);
	EXPECT(put_user((uint32_t *)last, 5) == 0);
	EXPECT(cmpxchg_user((uint32_t *)last, 4, 9, &word) == 0 && word == 5);
	EXPECT(cmpxchg_user((uint32_t *)last, 5, 9, &word) == 0 && word == 5);
	EXPECT(get_user(&word, (uint32_t *)last) == 0 && word == 9);
	pagedir_protect(&pagedir, last, USER_TOP, MAP_READ, true);
	EXPECT(put_user((uint32_t *)last, 5) == -EFAULT);
	EXPECT(get_user(&word, (uint32_t *)last) == 0 && word == 9);
	pagedir_protect(&pagedir, last, USER_TOP, 0, true);
	EXPECT(get_user(&word, (uint32_t *)last) == -EFAULT);
	pagedir_activate_kernel();
	pagedir_unmap(&pagedir, last, USER_TOP);
	pagedir_destroy(&pagedir);
}
