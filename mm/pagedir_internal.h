/*
 * Entries of page directories and page tables (Intel SDM 3A, 4.3, figure 4-4), and TLB flushes:
 * what mm/pagedir.c, mm/pagedir_copy.c and mm/pagedir_share.c (user half) and mm/pagedir_kernel.c
 * (kernel half) share, and nobody else sees.
 *
 *    31               12 11 10  9  8  7   6  5   4   3   2  1  0
 *   +-------------------+--+--+--+--+---+--+--+----+---+--+--+--+
 *   | page frame number |  |HD|CW|G |PAT|D |A |PCD |PWT|US|RW|P |   page-table entry
 *   +-------------------+--+--+--+--+---+--+--+----+---+--+--+--+
 *
 * HD and CW are ours (the processor ignores bits 9 to 11, and all but P where P is 0). A user
 * entry is in one of four states: 0 (nothing there); P set (mapped); P clear and HD set: held,
 * the frame is there but nobody may touch it (PROT_NONE), so that every access faults, the
 * kernel's user copies included; both clear, and not 0: the page is in swap, and all other bits
 * are the slot's name (swap.h).
 *
 * A directory entry that has W is to a page table of the directory's own; one without is to a
 * table that is shared, or was until the others left it (mm/pagedir_share.c).
 */
#ifndef LOFT_PAGEDIR_INTERNAL_H
#define LOFT_PAGEDIR_INTERNAL_H

#include <cpu.h>
#include <pagedir.h>

#define ENTRY_PRESENT 0x001u
#define ENTRY_WRITE 0x002u
#define ENTRY_USER 0x004u
#define ENTRY_WRITE_THROUGH 0x008u
#define ENTRY_CACHE_DISABLE 0x010u
#define ENTRY_ACCESSED 0x020u
#define ENTRY_DIRTY 0x040u
#define ENTRY_LARGE 0x080u  /* directory entries: a 4 MB page */
#define ENTRY_GLOBAL 0x100u /* stays in the TLB when CR3 is loaded */
#define ENTRY_COW 0x200u    /* ours */
#define ENTRY_HELD 0x400u   /* ours */
#define ENTRY_ADDRESS 0xfffff000u
#define ENTRY_ADDRESS_LARGE 0xffc00000u

#define FLUSH_PAGES_MAX 16u /* above that, loading CR3 is cheaper */

#define TABLE_ENTRIES 1024u
#define TABLE_SPAN LARGE_PAGE_SIZE /* bytes of address space that a page table covers */
#define KERNEL_FIRST ((vaddr_t)KERNEL_VMA >> 22) /* directory index of the kernel half */

static inline unsigned directory_index(vaddr_t at)
{
	return at >> 22;
}

static inline unsigned table_index(vaddr_t at)
{
	return at >> PAGE_SHIFT & (TABLE_ENTRIES - 1);
}

/* The page table that a present directory entry points to. */
static inline uint32_t *entry_table(uint32_t directory_entry)
{
	return paddr_to_virt(directory_entry & ENTRY_ADDRESS);
}

/* The kernel's own directory: the loader's, whose kernel half all others share. */
extern uint32_t boot_pagedir[TABLE_ENTRIES];

/* The directory in CR3; NULL for the kernel's own. */
extern const struct pagedir *active_pagedir;

/* ENTRY_GLOBAL where the processor has it, else 0. */
static inline uint32_t entry_global(void)
{
	return cpu_has(CPU_PGE) ? ENTRY_GLOBAL : 0;
}

/* ---- user half ---- */

/*
 * Makes the processor forget what it may know of the pages in [start, end), if pagedir is the
 * active directory.
 */
void pagedir_flush(const struct pagedir *pagedir, vaddr_t start, vaddr_t end);

/* Does an entry map a page, or hold one? If not, it is 0 or names a slot of swap. */
static inline bool entry_has_page(uint32_t entry)
{
	return entry & (ENTRY_PRESENT | ENTRY_HELD);
}

/* Bits of a slot's name between P and HD; the others lie above HD. */
#define SLOT_LOW_BITS 9
_Static_assert(ENTRY_HELD == 1u << (SLOT_LOW_BITS + 1) && SWAP_BITS <= 30, "a slot fits");

static inline uint32_t entry_from_slot(swap_t swap)
{
	assert(swap && swap >> SWAP_BITS == 0);
	return (swap & ((1u << SLOT_LOW_BITS) - 1)) << 1 | (swap >> SLOT_LOW_BITS)
								   << (SLOT_LOW_BITS + 2);
}

/* The slot that an entry other than 0, without a page, names. */
static inline swap_t entry_slot(uint32_t entry)
{
	assert(entry && !entry_has_page(entry));
	return (entry >> 1 & ((1u << SLOT_LOW_BITS) - 1)) | (entry >> (SLOT_LOW_BITS + 2))
								    << SLOT_LOW_BITS;
}

/* The frame that an entry with a page maps; NULL for device memory. */
static inline struct frame *entry_frame(uint32_t entry)
{
	return frame_from_pfn(entry >> PAGE_SHIFT);
}

/* One more mapping of frame, in a table of pagedir's own; NULL: device memory. */
static inline void count_mapping(struct pagedir *pagedir, struct frame *table,
				 const struct frame *frame)
{
	table->entries.used++;
	if (!frame)
		return;
	if (frame->kind == FRAME_ANON) {
		pagedir->resident_anon++;
		table->mapped.anon++;
	} else if (frame->kind == FRAME_CACHE) {
		pagedir->resident_file++;
		table->mapped.file++;
	}
}

/* One mapping of frame less. */
static inline void uncount_mapping(struct pagedir *pagedir, struct frame *table,
				   const struct frame *frame)
{
	table->entries.used--;
	if (!frame)
		return;
	if (frame->kind == FRAME_ANON) {
		pagedir->resident_anon--;
		table->mapped.anon--;
	} else if (frame->kind == FRAME_CACHE) {
		pagedir->resident_file--;
		table->mapped.file--;
	}
}

/* One entry more, in a table of pagedir's own, that names a slot. */
static inline void count_slot(struct pagedir *pagedir, struct frame *table)
{
	table->entries.used++;
	table->entries.swapped++;
	pagedir->swapped++;
}

static inline void uncount_slot(struct pagedir *pagedir, struct frame *table)
{
	assert(table->entries.swapped > 0 && pagedir->swapped > 0);
	table->entries.used--;
	table->entries.swapped--;
	pagedir->swapped--;
}

/* The page table for `at`, or NULL. */
static inline uint32_t *find_table(const struct pagedir *pagedir, vaddr_t at)
{
	uint32_t directory_entry = pagedir->entries[directory_index(at)];

	return directory_entry ? entry_table(directory_entry) : NULL;
}

static inline struct frame *table_frame(const struct pagedir *pagedir, vaddr_t at)
{
	return &frame_array[pagedir->entries[directory_index(at)] >> PAGE_SHIFT];
}

/* True when there is a page table for `at` that only this directory has, and may change. */
static inline bool owns_table(const struct pagedir *pagedir, vaddr_t at)
{
	return pagedir->entries[directory_index(at)] & ENTRY_WRITE;
}

static inline void assert_user_range(vaddr_t start, vaddr_t end)
{
	assert(((start | end) & PAGE_MASK) == 0 && start <= end && end <= USER_TOP);
}

/* The part of [at, end) that lies in the 4 MB of at ends here. */
static inline vaddr_t chunk_end(vaddr_t at, vaddr_t end)
{
	vaddr_t next = ROUND_DOWN(at, TABLE_SPAN) + TABLE_SPAN;

	return next < end && next > at ? next : end;
}

/* The entry of `at`, which has a table; NULL when it has none. */
static inline uint32_t *find_entry(const struct pagedir *pagedir, vaddr_t at)
{
	uint32_t *table = find_table(pagedir, at);

	return table ? &table[table_index(at)] : NULL;
}

/* The page table for `at`, the directory's own, built if there is none; NULL when memory is out. */
uint32_t *pagedir_make_table(struct pagedir *pagedir, vaddr_t at);

/* Frees the table for `at`, which is pagedir's own, if it has no entry left. */
void pagedir_drop_if_empty(struct pagedir *pagedir, vaddr_t at);

/* The first page of [at, end), all of it in one table, whose entry is not 0; end when all are. */
vaddr_t pagedir_first_used(const struct pagedir *pagedir, vaddr_t at, vaddr_t end);

/* ---- sharing (mm/pagedir_share.c) ---- */

/* The page table for `at`, which is there and not pagedir's own, becomes that; -ENOMEM. */
__must_check int pagedir_own_table(struct pagedir *pagedir, vaddr_t at);

/*
 * Makes that table pagedir's own if no other directory has it any more, and tells whether that
 * is so. Nothing is allocated.
 */
bool pagedir_take_back(struct pagedir *pagedir, vaddr_t at);

/* to, which has no page table for `at`, shares from's. */
void pagedir_share_table(struct pagedir *to, struct pagedir *from, vaddr_t at);

/* Lets go of the page table for `at`, which others share. */
void pagedir_leave_table(struct pagedir *pagedir, vaddr_t at);

#endif
