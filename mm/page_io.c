/*
 * Page I/O: pages of objects with blocks, from their devices and to them.
 *
 * A *batch* is a run of up to 32 pages with neighbouring indices that are read, or written, together.
 * Where the blocks of one page go on where those of the page before end, they go in one request; so a
 * file that lies in one piece takes one request for 128 KB, and one that is scattered one for each
 * piece. A page is done when all of its pieces are; the batch counts them for each page, and is freed
 * with the last one. Each page of a batch is held, and that is declared to the ledger.
 *
 * Reading: frames enter the cache BUSY before the file system is asked where their blocks lie, so
 * that nobody reads the same page twice. A page that could not be read leaves the cache; who waited
 * for it reads it again, alone, and so no page suffers from a bad neighbour.
 *
 * Writing: a page is WRITEBACK, and no longer DIRTY, from the moment that it is known where its
 * blocks lie; its mappings are read-only before that, so that whatever is written to it from then on
 * makes it dirty again. What lies beyond the end of the file is zeroed. Pages that fail in company
 * become dirty again with ERROR, and are written alone the next time; what fails alone is lost, as on
 * Linux, and the error kept for those who ask (object_error_check).
 *
 * Memory: batches and requests have reserves of their own. Waiting for one of them is waiting for
 * I/O that is under way and needs nothing more. A request is never held while anything else is
 * waited for: what is to go into it is described by `run` until it is complete.
 *
 * done runs in the task "block": no sleep, no allocation.
 */
#include <assert.h>
#include <block.h>
#include <err.h>
#include <kheap.h>
#include <kvrange.h>
#include <ledger.h>
#include <rmap.h>
#include <string.h>
#include <vm_events.h>
#include <wait.h>

#include "object_internal.h"

#define BATCH_PAGES BLOCK_SEGMENTS
#define BATCH_RESERVE 8u

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

static struct wait_queue idle_wait = WAIT_QUEUE_INIT(idle_wait);
static struct wait_queue written_wait = WAIT_QUEUE_INIT(written_wait);
static unsigned phase;	     /* that batches of writes begin in now: object_wait_all */
static uint32_t nwriting[2]; /* pages being written, by the phase of their batch */

/* ---- batches ---- */

static struct batch reserve[BATCH_RESERVE];
static struct list reserve_free;
static struct wait_queue reserve_wait = WAIT_QUEUE_INIT(reserve_wait);

static bool is_reserve(const struct batch *batch)
{
	return batch >= reserve && batch < reserve + BATCH_RESERVE;
}

static struct batch *take_reserve(void)
{
	struct batch *batch;

	if (!reserve_free.next) {
		list_init(&reserve_free);
		for (unsigned i = 0; i < BATCH_RESERVE; i++)
			list_add(&reserve_free, &reserve[i].link);
	}
	wait_event_uninterruptible(&reserve_wait, !list_empty(&reserve_free));
	batch = list_first(&reserve_free, struct batch, link);
	list_remove(&batch->link);
	return batch;
}

/* May sleep. */
static struct batch *batch_make(struct object *object, uint32_t first, bool writing)
{
	struct batch *batch = kalloc(sizeof(*batch));

	if (!batch)
		batch = take_reserve();
	*batch = (struct batch){
		.object = object, .first = first, .nleft = 1, .writing = writing, .phase = phase
	};
	return batch;
}

static void batch_free(struct batch *batch)
{
	assert(batch->nleft == 0);
	if (!is_reserve(batch)) {
		kfree(batch);
		return;
	}
	list_add(&reserve_free, &batch->link);
	wake_all(&reserve_wait);
}

static void batch_put(struct batch *batch)
{
	assert(batch->nleft > 0);
	if (--batch->nleft == 0)
		batch_free(batch);
}

/* ---- a page is done ---- */

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

static void page_done(struct batch *batch, unsigned place)
{
	struct frame *frame = batch->frames[place];
	bool failed = batch->failed >> place & 1;

	if (batch->writing) {
		end_write(batch->object, frame, failed, batch->npages == 1);
		if (--nwriting[batch->phase] == 0)
			wake_all(&written_wait);
	} else {
		object_end_busy(frame, failed);
	}
	ledger_release(frame);
	frame_put(frame);
	batch_put(batch);
}

static void piece_done(struct batch *batch, unsigned place, int error)
{
	assert(place < batch->npages && batch->pieces[place] > 0);
	if (error)
		batch->failed |= 1u << place;
	if (--batch->pieces[place] == 0)
		page_done(batch, place);
}

static void request_done(struct block_request *request, int error)
{
	struct batch *batch = request->context;

	for (unsigned i = 0; i < request->nsegments; i++)
		piece_done(batch, request->segments[i].frame->index - batch->first, error);
	block_request_put(request);
}

/* ---- sending off ---- */

/* Sends off the run as one request. May sleep. */
static void run_submit(struct batch *batch, struct run *run)
{
	struct block_request *request;

	if (run->from == run->to)
		return;
	request = block_request_get(true);
	request->device = run->device;
	request->op = batch->writing ? BLOCK_WRITE : BLOCK_READ;
	request->sector = run->sector;
	request->done = request_done;
	request->context = batch;
	for (uint32_t at = run->from; at < run->to;) {
		unsigned offset = at & PAGE_MASK;
		unsigned size = MIN(PAGE_SIZE - offset, run->to - at);

		block_add_segment(request, batch->frames[at >> PAGE_SHIFT], offset, size);
		at += size;
	}
	run->from = run->to = 0;
	block_submit(request);
}

/* Does the block, at byte `at` of the batch, go on where the run ends? */
static bool run_continues(const struct run *run, const struct page_blocks *blocks, unsigned block,
			  uint32_t at)
{
	return run->from < run->to && run->to == at && run->device == blocks->device &&
	       run->sector + ((run->to - run->from) >> SECTOR_SHIFT) == blocks->sector[block];
}

/* Block i of the page takes part, and does not simply go on where block i - 1 ends. */
static bool begins_piece(const struct page_blocks *blocks, uint8_t wanted, unsigned i)
{
	if (!(wanted >> i & 1))
		return false;
	return i == 0 || !(wanted >> (i - 1) & 1) ||
	       blocks->sector[i] != blocks->sector[i - 1] + (blocks->block_size >> SECTOR_SHIFT);
}

static unsigned count_pieces(const struct page_blocks *blocks, uint8_t wanted)
{
	unsigned npieces = 0;

	for (unsigned i = 0; i < blocks->nblocks; i++)
		npieces += begins_piece(blocks, wanted, i);
	return npieces;
}

/*
 * The wanted blocks (a bit for each) of the batch's page at `place` join the run, which is sent off
 * whenever it cannot go on. The page is done at once when there are none. May sleep.
 */
static void add_blocks(struct batch *batch, struct run *run, unsigned place,
		       const struct page_blocks *blocks, uint8_t wanted)
{
	uint32_t at = (uint32_t)place << PAGE_SHIFT;

	/* One for itself: pieces may be done before the last one is sent off. */
	batch->pieces[place] = (uint8_t)(count_pieces(blocks, wanted) + 1);
	for (unsigned i = 0; i < blocks->nblocks; i++, at += blocks->block_size) {
		if (!(wanted >> i & 1))
			continue;
		if (!run_continues(run, blocks, i, at)) {
			run_submit(batch, run);
			*run = (struct run){ blocks->device, blocks->sector[i], at, at };
		}
		run->to += blocks->block_size;
	}
	piece_done(batch, place, 0);
}

/* The batch takes a page, with a reference. */
static unsigned batch_add(struct batch *batch, struct frame *frame)
{
	unsigned place = batch->npages++;

	assert(place < BATCH_PAGES && frame->index == batch->first + place);
	frame_get(frame);
	ledger_hold(frame);
	batch->frames[place] = frame;
	batch->nleft++;
	return place;
}

static void batch_close(struct batch **batch, struct run *run)
{
	if (!*batch)
		return;
	run_submit(*batch, run);
	batch_put(*batch);
	*batch = NULL;
}

static void check_blocks(const struct page_blocks *blocks)
{
	assert(blocks->device && blocks->nblocks > 0 && blocks->nblocks <= PAGE_BLOCKS_MAX);
	assert(blocks->nblocks * blocks->block_size == PAGE_SIZE);
}

/* ---- reading ---- */

/* Zeroes the holes of a page; the blocks that are to be read, a bit for each. */
static uint8_t zero_holes(const struct object *object, struct frame *frame,
			  const struct page_blocks *blocks)
{
	uint64_t start = (uint64_t)frame->index << PAGE_SHIFT;
	char *window = kmap(frame);
	uint8_t wanted = 0;

	for (unsigned i = 0; i < blocks->nblocks; i++) {
		unsigned offset = i * blocks->block_size;

		if (blocks->sector[i] == BLOCK_HOLE || start + offset >= object->size)
			memset(window + offset, 0, blocks->block_size);
		else
			wanted |= (uint8_t)(1u << i);
	}
	kunmap(window);
	return wanted;
}

/* Reads the batch's last page, which is BUSY: 0, or why it cannot be, and then it is done. */
static int read_page(struct batch *batch, struct run *run, unsigned place)
{
	struct object *object = batch->object;
	struct frame *frame = batch->frames[place];
	struct page_blocks blocks = { .fresh = 0 };
	int error = object->ops->map_blocks(object, frame->index, NULL, &blocks);

	if (error) {
		batch->pieces[place] = 1;
		piece_done(batch, place, error);
		return error;
	}
	check_blocks(&blocks);
	add_blocks(batch, run, place, &blocks, zero_holes(object, frame, &blocks));
	return 0;
}

/* A fresh frame enters as page `index`, BUSY, and joins the batch. Its place, or -ENOMEM. */
static int add_fresh(struct batch *batch, uint32_t index)
{
	struct frame *frame = object_alloc_frame(batch->object, 0);
	int place = -ENOMEM;

	if (!frame)
		return -ENOMEM;
	if (object_enter_busy(batch->object, index, frame) == 0)
		place = (int)batch_add(batch, frame);
	frame_put(frame);
	return place;
}

int page_io_read(struct object *object, uint32_t index, uint32_t npages, uint32_t mark)
{
	struct batch *batch = NULL;
	struct run run = { .from = 0, .to = 0 };
	int error = 0;

	assert(object_has_blocks(object));
	for (uint32_t done = 0; done < npages && !error; done++, index++) {
		int place;

		if (batch && batch->npages == BATCH_PAGES)
			batch_close(&batch, &run);
		if (!batch)
			batch = batch_make(object, index, false);
		/* It may have slept: what is there now ends the batch before. */
		if (radix_lookup(&object->pages, index)) {
			batch_close(&batch, &run);
			continue;
		}
		place = add_fresh(batch, index);
		if (place >= 0 && index == mark)
			object_set_ahead(object, index, true);
		error = place < 0 ? place : read_page(batch, &run, (unsigned)place);
		if (done > 0 && error) {
			error = 0;
			break;
		}
	}
	batch_close(&batch, &run);
	return error;
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
		return 0;
	}
	check_blocks(&blocks);
	wanted = dirty_blocks(object, frame, &blocks);
	begin_write(object, frame);
	nwriting[batch->phase]++;
	add_blocks(batch, run, batch_add(batch, frame), &blocks, wanted);
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
		writing->batch = batch_make(object, index, true);
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

int object_write_back(struct object *object, uint32_t first, uint32_t last, bool wait)
{
	uint32_t nerrors = object->nerrors;
	int error;

	assert(first <= last && object->refs > 0);
	if (!object_has_blocks(object) || (object->ndirty == 0 && object->nwriteback == 0))
		return 0;
	object->nworking++;
	error = write_back(object, first, last, wait);
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
