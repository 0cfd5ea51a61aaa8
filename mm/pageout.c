/*
 * Pages that a program says it does not need soon: MADV_COLD and MADV_PAGEOUT.
 *
 * Cold pages lose their accessed bits, so that reclaim takes them before others. Pages to go out are
 * reclaimed at once, as mm/reclaim_page.c would do it by and by: private and shared memory goes to swap,
 * pages of files go if they are as on disk. As on Linux only pages that nobody else maps are touched:
 * what another program uses is not this one's to judge; and pages of a file are dropped for those alone
 * who may write to it, as others could find out by it who reads what.
 *
 * One page at a time is looked up, since to write may sleep. That happens under mm->lock: the region
 * stays, and whatever its entries have become is looked at anew.
 */
#include <mm.h>

#include <assert.h>
#include <policy.h>
#include <reclaim.h>
#include <task.h>
#include <vma.h>

/* ---- the next page of a range ---- */

struct next_page {
	vaddr_t at;
	struct page_mapping page; /* frame NULL: there is none */
};

static bool is_of_memory(void *context, vaddr_t at, const struct page_mapping *page)
{
	struct next_page *next = context;

	if (!page->frame || (page->frame->kind != FRAME_ANON && page->frame->kind != FRAME_CACHE))
		return true;
	/* Mapped by others, or in use by the kernel, which may be about to write to it. */
	if (page_mappings(page) != 1 || page->frame->holds)
		return true;
	*next = (struct next_page){ at, *page };
	return false;
}

/* The first page of [at, end) that this program alone maps; false: none. */
static bool find_next(const struct vma *vma, vaddr_t at, vaddr_t end, struct next_page *next)
{
	next->page.frame = NULL;
	pagedir_walk(&vma->mm->pagedir, at, end, is_of_memory, next);
	return next->page.frame;
}

/* ---- out ---- */

/* Takes the page from its policy, as a victim, and out of memory if that can be. */
static void reclaim(struct frame *frame)
{
	/* It is being written already; or it was, and came back. */
	if (frame->flags & FRAME_FLAG_EVICTED)
		reclaim_collect();
	if (frame->flags & FRAME_FLAG_EVICTED)
		return;
	if (frame->flags & FRAME_FLAG_LISTED)
		policy_leave(frame);
	else
		list_remove(&frame->link);
	reclaim_page(frame, policy_class(frame));
}

static bool may_page_out(const struct vma *vma)
{
	return !vma->file || vma_file_ops->may_write(vma->file) || current_is_root();
}

void mm_page_out(struct vma *vma, vaddr_t start, vaddr_t end)
{
	struct next_page next;

	assert(mutex_is_mine(&vma->mm->lock) && vma->start <= start && end <= vma->end);
	if (!may_page_out(vma))
		return;
	for (; find_next(vma, start, end, &next); start = next.at + PAGE_SIZE) {
		reclaim(next.page.frame);
		/* It may have slept; the region is still there. */
		if (sched_give_way())
			break;
	}
	reclaim_submit();
}

/* ---- cold ---- */

void mm_make_cold(struct vma *vma, vaddr_t start, vaddr_t end)
{
	struct next_page next;

	for (; find_next(vma, start, end, &next); start = next.at + PAGE_SIZE) {
		pagedir_test_accessed(&vma->mm->pagedir, next.at);
		next.page.frame->flags &= ~FRAME_FLAG_REFERENCED;
	}
}
