/*
 * Pages that are locked in memory come to the unevictable list and leave it (unevictable.h).
 *
 * Who else locks a page is asked of the reverse mapping, region by region, only where a locked region is
 * made, filled or ended. The list says nothing of how often a page is locked; so nothing is to be
 * counted when regions are split, merged, moved or copied: locks go with the region, and a fork's child
 * has none.
 */
#include <unevictable.h>

#include <assert.h>
#include <mm.h>
#include <policy.h>
#include <rmap.h>
#include <vma.h>

static inline bool is_there(const struct frame *frame)
{
	return frame->flags & FRAME_FLAG_UNEVICTABLE;
}

struct range {
	struct mm *mm;
	vaddr_t start, end;
};

typedef bool visit_fn(void *context, vaddr_t at, const struct page_mapping *page);

/* The pages of locked regions in a range, each by visit. */
static void walk_locked(struct range *range, visit_fn *visit)
{
	struct mm *mm = range->mm;
	struct vma *vma = mm_find_at_or_above(mm, range->start);

	assert(range->start <= range->end);
	for (; vma && vma->start < range->end; vma = vma_next(vma))
		if (vma->flags & VMA_LOCKED)
			pagedir_walk(&mm->pagedir, MAX(vma->start, range->start),
				     MIN(vma->end, range->end), visit, range);
}

static bool enter_page(void *context, vaddr_t at, const struct page_mapping *page)
{
	struct frame *frame = page->frame;

	(void)context;
	(void)at;
	if (!frame || (frame->kind != FRAME_ANON && frame->kind != FRAME_CACHE))
		return true;
	if (!is_there(frame) && rmap_locked(frame))
		policy_cull(frame);
	return true;
}

void unevictable_enter(struct mm *mm, vaddr_t start, vaddr_t end)
{
	struct range range = { mm, start, end };

	walk_locked(&range, enter_page);
}

/* The range may have the page twice, in two regions: both are left at once. */
static bool leave_page(void *context, vaddr_t at, const struct page_mapping *page)
{
	const struct range *range = context;

	(void)at;
	if (page->frame && is_there(page->frame) &&
	    !rmap_locked_outside(page->frame, range->mm, range->start, range->end))
		policy_rescue(page->frame);
	return true;
}

void unevictable_leave(struct mm *mm, vaddr_t start, vaddr_t end)
{
	struct range range = { mm, start, end };

	walk_locked(&range, leave_page);
}

void unevictable_leave_page(struct frame *frame, struct mm *mm, vaddr_t at)
{
	assert(is_there(frame) && !(at & PAGE_MASK));
	if (!rmap_locked_outside(frame, mm, at, at + PAGE_SIZE))
		policy_rescue(frame);
}

void unevictable_audit(void (*complain)(const char *text, pfn_t pfn))
{
	struct frame *frame;
	uint32_t count = 0;

	list_for_each(frame, &policy_unevictable, link) {
		count++;
		if (!is_there(frame) || !(frame->flags & FRAME_FLAG_LISTED))
			complain("unevictable, and does not know it", frame_pfn(frame));
		if (!rmap_locked(frame))
			complain("unevictable, and nothing locks it", frame_pfn(frame));
	}
	if (count != policy_unevictable_npages)
		complain("so many are unevictable, another number is counted", count);
}
