/*
 * What the files of swap share: the slots of an area, and areas.
 *
 * Protected by: the kernel not being preempted.
 */
#ifndef LOFT_SWAP_INTERNAL_H
#define LOFT_SWAP_INTERNAL_H

#include <assert.h>
#include <list.h>
#include <swap.h>

struct block_device;
struct frame;
struct object;

/* ---- the slots of one area (mm/swap_map.c) ---- */

#define CLUSTER_BITS 8
#define CLUSTER_SLOTS (1u << CLUSTER_BITS)

/* A slot that is in use, or bad. */
struct swap_slot {
	uint32_t references : 31; /* of entries, and one of the swap cache */
	uint32_t bad : 1;	  /* never to be given out again */
	struct frame *frame;	  /* in the swap cache; NULL: it is not */
};

struct swap_cluster {
	struct swap_slot *slots; /* CLUSTER_SLOTS; NULL while all are free */
	uint32_t nfree;
};

struct swap_map {
	struct swap_cluster *clusters;
	uint32_t nslots; /* numbered from 0 */
	uint32_t nclusters;
	uint32_t nfree;	 /* slots */
	uint32_t nempty; /* clusters of which all slots are free */
	uint32_t next;	 /* where to look first */
};

/* A map of so many slots, all free; -ENOMEM. And its end: all are free, or bad. */
__must_check int swap_map_init(struct swap_map *map, uint32_t nslots);
void swap_map_destroy(struct swap_map *map);
/*
 * Takes a free slot, with one reference: the one after the last one taken if it is free, so that what
 * is taken together lies together; else in a cluster that is free as a whole, or else anywhere. False:
 * none is free, or there is no memory to keep count of one.
 */
__must_check bool swap_map_alloc(struct swap_map *map, uint32_t *slot);
/* A slot that is in use or bad; NULL: it is free, or there is no such slot. */
struct swap_slot *swap_map_find(const struct swap_map *map, uint32_t slot);
/* One reference to a slot in use less; the last one frees it, unless it is bad. */
void swap_map_put(struct swap_map *map, uint32_t slot);
/* Marks a slot, free or in use, as bad; -ENOMEM for a free one. */
__must_check int swap_map_set_bad(struct swap_map *map, uint32_t slot);

/* ---- areas (mm/swap_area.c) ---- */

/* Pages of an area that lie in one run of sectors. */
struct swap_extent {
	uint32_t first, npages;
	uint64_t sector; /* of the first page */
};

struct swap_area {
	struct list link; /* in the list of areas by priority */
	unsigned number;
	int priority;
	bool writable;	 /* slots are given out; not while swapoff runs */
	bool is_file;	 /* else a partition */
	uint32_t npages; /* slots that can be used */
	struct swap_map map;
	struct block_device *device;
	struct swap_extent *extents; /* by first; what lies in none is bad */
	uint32_t nextents, extents_room, last_extent;
	struct object *object; /* its pages, as a file */
	void *owner;	       /* swap_source's */
};

#define swap_make(area, slot) ((area)->number << SWAP_SLOT_BITS | (slot))

static inline uint32_t swap_slot_number(swap_t swap)
{
	return swap & ((1u << SWAP_SLOT_BITS) - 1);
}

/* Gives the area a number: 0, or -EPERM when there are too many. */
__must_check int swap_area_reserve(struct swap_area *area);
/* From now on it gives out slots. priority: negative: the next below all others. */
void swap_area_start(struct swap_area *area, int priority);
/* It gives out no more; and does so again. */
void swap_area_close(struct swap_area *area);
void swap_area_open(struct swap_area *area);
/* It is no more; no slot is in use. */
void swap_area_free(struct swap_area *area);
/* The area of this number, or NULL. */
struct swap_area *swap_area_numbered(unsigned number);

/* The area of a slot; NULL: no such area. */
struct swap_area *swap_area_of(swap_t swap);
/* The slot, which is in use or bad; NULL. */
struct swap_slot *swap_slot_of(swap_t swap);
/* A free slot with one reference, of the area that is next in turn: 0, -ENOSPC, -ENOMEM. */
__must_check int swap_slot_alloc(swap_t *swap);
/* One reference less; whatever the swap cache thinks of it. */
void swap_slot_put(swap_t swap);
/* The slot cannot be written. */
void swap_slot_set_bad(swap_t swap);
/* Where a slot lies on its area's device. */
uint64_t swap_sector(struct swap_area *area, uint32_t slot);

/* ---- the swap cache (mm/swap_cache.c) ---- */

/*
 * Enters a frame, whose flags are set, for a slot that has none; takes over a reference to the frame
 * and one to the slot.
 */
void swap_cache_enter(struct frame *frame, swap_t swap);
/* Takes it out: gives up the slot's reference; the frame's is the caller's. */
void swap_cache_leave(struct frame *frame);
/*
 * I/O has ended, or somebody has gone: if only the cache has the frame, and no entry its slot, or if
 * it was written to make room, it goes.
 */
void swap_cache_settle(struct frame *frame, bool written);

#endif
