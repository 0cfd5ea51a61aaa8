/*
 * Backing objects and the page cache: one copy of each page of a file (or of shared memory),
 * whichever way it is reached: read, write, private or shared mapping, exec.
 *
 * An object is what a region maps: a table of operations and a radix tree of its cached pages. The
 * cache holds one reference to each page's frame. mm/ calls a file through it and never includes
 * fs/. Protected by: the kernel not being preempted. What may sleep (object_get_page, the copies of
 * object_read and object_write) looks again afterwards at whatever it relied on before.
 */
#ifndef LOFT_OBJECT_H
#define LOFT_OBJECT_H

#include <frame.h>
#include <list.h>
#include <radix.h>
#include <types.h>

struct object;
struct vma;

struct object_ops {
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
	bool promises_pages;	   /* each page in the cache is promised memory (tmpfs) */
	uint32_t promised_npages;  /* part of commit_npages (commit.h) */
	struct list promised_link; /* in objects_promised, while that is not 0 */
};

/* Shared memory: anonymous, System V, memfd, or of a tmpfs. */
static inline bool object_is_shared_memory(const struct object *object)
{
	return object->number || object->promises_pages;
}

/* The objects that promise memory, for the ledger. */
extern struct list objects_promised;

/* Pages of all objects in memory, for meminfo's Cached. */
extern uint32_t object_cached_pages;

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

/* The cached page, with a reference of the caller's, or NULL. Does not sleep. */
__must_check struct frame *object_find_page(struct object *object, uint32_t index);
/*
 * The page, brought in (filled or zeroed) when it is not there, with a reference for the caller;
 * ERR_PTR(-ENOMEM, -EIO). May sleep. Does not look at size: callers do, afterwards.
 */
__must_check struct frame *object_get_page(struct object *object, uint32_t index);

/*
 * Enters a frame of kind FRAME_CACHE that nobody else knows yet as page `index`, which the object
 * has not; the cache takes a reference of its own. -ENOMEM.
 */
__must_check int object_enter_page(struct object *object, uint32_t index, struct frame *frame);

/*
 * Takes pages first..last out of the cache and out of every mapping, private copies included; last =
 * UINT32_MAX: all from first on.
 */
void object_remove_pages(struct object *object, uint32_t first, uint32_t last);
/* The same for a hole: as on Linux private copies of the pages stay. */
void object_punch_pages(struct object *object, uint32_t first, uint32_t last);
/*
 * Sets the size. Shrinking drops pages that lie wholly beyond from the cache and zeroes the tail of
 * the last one; pages are also taken out of every mapping of the object, private copies included,
 * as Linux does: later access is SIGBUS.
 */
void object_truncate(struct object *object, uint64_t size);

/*
 * read/write through the page cache: bytes done, or -errno when not one was. Reads are clipped at
 * size, writes extend it (write's caller has held position and length against its own limits;
 * position + length stays below 2^43). May sleep.
 */
struct uio;
__must_check ssize_t object_read(struct object *object, uint64_t position, struct uio *io);
__must_check ssize_t object_write(struct object *object, uint64_t position, struct uio *io);

#endif
