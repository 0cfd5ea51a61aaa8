/*
 * The heap that grows and shrinks at its end: brk.
 *
 * Errors and their order are Linux's (mm/mmap.c of 6.1: brk, do_brk_flags).
 */
#include <mm.h>

#include <abi/mman.h>
#include <err.h>
#include <task.h>
#include <vma.h>

static int brk_grow(struct mm *mm, vaddr_t old_end, vaddr_t new_end)
{
	uint32_t flags = VMA_READ | VMA_WRITE | VMA_HEAP | VMA_ACCOUNT | mm->default_flags;
	uint32_t npages = (new_end - old_end) >> PAGE_SHIFT;
	struct vma *wanted;

	/* A page stays free above the heap, and a stack keeps its guard. */
	if (mm_check_lock_limit(mm, flags, npages) || new_end > USER_TOP ||
	    !vma_range_is_free(mm, old_end, new_end + PAGE_SIZE))
		return -ENOMEM;
	if (mm_check_growth(mm, flags, npages, 0))
		return -ENOMEM;
	wanted = vma_make(mm, old_end, new_end, flags);
	if (!wanted)
		return -ENOMEM;
	vma_place(mm, wanted);
	return 0;
}

static bool brk_over_data_limit(const struct mm *mm, vaddr_t brk)
{
	uint32_t limit = mm_limit(RLIMIT_DATA);

	return limit != RLIM_INFINITY &&
	       (uint64_t)(brk - mm->brk_start) + (mm->data_end - mm->data_start) > limit;
}

/* Moves the break if it may be; true when pages came. */
static bool brk_move(struct mm *mm, vaddr_t brk)
{
	vaddr_t old_end = ROUND_UP(mm->brk, PAGE_SIZE), new_end = ROUND_UP(brk, PAGE_SIZE);

	if (brk < mm->brk_start || brk > USER_TOP || brk_over_data_limit(mm, brk))
		return false;
	if (new_end > old_end && brk_grow(mm, old_end, new_end))
		return false;
	if (new_end < old_end && mm_unmap_locked(mm, new_end, old_end))
		return false;
	mm->brk = brk;
	return new_end > old_end;
}

int32_t sys_brk(vaddr_t brk)
{
	struct mm *mm = current->process->mm;
	vaddr_t old_end;
	bool grown, locked;

	mutex_lock(&mm->lock);
	old_end = ROUND_UP(mm->brk, PAGE_SIZE);
	grown = brk_move(mm, brk);
	locked = mm->default_flags & VMA_LOCKED;
	brk = mm->brk;
	mutex_unlock(&mm->lock);
	/* The break has moved even where the new pages cannot be had now. */
	if (grown && locked)
		mm_populate(mm, old_end, ROUND_UP(brk, PAGE_SIZE));
	return brk;
}
