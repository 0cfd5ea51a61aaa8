/*
 * What mm/frame.c, mm/frame_boot.c and mm/frame_check.c share: the state of the frame allocator.
 */
#ifndef LOFT_FRAME_INTERNAL_H
#define LOFT_FRAME_INTERNAL_H

#include <frame.h>

#define NORDERS (FRAME_MAX_ORDER + 1)

struct zone {
	pfn_t start, end;
	uint32_t nfree;
	uint32_t nallocated; /* since boot */
	uint32_t nzeroed;    /* frames on the stack of zeroed ones */
	uint32_t orders;     /* bit n: blocks[n] is not empty */
	struct list blocks[NORDERS];
	/* Stacks of single frames, through link.next; NULL at the bottom. */
	struct list *zeroed;
	struct list *unclean;
};

struct frame_state {
	struct zone low, high;
	uint32_t total;			   /* frames of RAM */
	uint32_t kind_counts[FRAME_KINDS]; /* without FRAME_FREE: that is the zones' nfree */
	uint32_t used_at_boot;		   /* frames that were never free so far */
	uint32_t marks[FRAME_MARKS];	   /* of free low frames */
	uint32_t high_wanted;		   /* free high frames, above which no more are reclaimed */
};

extern struct frame_state frame_state;

static inline struct zone *zone_of(pfn_t pfn)
{
	return pfn < frame_state.low.end ? &frame_state.low : &frame_state.high;
}

/*
 * Puts a block whose frames are marked free, with no flags, on its list as it is: not joined
 * with a free buddy.
 */
void frame_block_add(struct zone *zone, struct frame *first, unsigned order);

/* The free block that makes a block of the next order together with the one at pfn, or NULL. */
struct frame *frame_free_buddy(const struct zone *zone, pfn_t pfn, unsigned order);

#endif
