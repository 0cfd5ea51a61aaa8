/*
 * A page of private memory that comes back from swap: for the fault handler, and for swapoff.
 *
 * Whoever asks holds mm->lock, over the read too: the region is the same afterwards. Its entries need not
 * be, as reclaim takes pages without the lock; so the entry is looked at again, and only if it
 * still names the slot does the page take its place.
 */
#include <mm.h>

#include <assert.h>
#include <err.h>
#include <rmap.h>
#include <unevictable.h>
#include <vma.h>

/* Is a slot worth more than the write that it may save? When half of them are taken, as on Linux. */
static bool slots_are_scarce(const struct vma *vma)
{
	return vma->flags & VMA_LOCKED || swap_free_npages < swap_total_npages / 2;
}

/*
 * Maps a frame in place of the swap entry for the slot that it has; its reference is given away. Not
 * writable: as long as the frame is in the swap cache its slot is as good, and nobody may tell whether
 * others have it too.
 */
static int map_swapped(struct vma *vma, vaddr_t page, struct frame *frame)
{
	struct pagedir *pagedir = &vma->mm->pagedir;
	unsigned rights = vma_page_rights(vma);

	if (!anon_family_prepare(vma) || pagedir_own(pagedir, page, page + PAGE_SIZE)) {
		swap_put(frame);
		return -ENOMEM;
	}
	if (frame_mappings(frame) <= 1)
		rmap_enter(frame, vma, page);
	pagedir_set_present(pagedir, page, frame, (rights & ~MAP_WRITE) | MAP_COW);
	if (frame->slot && frame->refs == 2 && slots_are_scarce(vma))
		swap_take(frame);
	return 0;
}

int fault_bring_in(struct vma *vma, vaddr_t page, swap_t swap, bool *major)
{
	struct page_mapping now;
	struct frame *frame = swap_in(swap, major);

	if (IS_ERR(frame))
		return PTR_ERR(frame);
	/* It may have slept: the region is the same, under the lock, but its entry need not be. */
	if (!pagedir_lookup(&vma->mm->pagedir, page, &now) || now.swap != swap) {
		swap_put(frame);
		return -EAGAIN;
	}
	vma->mm->note.frame = frame;
	return map_swapped(vma, page, frame);
}

int mm_swap_in(struct mm *mm, vaddr_t at, swap_t swap)
{
	struct vma *vma = mm_find(mm, at);
	int error;

	assert(mutex_is_mine(&mm->lock) && vma);
	error = fault_bring_in(vma, at, swap, NULL);
	unevictable_enter(mm, at, at + PAGE_SIZE);
	return error == -EAGAIN ? 0 : error;
}
