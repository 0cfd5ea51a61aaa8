/*
 * Reverse mapping: from a frame to its page-table entries (rmap.h).
 *
 * One list of regions leads to them: the object's, or the family's. In each region the page can be at
 * one place only, and that is looked up. This costs a look for each region of the list, however few
 * have the page: lists are as long as a file has mappings, or a program relatives, and who asks is
 * about to save a disk access.
 *
 * A page table that several directories share since a fork is met once for each region that leads to
 * it. It has one entry and holds one reference; so the first meeting does what is to be done, and for
 * an entry that is taken out the other directories are found by looking at the same place in each
 * address space (mm/pagedir_share.c says why that finds them all).
 */
#include <rmap.h>

#include <abi/errno.h>
#include <assert.h>
#include <vma.h>

/* ---- where a frame is mapped ---- */

struct place {
	struct vma *vma;
	vaddr_t at;
	struct page_mapping page;
};

/* visit's answer false ends the walk. */
typedef bool visit_fn(void *context, const struct place *place);

/* Has the region the frame where it would have it? */
static bool find_in(struct vma *vma, const struct frame *frame, struct place *place)
{
	uint32_t offset = frame->index - vma->page_offset;

	if (offset >= vma_npages(vma))
		return false;
	place->vma = vma;
	place->at = vma->start + (offset << PAGE_SHIFT);
	return pagedir_lookup(&vma->mm->pagedir, place->at, &place->page) &&
	       place->page.frame == frame;
}

static void walk_object(struct frame *frame, visit_fn *visit, void *context)
{
	struct place place;
	struct vma *vma;

	list_for_each(vma, &frame->object->mappings, object_link)
		if (find_in(vma, frame, &place) && !visit(context, &place))
			return;
}

static void walk_family(struct frame *frame, visit_fn *visit, void *context)
{
	struct place place;
	struct vma *vma;

	assert(frame->family);
	list_for_each(vma, &frame->family->regions, family_link)
		if (find_in(vma, frame, &place) && !visit(context, &place))
			return;
}

/* Visits each place where the frame is mapped, in regions of its own object or family. */
static void walk(struct frame *frame, visit_fn *visit, void *context)
{
	assert(frame->kind == FRAME_ANON || frame->kind == FRAME_CACHE);
	/* Nobody maps it: then its family may have ended. */
	if (frame_mappings(frame) == 0)
		return;
	if (frame->kind == FRAME_ANON)
		walk_family(frame, visit, context);
	else if (frame->object)
		walk_object(frame, visit, context);
}

/* ---- used? ---- */

static bool test_accessed(void *context, const struct place *place)
{
	bool *accessed = context;

	*accessed |= pagedir_test_accessed(&place->vma->mm->pagedir, place->at);
	return true;
}

bool rmap_accessed(struct frame *frame)
{
	bool accessed = frame->flags & FRAME_FLAG_REFERENCED;

	frame->flags &= ~FRAME_FLAG_REFERENCED;
	walk(frame, test_accessed, &accessed);
	return accessed;
}

/* ---- written? ---- */

static bool clean_one(void *context, const struct place *place)
{
	bool *written = context;

	if (place->vma->flags & VMA_SHARED)
		*written |= pagedir_clean(&place->vma->mm->pagedir, place->at);
	return true;
}

bool rmap_clean(struct frame *frame)
{
	bool written = false;

	assert(frame->kind == FRAME_CACHE);
	walk(frame, clean_one, &written);
	return written;
}

/* ---- locked? ---- */

struct lock_search {
	/* What is mapped here does not count. */
	const struct mm *mm;
	vaddr_t start, end;
	bool found;
};

static bool find_locked(void *context, const struct place *place)
{
	struct lock_search *search = context;
	bool inside = place->vma->mm == search->mm && place->at >= search->start &&
		      place->at < search->end;

	search->found = (place->vma->flags & VMA_LOCKED) && !inside;
	return !search->found;
}

bool rmap_locked_outside(struct frame *frame, const struct mm *mm, vaddr_t start, vaddr_t end)
{
	struct lock_search search = { mm, start, end, false };

	walk(frame, find_locked, &search);
	return search.found;
}

bool rmap_locked(struct frame *frame)
{
	return rmap_locked_outside(frame, NULL, 0, 0);
}

/* ---- out of all page tables ---- */

/* The other directories that have the page table learn of what has become of its entry. */
static void tell_sharers(const struct place *place)
{
	struct page_mapping page;
	struct mm *mm;

	list_for_each(mm, &mm_all, all_link)
		if (mm != place->vma->mm && pagedir_lookup(&mm->pagedir, place->at, &page) &&
		    page.table == place->page.table)
			pagedir_note_swapped(&mm->pagedir, place->at);
}

static bool swap_out_one(void *context, const struct place *place)
{
	const struct frame *frame = context;

	assert(frame->slot && frame->holds > 0);
	pagedir_set_swap(&place->vma->mm->pagedir, place->at);
	if (place->page.table->refs > 1)
		tell_sharers(place);
	return frame_mappings(frame) > 0;
}

static bool unmap_one(void *context, const struct place *place)
{
	const struct frame *frame = context;

	assert(frame->kind == FRAME_CACHE && frame->holds > 0);
	pagedir_unmap(&place->vma->mm->pagedir, place->at, place->at + PAGE_SIZE);
	return frame_mappings(frame) > 0;
}

int rmap_unmap(struct frame *frame, uint32_t slot)
{
	bool anonymous = frame->kind == FRAME_ANON;

	assert(frame->slot == slot && anonymous == (slot != 0));
	if (rmap_locked(frame))
		return -EBUSY;
	/* The last mapping may hold the last reference, and a page is asked about after it has gone. */
	frame_get(frame);
	frame->holds++;
	walk(frame, anonymous ? swap_out_one : unmap_one, frame);
	frame->holds--;
	assert(frame->refs > 1);
	frame->refs--;
	return frame_mappings(frame) ? -EBUSY : 0;
}
