/*
 * Page frames: who has each 4 KB of RAM, and which are free.
 *
 * struct frame exists once for each frame number up to the last frame of RAM. A buddy
 * allocator over two zones (low: in the direct map; high: the rest) keeps the
 * free ones; only mm/frame.c knows how. refs is the sum of what holds the frame:
 * mappings (page-table entries; for a page table, the directories that share it), one for the
 * page cache, one for each kernel hold; the ledger (ledger.h) checks that sum. Interrupt handlers
 * neither allocate nor free, so no lock is needed: the kernel is not preempted.
 */
#ifndef LOFT_FRAME_H
#define LOFT_FRAME_H

#include <assert.h>
#include <layout.h>
#include <list.h>
#include <types.h>

enum frame_kind {
	FRAME_FREE,
	FRAME_RESERVED,	  /* RAM that firmware or the frame buffer holds for ever */
	FRAME_IMAGE,	  /* the kernel image and the frame array itself */
	FRAME_BOOT,	  /* modules and boot data, given back while booting */
	FRAME_KERNEL,	  /* kernel heap, stacks, buffers */
	FRAME_PAGE_TABLE, /* page directories and page tables */
	FRAME_ANON,	  /* anonymous user memory */
	FRAME_CACHE,	  /* page cache: pages of an object */
	FRAME_KINDS,
	FRAME_ABSENT = 255 /* no RAM here (a hole); counted nowhere */
};

struct object;

struct frame {
	/*
	 * frame.c while free; of FRAME_ANON and FRAME_CACHE the replacement policy's (policy.h) from
	 * frame_alloc to frame_free; the owner's of other kinds
	 */
	struct list link;
	uint32_t refs; /* 0 exactly when free; wide: one frame can be mapped very often */
	uint8_t kind;  /* enum frame_kind */
	union {
		uint8_t order; /* of the block whose first frame this is */
		/* FRAME_CACHE, with blocks: which sectors' worth of it is DIRTY (object.h) */
		uint8_t dirty_sectors;
	};
	uint16_t flags;			    /* FRAME_FLAG_* */
	union {				    /* NULL in a frame just allocated */
		struct object *object;	    /* FRAME_CACHE: whose page */
		struct anon_family *family; /* FRAME_ANON, while it is mapped: by whom (rmap.h) */
		void *free_objects;	    /* kernel heap: what is free in a slab */
		struct {
			uint16_t anon, file; /* FRAME_PAGE_TABLE: entries in use by kind of frame */
		} mapped;
	};
	union {
		/*
		 * FRAME_CACHE: page number in the object; FRAME_ANON: vma_index of the region that
		 * mapped it first; kernel heap: a slab's class and use. 0 in a frame just allocated.
		 */
		uint32_t index;
		struct {
			uint16_t used, swapped; /* FRAME_PAGE_TABLE: entries in use; of these, */
		} entries;			/* those that name a slot of swap */
	};
	uint32_t holds; /* of refs, those declared by ledger_hold (ledger.h) */
	uint32_t slot;	/* FRAME_ANON, FRAME_CACHE: its swap_t while in the swap cache, else 0 */
};
_Static_assert(sizeof(struct frame) == 32 || sizeof(void *) > 4, "one in 128 bytes of memory");

/*
 * Set by the last holder right before frame_put: the frame holds nothing but zeros. While free:
 * the same.
 */
#define FRAME_FLAG_ZEROED 1
#define FRAME_FLAG_DIRTY 2   /* user memory, page cache: newer than its store, or swap slot */
#define FRAME_FLAG_SLAB 4    /* kernel heap: holds small objects */
#define FRAME_FLAG_LARGE 8   /* kernel heap: first frame of a large object */
#define FRAME_FLAG_BLOCK 16  /* free: first of a block of 2^order on a free list (mm/frame.c) */
#define FRAME_FLAG_SINGLE 32 /* free: alone on a stack of single frames (mm/frame.c) */
/*
 * For frame_wait. BUSY: in a cache, but being read: nobody sees what is in it. WRITEBACK: being
 * written: it may be read, and it stays where it is.
 */
#define FRAME_FLAG_BUSY 64
#define FRAME_FLAG_WRITEBACK 128
#define FRAME_FLAG_ERROR 256	  /* its last write failed */
#define FRAME_FLAG_REFERENCED 512 /* used by a system call since the policy last looked */
#define FRAME_FLAG_BLOCKS 16384	  /* page cache: all its blocks are there, none is a hole */
#define FRAME_FLAG_READ 4 /* page cache: by read(), once; swap cache: with another, unasked */
/* The replacement policy's own: which of its lists has the frame, and why (policy_lists.h). */
#define FRAME_FLAG_LISTED 1024
#define FRAME_FLAG_ACTIVE 2048
#define FRAME_FLAG_SWAPS 4096
#define FRAME_FLAG_WORKINGSET 8192
#define FRAME_FLAG_EVICTED 32768  /* on the list of mm/reclaim_page.c instead */
#define FRAME_FLAG_UNEVICTABLE 32 /* in use: on that of pages locked in memory (unevictable.h) */

/* How to allocate. */
#define FRAME_LOW 1  /* in the direct map: page tables, kernel data */
#define FRAME_ZERO 2 /* filled with zeros */

#define FRAME_MAX_ORDER 10 /* largest block: 4 MB */

/*
 * Watermarks of free low frames, which are what everything ends with: user pages stop at MIN, and what
 * is below is the kernel's; reclaim begins below LOW and ends at HIGH.
 */
enum frame_mark { FRAME_MARK_MIN, FRAME_MARK_LOW, FRAME_MARK_HIGH, FRAME_MARKS };

/* Frames of FRAME_ANON and FRAME_CACHE as they were allocated, for the policy to take from. */
extern struct list frame_intake;

struct frame_counts {
	uint32_t total;		       /* frames of RAM, all kinds */
	uint32_t by_kind[FRAME_KINDS]; /* add up to total */
	uint32_t free_low, free_high;
	/* Since boot; they go round after 2^32: */
	uint32_t allocated_low, allocated_high, freed;
};

struct boot_info;

/*
 * Builds the frame array from the boot memory map and puts all usable frames that nothing
 * occupies on the free lists. The direct map of low memory must be up
 * (pagedir_init_direct_map). Panics when not even the frame array fits. May be called once.
 */
void frame_init(const struct boot_info *info);

/*
 * One frame of a kind, refs 1, its link an empty list. NULL when memory is out. User kinds
 * (FRAME_ANON, FRAME_CACHE) prefer high frames unless FRAME_LOW,
 * and leave a few low ones for the kernel; others are always low. Constant time, but for the
 * zeroing that FRAME_ZERO may need. Does not sleep.
 */
__must_check struct frame *frame_alloc(enum frame_kind kind, unsigned flags);

/*
 * 2^order contiguous low frames, aligned to their size, order <= FRAME_MAX_ORDER; each has refs
 * 1; the first one's `order` is set. NULL as above.
 */
__must_check struct frame *frame_alloc_block(enum frame_kind kind, unsigned order, unsigned flags);

/* Frees a block of frame_alloc_block; every frame in it must have refs 1. */
void frame_free_block(struct frame *first, unsigned order);

/* Frees a frame whose last holder has gone (refs is 0 already): for frame_put only. */
void frame_free(struct frame *frame);

/*
 * Gives back boot-time memory [start, end) (physical, whole frames inside only): what is of
 * kind FRAME_BOOT or FRAME_IMAGE there; other frames are left as they are, so that giving a
 * range back twice is harmless.
 */
void frame_release_boot(paddr_t start, paddr_t end);

/*
 * Changes the kind of a frame in use, and the counts with it. Neither kind may be FRAME_FREE or
 * FRAME_ABSENT.
 */
void frame_set_kind(struct frame *frame, enum frame_kind kind);

/* mm/frame.c's, here so that the functions below are inline: read only. */
extern struct frame *frame_array; /* by frame number */
extern pfn_t frame_array_end;	  /* number of elements */
extern paddr_t frame_low_limit;

/* The frame of a frame number, or NULL when no RAM is there. Any pfn may be asked. */
static inline struct frame *frame_from_pfn(pfn_t pfn)
{
	if (pfn >= frame_array_end || frame_array[pfn].kind == FRAME_ABSENT)
		return NULL;
	return &frame_array[pfn];
}

static inline pfn_t frame_pfn(const struct frame *frame)
{
	return (pfn_t)(frame - frame_array);
}

/* The first pfn above the last frame of RAM: bounds a sweep over all frames. */
static inline pfn_t frame_pfn_end(void)
{
	return frame_array_end;
}

/*
 * The first physical address that the direct map does not hold (or, with less RAM, the end of
 * RAM).
 */
static inline paddr_t frame_low_end(void)
{
	return frame_low_limit;
}

static inline paddr_t frame_paddr(const struct frame *frame)
{
	return frame_pfn(frame) << PAGE_SHIFT;
}

/* True when the frame is in the direct map. */
static inline bool frame_is_low(const struct frame *frame)
{
	return frame_paddr(frame) < frame_low_end();
}

/* The address of a low frame in the direct map. */
static inline void *frame_virt(const struct frame *frame)
{
	return paddr_to_virt(frame_paddr(frame));
}

/*
 * True when frames could be had now, for a user page and for a page table: memory is not out, or no
 * longer.
 */
bool frame_available(void);
/* True when there are fewer free low frames than the mark. */
bool frame_is_short(enum frame_mark mark);
/* How many frames are missing to FRAME_MARK_HIGH. */
uint32_t frame_shortage(void);
/* True when it would help, were this frame free. */
bool frame_is_wanted(const struct frame *frame);
/* Free memory up to the marks, in frames; and a new FRAME_MARK_MIN, with the others as far above it. */
uint32_t frame_mark(enum frame_mark mark);
void frame_set_min(uint32_t nframes);
/* How many frames programs and the kernel's own data can come to have. */
uint32_t frame_usable(void);
/* A snapshot of the counters. */
void frame_count(struct frame_counts *counts);
/* Name of a kind for people and the ledger: "free", "page table", ... */
const char *frame_kind_name(enum frame_kind kind);

/*
 * Zeroes one free frame ahead of need, if any is not; called by the idle loop. Returns false
 * when none was left.
 */
bool frame_zero_one_idle(void);

/*
 * Calls report(text) for each inconsistency in the free lists and counters; returns how many
 * there were.
 */
unsigned frame_check(void (*report)(const char *text, pfn_t pfn));

/*
 * How many page-table entries map a frame of user memory or of the page cache; one in a page table
 * that several directories share counts once (page_mappings of pagedir.h).
 */
static inline uint32_t frame_mappings(const struct frame *frame)
{
	return frame->refs - frame->holds - (frame->kind == FRAME_CACHE && frame->object) -
	       (frame->slot != 0);
}

/*
 * Sleeps until none of flags (FRAME_FLAG_BUSY, FRAME_FLAG_WRITEBACK) is set. The caller holds a
 * reference and has declared it to the ledger. Uninterruptible: who set them sees to it that they go.
 */
void frame_wait(struct frame *frame, unsigned flags);
/* Wakes those that wait for the frame: after flags were taken away. In task context. */
void frame_wake(struct frame *frame);

/*
 * A page of the cache is read from this offset on by a system call. Once is no use in the policy's eyes,
 * as a file that is read from end to end is, most often, done with; what is read in small pieces is read
 * once.
 */
static inline void frame_note_read(struct frame *frame, uint32_t offset)
{
	_Static_assert(FRAME_FLAG_READ << 7 == FRAME_FLAG_REFERENCED, "read again: referenced");
	if (offset == 0)
		frame->flags |= (frame->flags & FRAME_FLAG_READ) << 7 | FRAME_FLAG_READ;
}

/* One more holder of a frame in use. */
static inline void frame_get(struct frame *frame)
{
	assert(frame->refs > 0);
	frame->refs++;
}

/* One holder fewer; the last one frees the frame. */
static inline void frame_put(struct frame *frame)
{
	assert(frame->refs > 0);
	if (--frame->refs == 0)
		frame_free(frame);
}

#endif
