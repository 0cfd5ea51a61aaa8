/*
 * Pages of objects on their way out: truncated, punched out, dropped as they can be had again.
 *
 * A page does not leave while it is read or written: who removes it waits, and begins anew after each
 * wait, since programs may have mapped pages again meanwhile. Dropping passes over what is in use.
 */
#include <object.h>

#include <assert.h>
#include <err.h>
#include <kvrange.h>
#include <ledger.h>
#include <mm.h>
#include <oom.h>
#include <policy.h>
#include <rmap.h>
#include <vma.h>

#include "object_internal.h"

/* ---- by range ---- */

/* Takes what is no private copy out of the page tables of [start, end). */
static void unmap_cached(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	struct page_mapping page;

	for (vaddr_t at = start; at < end; at += PAGE_SIZE)
		if (pagedir_lookup(pagedir, at, &page) && page.frame &&
		    page.frame->kind != FRAME_ANON)
			pagedir_unmap(pagedir, at, at + PAGE_SIZE);
}

/* Takes pages first..last of the object out of one region's page tables; with or without copies. */
static void unmap_from_region(const struct vma *vma, uint32_t first, uint32_t last, bool copies)
{
	uint64_t low = MAX(first, vma->page_offset);
	uint64_t high = MIN((uint64_t)last + 1, (uint64_t)vma->page_offset + vma_npages(vma));

	vaddr_t start = vma->start + ((uint32_t)(low - vma->page_offset) << PAGE_SHIFT);
	vaddr_t end = vma->start + ((uint32_t)(high - vma->page_offset) << PAGE_SHIFT);

	if (low >= high)
		return;
	if (copies || !vma->family)
		pagedir_unmap(&vma->mm->pagedir, start, end);
	else
		unmap_cached(&vma->mm->pagedir, start, end);
}

/*
 * Takes out what can be taken out of first..last at once. The frame that has to be waited for, with a
 * reference; NULL: all is gone.
 */
static struct frame *remove_some(struct object *object, uint32_t first, uint32_t last, bool copies)
{
	uint32_t index = first;
	struct frame *frame;
	struct vma *vma;
	void *entry;

	list_for_each(vma, &object->mappings, object_link)
		unmap_from_region(vma, first, last, copies);
	while ((entry = radix_next(&object->pages, &index)) && index <= last) {
		frame = object_entry_frame(entry);
		if (!frame) {
			object_drop_swapped(object, index);
			object_uncharge_page(object);
			continue;
		}
		/* What locked it has lost it. */
		if (frame->flags & FRAME_FLAG_UNEVICTABLE)
			policy_rescue(frame);
		if (frame->flags & (FRAME_FLAG_BUSY | FRAME_FLAG_WRITEBACK)) {
			frame_get(frame);
			return frame;
		}
		object_remove_page(object, index, frame);
	}
	return NULL;
}

static void remove_pages(struct object *object, uint32_t first, uint32_t last, bool copies)
{
	struct frame *frame;

	assert(first <= last);
	while ((frame = remove_some(object, first, last, copies))) {
		ledger_hold(frame);
		frame_wait(frame, FRAME_FLAG_BUSY | FRAME_FLAG_WRITEBACK);
		ledger_release(frame);
		frame_put(frame);
	}
	if (first == 0 && last == UINT32_MAX && object->nworking)
		object_wait_idle(object);
}

void object_remove_pages(struct object *object, uint32_t first, uint32_t last)
{
	remove_pages(object, first, last, true);
}

void object_punch_pages(struct object *object, uint32_t first, uint32_t last)
{
	remove_pages(object, first, last, false);
}

/*
 * The page in which an object of that size ends, if part of it stays: held, when it is in memory or in
 * swap, so that it will be there when it is cut; else *last is NULL. -EIO, -ENOMEM: it is in swap and
 * cannot be had. Were it to lose its tail when it comes back, it could be too late: the object may
 * have grown again, and show what was cut off.
 */
static int hold_last_page(struct object *object, uint64_t size, struct frame **last)
{
	uint32_t index = (uint32_t)(size >> PAGE_SHIFT);

	*last = NULL;
	if (!(size & PAGE_MASK))
		return 0;
	if ((uintptr_t)radix_lookup(&object->pages, index) & OBJECT_ENTRY_SWAP) {
		do
			*last = object_get_page(object, index);
		while (PTR_ERR(*last) == -ENOMEM && oom_make_room(true));
		if (IS_ERR(*last))
			return PTR_ERR(*last);
	} else {
		*last = object_find_page(object, index);
	}
	if (*last)
		ledger_hold(*last);
	return 0;
}

/*
 * The tail of the page in which the object now ends becomes zeros, here and, as it is dirty then, on
 * disk. What is being written of it may be going to blocks that are no longer to be its own. held:
 * the page, from hold_last_page; NULL: it may have come since.
 */
static void cut_last_page(struct object *object, struct frame *held)
{
	uint32_t index = (uint32_t)(object->size >> PAGE_SHIFT);
	unsigned kept = (unsigned)object->size & PAGE_MASK;
	struct frame *frame = held;

	assert(!held || (kept && held->holds > 0));
	if (!frame && kept)
		frame = object_find_page(object, index);
	if (!frame)
		return;
	if (!held)
		ledger_hold(frame);
	if (object_has_blocks(object))
		frame_wait(frame, FRAME_FLAG_WRITEBACK);
	object_zero_beyond(frame, index, object->size);
	frame->flags &= ~FRAME_FLAG_BLOCKS;
	if (object_has_blocks(object) && object_is_page(object, index, frame))
		object_mark_dirty_range(frame, kept, PAGE_SIZE);
	ledger_release(frame);
	frame_put(frame);
}

void object_grows(struct object *object)
{
	uint32_t index = (uint32_t)(object->size >> PAGE_SHIFT);
	struct frame *frame;

	object->nresized++;
	/* Through a mapping alone something can have come to lie beyond the end. */
	if (!object_has_blocks(object) || list_empty(&object->mappings) ||
	    !(object->size & PAGE_MASK))
		return;
	frame = object_find_page(object, index);
	if (!frame)
		return;
	object_zero_beyond(frame, index, object->size);
	/* A program's next write to it has to ask for the blocks that it may have now. */
	if (!(frame->flags & FRAME_FLAG_BLOCKS))
		rmap_clean(frame);
	frame_put(frame);
}

static int shrink(struct object *object, uint64_t size)
{
	uint64_t first = (size + PAGE_MASK) >> PAGE_SHIFT;
	struct frame *last;
	int error = hold_last_page(object, size, &last);

	assert(size < object->size && first <= UINT32_MAX);
	if (error)
		return error;
	object->nresized++;
	object->size = size;
	object_remove_pages(object, (uint32_t)first, UINT32_MAX);
	cut_last_page(object, last);
	return 0;
}

int object_truncate(struct object *object, uint64_t size)
{
	if (size < object->size)
		return shrink(object, size);
	if (size > object->size)
		object_grows(object);
	object->size = size;
	return 0;
}

/* ---- when it is worth nothing ---- */

/* Would it come back as it is, and does nobody but the cache have it? */
static bool droppable(const struct frame *frame)
{
	const unsigned needed = FRAME_FLAG_DIRTY | FRAME_FLAG_BUSY | FRAME_FLAG_WRITEBACK;

	return frame->kind == FRAME_CACHE && frame->object && frame->refs == 1 &&
	       !(frame->flags & needed) && object_has_store(frame->object);
}

bool object_drop_page(struct frame *frame)
{
	if (!droppable(frame))
		return false;
	object_remove_page(frame->object, frame->index, frame);
	return true;
}

uint32_t object_drop_pages(struct object *object, uint32_t first, uint32_t last)
{
	uint32_t index = first, ndropped = 0;
	void *entry;

	assert(first <= last);
	while ((entry = radix_next(&object->pages, &index)) && index <= last) {
		struct frame *frame = object_entry_frame(entry);

		if (frame)
			ndropped += object_drop_page(frame);
		if (index++ == UINT32_MAX)
			break;
	}
	return ndropped;
}

void object_invalidate_pages(struct object *object, uint32_t first, uint32_t last)
{
	uint32_t index = first;
	void *entry;

	while ((entry = radix_next(&object->pages, &index)) && index <= last) {
		const struct frame *frame = object_entry_frame(entry);

		if (frame && !(frame->flags & FRAME_FLAG_DIRTY))
			object_punch_pages(object, index, index);
		if (index++ == UINT32_MAX)
			break;
	}
}
