/*
 * Dirty pages of objects with blocks: which they are, that they have a place to go to, and the errors
 * of those that could not be brought there.
 *
 * A dirty page always has the blocks that its dirty sectors are to go to (it gets them before a byte
 * is changed), so that writing back never runs out of space. Its dirty sectors are what is written of
 * it: the page cache of a block device holds a file system's own blocks beside blocks of its files,
 * which are stale there and must not be written over the files' own pages. For the same reason a
 * block that a file gets anew is forgotten in the device's cache first.
 *
 * FRAME_FLAG_BLOCKS says that a page has all of its blocks, so that nobody need ask the file system
 * again. It is set when no time has passed since the file system said so in which the object's size
 * has changed (nresized), and only where no cut leaves the page and takes some of them.
 *
 * Invariants: DIRTY, RADIX_DIRTY and dirty_sectors != 0 go together; object->ndirty counts these
 * pages, and the object is in objects_dirty exactly while there are some.
 */
#include <object.h>

#include <assert.h>
#include <block.h>
#include <clock.h>
#include <err.h>
#include <ledger.h>
#include <rmap.h>
#include <vm_events.h>

#include "object_internal.h"

uint32_t object_dirty_pages, object_writeback_pages;
struct list objects_dirty = LIST_INIT(objects_dirty);

/* The sectors that bytes from..to of a page lie in, as in frame->dirty_sectors. */
static uint8_t sectors_of(unsigned from, unsigned to)
{
	unsigned first = from >> SECTOR_SHIFT;
	unsigned end = (to + SECTOR_SIZE - 1) >> SECTOR_SHIFT;

	assert(from < to && to <= PAGE_SIZE);
	return (uint8_t)((1u << end) - (1u << first));
}

/* ---- becoming dirty, and clean ---- */

void object_mark_dirty_range(struct frame *frame, unsigned from, unsigned to)
{
	struct object *object = frame->object;

	assert(frame->kind == FRAME_CACHE && frame->refs > 0);
	if (!object)
		return;
	if (!object_has_blocks(object)) {
		frame->flags |= FRAME_FLAG_DIRTY;
		return;
	}
	assert(!(frame->flags & FRAME_FLAG_BUSY));
	frame->dirty_sectors |= sectors_of(from, to);
	if (frame->flags & FRAME_FLAG_DIRTY)
		return;
	frame->flags |= FRAME_FLAG_DIRTY;
	radix_tag_set(&object->pages, frame->index, RADIX_DIRTY);
	object_dirty_pages++;
	vm_count(NR_DIRTIED, 1);
	if (object->ndirty++ > 0)
		return;
	object->dirtied_at = clock_monotonic_ns();
	list_add_tail(&objects_dirty, &object->dirty_link);
}

void object_clean_page(struct object *object, struct frame *frame)
{
	if (!(frame->flags & FRAME_FLAG_DIRTY) || !object_has_blocks(object))
		return;
	assert(frame->object == object && object->ndirty > 0 && object_dirty_pages > 0);
	frame->flags &= ~FRAME_FLAG_DIRTY;
	frame->dirty_sectors = 0;
	radix_tag_clear(&object->pages, frame->index, RADIX_DIRTY);
	object_dirty_pages--;
	if (--object->ndirty == 0)
		list_remove(&object->dirty_link);
}

/* ---- a place to go to ---- */

/* The blocks are the file's now: whatever the device's cache has of them is never to be written. */
static void forget_aliases(const struct page_blocks *blocks)
{
	for (unsigned i = 0; i < blocks->nblocks; i++)
		if ((blocks->fresh >> i & 1) && blocks->device->pages)
			object_forget(blocks->device->pages, blocks->sector[i] << SECTOR_SHIFT,
				      blocks->block_size);
}

/* Fresh blocks hold on disk what they held before: they are written even if nothing else comes. */
static void mark_fresh(struct frame *frame, const struct page_blocks *blocks)
{
	for (unsigned i = 0; i < blocks->nblocks; i++)
		if (blocks->fresh >> i & 1)
			object_mark_dirty_range(frame, i * blocks->block_size,
						(i + 1) * blocks->block_size);
}

static bool has_holes(const struct page_blocks *blocks)
{
	for (unsigned i = 0; i < blocks->nblocks; i++)
		if (blocks->sector[i] == BLOCK_HOLE)
			return true;
	return false;
}

/*
 * Will the page keep all of its blocks, whatever is cut off behind `end`, the object's end? One that
 * lies there in part has several, of which the last may go.
 */
static bool keeps_blocks(const struct page_blocks *blocks, uint32_t index, uint64_t end)
{
	return !has_holes(blocks) &&
	       (blocks->nblocks == 1 || ((uint64_t)index + 1) << PAGE_SHIFT <= end);
}

int object_prepare_range(struct object *object, uint32_t index, const struct block_range *range)
{
	const uint32_t nresized = object->nresized;
	const uint64_t wanted = ((uint64_t)index << PAGE_SHIFT) + range->to;
	struct frame *frame = object_entry_frame(radix_lookup(&object->pages, index));
	struct page_blocks blocks = { .fresh = 0 };
	int error;

	assert(range->from < range->to && range->to <= PAGE_SIZE);
	if (!object_has_blocks(object) || (frame && (frame->flags & FRAME_FLAG_BLOCKS)))
		return 0;
	error = object->ops->map_blocks(object, index, range, &blocks);
	if (error)
		return error;
	assert(blocks.nblocks <= PAGE_BLOCKS_MAX &&
	       blocks.nblocks * blocks.block_size == PAGE_SIZE);
	if (blocks.fresh)
		forget_aliases(&blocks);
	/* It may have slept: the page is looked up again. */
	frame = object_entry_frame(radix_lookup(&object->pages, index));
	if (!frame)
		return 0;
	if (!(frame->flags & FRAME_FLAG_BUSY))
		mark_fresh(frame, &blocks);
	/* What was cut off meanwhile has lost its blocks, though it may be there anew. */
	if (object->nresized == nresized && keeps_blocks(&blocks, index, MAX(object->size, wanted)))
		frame->flags |= FRAME_FLAG_BLOCKS;
	return 0;
}

int object_prepare_write(struct object *object, uint32_t index)
{
	uint64_t start = (uint64_t)index << PAGE_SHIFT;
	struct block_range range = { .from = 0, .extends = false };
	uint32_t nresized;
	int error;

	do {
		if (!object_has_blocks(object) || start >= object->size)
			return 0;
		range.to = (unsigned)MIN(object->size - start, (uint64_t)PAGE_SIZE);
		if (object->ops->mapping_written)
			object->ops->mapping_written(object);
		nresized = object->nresized;
		error = object_prepare_range(object, index, &range);
		/* It may have slept: what was cut off and has grown again may need other blocks. */
	} while (!error && object->nresized != nresized);
	return error;
}

/* ---- never mind ---- */

/* Page `index` of a device: sectors' worth of it is not to be written. */
static void forget_sectors(struct object *object, uint32_t index, uint8_t sectors)
{
	struct frame *frame = object_find_page(object, index);

	if (!frame)
		return;
	if (frame->flags & FRAME_FLAG_DIRTY) {
		rmap_clean(frame);
		frame->dirty_sectors &= (uint8_t)~sectors;
		if (!frame->dirty_sectors)
			object_clean_page(object, frame);
	}
	ledger_hold(frame);
	frame_wait(frame, FRAME_FLAG_WRITEBACK);
	ledger_release(frame);
	frame_put(frame);
}

void object_forget(struct object *object, uint64_t position, uint64_t size)
{
	uint64_t end = position + size;

	assert(!((position | size) & (SECTOR_SIZE - 1)));
	while (position < end) {
		unsigned from = (unsigned)position & PAGE_MASK;
		unsigned to = (unsigned)MIN((uint64_t)PAGE_SIZE, from + (end - position));

		forget_sectors(object, (uint32_t)(position >> PAGE_SHIFT), sectors_of(from, to));
		position += to - from;
	}
}

/* ---- errors ---- */

void object_write_failed(struct object *object, int error)
{
	assert(error < 0);
	object->nerrors++;
	object->error = (int16_t)error;
	object->error_reported = false;
}

uint32_t object_error_sample(const struct object *object)
{
	/* One that nobody has been told of yet is for whoever asks first, a file opened later too. */
	return object->nerrors - (object->nerrors > 0 && !object->error_reported);
}

int object_error_check(struct object *object, uint32_t *seen)
{
	if (likely(*seen == object->nerrors))
		return 0;
	*seen = object->nerrors;
	object->error_reported = true;
	return object->error;
}
