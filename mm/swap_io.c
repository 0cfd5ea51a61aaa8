/*
 * Pages on their way to swap and back.
 *
 * Out: frames that come one after the other with neighbouring slots are gathered into one request
 * (swap_write), sent off when the next does not fit or swap_submit says so. A frame stays in the cache
 * while it is being written, and whoever faults meanwhile finds it there. If a request fails, its pages
 * are dirty again, and are written alone the next time: the slot of one that fails alone is bad.
 *
 * In: a page is wanted, and neighbours that are in use and not in memory come with it in one request,
 * as what went out together is likely to be wanted together. How many, up to READ_SLOTS, shows in how
 * many of those that came unasked were wanted afterwards: programs that leap about get single pages
 * before long (Linux 6.1's rule, mm/swap_state.c). Their frames are in the cache, BUSY, from before
 * the read begins, so that nobody reads a slot twice. Whoever wants one waits for it. If the read
 * fails, all of its frames leave the cache, and who needs a page reads that one alone: only the
 * failure of such a read, of the page and of no other, says that the page is lost. While others
 * read around it that may take more than one turn.
 *
 * Requests end in the task "block", which neither sleeps nor allocates.
 */
#include <block.h>
#include <err.h>
#include <frame.h>
#include <ledger.h>
#include <log.h>
#include <policy.h>
#include <vm_events.h>

#include "swap_internal.h"

#define READ_SLOTS 8u /* Linux's page-cluster of 3 */

uint32_t swap_writing_npages;

/* ---- out ---- */

/* What is being gathered: NULL, or a request with room for more. */
static struct block_request *gathering;
static uint64_t gathering_next; /* the sector behind it */

static void write_failed(struct frame *frame, bool alone)
{
	frame->flags |= FRAME_FLAG_DIRTY | FRAME_FLAG_ERROR;
	if (!alone)
		return;
	log_error("swap: slot %x cannot be written; its page stays in memory", frame->slot);
	swap_slot_set_bad(frame->slot);
}

static void write_done(struct block_request *request, int error)
{
	for (unsigned i = 0; i < request->nsegments; i++) {
		struct frame *frame = request->segments[i].frame;

		assert(frame->slot && frame->flags & FRAME_FLAG_WRITEBACK);
		assert(swap_writing_npages > 0);
		frame->flags &= ~(FRAME_FLAG_WRITEBACK | FRAME_FLAG_ERROR);
		swap_writing_npages--;
		if (error)
			write_failed(frame, request->nsegments == 1);
		frame_wake(frame);
		swap_cache_settle(frame, true);
	}
	block_request_put(request);
}

void swap_submit(void)
{
	struct block_request *request = gathering;

	gathering = NULL;
	if (request)
		block_submit(request);
}

/* A request for a frame's slot, with room: the one being gathered or a new one, for which it sleeps. */
static void begin_gathering(struct block_device *device, uint64_t sector)
{
	struct block_request *request;

	if (gathering && (gathering->device != device || gathering_next != sector ||
			  gathering->nsegments == BLOCK_SEGMENTS))
		swap_submit();
	if (gathering)
		return;
	request = block_request_get(true);
	/* It may have slept: another may be gathering now. */
	swap_submit();
	request->device = device;
	request->op = BLOCK_WRITE;
	request->sector = sector;
	request->done = write_done;
	gathering = request;
	gathering_next = sector;
}

static bool wants_write(const struct frame *frame, swap_t swap)
{
	return frame->slot == swap && frame->flags & FRAME_FLAG_DIRTY &&
	       !(frame->flags & (FRAME_FLAG_WRITEBACK | FRAME_FLAG_BUSY));
}

int swap_write(struct frame *frame)
{
	const swap_t swap = frame->slot;
	struct swap_area *area = swap_area_of(swap);

	assert(area && wants_write(frame, swap) && frame->refs > 1);
	if (swap_slot_of(swap)->bad)
		return -EIO;
	if (frame->flags & FRAME_FLAG_ERROR)
		swap_submit();
	begin_gathering(area->device, swap_sector(area, swap_slot_number(swap)));
	/* It may have slept. */
	if (!wants_write(frame, swap)) {
		if (!gathering->nsegments) {
			block_request_put(gathering);
			gathering = NULL;
		}
		return -EAGAIN;
	}
	frame->flags = (frame->flags & ~FRAME_FLAG_DIRTY) | FRAME_FLAG_WRITEBACK;
	block_add_segment(gathering, frame, 0, PAGE_SIZE);
	gathering_next += SECTORS_PER_PAGE;
	swap_writing_npages++;
	vm_count(PSWPOUT, 1);
	if (frame->flags & FRAME_FLAG_ERROR)
		swap_submit();
	return 0;
}

/* ---- in ---- */

static void read_done(struct block_request *request, int error)
{
	for (unsigned i = 0; i < request->nsegments; i++) {
		struct frame *frame = request->segments[i].frame;

		assert(frame->slot && frame->flags & FRAME_FLAG_BUSY);
		frame->flags &= ~FRAME_FLAG_BUSY;
		if (error) {
			frame->flags |= FRAME_FLAG_ERROR;
			swap_cache_leave(frame);
		}
		frame_wake(frame);
		if (error)
			frame_put(frame);
		else
			swap_cache_settle(frame, false);
	}
	block_request_put(request);
}

/* How far to read around a page: what the last reads have been worth. */
static struct {
	swap_t last;	 /* the page that was wanted */
	uint32_t nslots; /* how far was read for it */
	uint32_t hits;	 /* pages since then that had come unasked, and were wanted */
} reading;

/* Slots to read for this one, a power of two. */
static uint32_t choose_window(swap_t swap)
{
	uint32_t wish = reading.hits + 2, nslots = 4;

	if (wish == 2)
		nslots = swap == reading.last + 1 || swap == reading.last - 1 ? 2 : 1;
	else
		while (nslots < wish)
			nslots *= 2;
	nslots = MAX(MIN(nslots, READ_SLOTS), reading.nslots / 2);
	reading.last = swap;
	reading.nslots = nslots;
	reading.hits = 0;
	return nslots;
}

/* Somebody wants a page of the cache. */
static void note_wanted(struct frame *frame)
{
	if (!(frame->flags & FRAME_FLAG_READ))
		return;
	frame->flags &= ~FRAME_FLAG_READ;
	reading.hits++;
	vm_count(SWAP_RA_HIT, 1);
}

/* In use, and only on disk? */
static bool is_out(const struct swap_area *area, uint32_t number)
{
	const struct swap_slot *slot = swap_map_find(&area->map, number);

	return slot && slot->references && !slot->frame && !slot->bad;
}

/* Enters a fresh frame to be read for a slot, at the request's end: false when memory is out. */
static bool add_read(struct block_request *request, struct swap_area *area, uint32_t number)
{
	struct frame *frame = frame_alloc(FRAME_ANON, 0);

	if (!frame)
		return false;
	frame->flags |= FRAME_FLAG_BUSY;
	swap_duplicate(swap_make(area, number));
	swap_cache_enter(frame, swap_make(area, number));
	policy_refault(frame);
	block_add_segment(request, frame, 0, PAGE_SIZE);
	return true;
}

/*
 * Adds the slots from `from` up to the wanted one, and those behind it below `to`, as far as they are
 * out and lie in one run on the disk. -ENOMEM: not even the wanted one could be had.
 */
static int add_run(struct block_request *request, struct swap_area *area, uint32_t wanted,
		   uint32_t from, uint32_t to)
{
	uint64_t sector = swap_sector(area, wanted);
	uint32_t first = wanted, number;

	while (first > from && is_out(area, first - 1) &&
	       swap_sector(area, first - 1) + (wanted - first + 1) * SECTORS_PER_PAGE == sector)
		first--;
	request->sector = sector - (wanted - first) * SECTORS_PER_PAGE;
	for (number = first; number < to; number++) {
		if (number > wanted &&
		    (!is_out(area, number) ||
		     swap_sector(area, number) != sector + (number - wanted) * SECTORS_PER_PAGE))
			break;
		if (!add_read(request, area, number))
			break;
		if (number != wanted)
			request->segments[request->nsegments - 1].frame->flags |= FRAME_FLAG_READ;
	}
	return number > wanted ? 0 : -ENOMEM;
}

/*
 * Begins to read a slot that is out, alone or with its neighbours: 0 or -ENOMEM; *begun: it was still
 * out (NULL: not asked). May sleep.
 */
static int begin_read(swap_t swap, bool alone, bool *begun)
{
	struct block_request *request = block_request_get(true);
	struct swap_area *area = swap_area_of(swap);
	uint32_t wanted = swap_slot_number(swap), from, nslots;
	int error;

	/* It may have slept: the slot may be free, or on its way in. */
	if (!area || !is_out(area, wanted)) {
		block_request_put(request);
		return 0;
	}
	nslots = alone ? 1 : choose_window(swap);
	from = ROUND_DOWN(wanted, nslots);
	request->device = area->device;
	request->op = BLOCK_READ;
	request->done = read_done;
	error = add_run(request, area, wanted, from, MIN(from + nslots, area->map.nslots));
	if (error && request->nsegments == 0) {
		block_request_put(request);
		return error;
	}
	vm_count(PSWPIN, request->nsegments);
	vm_count(SWAP_RA, request->nsegments - 1);
	block_submit(request);
	if (begun)
		*begun = true;
	return error;
}

/*
 * The page once it has been read: true, with the reference, if it is the slot's still; *failed: it
 * could not be read.
 */
static bool await_page(struct frame *frame, swap_t swap, bool *failed)
{
	frame_get(frame);
	if (frame->flags & FRAME_FLAG_BUSY) {
		ledger_hold(frame);
		frame_wait(frame, FRAME_FLAG_BUSY);
		ledger_release(frame);
	}
	if (frame->slot == swap) {
		note_wanted(frame);
		return true;
	}
	*failed = frame->flags & FRAME_FLAG_ERROR;
	swap_put(frame);
	return false;
}

struct frame *swap_in(swap_t swap, bool *major)
{
	bool alone = false;

	for (;;) {
		struct swap_slot *slot = swap_slot_of(swap);
		bool failed = false, begun = false;
		struct frame *frame;
		int error = 0;

		if (!slot || !slot->references)
			return ERR_PTR(-EAGAIN);
		/* What could not be written stays in memory. */
		assert(slot->frame || !slot->bad);
		if (major && (!slot->frame || slot->frame->flags & FRAME_FLAG_BUSY))
			*major = true;
		if (!slot->frame) {
			error = begin_read(swap, alone, &begun);
			slot = swap_slot_of(swap);
		}
		if (error)
			return ERR_PTR(error);
		frame = slot ? slot->frame : NULL;
		if (frame && await_page(frame, swap, &failed))
			return frame;
		/* The read that failed may have been another's, of this page and of worse ones. */
		if (failed && alone && begun)
			return ERR_PTR(-EIO);
		alone |= failed;
	}
}

bool swap_read_ahead(swap_t swap)
{
	const struct swap_slot *slot = swap_slot_of(swap);

	if (!slot || !slot->references || slot->frame)
		return true;
	return begin_read(swap, false, NULL) == 0;
}
