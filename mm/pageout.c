/*
 * Pages that a program says it does not need soon: MADV_COLD and MADV_PAGEOUT.
 *
 * Cold pages lose their accessed bits, so that reclaim takes them before others. Pages to go out go
 * at once: private memory to its slot in swap, pages of files out of the cache when they are as on
 * disk. As on Linux only pages that nobody else maps are touched: what another program uses is not
 * this one's to judge.
 *
 * One page at a time is looked up, since to write may sleep. That happens under mm->lock: the region
 * stays, and whatever its entries have become is looked at anew.
 */
#include <mm.h>

#include <assert.h>
#include <ledger.h>
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

/* Writes the page to its slot, or drops it if it is there already; its mapping has gone. */
static void send_off(struct frame *frame)
{
	if (frame->flags & (FRAME_FLAG_BUSY | FRAME_FLAG_WRITEBACK))
		return;
	if (frame->flags & FRAME_FLAG_DIRTY)
		/* If it cannot be written it stays in memory, and the program's. */
		(void)swap_write(frame);
	else
		swap_drop(frame);
}

/* False: swap is full, or memory is: nothing more is to be had by going on. */
static bool page_out_private(struct vma *vma, vaddr_t at, struct frame *frame)
{
	if (!frame->slot && swap_add(frame))
		return false;
	frame_get(frame);
	pagedir_set_swap(&vma->mm->pagedir, at);
	ledger_hold(frame);
	send_off(frame);
	ledger_release(frame);
	swap_put(frame);
	return true;
}

void mm_page_out(struct vma *vma, vaddr_t start, vaddr_t end)
{
	struct next_page next;

	assert(mutex_is_mine(&vma->mm->lock) && vma->start <= start && end <= vma->end);
	for (; find_next(vma, start, end, &next); start = next.at + PAGE_SIZE) {
		if (next.page.frame->kind == FRAME_ANON &&
		    !page_out_private(vma, next.at, next.page.frame))
			break;
		/* It may have slept; the region is still there. */
		if (sched_give_way())
			break;
	}
	swap_submit();
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
