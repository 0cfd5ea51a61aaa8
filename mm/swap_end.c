/*
 * How an area of swap ends: all that is in it comes back into memory (swapoff).
 *
 * Nobody knows who has a slot, so whoever might is asked: each address space is walked for entries
 * that name slots of the area, each object that has pages in swap for its own; what they name is
 * brought in as a fault would. Meanwhile programs go on: they fork (which may carry entries to where
 * was looked already), exit, and bring pages in themselves. So it is gone round until no slot is in
 * use. No new ones are given out: what reclaim evicts meanwhile goes to other areas.
 *
 * Slots that only the cache holds are being read or written; those are waited for.
 */
#include <abi/errno.h>
#include <assert.h>
#include <clock.h>
#include <commit.h>
#include <err.h>
#include <frame.h>
#include <ledger.h>
#include <mm.h>
#include <object.h>
#include <reclaim.h>
#include <task.h>
#include <vma.h>
#include <wait.h>

#include "swap_internal.h"

#define LOOK_NS 10000000ull /* when there is no memory, between two tries... */
#define MEMORY_TRIES 16u    /* ...and how many */

static bool in_use(const struct swap_area *area)
{
	return area->map.nfree < area->npages;
}

/* ---- address spaces ---- */

struct search {
	const struct swap_area *area;
	vaddr_t at;
	swap_t found;
};

static bool find_entry_of_area(void *context, vaddr_t at, const struct page_mapping *page)
{
	struct search *search = context;

	if (!page->swap || swap_area_of(page->swap) != search->area)
		return true;
	search->at = at;
	search->found = page->swap;
	return false;
}

/* Brings in all pages of mm that are in the area, under its lock: 0, -ENOMEM, -EIO, -EINTR. */
static int bring_back_pages(struct swap_area *area, struct mm *mm, vaddr_t *from)
{
	while (*from < USER_TOP) {
		struct search search = { .area = area };
		int error;

		pagedir_walk(&mm->pagedir, *from, USER_TOP, find_entry_of_area, &search);
		if (!search.found)
			return 0;
		*from = search.at;
		error = mm_swap_in(mm, search.at, search.found);
		if (error)
			return error;
		/* It may have slept; the page is looked at again if it has come to be in swap anew. */
		if (sched_give_way())
			return -EINTR;
	}
	return 0;
}

/*
 * Memory was out. When there is nothing to reclaim, as it is in others' hands for a moment, they
 * may have given it back by now, or will before long: that is waited for, a few times.
 */
static bool find_memory(unsigned *tries)
{
	struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);

	if (reclaim_make_room())
		return true;
	(void)wait_until(&nobody, frame_available(), WAIT_KILLABLE, clock_monotonic_ns() + LOOK_NS);
	return (*tries)++ < MEMORY_TRIES;
}

static int bring_back_mm(struct swap_area *area, struct mm *mm)
{
	unsigned tries = 0;
	vaddr_t from = 0;
	int error;

	do {
		mutex_lock(&mm->lock);
		error = bring_back_pages(area, mm, &from);
		mutex_unlock(&mm->lock);
	} while (error == -ENOMEM && find_memory(&tries));
	return error;
}

/* The address space after `before` in the list (NULL: the first) that is in use, with a reference. */
static struct mm *next_mm(struct mm *before)
{
	struct list *at = before ? before->all_link.next : mm_all.next;

	for (; at != &mm_all; at = at->next) {
		struct mm *mm = list_entry(at, struct mm, all_link);

		if (mm->refs > 0) {
			mm_get(mm);
			return mm;
		}
	}
	return NULL;
}

static int bring_back_address_spaces(struct swap_area *area)
{
	struct mm *mm = next_mm(NULL);
	int error = 0;

	while (mm) {
		struct mm *next;

		if (!error && mm->pagedir.swapped && in_use(area))
			error = bring_back_mm(area, mm);
		next = error ? NULL : next_mm(mm);
		mm_put(mm);
		mm = next;
	}
	return error;
}

static int bring_back_objects(const struct swap_area *area)
{
	unsigned tries = 0;
	int error;

	do
		error = object_bring_back(area->number);
	while (error == -ENOMEM && find_memory(&tries));
	return error;
}

/* ---- what only the cache holds ---- */

/* Waits for the I/O of a slot's frame, or lets go of it. */
static int settle_slot(struct swap_slot *slot)
{
	struct frame *frame = slot->frame;

	if (!frame)
		return 0;
	assert(slot->references > 0 && frame->slot && frame->refs > 0);
	frame_get(frame);
	ledger_hold(frame);
	frame_wait(frame, FRAME_FLAG_BUSY | FRAME_FLAG_WRITEBACK);
	ledger_release(frame);
	/* It may have slept. */
	if (frame->slot && swap_references(frame->slot) == 1)
		swap_take(frame);
	swap_put(frame);
	return sched_give_way() ? -EINTR : 0;
}

static int settle_slots(struct swap_area *area)
{
	int error = 0;

	for (uint32_t i = 0; i < area->map.nslots && in_use(area) && !error; i++) {
		struct swap_slot *slot = swap_map_find(&area->map, i);

		if (slot && slot->references)
			error = settle_slot(slot);
	}
	return error;
}

/* ---- all ---- */

static int bring_back(struct swap_area *area)
{
	int error = 0;

	while (in_use(area) && !error) {
		error = bring_back_address_spaces(area);
		if (!error)
			error = bring_back_objects(area);
		if (!error)
			error = settle_slots(area);
	}
	return error;
}

int swap_area_end(unsigned number, void **owner)
{
	struct swap_area *area = swap_area_numbered(number);
	int error;

	if (!area || !area->writable)
		return -EINVAL;
	if (!commit_allows(current->process->mm, area->npages))
		return -ENOMEM;
	swap_area_close(area);
	error = bring_back(area);
	if (error) {
		swap_area_open(area);
		return error;
	}
	assert(!in_use(area));
	*owner = area->owner;
	swap_area_free(area);
	return 0;
}
