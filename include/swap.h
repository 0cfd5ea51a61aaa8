/*
 * Swap: memory that has its place on a disk.
 *
 * An *area* is a partition or a file in mkswap's format, cut into *slots* of a page each. A slot is
 * named by a swap_t. What refers to a slot holds one reference to it: an entry of a page table (in a
 * table that several directories share: one), a tagged entry of an object's tree, and the swap cache.
 * A slot is free when nothing refers to it.
 *
 * The *swap cache* knows for each slot the frame that has its content in memory, if one has. Such a
 * frame is of kind FRAME_ANON, frame->slot names the slot, and the cache holds one of its references
 * (frame_mappings knows). It may be mapped, but not writable: who wants to write takes it out of the
 * cache (swap_take) or makes a copy. So one copy serves all processes that share a page, whichever of
 * them brings it in, and a page whose content its slot still has (no FRAME_FLAG_DIRTY) can be dropped
 * without a write. Its flags:
 *
 *   FRAME_FLAG_BUSY       is being read; its content is not there yet: frame_wait
 *   FRAME_FLAG_WRITEBACK  is being written; it may be read and mapped, not dropped
 *   FRAME_FLAG_DIRTY      its slot has not got its content yet, or the write failed
 *   FRAME_FLAG_ERROR      its read failed; it is in the cache no more
 *
 * How a page goes out (mm/reclaim.c, madvise): swap_add gives it a slot; rmap_unmap turns its entries
 * into the slot's (pagedir_set_swap); swap_write starts the write; when that is done swap_drop gives
 * the frame back. At every step before the last a fault finds the frame in the cache and takes it
 * back.
 *
 * Protected by: the kernel not being preempted. What may sleep says so; an entry that was looked at
 * before may be another one afterwards.
 */
#ifndef LOFT_SWAP_H
#define LOFT_SWAP_H

#include <types.h>

struct frame;
struct object;

/* A slot: area and page in it, in SWAP_BITS bits; 0: none (page 0 of an area is its header). */
typedef uint32_t swap_t;
#define SWAP_BITS 30
#define SWAP_SLOT_BITS 25 /* 128 GB an area */
#define SWAP_AREAS 28	  /* Linux's MAX_SWAPFILES, less what its configuration takes away */

/* ---- how much ---- */

extern uint32_t swap_total_npages;   /* slots of all areas in use by the system */
extern uint32_t swap_free_npages;    /* of these, those that are free */
extern uint32_t swap_cached_npages;  /* frames in the swap cache */
extern uint32_t swap_writing_npages; /* of these, those that are being written */

/* ---- slots ---- */

/* One more entry holds the slot, which is in use; cannot fail. */
void swap_duplicate(swap_t swap);
/*
 * One entry fewer holds it. The last one frees the slot; if only the swap cache is left, nothing can
 * ever ask for the page, and it goes as well (at the end of its I/O, if it is under way).
 */
void swap_free(swap_t swap);
/* How many hold the slot, the swap cache among them; 0: it is free, or no slot of any area. */
uint32_t swap_references(swap_t swap);

/* Of these, the entries. */
uint32_t swap_entries(swap_t swap);
/* True when a frame of the swap cache has the slot's content, or is getting it. */
bool swap_is_cached(swap_t swap);

/* ---- the swap cache ---- */

/*
 * Gives a frame of kind FRAME_ANON that has no slot one, and enters it in the cache, dirty: as long
 * as nobody has made its mappings entries of the slot, that can be taken back by swap_take. 0;
 * -ENOSPC: swap is full, or there is none; -ENOMEM. Does not sleep.
 */
__must_check int swap_add(struct frame *frame);
/* The frame that has the slot's content, with a reference for the caller, perhaps busy; or NULL. */
__must_check struct frame *swap_find(swap_t swap);
/*
 * The page of a slot that the caller knows to be in use, whole, with a reference for the caller
 * (declared to nobody): from the cache, or read, with those around it that the same read brings.
 * *major becomes true when it had to be waited for (NULL: not asked). ERR_PTR(-EIO, -ENOMEM), or
 * -EAGAIN: the slot was given up meanwhile, look again at what led to it. May sleep.
 */
__must_check struct frame *swap_in(swap_t swap, bool *major);
/*
 * Begins to read the page, with those around it, unless it is in the cache. False: memory is out. May
 * sleep, for a request, but not for what it reads.
 */
bool swap_read_ahead(swap_t swap);
/*
 * Takes a frame out of the cache, and gives its slot up, if nobody else needs the slot and no I/O is
 * under way: then the frame is an ordinary one again. False: it is still in the cache. Does not sleep.
 */
bool swap_take(struct frame *frame);
/*
 * Drops a clean page that is mapped nowhere, when the caller holds the only reference besides the
 * cache's: it leaves the cache, the caller's frame_put frees it. False, and nothing has changed, when
 * that is not so.
 */
bool swap_drop(struct frame *frame);
/*
 * frame_put for whoever may be the last to let go of a frame with a slot: a mapping, or a reference
 * from swap_in. If only the cache is left, and no entry asks for the slot, the page goes.
 */
void swap_put(struct frame *frame);

/* ---- I/O ---- */

/*
 * Starts writing a dirty frame of the cache to its slot: FRAME_FLAG_WRITEBACK is set, DIRTY gone,
 * until the write ends. If that fails, DIRTY comes back, and the slot is never given out again.
 * Frames with neighbouring slots that come one after the other go as one request; swap_submit sends
 * the last one off. 0; -EIO: the slot is bad (swap_take, and another slot, may do);
 * -EAGAIN: it need not be written any more. May sleep, for a request, never for memory; the caller
 * holds a reference. If that is given back before the write ends, and nobody wants the page until
 * then, it is dropped as soon as it is written; else swap_drop does it later.
 */
int swap_write(struct frame *frame);
void swap_submit(void);

/* ---- areas ---- */

/* What becomes an area: a block device, or a file whose object has blocks. */
struct swap_source {
	struct object *object;	     /* of its pages; outlives the area, by what owner holds */
	struct block_device *device; /* NULL: a file */
	void *owner;		     /* the open file, for who ends the area */
	const char *name;	     /* for the log */
};

/*
 * Begins to swap to an area: reads mkswap's header, looks up where a file's blocks lie. What is in the
 * page cache of it is written and dropped first: from now on nobody else may write there. priority:
 * above 0, or negative: lower than all others. *number: which one it is. -EINVAL: no swap area, or
 * not usable as one (holes; blocks of one page apart; not on a disk); -EPERM: too many; -EBUSY: its
 * object is an area; -EIO, -ENOMEM. May sleep.
 */
__must_check int swap_area_begin(const struct swap_source *source, int priority, unsigned *number);
/*
 * Brings all pages of an area back into memory and ends it; *owner: what was its source's. -ENOMEM,
 * -EINTR (a signal), -EIO (a page cannot be read): it is in use as before. -EINVAL: none of this
 * number, or somebody is at it already. Sleeps.
 */
__must_check int swap_area_end(unsigned number, void **owner);

/* An area as /proc/swaps shows it. */
struct swap_area_info {
	const struct object *object;
	void *owner;
	bool is_file; /* else a partition */
	uint32_t npages, used_npages;
	int priority;
};
/*
 * The area of this number (0 to SWAP_AREAS - 1): false when there is none, or when it has not begun
 * yet. One that swapoff empties is still there.
 */
bool swap_area_info(unsigned number, struct swap_area_info *info);
/* The number of the area whose pages the object's are, or -1. For who would write there. */
int swap_area_find(const struct object *object);

/* ---- tagged entries of an object's tree: pages of shared memory in swap (object.h) ---- */

static inline void *swap_to_entry(swap_t swap)
{
	return (void *)(uintptr_t)(swap << 1 | 1);
}

static inline swap_t swap_from_entry(const void *entry)
{
	return (swap_t)((uintptr_t)entry >> 1);
}

/* ---- doorways (fs/swapon.c) ---- */

/*
 * SWAP_FLAG_DISCARD and its two variants are taken and change nothing, as on Linux where the device
 * cannot discard: none of ours can (BLKDISCARD says so). -EROFS: the device is read-only.
 */
int32_t sys_swapon(const char __user *path, uint32_t flags);
int32_t sys_swapoff(const char __user *path);

/* ---- for the ledger ---- */

/*
 * ledger_check takes the references of all entries away, and gives them back: what is left in between
 * is the swap cache's. swap_recount: one of a slot's; false: there is no such slot in use.
 * swap_audit, in between: calls complain for each slot of which that is not so.
 */
bool swap_recount(swap_t swap, bool back);
void swap_audit(void (*complain)(swap_t swap, const char *text));

#endif
