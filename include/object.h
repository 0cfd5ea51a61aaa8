/*
 * Backing objects and the page cache: one copy of each page of a file, of a block device or of shared
 * memory, whichever way it is reached: read, write, private or shared mapping, exec.
 *
 * An object is what a region maps: a table of operations and a radix tree of its pages. The cache
 * holds one reference to each page's frame. mm/ calls a file through it and never includes fs/.
 *
 * Where the pages come from and go to:
 *   ops->map_blocks   blocks of a disk: reading, writing back, read-ahead are the cache's own work
 *   ops->fill         whatever the file system does; such pages are not written back
 *   neither           memory alone: they begin as zeros and may go to swap
 *
 * A page with blocks goes through these states, told by its frame's flags:
 *   BUSY        entered and being read. Nobody sees it: object_find_page says NULL, object_get_page
 *               waits. What could not be read leaves the cache again.
 *   (none)      as on disk
 *   DIRTY       newer than on disk; tagged in the tree, its object on objects_dirty. Set by
 *               object_mark_dirty alone. Some page tables may let programs write it, which none does
 *               to a page that is not DIRTY (a write fault comes before).
 *   WRITEBACK   being written. It may be read, written and become DIRTY again meanwhile; it does not
 *               leave the cache, and its blocks do not become another's.
 *   ERROR       its last write failed (object_error_check); it is DIRTY again as well when it is to
 *               be tried once more, alone.
 *
 * Protected by: the kernel not being preempted. What may sleep looks again afterwards at whatever it
 * relied on before: any page without a reference may have gone over a sleep, and a page with one may
 * have left the cache (frame->object is then NULL or the index another).
 *
 * Waiting: removal (object_remove_pages, punch, truncate, the last object_put) waits for BUSY and
 * WRITEBACK of objects with map_blocks, and so sleeps; nothing that map_blocks needs may be held
 * then. Writing back takes no lock of the object's owner but those that map_blocks takes.
 */
#ifndef LOFT_OBJECT_H
#define LOFT_OBJECT_H

#include <frame.h>
#include <list.h>
#include <radix.h>
#include <types.h>

struct block_device;
struct object;
struct readahead;
struct uio;
struct vma;

#define BLOCK_HOLE UINT64_MAX
#define PAGE_BLOCKS_MAX 8u

/* Where a page's blocks lie on a device. */
struct page_blocks {
	struct block_device *device;
	unsigned nblocks;    /* 1..8; nblocks * block_size == PAGE_SIZE */
	unsigned block_size; /* 512..4096, a power of two */
	uint8_t fresh;	     /* bit i: block i was allocated by this call; it is not read */
	uint64_t sector[PAGE_BLOCKS_MAX]; /* of each on the device, or BLOCK_HOLE: zeros */
};

/* Which blocks of a page are to be there. */
struct block_range {
	unsigned from, to; /* bytes of the page, from < to <= PAGE_SIZE */
	/*
	 * A write(), whose caller keeps truncation away and will set the size. Else (a write through
	 * a mapping) only what lies below size is to get blocks: looked at by map_blocks itself once
	 * it holds what keeps blocks from being freed.
	 */
	bool extends;
};

struct object_ops {
	/*
	 * Where the blocks of page `index` lie. create NULL: as it is. Else those that it touches
	 * and that are holes get blocks first, and are marked fresh. 0, -EIO, -ENOSPC, -EDQUOT,
	 * -ENOMEM, -EROFS (create). May sleep. Takes no inode->lock and no mm->lock, touches no user
	 * memory. Blocks beyond size may be given as holes or as they are: they are not read.
	 */
	int (*map_blocks)(struct object *object, uint32_t index, const struct block_range *create,
			  struct page_blocks *to);
	/*
	 * NULL, or told that a program begins to write to pages of a shared mapping (mtime). Does
	 * not sleep.
	 */
	void (*mapping_written)(struct object *object);
	/*
	 * Fills a fresh zeroed frame that is page `index` of the object, at least a byte of which
	 * lies below size, from its backing store (a file system); what lies beyond size is zeroed
	 * afterwards. May sleep. NULL: pages start as zeros (in-memory files, shared memory). 0 or
	 * -EIO...
	 */
	int (*fill)(struct object *object, uint32_t index, struct frame *frame);
	/*
	 * A page is about to enter the cache: room for it where its kind has bounds, 0 or -ENOSPC;
	 * and one has left. Do not sleep. Both NULL: there are no bounds.
	 */
	int (*charge)(struct object *object);
	void (*uncharge)(struct object *object);
	/* The last reference is gone: free the object (its pages are gone already). */
	void (*release)(struct object *object);
	/* NULL, or told of a region of the object that mremap has moved, once it is in place. */
	void (*moved)(const struct vma *vma);
};

struct object {
	const struct object_ops *ops;
	uint32_t refs;
	struct radix pages;	   /* index -> struct frame * */
	struct list mappings;	   /* the regions that map it, by vma.object_link */
	uint64_t size;		   /* in bytes; mappings past its last page are SIGBUS */
	void *owner;		   /* the inode, for ops */
	uint32_t number;	   /* shared memory's, where maps shows a file's inode; else 0 */
	uint8_t seals;		   /* F_SEAL_*: what is no longer to be done with it */
	bool transient;		   /* goes with its last user: no name leads to it */
	bool is_device;		   /* a block device's: its pages count as buffers */
	bool low_pages;		   /* they lie in the direct map: a block device's */
	bool promises_pages;	   /* each page in the cache is promised memory (tmpfs) */
	uint32_t promised_npages;  /* part of commit_npages (commit.h) */
	struct list promised_link; /* in objects_promised, while that is not 0 */
	uint32_t nswapped;	   /* of the entries in pages: slots of swap */
	struct list swapped_link;  /* in objects_swapped, while that is not 0 */
	/* With map_blocks: */
	uint32_t ndirty;	/* pages that are DIRTY, tagged RADIX_DIRTY */
	uint32_t nwriteback;	/* pages that are WRITEBACK, tagged RADIX_WRITEBACK */
	uint32_t nerrors;	/* failed writes, as files have seen them or not (error_seen) */
	uint32_t nworking;	/* tasks that are writing its pages back */
	uint32_t nretries;	/* pages that are to be written once more, each alone */
	int16_t error;		/* of the last one */
	bool error_reported;	/* to somebody */
	uint32_t nresized;	/* how often its size has changed, or was about to */
	uint64_t dirtied_at;	/* clock_monotonic_ns when the oldest dirty page became so */
	struct list dirty_link; /* in objects_dirty, by dirtied_at, while ndirty is not 0 */
};

/* Shared memory: anonymous, System V, memfd, or of a tmpfs. */
static inline bool object_is_shared_memory(const struct object *object)
{
	return object->number || object->promises_pages;
}

/* The objects that promise memory, for the ledger. */
extern struct list objects_promised;

/*
 * Pages in memory: of all objects (meminfo's Cached and Buffers), of block devices alone (Buffers);
 * those of objects with map_blocks that are DIRTY, and WRITEBACK.
 */
extern uint32_t object_cached_pages, object_buffer_pages;
extern uint32_t object_dirty_pages, object_writeback_pages;

/* Objects with dirty pages that have blocks, the one whose first page waits longest first. */
extern struct list objects_dirty;

/*
 * What the tree holds for a page with which something is to be done first has one of its three lowest
 * bits set: its place in swap (shared memory; swap_to_entry of swap.h), a frame that is BUSY, a frame
 * that begins the second part of a read-ahead window (readahead.h).
 */
#define OBJECT_ENTRY_SWAP 1u
#define OBJECT_ENTRY_BUSY 2u
#define OBJECT_ENTRY_AHEAD 4u
#define OBJECT_ENTRY_BITS 7u
_Static_assert(sizeof(struct frame) % (OBJECT_ENTRY_BITS + 1) == 0, "the bits are free");

/* The frame of an entry of object->pages, BUSY or not; NULL: in swap, or no entry. */
static inline struct frame *object_entry_frame(void *entry)
{
	uintptr_t bits = (uintptr_t)entry;

	return bits & OBJECT_ENTRY_SWAP ? NULL : (struct frame *)(bits & ~OBJECT_ENTRY_BITS);
}

/* Its pages have a place that is not memory: they can be read again when they are clean. */
static inline bool object_has_store(const struct object *object)
{
	return object->ops->map_blocks || object->ops->fill;
}

/*
 * What mapping /dev/zero maps: private it is anonymous memory, shared a fresh object of its own.
 * Has no pages.
 */
extern struct object object_zero;

/* An empty object of size 0 with one reference, the caller's. */
void object_init(struct object *object, const struct object_ops *ops, void *owner);
/*
 * Shared anonymous memory of `size` bytes: an object of its own on the kernel heap, one reference.
 * NULL: out of memory.
 */
__must_check struct object *object_create_shared(uint64_t size);
/* Promises npages more until the last reference goes: 0 or -ENOMEM. */
__must_check int object_promise(struct object *object, uint32_t npages);
void object_get(struct object *object);
/* Drops a reference; the last one truncates to nothing and calls release. */
void object_put(struct object *object);

/* One more reference, unless the last one has gone already (its pages may be going: false). */
__must_check bool object_try_get(struct object *object);

/* ---- pages ---- */

/*
 * The cached page, with a reference of the caller's, or NULL (not there, BUSY, in swap). Does not
 * sleep.
 */
__must_check struct frame *object_find_page(struct object *object, uint32_t index);
/*
 * The page, brought in (read, filled, zeroed or from swap) when it is not there, with a reference
 * for the caller; ERR_PTR(-ENOMEM, -EIO). May sleep. Does not look at size: callers do, afterwards.
 * Who keeps the reference over a sleep declares it (ledger_hold): the page then stays in the cache
 * unless it is truncated.
 */
__must_check struct frame *object_get_page(struct object *object, uint32_t index);
/*
 * The same for who overwrites bytes from..to of it: a page of which nothing else matters (all of it
 * is overwritten, or the rest lies beyond size) is not read; it holds zeros then.
 */
__must_check struct frame *object_get_page_over(struct object *object, uint32_t index,
						unsigned from, unsigned to);

/*
 * Enters a frame of kind FRAME_CACHE that nobody else knows yet as page `index`, which the object
 * has not; the cache takes a reference of its own. -ENOMEM.
 */
__must_check int object_enter_page(struct object *object, uint32_t index, struct frame *frame);

/*
 * Takes pages first..last out of the cache and out of every mapping, private copies included; last =
 * UINT32_MAX: all from first on. May sleep with map_blocks. All of them: when this returns, nobody
 * writes back any more, and none will unless pages become dirty again: the first thing that happens
 * when an inode goes.
 */
void object_remove_pages(struct object *object, uint32_t first, uint32_t last);
/* The same for a hole: as on Linux private copies of the pages stay. */
void object_punch_pages(struct object *object, uint32_t first, uint32_t last);
/*
 * Sets the size. Shrinking drops pages that lie wholly beyond from the cache and zeroes the tail of
 * the last one; pages are also taken out of every mapping of the object, private copies included,
 * as Linux does: later access is SIGBUS. May sleep with map_blocks: the size is the new one from the
 * start. A file system frees blocks afterwards, and brings the last page in before, when it is to stay
 * in part (object_get_page): its tail is zeroed and it is dirty then. -EIO, -ENOMEM: nothing has
 * changed, as shared memory's last page, of which part stays, is in swap and cannot be had.
 */
__must_check int object_truncate(struct object *object, uint64_t size);

/* To be called before the size grows otherwise: what lies beyond it becomes zeros. May sleep. */
void object_grows(struct object *object);

/*
 * Takes a page out of the cache that is as its store has it, is not mapped and that nobody holds:
 * false, with nothing changed, when it is none of these, or is in no object with a store. The caller
 * has no reference; the frame is free afterwards. Does not sleep.
 */
bool object_drop_page(struct frame *frame);
/*
 * The same for all such pages of first..last; those that are mapped or held stay. How many went.
 * Does not sleep.
 */
uint32_t object_drop_pages(struct object *object, uint32_t first, uint32_t last);

/*
 * Takes those pages of first..last that are not dirty out of the cache and of all mappings (private
 * copies stay): their store has changed behind the cache's back. May sleep.
 */
void object_invalidate_pages(struct object *object, uint32_t first, uint32_t last);

/* ---- dirty pages, and writing them back: objects with map_blocks ---- */

/*
 * Sees to it that the page, which is in the cache, has blocks below size, so that a write to it can
 * be let through (the fault handler, before it maps it writable): 0, -ENOSPC, -EDQUOT, -EIO,
 * -ENOMEM. May sleep: look again. Without map_blocks: 0.
 */
__must_check int object_prepare_write(struct object *object, uint32_t index);
/* The same for bytes of a page that a write() is about to change (see struct block_range). */
__must_check int object_prepare_range(struct object *object, uint32_t index,
				      const struct block_range *range);
/*
 * The page, or bytes from..to of it, is newer than on disk; its blocks are there (prepared). The only
 * way to set FRAME_FLAG_DIRTY on a page of the cache. The caller holds a reference, and no longer
 * changes the bytes, unless through a mapping. A page that has left its object: nothing happens. Of a
 * block device only the sectors that were marked are written: the others may be stale. Does not
 * sleep or allocate.
 */
void object_mark_dirty_range(struct frame *frame, unsigned from, unsigned to);
static inline void object_mark_dirty(struct frame *frame)
{
	object_mark_dirty_range(frame, 0, PAGE_SIZE);
}
/*
 * What of [position, position + size) is dirty will not be written, as its blocks are free or have
 * become another's; waits while it is being written. Multiples of 512. The cache does this itself to
 * the device's pages for blocks that map_blocks calls fresh. May sleep.
 */
void object_forget(struct object *object, uint64_t position, uint64_t size);

/*
 * Writes what is dirty of pages first..last (UINT32_MAX: to the end), runs of neighbours together.
 * wait: until it is on the device (or in its write cache: block_flush is the caller's), what was
 * being written already included; -EIO, -ENOSPC... when some of it failed. Without wait: 0, it has
 * been handed to the device, or -ENOMEM: some stays dirty, as it could not be read where it goes. May
 * sleep; allocates from reserves of its own. The failed writes are also kept for object_error_check.
 */
int object_write_back(struct object *object, uint32_t first, uint32_t last, bool wait);

/*
 * Sleeps until a page of any object, whichever, has been written: true; false: none was before the
 * deadline (clock_monotonic_ns), or current is to end.
 */
__must_check bool object_wait_written(uint64_t deadline);
/* Waits until no page of any object is being written that was when this was called. May sleep. */
void object_wait_all(void);

/*
 * Errors of writes, each told once to each open file: what a file just opened has seen, and the error
 * since then if any (0 or -errno), marking it seen.
 */
uint32_t object_error_sample(const struct object *object);
int object_error_check(struct object *object, uint32_t *seen);

/* ---- shared memory in swap ---- */

/*
 * A page of an object without a store, mapped by nobody (rmap_unmap), goes to the swap cache, dirty,
 * and has a slot then: the caller, who holds a reference, goes on with swap_write(frame). The tree
 * keeps the slot; object_get_page brings the page in again. 0; -ENOSPC, -ENOMEM, -EBUSY (somebody
 * holds it): nothing has changed. Does not sleep.
 */
__must_check int object_page_to_swap(struct frame *frame);
/* swapoff: all pages of objects that are in this area come back: 0, -ENOMEM, -EIO, -EINTR. Sleeps. */
__must_check int object_bring_back(unsigned area);
/* How many of pages first..last are in swap. */
uint32_t object_count_swapped(const struct object *object, uint32_t first, uint32_t last);
/* The objects that have pages in swap, by swapped_link. */
extern struct list objects_swapped;

/* ---- reading and writing ---- */

/*
 * read/write through the page cache: bytes done, or -errno when not one was. Reads are clipped at
 * size, writes extend it (write's caller has held position and length against its own limits;
 * position + length stays below 2^43; one writer at a time, inode->lock or the like, and no
 * truncation meanwhile; after a write that ended early there may be blocks beyond the size, which the
 * file system takes away again). With ahead, pages that are likely to be read next are brought in
 * with those that are (readahead.h). May sleep.
 */
__must_check ssize_t object_read(struct object *object, uint64_t position, struct uio *io);
__must_check ssize_t object_read_ahead(struct object *object, uint64_t position, struct uio *io,
				       struct readahead *ahead);
__must_check ssize_t object_write(struct object *object, uint64_t position, struct uio *io);

#endif
