/*
 * The swap cache: which frame has the content of a slot (include/swap.h).
 *
 * It is kept with the slots (mm/swap_map.c), so that to enter a frame needs no memory once it has a
 * slot. The cache's hold on both is one reference each: to the frame, and to the slot.
 *
 * A frame leaves the cache
 *   - with swap_take, when the only one who maps it wants to write: its slot's content is old then;
 *   - with swap_drop, or at the end of its write, when nobody maps it and the slot has its content;
 *   - when nobody can ask for it any more: no entry names the slot, and the cache alone has the
 *     frame. Who lets go last notices: swap_free for entries, swap_put for mappings and others, and the
 *     end of I/O, during which a frame stays where it is.
 *
 * Frames read ahead are in no other way special: they wait in the cache, mapped by nobody.
 */
#include <frame.h>

#include "swap_internal.h"

#define UNDER_IO (FRAME_FLAG_BUSY | FRAME_FLAG_WRITEBACK)

uint32_t swap_cached_npages;

/* ---- slots, as their users see them ---- */

void swap_duplicate(swap_t swap)
{
	struct swap_slot *slot = swap_slot_of(swap);

	assert(slot && slot->references > 0);
	slot->references++;
}

void swap_free(swap_t swap)
{
	struct swap_slot *slot = swap_slot_of(swap);
	struct frame *frame;

	assert(slot && slot->references > (slot->frame ? 1u : 0u));
	frame = slot->frame;
	swap_slot_put(swap);
	if (frame)
		swap_cache_settle(frame, false);
}

uint32_t swap_references(swap_t swap)
{
	const struct swap_slot *slot = swap_slot_of(swap);

	return slot ? slot->references : 0;
}

uint32_t swap_entries(swap_t swap)
{
	const struct swap_slot *slot = swap_slot_of(swap);

	return slot ? slot->references - (slot->frame ? 1 : 0) : 0;
}

bool swap_is_cached(swap_t swap)
{
	const struct swap_slot *slot = swap_slot_of(swap);

	return slot && slot->frame;
}

/* ---- entering and leaving ---- */

void swap_cache_enter(struct frame *frame, swap_t swap)
{
	struct swap_slot *slot = swap_slot_of(swap);

	assert(frame->kind == FRAME_ANON && !frame->slot && slot && !slot->frame);
	assert(slot->references > 0 && frame->refs > 0);
	slot->frame = frame;
	frame->slot = swap;
	swap_cached_npages++;
}

void swap_cache_leave(struct frame *frame)
{
	struct swap_slot *slot = swap_slot_of(frame->slot);
	const swap_t swap = frame->slot;

	assert(slot && slot->frame == frame && !(frame->flags & UNDER_IO));
	assert(swap_cached_npages > 0);
	slot->frame = NULL;
	frame->slot = 0;
	frame->flags &= ~FRAME_FLAG_DIRTY;
	swap_cached_npages--;
	swap_slot_put(swap);
}

void swap_cache_settle(struct frame *frame, bool written)
{
	const struct swap_slot *slot = swap_slot_of(frame->slot);

	assert(slot && slot->frame == frame && frame->refs > 0);
	if (frame->refs > 1 || frame->flags & UNDER_IO)
		return;
	if (slot->references > 1 && (!written || frame->flags & FRAME_FLAG_DIRTY))
		return;
	swap_cache_leave(frame);
	frame_put(frame);
}

int swap_add(struct frame *frame)
{
	swap_t swap;
	int error;

	assert(frame->kind == FRAME_ANON && !frame->slot && !(frame->flags & UNDER_IO));
	error = swap_slot_alloc(&swap);
	if (error)
		return error;
	frame_get(frame);
	frame->flags = (frame->flags & ~FRAME_FLAG_ERROR) | FRAME_FLAG_DIRTY;
	swap_cache_enter(frame, swap);
	return 0;
}

struct frame *swap_find(swap_t swap)
{
	const struct swap_slot *slot = swap_slot_of(swap);

	if (!slot || !slot->frame)
		return NULL;
	frame_get(slot->frame);
	return slot->frame;
}

bool swap_take(struct frame *frame)
{
	assert(frame->slot && frame->refs > 1);
	if (frame->flags & UNDER_IO || swap_references(frame->slot) > 1)
		return false;
	swap_cache_leave(frame);
	frame_put(frame);
	return true;
}

bool swap_drop(struct frame *frame)
{
	assert(frame->slot && frame->refs > 1);
	if (frame->refs > 2 || frame->flags & (UNDER_IO | FRAME_FLAG_DIRTY))
		return false;
	swap_cache_leave(frame);
	frame_put(frame);
	return true;
}

void swap_put(struct frame *frame)
{
	const bool cached = frame->slot != 0;

	frame_put(frame);
	if (cached)
		swap_cache_settle(frame, false);
}
