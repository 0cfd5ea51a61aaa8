/*
 * The page-directory manager: the one place that knows what page-directory and page-table
 * entries look like (Intel SDM 3A, 4.3) and when the TLB is flushed.
 *
 * The kernel half is the same in every directory and its page tables are allocated once at
 * boot, so no directory is ever out of date. User halves hold a reference (frame_get) for each
 * entry that maps a frame of RAM. Page tables for user ranges are built on demand by
 * pagedir_map and freed when their last entry goes.
 *
 * After a fork two or more directories may share a page table (mm/pagedir_share.c). To look at
 * pages this makes no difference: a page of a shared table is not writable, whatever it will be
 * later. To change them, the table must be the directory's own: pagedir_map and pagedir_move
 * see to that themselves; before pagedir_replace, pagedir_set_rights and pagedir_protect the
 * caller calls pagedir_own, and before pagedir_unmap pagedir_own_ends, which may find memory out.
 *
 * A page without MAP_READ (PROT_NONE) is *held*: not present for the processor, so that every
 * access faults, user copies of the kernel included; but the frame stays with it,
 * pagedir_lookup finds it, and it counts as mapped in all that is said below ("present" means
 * mapped or held).
 *
 * An entry that is neither may name a slot of swap (swap.h): the page's content is there, and the
 * entry holds one reference to the slot as others hold one to a frame. To the processor nothing is
 * there. pagedir_lookup and pagedir_walk show it (`swap`, no frame, no rights); pagedir_unmap frees
 * it; pagedir_copy makes one more of it and pagedir_move moves it; pagedir_protect has nothing to
 * change, as a page that comes back gets its rights from its region. It is not "present" below.
 *
 * The kind of a frame must not change between FRAME_ANON, FRAME_CACHE and others while it is
 * mapped: the resident counts go by it. The processor's dirty bit of a page-cache frame moves
 * to FRAME_FLAG_DIRTY when a mapping of it goes. Nothing here sleeps. Not for interrupt
 * handlers.
 */
#ifndef LOFT_PAGEDIR_H
#define LOFT_PAGEDIR_H

#include <frame.h>
#include <swap.h>
#include <types.h>

/* Rights and attributes of a mapping. Their values are those that they have in page tables. */
#define MAP_READ 0x001u
#define MAP_WRITE 0x002u
#define MAP_USER 0x004u
#define MAP_ACCESSED 0x020u /* results only: the processor has used it */
#define MAP_DIRTY 0x040u    /* results only: the processor has written through it */
#define MAP_COW 0x200u	    /* not writable now; a write makes a private copy */
#define MAP_FORKED 0x800u   /* results only: the page table is not the directory's own yet */
/* How memory behind the mapping is cached (V6). */
enum cache_type { CACHE_WRITE_BACK, CACHE_WRITE_COMBINING, CACHE_UNCACHED };

struct pagedir {
	uint32_t *entries;	/* 1024 entries, low memory */
	paddr_t paddr;		/* what cr3 holds */
	uint32_t ntables;	/* page tables of the user half */
	uint32_t resident_anon; /* user pages mapped, by kind of frame */
	uint32_t resident_file;
	uint32_t swapped; /* entries that name a slot of swap: VmSwap */
};

struct page_mapping {
	struct frame *frame; /* NULL: device memory, or in swap */
	paddr_t paddr;	     /* of the page; nothing, if in swap */
	unsigned rights;     /* MAP_*; in swap: none, but for MAP_FORKED */
	swap_t swap;	     /* the slot if the page is in swap; 0: it is here */
	struct frame *table; /* the page table; its refs: the directories that share it */
};

/*
 * How many processes' pages map what is behind this one, user memory or page cache. Each directory
 * that shares this page table counts; those that share another one with the frame in it count as one.
 */
static inline uint32_t page_mappings(const struct page_mapping *page)
{
	return frame_mappings(page->frame) + page->table->refs - 1;
}

/* ---- kernel half, boot ---- */

struct boot_info;
/*
 * Extends the loader's directory so that all low RAM is in the direct map: 4 MB global pages,
 * the image's text and read-only data not writable (4 KB pages there), CR0.WP on, PGE, SMEP,
 * SMAP, UMIP where the CPU has them (cpu.h).
 */
void pagedir_init_direct_map(const struct boot_info *info);
/*
 * Once frames can be allocated: page tables for all kernel ranges (KVRANGE, KMAP), the PAT
 * where the CPU has it.
 */
void pagedir_init_kernel_ranges(void);
/*
 * Gives the frames of __init_text and __init_data back: nothing marked so may be called or read
 * afterwards.
 */
void pagedir_forget_init(void);

/*
 * Maps/unmaps npages of kernel virtual range (KVRANGE or KMAP); flushes. rights:
 * MAP_READ[|MAP_WRITE].
 */
void pagedir_map_kernel(vaddr_t at, paddr_t paddr, size_t npages, unsigned rights,
			enum cache_type cache);
void pagedir_unmap_kernel(vaddr_t at, size_t npages);
/* Physical address behind a kernel address, false when nothing is mapped there. */
bool pagedir_kernel_paddr(vaddr_t at, paddr_t *paddr);

/* ---- user half ---- */

/* An empty user half with the kernel's half; -ENOMEM. Only after pagedir_init_kernel_ranges. */
__must_check int pagedir_init(struct pagedir *pagedir);
/* Frees the directory; no user page may be mapped any more (pagedir_unmap of everything first). */
void pagedir_destroy(struct pagedir *pagedir);
/* Loads cr3. kernel_pagedir_activate: a directory with no user half (exiting, idle). */
void pagedir_activate(const struct pagedir *pagedir);
void pagedir_activate_kernel(void);

/*
 * Maps frame at page `at` (nothing mapped there yet); takes over the caller's reference.
 * MAP_USER implied. -ENOMEM when a page table cannot be had (the reference stays the caller's).
 */
__must_check int pagedir_map(struct pagedir *pagedir, vaddr_t at, struct frame *frame,
			     unsigned rights);
/*
 * Maps frames[i], NULL for none, at page start + i wherever nothing is mapped yet, with one more
 * reference each; all of it in a page table that is there already and the directory's own.
 */
void pagedir_map_more(struct pagedir *pagedir, vaddr_t start, struct frame *const *frames,
		      unsigned count, unsigned rights);

/*
 * Makes the page tables of [start, end) the directory's own, so that what they map can be
 * changed; one that nobody shares any more has with that all the rights back that it had before
 * the fork. -ENOMEM: some may still be shared; no page has changed.
 */
__must_check int pagedir_own(struct pagedir *pagedir, vaddr_t start, vaddr_t end);
/* The same for an unmapping of [start, end): tables that lie in it whole may stay shared. */
__must_check int pagedir_own_ends(struct pagedir *pagedir, vaddr_t start, vaddr_t end);

/*
 * Replaces the frame of a present mapping (copy on write done); drops the old one's reference,
 * takes over the new one's.
 */
void pagedir_replace(struct pagedir *pagedir, vaddr_t at, struct frame *frame, unsigned rights);
/*
 * Sets the rights of a present mapping of one page to exactly `rights`; what MAP_ACCESSED and
 * MAP_DIRTY say stays.
 */
void pagedir_set_rights(struct pagedir *pagedir, vaddr_t at, unsigned rights);
/* What is at page `at`, also in swap; false when nothing is. */
bool pagedir_lookup(const struct pagedir *pagedir, vaddr_t at, struct page_mapping *found);

/*
 * The present page at `at`, whose frame is anonymous and in the swap cache, becomes its slot's: the
 * entry takes a reference to frame->slot, the frame loses the mapping's. The page table may be shared:
 * then the page has gone from each directory that has it, and before anything else is done with
 * those the caller calls pagedir_note_swapped once for every *other* one (the same `at`; found by
 * page_mapping.table being the same).
 */
void pagedir_set_swap(struct pagedir *pagedir, vaddr_t at);
void pagedir_note_swapped(struct pagedir *pagedir, vaddr_t at);
/*
 * The page at `at`, in swap, is frame's now (swap_in), whose reference is taken over; the slot's is
 * given up. The page table must be the directory's own (pagedir_own).
 */
void pagedir_set_present(struct pagedir *pagedir, vaddr_t at, struct frame *frame, unsigned rights);

/*
 * Unmaps all present pages in [start, end), drops their references, frees page tables that
 * became empty. A page table that is shared is let go of if it lies in the range whole; if not,
 * it has nothing there (pagedir_own_ends).
 */
void pagedir_unmap(struct pagedir *pagedir, vaddr_t start, vaddr_t end);
/*
 * The same when the whole user half is about to go: shared page tables that the range touches
 * are let go of, with all that they map.
 */
void pagedir_abandon(struct pagedir *pagedir, vaddr_t start, vaddr_t end);
/*
 * mprotect: present pages in [start, end) become readable (MAP_READ, which MAP_WRITE asks for
 * too) or held, and writable where `rights` has MAP_WRITE, except that a page that is
 * copy-on-write, or any page when `cow` (a private region), becomes writable only if its frame
 * is anonymous and this mapping its one reference; otherwise MAP_COW is set.
 */
void pagedir_protect(struct pagedir *pagedir, vaddr_t start, vaddr_t end, unsigned rights,
		     bool cow);
/*
 * fork: every present page of [start, end) in from, private memory, appears in to, one more
 * reference each; both lose writability and gain MAP_COW. [low, high), if not empty, is a range
 * around it in which from maps nothing that is not to be copied in this way too: page tables
 * that lie in it whole may be shared. -ENOMEM: to may be partly filled; the caller abandons it.
 * from's TLB is not flushed: pagedir_flush_all once all is copied.
 */
__must_check int pagedir_copy(struct pagedir *to, struct pagedir *from, vaddr_t start, vaddr_t end,
			      vaddr_t low, vaddr_t high);
/* Makes the processor forget all user pages of pagedir that it may know of. */
void pagedir_flush_all(const struct pagedir *pagedir);
/*
 * mremap: moves the entries of [from, from + size) to `to`, never bytes; ranges do not overlap,
 * target empty. -ENOMEM with nothing moved.
 */
__must_check int pagedir_move(struct pagedir *pagedir, vaddr_t from, vaddr_t to, size_t size);
/* Takes what MAP_ACCESSED says away from all present pages in [start, end). */
void pagedir_clear_accessed(struct pagedir *pagedir, vaddr_t start, vaddr_t end);
/*
 * For rmap.h, of one page that is mapped or held; its table may be shared. Whether the processor has
 * used it since this was last asked; and of page cache: makes the page not writable, and tells whether
 * it was written through this mapping since this was last asked.
 */
bool pagedir_test_accessed(struct pagedir *pagedir, vaddr_t at);
bool pagedir_clean(struct pagedir *pagedir, vaddr_t at);
/*
 * Calls visit for each page in [start, end), present or in swap, in order; stops when it returns
 * false.
 */
void pagedir_walk(const struct pagedir *pagedir, vaddr_t start, vaddr_t end,
		  bool (*visit)(void *context, vaddr_t at, const struct page_mapping *page),
		  void *context);

/*
 * Writes into text how the processor (current cr3) translates address, entry by entry, decoded,
 * for a panic.
 */
void pagedir_describe(vaddr_t address, char *text, size_t size);

#endif
