/*
 * Batches of pages on their way between objects and devices: what mm/page_io.c, which moves them and
 * reads, shares with mm/page_write.c. The idea is told in page_io.c.
 */
#ifndef LOFT_PAGE_IO_H
#define LOFT_PAGE_IO_H

#include <block.h>

#include "object_internal.h"

#define BATCH_PAGES BLOCK_SEGMENTS

struct batch {
	struct list link; /* in the reserve while unused */
	struct object *object;
	uint32_t first; /* index of its first page */
	uint8_t npages;
	uint8_t nleft; /* pages not done, and one for who still adds to it */
	bool writing;
	uint8_t phase;
	uint32_t failed;	     /* a bit for each page */
	uint8_t pieces[BATCH_PAGES]; /* of each page, not done */
	struct frame *frames[BATCH_PAGES];
};

/* Pieces of a batch that lie one behind the other, in memory and on the device, not yet sent off. */
struct run {
	struct block_device *device;
	uint64_t sector;
	uint32_t from, to; /* bytes of the batch; from == to: nothing */
};

/* An empty batch for pages from `first` on. phase: of writes. May sleep, for other batches to end. */
struct batch *batch_make(struct object *object, uint32_t first, bool writing, unsigned phase);
/* The batch takes a page of its object, the next one, with a reference: its place. */
unsigned batch_add(struct batch *batch, struct frame *frame);
/*
 * The wanted blocks (a bit for each) of the batch's page at `place` join the run, which is sent off
 * whenever it cannot go on. The page is done at once when there are none. May sleep.
 */
void batch_add_blocks(struct batch *batch, struct run *run, unsigned place,
		      const struct page_blocks *blocks, uint8_t wanted);
/* Sends off what is left, if there is a batch, and lets go of it. May sleep. */
void batch_close(struct batch **batch, struct run *run);

static inline void page_blocks_check(const struct page_blocks *blocks)
{
	assert(blocks->device && blocks->nblocks > 0 && blocks->nblocks <= PAGE_BLOCKS_MAX);
	assert(blocks->nblocks * blocks->block_size == PAGE_SIZE);
}

/* mm/page_write.c: a page of a batch that writes was written, or not. Does not sleep. */
void page_written(const struct batch *batch, struct frame *frame, bool failed);

#endif
