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
 * Memory: batches and requests have reserves of their own. Waiting for one of them is waiting for
 * I/O that is under way and needs nothing more. A request is never held while anything else is
 * waited for: what is to go into it is described by `run` until it is complete. A batch of a file is,
 * while the file system reads from its device where the blocks lie; so those for devices, which know
 * it by themselves, are never all taken by files.
 *
 * Writing is mm/page_write.c.
 *
 * done runs in the task "block": no sleep, no allocation.
 */
#include <assert.h>
#include <block.h>
#include <err.h>
#include <kheap.h>
#include <kvrange.h>
#include <ledger.h>
#include <string.h>
#include <wait.h>

#include "page_io.h"

#define BATCH_RESERVE 8u
#define DEVICE_RESERVE 2u /* of them, for devices alone */

/* ---- batches ---- */

static struct batch reserve[BATCH_RESERVE];
static struct list reserve_free;
static unsigned reserve_nfree;
static struct wait_queue reserve_wait = WAIT_QUEUE_INIT(reserve_wait);

static bool is_reserve(const struct batch *batch)
{
	return batch >= reserve && batch < reserve + BATCH_RESERVE;
}

static struct batch *take_reserve(const struct object *object)
{
	const unsigned kept = object->is_device ? 0 : DEVICE_RESERVE;
	struct batch *batch;

	if (!reserve_free.next) {
		list_init(&reserve_free);
		for (unsigned i = 0; i < BATCH_RESERVE; i++)
			list_add(&reserve_free, &reserve[i].link);
		reserve_nfree = BATCH_RESERVE;
	}
	wait_event_uninterruptible(&reserve_wait, reserve_nfree > kept);
	reserve_nfree--;
	batch = list_first(&reserve_free, struct batch, link);
	list_remove(&batch->link);
	return batch;
}

struct batch *batch_make(struct object *object, uint32_t first, bool writing, unsigned phase)
{
	struct batch *batch = kalloc(sizeof(*batch));

	if (!batch)
		batch = take_reserve(object);
	*batch = (struct batch){ .object = object,
				 .first = first,
				 .nleft = 1,
				 .writing = writing,
				 .phase = (uint8_t)phase };
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
	reserve_nfree++;
	wake_all(&reserve_wait);
}

static void batch_put(struct batch *batch)
{
	assert(batch->nleft > 0);
	if (--batch->nleft == 0)
		batch_free(batch);
}

/* ---- a page is done ---- */

static void page_done(struct batch *batch, unsigned place)
{
	struct frame *frame = batch->frames[place];
	bool failed = batch->failed >> place & 1;

	if (batch->writing) {
		page_written(batch, frame, failed);
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

void batch_add_blocks(struct batch *batch, struct run *run, unsigned place,
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

unsigned batch_add(struct batch *batch, struct frame *frame)
{
	unsigned place = batch->npages++;

	assert(place < BATCH_PAGES && frame->index == batch->first + place);
	frame_get(frame);
	ledger_hold(frame);
	batch->frames[place] = frame;
	batch->nleft++;
	return place;
}

void batch_close(struct batch **batch, struct run *run)
{
	if (!*batch)
		return;
	run_submit(*batch, run);
	batch_put(*batch);
	*batch = NULL;
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
	page_blocks_check(&blocks);
	batch_add_blocks(batch, run, place, &blocks, zero_holes(object, frame, &blocks));
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
			batch = batch_make(object, index, false, 0);
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
