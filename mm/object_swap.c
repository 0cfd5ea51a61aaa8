/*
 * Shared memory in swap: pages of objects that have no store.
 *
 * Such a page is in one of two places. In memory, the object's tree has its frame. In swap, the tree
 * has the slot instead, tagged (swap_to_entry), and holds a reference to it; the swap cache may have a
 * frame with the content, which is then no page of the object's: it is of kind FRAME_ANON, mapped by
 * nobody, being written, or read ahead. A page that comes back gives its slot up at once, so that the
 * tree says all there is to know. In both places it counts as the object's: charged, and promised.
 *
 * The order of going out: nobody maps the page (rmap_unmap), it moves to the swap cache
 * (object_page_to_swap), is written (swap_write) and dropped. Whoever wants it meanwhile waits until
 * the write is over and takes the frame back.
 */
#include <object.h>

#include <assert.h>
#include <err.h>
#include <ledger.h>
#include <swap.h>
#include <task.h>

#include "object_internal.h"

struct list objects_swapped = LIST_INIT(objects_swapped);

/* One page more, or with -1 fewer, of the object is in swap. */
static void count_swapped(struct object *object, int32_t change)
{
	assert(change > 0 || object->nswapped > 0);
	object->nswapped += (uint32_t)change;
	list_remove(&object->swapped_link);
	if (object->nswapped)
		list_add_tail(&objects_swapped, &object->swapped_link);
}

/* ---- out ---- */

int object_page_to_swap(struct frame *frame)
{
	struct object *object = frame->object;
	const uint32_t index = frame->index;
	int error;

	assert(frame->kind == FRAME_CACHE && object && !object_has_store(object));
	assert(frame->refs > 1 && !frame->slot);
	/* Mapped, or somebody is about to read or write it. */
	if (frame->refs > 2)
		return -EBUSY;
	/* In the swap cache there are frames of this kind alone. */
	frame->object = NULL;
	frame->index = 0;
	frame->flags &= ~FRAME_FLAG_READ;
	frame_set_kind(frame, FRAME_ANON);
	error = swap_add(frame);
	if (error) {
		frame_set_kind(frame, FRAME_CACHE);
		frame->object = object;
		frame->index = index;
		return error;
	}
	swap_duplicate(frame->slot);
	radix_replace(&object->pages, index, swap_to_entry(frame->slot));
	count_swapped(object, 1);
	object_uncount_page(object);
	frame_put(frame);
	return 0;
}

/* ---- in ---- */

/* The frame, which the swap cache has for the page at index, becomes the object's page again. */
static void take_back(struct object *object, uint32_t index, struct frame *frame, swap_t swap)
{
	bool taken;

	swap_free(swap);
	taken = swap_take(frame);
	assert(taken);
	frame_set_kind(frame, FRAME_CACHE);
	frame->family = NULL;
	frame->object = object;
	frame->index = index;
	frame_get(frame);
	radix_replace(&object->pages, index, frame);
	count_swapped(object, -1);
	object_count_page(object);
	object_zero_beyond(frame, index, object->size);
	object_mark_dirty(frame);
}

struct frame *object_swap_in(struct object *object, uint32_t index, bool *major)
{
	void *entry = radix_lookup(&object->pages, index);
	swap_t swap = swap_from_entry(entry);
	struct frame *frame;

	assert((uintptr_t)entry & OBJECT_ENTRY_SWAP);
	frame = swap_in(swap, major);
	if (IS_ERR(frame))
		return frame;
	ledger_hold(frame);
	frame_wait(frame, FRAME_FLAG_WRITEBACK);
	ledger_release(frame);
	/* It may have slept: truncated, or taken back by another? */
	if (frame->slot != swap || radix_lookup(&object->pages, index) != entry) {
		swap_put(frame);
		return ERR_PTR(-EAGAIN);
	}
	take_back(object, index, frame, swap);
	return frame;
}

/* ---- gone ---- */

void object_drop_swapped(struct object *object, uint32_t index)
{
	void *entry = radix_remove(&object->pages, index);

	assert((uintptr_t)entry & OBJECT_ENTRY_SWAP);
	count_swapped(object, -1);
	swap_free(swap_from_entry(entry));
}

/* ---- all of an area ---- */

/* The first page at or after *index that is in the area: false when there is none. */
static bool find_in_area(const struct object *object, unsigned area, uint32_t *index)
{
	void *entry;

	while ((entry = radix_next(&object->pages, index))) {
		if ((uintptr_t)entry & OBJECT_ENTRY_SWAP &&
		    swap_from_entry(entry) >> SWAP_SLOT_BITS == area)
			return true;
		if ((*index)++ == UINT32_MAX)
			break;
	}
	return false;
}

static int bring_back_pages(struct object *object, unsigned area)
{
	uint32_t index = 0;

	while (object->nswapped && find_in_area(object, area, &index)) {
		/* Not object_get_page: what is truncated meanwhile is not to be made anew. */
		struct frame *frame = object_swap_in(object, index, NULL);

		if (!IS_ERR(frame))
			frame_put(frame);
		else if (PTR_ERR(frame) != -EAGAIN)
			return PTR_ERR(frame);
		if (sched_give_way())
			return -EINTR;
	}
	return 0;
}

/*
 * The first object with pages in the area that is not about to end anyway (and then waits for nobody),
 * with a reference.
 */
static struct object *next_in_area(unsigned area)
{
	struct object *object;

	list_for_each(object, &objects_swapped, swapped_link) {
		uint32_t index = 0;

		if (find_in_area(object, area, &index) && object_try_get(object))
			return object;
	}
	return NULL;
}

int object_bring_back(unsigned area)
{
	struct object *object;
	int error = 0;

	while (!error && (object = next_in_area(area))) {
		error = bring_back_pages(object, area);
		object_put(object);
	}
	return error;
}

uint32_t object_count_swapped(const struct object *object, uint32_t first, uint32_t last)
{
	uint32_t index = first, count = 0;
	void *entry;

	if (!object->nswapped)
		return 0;
	while ((entry = radix_next(&object->pages, &index)) && index <= last) {
		count += (uintptr_t)entry & OBJECT_ENTRY_SWAP ? 1 : 0;
		if (index++ == UINT32_MAX)
			break;
	}
	return count;
}
