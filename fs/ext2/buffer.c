/*
 * Blocks of metadata.
 *
 * They lie in the page cache of the block device, where programs that open the device see them
 * too. A struct ext2_buffer is a handle on one block, there while somebody uses it or while it is
 * dirty; it holds its page in the cache. The cache is not told that such a block is dirty: it
 * writes pages when and in which order it likes, and here the order matters (order.c). So dirty
 * blocks are written by commits alone, block by block and not page by page, as another block in
 * the page may have to wait for its turn.
 *
 * The last few that were given back stay: whoever goes through a file asks for the same indirect
 * block at each page.
 *
 * Invariants: a buffer is in fs->buffers exactly once; it has references, is dirty, or is one of
 * the last few (recent); fs->ndirty counts the dirty ones. What is being written is not changed:
 * no operation is under way in a commit. Protected by: the kernel not being preempted; after the
 * page was waited for one looks again.
 */
#include "ext2.h"

#include <assert.h>
#include <clock.h>
#include <kheap.h>
#include <ledger.h>
#include <string.h>

static struct ext2_buffer *find(struct ext2 *fs, uint32_t block)
{
	struct ext2_buffer *buffer = radix_lookup(&fs->buffers, block);

	if (buffer)
		buffer->refs++;
	return buffer;
}

static uint64_t place_of(const struct ext2 *fs, uint32_t block)
{
	return (uint64_t)block << fs->geometry.block_shift;
}

/* The page in which a block lies; over: all of the block will be overwritten. */
static struct frame *get_page(struct ext2 *fs, uint32_t block, bool over)
{
	uint64_t place = place_of(fs, block);
	uint32_t index = (uint32_t)(place >> PAGE_SHIFT);
	unsigned from = (unsigned)place & PAGE_MASK;

	if (!over)
		return object_get_page(fs->device->pages, index);
	return object_get_page_over(fs->device->pages, index, from, from + fs->geometry.block_size);
}

/* A handle on a block of a page whose reference it takes over; ERR_PTR(-ENOMEM). */
static struct ext2_buffer *make(struct ext2 *fs, uint32_t block, struct frame *frame)
{
	struct ext2_buffer *buffer = kzalloc(sizeof(*buffer));

	assert(frame_is_low(frame));
	if (!buffer || radix_insert(&fs->buffers, block, buffer) != 0) {
		kfree(buffer);
		frame_put(frame);
		return ERR_PTR(-ENOMEM);
	}
	ledger_hold(frame);
	buffer->block = block;
	buffer->refs = 1;
	buffer->frame = frame;
	buffer->data = (uint8_t *)frame_virt(frame) + (place_of(fs, block) & PAGE_MASK);
	return buffer;
}

static struct ext2_buffer *get(struct ext2 *fs, uint32_t block, bool over)
{
	struct ext2_buffer *buffer = find(fs, block);
	struct frame *frame;

	if (buffer)
		return buffer;
	if (block >= fs->geometry.blocks_count) {
		ext2_error(fs, "block %u lies beyond the end", block);
		return ERR_PTR(-EIO);
	}
	frame = get_page(fs, block, over);
	if (IS_ERR(frame)) {
		if (PTR_ERR(frame) == -EIO)
			ext2_error(fs, "block %u cannot be read", block);
		return (void *)frame;
	}
	/* The page may have been waited for: another may have made the handle meanwhile. */
	buffer = find(fs, block);
	if (!buffer)
		return make(fs, block, frame);
	frame_put(frame);
	return buffer;
}

static void destroy(struct ext2 *fs, struct ext2_buffer *buffer)
{
	void *removed = radix_remove(&fs->buffers, buffer->block);

	assert(removed == buffer && buffer->refs == 0 && buffer->stage == EXT2_CLEAN);
	assert(!buffer->recent);
	ledger_release(buffer->frame);
	frame_put(buffer->frame);
	kfree(buffer);
}

/* Makes a buffer (NULL: none) one of the last few that were in use, in the place of the oldest. */
static void keep_recent(struct ext2 *fs, struct ext2_buffer *buffer)
{
	struct ext2_buffer **place = &fs->recent[fs->next_recent++ % EXT2_RECENT];
	struct ext2_buffer *oldest = *place;

	*place = buffer;
	if (buffer)
		buffer->recent = true;
	if (!oldest)
		return;
	oldest->recent = false;
	if (oldest->refs == 0 && oldest->stage == EXT2_CLEAN)
		destroy(fs, oldest);
}

struct ext2_buffer *ext2_buffer_get(struct ext2 *fs, uint32_t block)
{
	return get(fs, block, false);
}

struct ext2_buffer *ext2_buffer_fresh(struct ext2 *fs, uint32_t block)
{
	struct ext2_buffer *buffer = get(fs, block, true);

	if (IS_ERR(buffer))
		return buffer;
	memset(buffer->data, 0, fs->geometry.block_size);
	ext2_buffer_dirty(fs, buffer, EXT2_FRESH);
	return buffer;
}

void ext2_buffer_put(struct ext2 *fs, struct ext2_buffer *buffer)
{
	assert(buffer->refs > 0);
	if (--buffer->refs == 0 && buffer->stage == EXT2_CLEAN && !buffer->recent)
		keep_recent(fs, buffer);
}

void ext2_buffer_dirty(struct ext2 *fs, struct ext2_buffer *buffer, enum ext2_stage stage)
{
	assert(stage != EXT2_CLEAN && buffer->refs > 0);
	assert(fs->nactive > 0 || fs->committing == current);
	if (buffer->stage == EXT2_CLEAN) {
		buffer->stage = (uint8_t)stage;
		buffer->failed = false;
		if (fs->ndirty++ == 0)
			fs->dirty_since = clock_monotonic_ns();
	} else if (buffer->stage != EXT2_FRESH && stage > buffer->stage) {
		buffer->stage = (uint8_t)stage;
	}
}

static void set_clean(struct ext2 *fs, struct ext2_buffer *buffer)
{
	assert(buffer->stage != EXT2_CLEAN && fs->ndirty > 0);
	buffer->stage = EXT2_CLEAN;
	buffer->arrivals = false;
	if (--fs->ndirty == 0)
		fs->dirty_since = 0;
	if (buffer->refs == 0 && !buffer->recent)
		destroy(fs, buffer);
}

void ext2_buffer_forget(struct ext2 *fs, uint32_t block)
{
	struct ext2_buffer *buffer = radix_lookup(&fs->buffers, block);

	if (buffer && buffer->stage != EXT2_CLEAN)
		set_clean(fs, buffer);
}

/* ---- writing ---- */

/* In the task "block". */
static void write_done(struct block_request *request, int error)
{
	struct ext2 *fs = request->context;
	uint32_t block = (uint32_t)(request->sector >> (fs->geometry.block_shift - SECTOR_SHIFT));

	for (unsigned i = 0; i < request->nsegments; i++) {
		struct ext2_buffer *buffer = radix_lookup(&fs->buffers, block + i);

		assert(buffer && buffer->stage != EXT2_CLEAN);
		buffer->failed = error != 0;
	}
	if (error)
		fs->write_error = error;
	block_request_put(request);
	assert(fs->nwriting > 0);
	if (--fs->nwriting == 0)
		wake_all(&fs->written);
}

/* The next buffer of the stage at or behind *block, which becomes its number; NULL. */
static struct ext2_buffer *next_of(struct ext2 *fs, enum ext2_stage stage, uint32_t *block)
{
	struct ext2_buffer *buffer;

	while ((buffer = radix_next(&fs->buffers, block))) {
		if (buffer->stage == stage)
			return buffer;
		if (++*block == 0)
			return NULL;
	}
	return NULL;
}

/* Puts neighbours of the stage into a request, from block on; the number behind the last. */
static uint32_t fill_request(struct ext2 *fs, struct block_request *request, enum ext2_stage stage,
			     uint32_t block)
{
	struct ext2_buffer *buffer;

	request->device = fs->device;
	request->op = BLOCK_WRITE;
	request->sector = (uint64_t)block << (fs->geometry.block_shift - SECTOR_SHIFT);
	request->done = write_done;
	request->context = fs;
	while (request->nsegments < BLOCK_SEGMENTS) {
		buffer = radix_lookup(&fs->buffers, block);
		if (!buffer || buffer->stage != stage)
			break;
		block_add_segment(request, buffer->frame,
				  (unsigned)(place_of(fs, block) & PAGE_MASK),
				  fs->geometry.block_size);
		block++;
	}
	assert(request->nsegments > 0);
	return block;
}

/* What was written is clean; what failed stays as it is. */
static void finish(struct ext2 *fs, enum ext2_stage stage)
{
	struct ext2_buffer *buffer;
	uint32_t block = 0;

	while ((buffer = next_of(fs, stage, &block))) {
		if (!buffer->failed)
			set_clean(fs, buffer);
		if (++block == 0)
			break;
	}
}

int ext2_buffers_write(struct ext2 *fs, enum ext2_stage stage)
{
	uint32_t block = 0;

	assert(fs->committing == current && fs->nactive == 0 && fs->nwriting == 0);
	fs->write_error = 0;
	while (next_of(fs, stage, &block)) {
		/* May sleep; dirty buffers stay, and nobody makes more of them in a commit. */
		struct block_request *request = block_request_get(true);
		uint32_t behind = fill_request(fs, request, stage, block);

		fs->nwriting++;
		block_submit(request);
		block = behind;
	}
	wait_event_uninterruptible(&fs->written, fs->nwriting == 0);
	finish(fs, stage);
	if (fs->write_error)
		ext2_error(fs, "metadata could not be written");
	return fs->write_error;
}

void ext2_buffers_drop(struct ext2 *fs)
{
	struct ext2_buffer *buffer;
	uint32_t block = 0, lost = 0;

	for (unsigned i = 0; i < EXT2_RECENT; i++)
		keep_recent(fs, NULL);
	while ((buffer = radix_next(&fs->buffers, &block))) {
		assert(buffer->refs == 0 && buffer->stage != EXT2_CLEAN);
		set_clean(fs, buffer);
		lost++;
	}
	if (lost)
		ext2_notice(fs, LOG_ERR, "%u blocks of metadata could not be written, and are lost",
			    lost);
}
