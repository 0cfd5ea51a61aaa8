/*
 * User halves of page directories.
 *
 * A directory is one page of low memory; its upper part is a copy of the kernel's, which never
 * changes once the kernel ranges have their page tables. In the lower part, page tables appear
 * when a page is mapped in their 4 MB and go when their last entry does; how many entries a
 * table has, and how many of them name slots of swap, is kept in `entries` of its frame, and how
 * many are resident memory in `mapped`. A table that becomes empty is all zeros, and its
 * frame is given back as such, so that the next one costs no zeroing.
 *
 * Every entry that maps or holds a frame of RAM owns one reference to it, and one that names a slot
 * one to that. The ranges below
 * are walked a table at a time, so that what is not mapped costs one look for each 4 MB.
 *
 * TLB: an entry that was not present is not cached (SDM 3A 4.10.2.3), so mapping flushes
 * nothing. Taking away or narrowing does, if the directory is the active one: the pages of the
 * range when they are few, else all that is not global. That happens once, after the
 * change: nothing runs in between that could go by a stale entry, since the kernel is not
 * preempted and touches no user memory here. INVLPG drops cached directory entries as well (SDM
 * 3A 4.10.4.1), so page tables may go in the same stroke.
 */
#include <pagedir.h>

#include <abi/errno.h>
#include <kheap.h>
#include <object.h>
#include <string.h>

#include "pagedir_internal.h"

const struct pagedir *active_pagedir;

/* ---- flushing ---- */

void pagedir_flush(const struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	if (pagedir != active_pagedir)
		return;
	if (end - start > FLUSH_PAGES_MAX * PAGE_SIZE) {
		cpu_write_cr3(pagedir->paddr);
		return;
	}
	for (vaddr_t at = start; at < end; at += PAGE_SIZE)
		cpu_invalidate_page(at);
}

void pagedir_flush_all(const struct pagedir *pagedir)
{
	if (pagedir == active_pagedir)
		cpu_write_cr3(pagedir->paddr);
}

/* ---- entries ---- */

_Static_assert(MAP_READ == ENTRY_PRESENT && MAP_WRITE == ENTRY_WRITE && MAP_USER == ENTRY_USER &&
		       MAP_ACCESSED == ENTRY_ACCESSED && MAP_DIRTY == ENTRY_DIRTY &&
		       MAP_COW == ENTRY_COW,
	       "rights are the bits of an entry");
_Static_assert(!(MAP_FORKED & (ENTRY_ADDRESS | ENTRY_HELD | ENTRY_GLOBAL | ENTRY_LARGE)),
	       "and this one is in none");

#define MAP_RIGHTS (MAP_READ | MAP_WRITE | MAP_COW)
#define MAP_RESULTS (MAP_RIGHTS | MAP_USER | MAP_ACCESSED | MAP_DIRTY | MAP_FORKED)

static inline uint32_t entry_make(paddr_t paddr, unsigned rights)
{
	assert(!(rights & MAP_WRITE) || (rights & (MAP_READ | MAP_COW)) == MAP_READ);
	return paddr | ENTRY_USER | (rights & MAP_RIGHTS) | (rights & MAP_READ ? 0 : ENTRY_HELD);
}

/*
 * What an entry other than 0 maps, in the table of this directory entry; the processor asks that one
 * for W as well.
 */
static __noinline void entry_decode(uint32_t directory_entry, uint32_t entry,
				    struct page_mapping *page)
{
	page->table = &frame_array[directory_entry >> PAGE_SHIFT];
	if (unlikely(!entry_has_page(entry))) {
		page->frame = NULL;
		page->paddr = 0;
		page->rights = directory_entry & ENTRY_WRITE ? 0 : MAP_FORKED;
		page->swap = entry_slot(entry);
		return;
	}
	if (unlikely(!(directory_entry & ENTRY_WRITE)))
		entry = (entry & ~ENTRY_WRITE) | MAP_FORKED;
	page->frame = entry_frame(entry);
	page->paddr = entry & ENTRY_ADDRESS;
	page->rights = entry & MAP_RESULTS;
	page->swap = 0;
}

/* Lets go of what an entry that has been taken out held: frame, if that is RAM. */
static inline void entry_drop(uint32_t entry, struct frame *frame)
{
	if (!frame)
		return;
	/* Only shared mappings make a cache page dirty: private ones are never writable. */
	if (frame->kind == FRAME_CACHE && entry & ENTRY_DIRTY)
		frame->flags |= FRAME_FLAG_DIRTY;
	if (likely(!frame->slot))
		frame_put(frame);
	else
		swap_put(frame);
}

/* ---- tables ---- */

uint32_t *pagedir_make_table(struct pagedir *pagedir, vaddr_t at)
{
	struct frame *frame;

	if (owns_table(pagedir, at))
		return find_table(pagedir, at);
	if (pagedir->entries[directory_index(at)])
		return pagedir_own_table(pagedir, at) ? NULL : find_table(pagedir, at);
	frame = frame_alloc(FRAME_PAGE_TABLE, FRAME_LOW | FRAME_ZERO);
	if (!frame)
		return NULL;
	pagedir->entries[directory_index(at)] = frame_paddr(frame) | ENTRY_PRESENT | ENTRY_WRITE |
						ENTRY_USER | ENTRY_ACCESSED;
	pagedir->ntables++;
	return frame_virt(frame);
}

void pagedir_drop_if_empty(struct pagedir *pagedir, vaddr_t at)
{
	struct frame *frame = table_frame(pagedir, at);

	assert(owns_table(pagedir, at) && frame->kind == FRAME_PAGE_TABLE && frame->refs == 1);
	assert(frame->entries.used <= TABLE_ENTRIES);
	if (frame->entries.used > 0)
		return;
	assert(frame->mapped.anon == 0 && frame->mapped.file == 0 && frame->entries.swapped == 0);
	pagedir->entries[directory_index(at)] = 0;
	pagedir->ntables--;
	frame->flags |= FRAME_FLAG_ZEROED;
	frame_put(frame);
}

/* The entry of a page that must be mapped or held, in a table of pagedir's own. */
static inline uint32_t *used_entry(const struct pagedir *pagedir, vaddr_t at)
{
	uint32_t *entry = find_entry(pagedir, at);

	assert((at & PAGE_MASK) == 0 && at < USER_TOP && entry && entry_has_page(*entry));
	assert(owns_table(pagedir, at));
	return entry;
}

/* ---- directories ---- */

int pagedir_init(struct pagedir *pagedir)
{
	struct frame *frame = frame_alloc(FRAME_PAGE_TABLE, FRAME_LOW | FRAME_ZERO);

	if (!frame)
		return -ENOMEM;
	*pagedir = (struct pagedir){ .entries = frame_virt(frame), .paddr = frame_paddr(frame) };
	memcpy(pagedir->entries + KERNEL_FIRST, boot_pagedir + KERNEL_FIRST,
	       (TABLE_ENTRIES - KERNEL_FIRST) * sizeof(uint32_t));
	return 0;
}

void pagedir_destroy(struct pagedir *pagedir)
{
	struct frame *frame = frame_from_pfn(pagedir->paddr >> PAGE_SHIFT);

	assert(pagedir->ntables == 0);
	assert(pagedir->resident_anon == 0 && pagedir->resident_file == 0 && !pagedir->swapped);
	if (pagedir == active_pagedir)
		pagedir_activate_kernel();
	/* The user half is zero already: with the rest, the whole frame. */
	memset(pagedir->entries + KERNEL_FIRST, 0,
	       (TABLE_ENTRIES - KERNEL_FIRST) * sizeof(uint32_t));
	frame->flags |= FRAME_FLAG_ZEROED;
	frame_put(frame);
	pagedir->entries = NULL;
}

void pagedir_activate(const struct pagedir *pagedir)
{
	if (pagedir == active_pagedir)
		return;
	active_pagedir = pagedir;
	cpu_write_cr3(pagedir->paddr);
}

void pagedir_activate_kernel(void)
{
	if (!active_pagedir)
		return;
	active_pagedir = NULL;
	cpu_write_cr3(virt_to_paddr(boot_pagedir));
}

/* ---- one page ---- */

int pagedir_map(struct pagedir *pagedir, vaddr_t at, struct frame *frame, unsigned rights)
{
	uint32_t directory_entry = pagedir->entries[directory_index(at)], *entry;

	if (unlikely(!(directory_entry & ENTRY_WRITE))) {
		if (!pagedir_make_table(pagedir, at))
			return -ENOMEM;
		directory_entry = pagedir->entries[directory_index(at)];
	}
	entry = entry_table(directory_entry) + table_index(at);
	assert((at & PAGE_MASK) == 0 && at < USER_TOP && *entry == 0 && frame->refs > 0);
	*entry = entry_make(frame_paddr(frame), rights);
	count_mapping(pagedir, &frame_array[directory_entry >> PAGE_SHIFT], frame);
	return 0;
}

void pagedir_map_more(struct pagedir *pagedir, vaddr_t start, struct frame *const *frames,
		      unsigned count, unsigned rights)
{
	uint32_t *entry = find_entry(pagedir, start);
	struct frame *table = table_frame(pagedir, start);

	assert(owns_table(pagedir, start) && (start & PAGE_MASK) == 0);
	assert(table_index(start) + count <= TABLE_ENTRIES);
	for (unsigned i = 0; i < count; i++) {
		/* What the object's tree says more of than that it is there takes a fault. */
		if (!frames[i] || entry[i] || ((uintptr_t)frames[i] & OBJECT_ENTRY_BITS))
			continue;
		frame_get(frames[i]);
		entry[i] = entry_make(frame_paddr(frames[i]), rights);
		count_mapping(pagedir, table, frames[i]);
	}
}

void pagedir_replace(struct pagedir *pagedir, vaddr_t at, struct frame *frame, unsigned rights)
{
	uint32_t *entry = used_entry(pagedir, at);
	struct frame *table = table_frame(pagedir, at);
	const uint32_t old = *entry;
	struct frame *before = entry_frame(old);

	assert(frame->refs > 0);
	*entry = entry_make(frame_paddr(frame), rights);
	if (!before || before->kind != frame->kind) {
		count_mapping(pagedir, table, frame);
		uncount_mapping(pagedir, table, before);
	}
	entry_drop(old, before);
	pagedir_flush(pagedir, at, at + PAGE_SIZE);
}

void pagedir_set_rights(struct pagedir *pagedir, vaddr_t at, unsigned rights)
{
	uint32_t *entry = used_entry(pagedir, at);

	*entry = entry_make(*entry & ENTRY_ADDRESS, rights) |
		 (*entry & (ENTRY_ACCESSED | ENTRY_DIRTY));
	pagedir_flush(pagedir, at, at + PAGE_SIZE);
}

bool pagedir_lookup(const struct pagedir *pagedir, vaddr_t at, struct page_mapping *found)
{
	const uint32_t directory_entry = pagedir->entries[directory_index(at)];
	uint32_t entry;

	if (!directory_entry)
		return false;
	entry = entry_table(directory_entry)[table_index(at)];
	if (!entry)
		return false;
	entry_decode(directory_entry, entry, found);
	return true;
}

/* ---- swap ---- */

void pagedir_note_swapped(struct pagedir *pagedir, vaddr_t at)
{
	assert(find_entry(pagedir, at) && !entry_has_page(*find_entry(pagedir, at)));
	assert(pagedir->resident_anon > 0);
	pagedir->resident_anon--;
	pagedir->swapped++;
	pagedir_flush(pagedir, at, at + PAGE_SIZE);
}

void pagedir_set_swap(struct pagedir *pagedir, vaddr_t at)
{
	uint32_t *entry = find_entry(pagedir, at);
	struct frame *table = table_frame(pagedir, at), *frame;

	assert((at & PAGE_MASK) == 0 && at < USER_TOP && entry && entry_has_page(*entry));
	frame = entry_frame(*entry);
	assert(frame && frame->kind == FRAME_ANON && frame->slot && frame->refs > 1);
	swap_duplicate(frame->slot);
	*entry = entry_from_slot(frame->slot);
	table->mapped.anon--;
	table->entries.swapped++;
	pagedir_note_swapped(pagedir, at);
	frame_put(frame);
}

void pagedir_set_present(struct pagedir *pagedir, vaddr_t at, struct frame *frame, unsigned rights)
{
	uint32_t *entry = find_entry(pagedir, at);
	struct frame *table = table_frame(pagedir, at);
	swap_t swap;

	assert(entry && owns_table(pagedir, at) && frame->kind == FRAME_ANON && frame->refs > 0);
	swap = entry_slot(*entry);
	*entry = entry_make(frame_paddr(frame), rights);
	uncount_slot(pagedir, table);
	count_mapping(pagedir, table, frame);
	swap_free(swap);
}

/* ---- ranges ---- */

/* Takes an entry that names a slot out of a table of pagedir's own. */
static void drop_slot(struct pagedir *pagedir, struct frame *table, uint32_t entry)
{
	uncount_slot(pagedir, table);
	swap_free(entry_slot(entry));
}

/* Unmaps what is in one table, which is pagedir's own; true when there was anything. */
static bool unmap_chunk(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	uint32_t *entry = find_entry(pagedir, start), *last = entry + ((end - start) >> PAGE_SHIFT);
	struct frame *table = table_frame(pagedir, start);
	const uint32_t before = table->entries.used;

	for (; entry < last; entry++) {
		uint32_t dropped = *entry;
		struct frame *frame;

		if (!dropped)
			continue;
		*entry = 0;
		if (unlikely(!entry_has_page(dropped))) {
			drop_slot(pagedir, table, dropped);
			continue;
		}
		frame = entry_frame(dropped);
		uncount_mapping(pagedir, table, frame);
		entry_drop(dropped, frame);
	}
	if (table->entries.used == before)
		return false;
	pagedir_drop_if_empty(pagedir, start);
	return true;
}

/*
 * Unmaps what is in one table; true when there was anything. If others share the table, it is let
 * go of, when all of it is to be unmapped or, at the end of an address space, soon will be; else
 * nothing in it is meant.
 */
static bool unmap_or_leave(struct pagedir *pagedir, vaddr_t start, vaddr_t end, bool ending)
{
	if (likely(owns_table(pagedir, start)) || pagedir_take_back(pagedir, start))
		return unmap_chunk(pagedir, start, end);
	if (pagedir_first_used(pagedir, start, end) == end)
		return false;
	assert(ending || end - start == TABLE_SPAN);
	pagedir_leave_table(pagedir, start);
	return true;
}

static void unmap(struct pagedir *pagedir, vaddr_t start, vaddr_t end, bool ending)
{
	bool any = false;

	assert_user_range(start, end);
	for (vaddr_t at = start, next; at < end; at = next) {
		next = chunk_end(at, end);
		if (pagedir->entries[directory_index(at)])
			any |= unmap_or_leave(pagedir, at, next, ending);
	}
	if (any)
		pagedir_flush(pagedir, start, end);
}

void pagedir_unmap(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	unmap(pagedir, start, end, false);
}

void pagedir_abandon(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	unmap(pagedir, start, end, true);
}

/*
 * An entry that may become writable, with the other bits that it is to have: the one holder of
 * private memory may write it, and anybody what is not private.
 */
static inline uint32_t entry_let_write(uint32_t entry, bool cow)
{
	if (cow || entry & ENTRY_COW) {
		pfn_t pfn = entry >> PAGE_SHIFT;

		/* entry_frame without asking first whether there is RAM: the kind tells. */
		if (pfn >= frame_array_end || frame_array[pfn].kind != FRAME_ANON ||
		    frame_array[pfn].refs != 1)
			return entry | ENTRY_COW;
	}
	return (entry & ~ENTRY_COW) | ENTRY_WRITE;
}

/* pagedir_protect in one table, which is pagedir's own. */
static void protect_chunk(uint32_t *entry, const uint32_t *end, unsigned rights, bool cow)
{
	const uint32_t kept = ~(ENTRY_PRESENT | ENTRY_WRITE | ENTRY_HELD);
	const uint32_t gained = rights & MAP_READ ? ENTRY_PRESENT : ENTRY_HELD;
	const bool write = rights & MAP_WRITE;

	for (; entry < end && !write; entry++)
		if (entry_has_page(*entry))
			*entry = (*entry & kept) | gained;
	for (; entry < end; entry++)
		if (entry_has_page(*entry))
			*entry = entry_let_write((*entry & kept) | gained, cow);
}

void pagedir_protect(struct pagedir *pagedir, vaddr_t start, vaddr_t end, unsigned rights, bool cow)
{
	bool any = false;

	assert_user_range(start, end);
	assert(!(rights & MAP_WRITE) || rights & MAP_READ);
	for (vaddr_t at = start, next; at < end; at = next) {
		uint32_t *entry = find_entry(pagedir, at);

		next = chunk_end(at, end);
		if (!entry)
			continue;
		assert(owns_table(pagedir, at));
		/* A table has entries; whether any of these was one is not worth knowing. */
		any = true;
		protect_chunk(entry, entry + ((next - at) >> PAGE_SHIFT), rights, cow);
	}
	if (any)
		pagedir_flush(pagedir, start, end);
}

void pagedir_clear_accessed(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	bool any = false;

	assert_user_range(start, end);
	for (vaddr_t at = start, next; at < end; at = next) {
		uint32_t *entry = find_entry(pagedir, at);

		next = chunk_end(at, end);
		if (!entry)
			continue;
		for (; at < next; at += PAGE_SIZE, entry++) {
			if (!(*entry & ENTRY_ACCESSED) || !entry_has_page(*entry))
				continue;
			*entry &= ~ENTRY_ACCESSED;
			any = true;
		}
	}
	if (any)
		pagedir_flush(pagedir, start, end);
}

vaddr_t pagedir_first_used(const struct pagedir *pagedir, vaddr_t at, vaddr_t end)
{
	const uint32_t *entry = find_entry(pagedir, at);

	if (!entry)
		return end;
	while (at < end && !*entry++)
		at += PAGE_SIZE;
	return at;
}

void pagedir_walk(const struct pagedir *pagedir, vaddr_t start, vaddr_t end,
		  bool (*visit)(void *context, vaddr_t at, const struct page_mapping *page),
		  void *context)
{
	assert_user_range(start, end);
	for (vaddr_t at = start, next; at < end; at = next) {
		next = chunk_end(at, end);
		at = pagedir_first_used(pagedir, at, next);
		while (at < next) {
			struct page_mapping page;

			entry_decode(pagedir->entries[directory_index(at)],
				     *find_entry(pagedir, at), &page);
			if (!visit(context, at, &page))
				return;
			at = pagedir_first_used(pagedir, at + PAGE_SIZE, next);
		}
	}
}
