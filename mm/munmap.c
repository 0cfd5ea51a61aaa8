/*
 * Unmapping: munmap, and what a fixed mapping replaces.
 *
 * All that can fail, a split and the copies of shared page tables, comes before anything changes.
 * Errors and their order are Linux's (mm/mmap.c of 6.1: __do_munmap).
 */
#include <mm.h>

#include <assert.h>
#include <err.h>
#include <task.h>
#include <unevictable.h>
#include <vma.h>

/*
 * Each region that [start, end) touches is one of:
 *
 *   |  region  |        |  region  |       |   region   |        |region|
 *        [start ...     ... end)             [start,end)        [start ... end)
 *   loses its end       loses its start    loses its middle:    goes
 *                                          the one split
 */
static void unmap_piece(struct mm *mm, struct vma *vma, vaddr_t start, vaddr_t end)
{
	if (vma->start < start) {
		vma_set_range(mm, vma, vma->start, start);
	} else if (vma->end > end) {
		vma_set_range(mm, vma, end, vma->end);
	} else {
		vma_remove(mm, vma);
		vma_destroy(vma);
	}
}

int mm_unmap_locked(struct mm *mm, vaddr_t start, vaddr_t end)
{
	struct vma *vma = mm_find_at_or_above(mm, start), *next;

	assert(start < end && !((start | end) & PAGE_MASK));
	if (!vma || vma->start >= end)
		return 0;
	if (pagedir_own_ends(&mm->pagedir, start, end))
		return -ENOMEM;
	if (vma->start < start && vma->end > end) {
		vma = vma_isolate(mm, vma, vma->start, end);
		if (IS_ERR(vma))
			return PTR_ERR(vma);
	}
	if (unlikely(mm->locked_npages))
		unevictable_leave(mm, start, end);
	pagedir_unmap(&mm->pagedir, start, end);
	for (; vma && vma->start < end; vma = next) {
		next = vma_next(vma);
		unmap_piece(mm, vma, start, end);
	}
	return 0;
}

int mm_unmap(struct mm *mm, vaddr_t start, size_t size)
{
	int error;

	if ((start & PAGE_MASK) || start > USER_TOP || size > USER_TOP - start || size == 0)
		return -EINVAL;
	mutex_lock(&mm->lock);
	error = mm_unmap_locked(mm, start, ROUND_UP(start + size, PAGE_SIZE));
	mutex_unlock(&mm->lock);
	return error;
}

int32_t sys_munmap(vaddr_t start, size_t size)
{
	return mm_unmap(current->process->mm, start, size);
}
