/*
 * Areas of swap: which there are, whose turn it is, and where their slots lie.
 *
 * Areas are tried by priority; those of one priority take turns, a cluster of slots each, so that
 * pages are spread over the disks and yet written in runs. The number of an area is in the name of
 * its slots.
 *
 * A partition is one extent: slot n is page n of the device. A file's blocks may lie anywhere on its
 * device, so it is a list of extents, looked up when the area begins; nobody moves or frees them while
 * it is in use. Slot 0 is mkswap's header; it is bad from the start, as are pages of a file whose
 * blocks do not lie together.
 *
 * swap_total_npages and swap_free_npages count areas that slots are given out of: an area that
 * swapoff empties is out of both (as on Linux).
 */
#include <abi/errno.h>
#include <block.h>
#include <frame.h>
#include <kheap.h>
#include <string.h>

#include "swap_internal.h"

uint32_t swap_total_npages, swap_free_npages;

static struct swap_area *areas[SWAP_AREAS];
static struct list by_priority = LIST_INIT(by_priority); /* highest first */
static int lowest_priority = -1;			 /* of those that were not asked for */

/* ---- finding ---- */

struct swap_area *swap_area_of(swap_t swap)
{
	uint32_t number = swap >> SWAP_SLOT_BITS;

	return number < SWAP_AREAS ? areas[number] : NULL;
}

struct swap_slot *swap_slot_of(swap_t swap)
{
	const struct swap_area *area = swap_area_of(swap);

	return area ? swap_map_find(&area->map, swap_slot_number(swap)) : NULL;
}

struct swap_area *swap_area_numbered(unsigned number)
{
	return number < SWAP_AREAS ? areas[number] : NULL;
}

int swap_area_find(const struct object *object)
{
	for (unsigned i = 0; i < SWAP_AREAS; i++)
		if (areas[i] && areas[i]->object == object)
			return (int)i;
	return -1;
}

bool swap_area_info(unsigned number, struct swap_area_info *info)
{
	const struct swap_area *area = swap_area_numbered(number);

	/* Only one that has begun is in the list. */
	if (!area || list_empty(&area->link))
		return false;
	*info = (struct swap_area_info){ .object = area->object,
					 .owner = area->owner,
					 .is_file = area->is_file,
					 .npages = area->npages,
					 .used_npages = area->npages - area->map.nfree,
					 .priority = area->priority };
	return true;
}

static bool extent_has(const struct swap_extent *extent, uint32_t slot)
{
	return slot - extent->first < extent->npages;
}

uint64_t swap_sector(struct swap_area *area, uint32_t slot)
{
	uint32_t low = 0, high = area->nextents;

	if (!extent_has(&area->extents[area->last_extent], slot)) {
		/* The last one that begins at or below it. */
		while (high - low > 1) {
			uint32_t middle = low + (high - low) / 2;

			if (area->extents[middle].first <= slot)
				low = middle;
			else
				high = middle;
		}
		area->last_extent = low;
	}
	assert(extent_has(&area->extents[area->last_extent], slot));
	return area->extents[area->last_extent].sector +
	       (uint64_t)(slot - area->extents[area->last_extent].first) * SECTORS_PER_PAGE;
}

/* ---- slots ---- */

/* Another area of this priority is next. */
static void rotate(struct swap_area *area)
{
	struct swap_area *after = area;

	while (after->link.next != &by_priority &&
	       list_entry(after->link.next, struct swap_area, link)->priority == area->priority)
		after = list_entry(after->link.next, struct swap_area, link);
	if (after == area)
		return;
	list_remove(&area->link);
	list_add(&after->link, &area->link);
}

int swap_slot_alloc(swap_t *swap)
{
	struct swap_area *area;

	if (swap_free_npages == 0)
		return -ENOSPC;
	list_for_each(area, &by_priority, link) {
		uint32_t slot;

		if (!area->writable || !swap_map_alloc(&area->map, &slot))
			continue;
		swap_free_npages--;
		*swap = swap_make(area, slot);
		if ((slot + 1) % CLUSTER_SLOTS == 0)
			rotate(area);
		return 0;
	}
	return -ENOMEM;
}

void swap_slot_put(swap_t swap)
{
	struct swap_area *area = swap_area_of(swap);
	const struct swap_slot *slot = swap_slot_of(swap);
	const bool gone = slot && slot->bad && slot->references == 1;
	uint32_t nfree;

	assert(area && slot);
	nfree = area->map.nfree;
	swap_map_put(&area->map, swap_slot_number(swap));
	/* A slot that has become bad is no part of the area any more. */
	area->npages -= gone;
	if (!area->writable)
		return;
	swap_total_npages -= gone;
	swap_free_npages += area->map.nfree - nfree;
}

void swap_slot_set_bad(swap_t swap)
{
	struct swap_slot *slot = swap_slot_of(swap);

	assert(slot && slot->references > 0);
	slot->bad = true;
}

/* ---- the ledger ---- */

bool swap_recount(swap_t swap, bool back)
{
	struct swap_area *area = swap_area_of(swap);
	struct swap_slot *slots;

	if (!area || swap_slot_number(swap) >= area->map.nslots)
		return false;
	slots = area->map.clusters[swap_slot_number(swap) >> CLUSTER_BITS].slots;
	if (!slots)
		return false;
	slots[swap_slot_number(swap) & (CLUSTER_SLOTS - 1)].references += back ? 1 : -1u;
	return true;
}

static const char *fault_of(const struct swap_slot *slot, swap_t swap)
{
	const struct frame *frame = slot->frame;

	if (slot->references != (frame ? 1u : 0u))
		return slot->references > INT32_MAX >> 1 ? "more entries hold it than it counts"
							 : "counts more than entries hold it";
	if (frame && (frame->slot != swap || frame->kind != FRAME_ANON))
		return "the frame in the swap cache is not its own";
	return NULL;
}

static void audit_area(struct swap_area *area, void (*complain)(swap_t swap, const char *text))
{
	for (uint32_t i = 0; i < area->map.nslots; i++) {
		const struct swap_slot *slots = area->map.clusters[i >> CLUSTER_BITS].slots;
		const char *fault = slots ? fault_of(&slots[i & (CLUSTER_SLOTS - 1)],
						     swap_make(area, i))
					  : NULL;

		if (fault)
			complain(swap_make(area, i), fault);
	}
}

void swap_audit(void (*complain)(swap_t swap, const char *text))
{
	uint32_t nfree = 0, total = 0;

	for (unsigned i = 0; i < SWAP_AREAS; i++) {
		if (!areas[i])
			continue;
		audit_area(areas[i], complain);
		if (!areas[i]->writable)
			continue;
		nfree += areas[i]->map.nfree;
		total += areas[i]->npages;
	}
	if (nfree != swap_free_npages || total != swap_total_npages)
		complain(0, "the areas' slots do not add up to what is counted");
}

/* ---- beginning and ending ---- */

/* Links an area in order of priority, behind its equals. */
static void link_area(struct swap_area *area)
{
	struct swap_area *before;

	list_for_each(before, &by_priority, link)
		if (before->priority < area->priority)
			break;
	list_add_tail(&before->link, &area->link);
}

void swap_area_open(struct swap_area *area)
{
	assert(!area->writable);
	area->writable = true;
	swap_total_npages += area->npages;
	swap_free_npages += area->map.nfree;
}

void swap_area_close(struct swap_area *area)
{
	assert(area->writable && swap_total_npages >= area->npages);
	assert(swap_free_npages >= area->map.nfree);
	area->writable = false;
	swap_total_npages -= area->npages;
	swap_free_npages -= area->map.nfree;
}

int swap_area_reserve(struct swap_area *area)
{
	for (unsigned i = 0; i < SWAP_AREAS; i++) {
		if (areas[i])
			continue;
		areas[i] = area;
		area->number = i;
		list_init(&area->link);
		return 0;
	}
	return -EPERM;
}

void swap_area_start(struct swap_area *area, int priority)
{
	area->priority = priority >= 0 ? priority : --lowest_priority;
	link_area(area);
	swap_area_open(area);
}

/* Those that were not asked for a priority keep theirs without gaps, as on Linux. */
static void forget_priority(const struct swap_area *gone)
{
	struct swap_area *area;

	if (gone->priority >= 0)
		return;
	list_for_each(area, &by_priority, link)
		if (area->priority < gone->priority)
			area->priority++;
	lowest_priority++;
}

void swap_area_free(struct swap_area *area)
{
	assert(areas[area->number] == area && !area->writable);
	if (!list_empty(&area->link)) {
		list_remove(&area->link);
		forget_priority(area);
	}
	areas[area->number] = NULL;
	if (area->map.clusters)
		swap_map_destroy(&area->map);
	kfree(area->extents);
	kfree(area);
}
