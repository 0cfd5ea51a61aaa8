/*
 * Writing back: dirty pages of objects with blocks to their devices.
 *
 * A page is WRITEBACK, and no longer DIRTY, from the moment that it is known where its
 * blocks lie; its mappings are read-only before that, so that whatever is written to it from then on
 * makes it dirty again. What lies beyond the end of the file is zeroed. Pages that fail in company
 * become dirty again with ERROR, and are written alone the next time; what fails alone is lost, as on
 * Linux, and the error kept for those who ask (object_error_check).
 *
 * Whoever waits for everything (object_wait_all) begins a new phase and waits until nothing of the old
 * one is under way: so it does not wait for what begins later.
 */
#include <assert.h>
#include <err.h>
#include <ledger.h>
#include <reclaim.h>
#include <rmap.h>
#include <vm_events.h>
#include <wait.h>

#include "page_io.h"

#define MEMORY_TRIES 16u

static struct wait_queue idle_wait = WAIT_QUEUE_INIT(idle_wait);
static struct wait_queue written_wait = WAIT_QUEUE_INIT(written_wait);
static struct wait_queue ended_wait = WAIT_QUEUE_INIT(ended_wait);
static uint32_t nended;	     /* pages that were written, or never will be */
static unsigned phase;	     /* that batches of writes begin in now: object_wait_all */
static uint32_t nwriting[2]; /* pages being written, by the phase of their batch */

/* ---- a page is done ---- */

static void count_ended(void)
{
	nended++;
	wake_all(&ended_wait);
}

bool object_wait_written(uint64_t deadline)
{
	const uint32_t before = nended;

	return wait_until(&ended_wait, nended != before, WAIT_KILLABLE, deadline) == 0;
}

/* It was written, or not: alone, or with others. */
static void end_write(struct object *object, struct frame *frame, bool failed, bool alone)
{
	assert(frame->object == object && (frame->flags & FRAME_FLAG_WRITEBACK));
	assert(object->nwriteback > 0 && object_writeback_pages > 0);
	frame->flags &= ~FRAME_FLAG_WRITEBACK;
	radix_tag_clear(&object->pages, frame->index, RADIX_WRITEBACK);
	object->nwriteback--;
	object_writeback_pages--;
	if (!failed) {
		frame->flags &= ~FRAME_FLAG_ERROR;
	} else if (!alone) {
		frame->flags |= FRAME_FLAG_ERROR;
		object->nretries++;
		object_mark_dirty(frame);
	} else {
		frame->flags |= FRAME_FLAG_ERROR;
		object_write_failed(object, -EIO);
	}
	frame_wake(frame);
}

void page_written(const struct batch *batch, struct frame *frame, bool failed)
{
	end_write(batch->object, frame, failed, batch->npages == 1);
	count_ended();
	if (--nwriting[batch->phase] == 0)
		wake_all(&written_wait);
}

/* ---- writing ---- */

/*
 * The blocks of a dirty page that have to be written, a bit for each: those with dirty sectors that
 * lie before the end.
 */
static uint8_t dirty_blocks(const struct object *object, const struct frame *frame,
			    const struct page_blocks *blocks)
{
	uint64_t start = (uint64_t)frame->index << PAGE_SHIFT;
	unsigned per_block = blocks->block_size >> SECTOR_SHIFT;
	uint8_t wanted = 0;

	for (unsigned i = 0; i < blocks->nblocks; i++) {
		uint8_t sectors = frame->dirty_sectors >> (i * per_block);

		if ((sectors & ((1u << per_block) - 1)) && blocks->sector[i] != BLOCK_HOLE &&
		    start + i * blocks->block_size < object->size)
			wanted |= (uint8_t)(1u << i);
	}
	return wanted;
}

/* From DIRTY to WRITEBACK. */
static void begin_write(struct object *object, struct frame *frame)
{
	rmap_clean(frame);
	object_clean_page(object, frame);
	frame->flags |= FRAME_FLAG_WRITEBACK;
	radix_tag_set(&object->pages, frame->index, RADIX_WRITEBACK);
	object->nwriteback++;
	object_writeback_pages++;
	vm_count(NR_WRITTEN, 1);
	object_zero_beyond(frame, frame->index, object->size);
}

/* Is the page still one that is to be written now? */
static bool is_to_be_written(const struct object *object, uint32_t index, const struct frame *frame)
{
	return object_is_page(object, index, frame) && (frame->flags & FRAME_FLAG_DIRTY) &&
	       !(frame->flags & FRAME_FLAG_WRITEBACK);
}

/*
 * Asks where a held, dirty page is to go, and begins to write it as the batch's next. 0 (also when it
 * was written by others meanwhile), or -ENOMEM: it stays dirty. Other errors are its end.
 */
static int write_page(struct batch *batch, struct run *run, struct frame *frame, uint32_t index)
{
	struct object *object = batch->object;
	struct page_blocks blocks = { .fresh = 0 };
	int error = object->ops->map_blocks(object, index, NULL, &blocks);
	uint8_t wanted;

	if (error == -ENOMEM || !is_to_be_written(object, index, frame))
		return error == -ENOMEM ? error : 0;
	if (error) {
		rmap_clean(frame);
		object_clean_page(object, frame);
		frame->flags |= FRAME_FLAG_ERROR;
		object_write_failed(object, error);
		count_ended();
		return 0;
	}
	page_blocks_check(&blocks);
	wanted = dirty_blocks(object, frame, &blocks);
	begin_write(object, frame);
	nwriting[batch->phase]++;
	batch_add_blocks(batch, run, batch_add(batch, frame), &blocks, wanted);
	return 0;
}

/* Can the page be the batch's next? A page that failed before goes alone. */
static bool batch_takes(const struct batch *batch, const struct frame *frame)
{
	unsigned npages = batch->npages;

	if (npages == 0)
		return batch->first == frame->index;
	return npages < BATCH_PAGES && batch->first + npages == frame->index &&
	       !((frame->flags | batch->frames[npages - 1]->flags) & FRAME_FLAG_ERROR);
}

struct writing {
	struct batch *batch;
	struct run run;
	bool wait;
};

/*
 * One page that was found dirty. True: go on behind it; false: look at it again, as this has slept.
 */
static bool write_found(struct writing *writing, struct object *object, struct frame *frame,
			int *error)
{
	uint32_t index = frame->index;

	if (frame->flags & FRAME_FLAG_WRITEBACK) {
		/* Dirty again while it is being written. */
		if (!writing->wait)
			return true;
		batch_close(&writing->batch, &writing->run);
		frame_wait(frame, FRAME_FLAG_WRITEBACK);
		return false;
	}
	if (writing->batch && !batch_takes(writing->batch, frame))
		batch_close(&writing->batch, &writing->run);
	if (!writing->batch) {
		writing->batch = batch_make(object, index, true, phase);
		if (!is_to_be_written(object, index, frame))
			return false;
	}
	*error = write_page(writing->batch, &writing->run, frame, index);
	return true;
}

/* Starts writing what is dirty of first..last. 0 or -ENOMEM. */
static int write_range(struct object *object, uint32_t first, uint32_t last, bool wait)
{
	struct writing writing = { .wait = wait };
	uint32_t index = first;
	struct frame *frame;
	int error = 0;

	while (!error && (frame = object_entry_frame(
				  radix_next_tagged(&object->pages, &index, RADIX_DIRTY)))) {
		bool go_on;

		if (index > last)
			break;
		frame_get(frame);
		ledger_hold(frame);
		go_on = write_found(&writing, object, frame, &error);
		ledger_release(frame);
		frame_put(frame);
		if (go_on && index++ == UINT32_MAX)
			break;
	}
	batch_close(&writing.batch, &writing.run);
	return error;
}

/* Waits for all that is being written of first..last. */
static void wait_range(struct object *object, uint32_t first, uint32_t last)
{
	uint32_t index = first;
	struct frame *frame;

	while ((frame = object_entry_frame(
			radix_next_tagged(&object->pages, &index, RADIX_WRITEBACK))) &&
	       index <= last) {
		frame_get(frame);
		ledger_hold(frame);
		frame_wait(frame, FRAME_FLAG_WRITEBACK);
		ledger_release(frame);
		frame_put(frame);
	}
}

static int write_back(struct object *object, uint32_t first, uint32_t last, bool wait)
{
	int error = 0;

	for (unsigned tries = 0; tries < 2 && !error; tries++) {
		uint32_t nretries = object->nretries;

		error = write_range(object, first, last, wait);
		if (!wait)
			break;
		wait_range(object, first, last);
		if (object->nretries == nretries)
			break;
	}
	return error;
}

/*
 * Where a file's blocks lie could not be read for want of memory. Who waits for all of it has time to
 * wait for some, a few times; who does not comes again.
 */
static bool find_memory(unsigned *tries)
{
	return (*tries)++ < MEMORY_TRIES && (reclaim_make_room() || frame_available());
}

int object_write_back(struct object *object, uint32_t first, uint32_t last, bool wait)
{
	uint32_t nerrors = object->nerrors;
	unsigned tries = 0;
	int error;

	assert(first <= last && object->refs > 0);
	if (!object_has_blocks(object) || (object->ndirty == 0 && object->nwriteback == 0))
		return 0;
	object->nworking++;
	do
		error = write_back(object, first, last, wait);
	while (error == -ENOMEM && wait && find_memory(&tries));
	assert(object->nworking > 0);
	if (--object->nworking == 0)
		wake_all(&idle_wait);
	return wait && !error && object->nerrors != nerrors ? object->error : error;
}

void object_wait_idle(struct object *object)
{
	wait_event_uninterruptible(&idle_wait, object->nworking == 0);
}

/* Those that begin from now on are of another phase than those that are to be waited for. */
void object_wait_all(void)
{
	static struct mutex lock;
	unsigned old;

	if (!lock.waiters.waiters.next)
		mutex_init(&lock);
	mutex_lock(&lock);
	wait_event_uninterruptible(&written_wait, nwriting[!phase] == 0);
	old = phase;
	phase = !phase;
	wait_event_uninterruptible(&written_wait, nwriting[old] == 0);
	mutex_unlock(&lock);
}
