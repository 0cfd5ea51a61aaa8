/*
 * mlock and its family, and filling a range with pages ahead of need.
 *
 * Locking marks regions (VMA_LOCKED) under the lock and then, without it, faults every page in,
 * unless their pages are to come on fault. The marks stay where filling fails, as on Linux. Pages that
 * are there already come to the unevictable list with the mark, others with their fault (unevictable.h).
 */
#include <mm.h>

#include <abi/mman.h>
#include <err.h>
#include <task.h>
#include <unevictable.h>
#include <vma.h>

/* ---- filling ---- */

static int populate_page(struct mm *mm, vaddr_t page, bool write)
{
	struct page_mapping found;

	if (pagedir_lookup(&mm->pagedir, page, &found) && !found.swap &&
	    (!write || (found.rights & MAP_WRITE)))
		return 0;
	switch (mm_fault_making_room(mm, page, write ? FAULT_WRITE : 0)) {
	case FAULT_NO_REGION:
	case FAULT_NO_MEMORY:
		return -ENOMEM;
	case FAULT_NO_RIGHT:
	case FAULT_BEYOND_END:
	case FAULT_IO_ERROR:
		return -EFAULT;
	default:
		return 0;
	}
}

int mm_populate(struct mm *mm, vaddr_t start, vaddr_t end)
{
	int error = 0;

	for (vaddr_t page = start; page < end && !error; page += PAGE_SIZE) {
		struct vma *vma;

		if (sched_give_way())
			return -EINTR;
		/* It may have slept, or the fault before: the region is looked up for every page. */
		vma = mm_find(mm, page);
		if (!vma)
			return -ENOMEM;
		if (vma->flags & VMA_LOCK_ON_FAULT) {
			page = vma->end - PAGE_SIZE;
			continue;
		}
		if (!(vma->flags & VMA_RIGHTS))
			return -EFAULT;
		error = populate_page(mm, page,
				      (vma->flags & (VMA_WRITE | VMA_SHARED)) == VMA_WRITE);
	}
	return error;
}

/* ---- marking ---- */

/* Sets VMA_LOCKED_ALL's flags in [start, end): -ENOMEM at a hole, after what lies before it. */
static int mark_locked(struct mm *mm, vaddr_t start, vaddr_t end, uint32_t locked)
{
	struct vma *vma = mm_find(mm, start);
	int error = 0;

	while (start < end && !error) {
		vaddr_t stop;
		uint32_t flags;

		if (!vma || vma->start > start)
			return -ENOMEM;
		stop = MIN(vma->end, end);
		flags = (vma->flags & ~VMA_LOCKED_ALL) | locked;
		error = mm_change_flags(mm, &vma, start, stop, flags);
		start = stop;
		if (vma->end <= start)
			vma = vma_next(vma);
	}
	return error;
}

/* Pages of [start, end) that are locked already and so count only once. */
static uint32_t count_locked(struct mm *mm, vaddr_t start, vaddr_t end)
{
	struct vma *vma = mm_find_at_or_above(mm, start);
	uint32_t npages = 0;

	for (; vma && vma->start < end; vma = vma_next(vma))
		if (vma->flags & VMA_LOCKED)
			npages += (MIN(vma->end, end) - MAX(vma->start, start)) >> PAGE_SHIFT;
	return npages;
}

static bool may_lock(void)
{
	return current_is_root() || mm_limit(RLIMIT_MEMLOCK) != 0;
}

static int lock_range(struct mm *mm, vaddr_t start, vaddr_t end, uint32_t locked)
{
	uint32_t more = (end - start) >> PAGE_SHIFT;
	int error;

	mutex_lock(&mm->lock);
	if (mm_over_lock_limit(mm, more - count_locked(mm, start, end)))
		error = -ENOMEM;
	else
		error = mark_locked(mm, start, end, locked);
	/* On an error, too: what lies before it is marked. */
	unevictable_enter(mm, start, end);
	mutex_unlock(&mm->lock);
	if (error)
		return error;
	error = mm_populate(mm, start, end);
	/*
	 * What POSIX wants said: -EAGAIN for lack of frames, -ENOMEM for pages that cannot be had.
	 */
	if (error == -EFAULT)
		return -ENOMEM;
	return error == -ENOMEM ? -EAGAIN : error;
}

/* Whole pages around [start, start + size); -EINVAL when that wraps. */
static int page_range(vaddr_t *start, size_t size, vaddr_t *end)
{
	size_t whole = ROUND_UP(size + (*start & PAGE_MASK), PAGE_SIZE);

	*start = ROUND_DOWN(*start, PAGE_SIZE);
	*end = *start + whole;
	return *end < *start ? -EINVAL : 0;
}

/* ---- doorways ---- */

int32_t sys_mlock2(vaddr_t start, size_t size, int flags)
{
	vaddr_t end;
	int error;

	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	if (!may_lock())
		return -EPERM;
	error = page_range(&start, size, &end);
	if (error || start == end)
		return error;
	return lock_range(current->process->mm, start, end,
			  flags & MLOCK_ONFAULT ? VMA_LOCKED_ALL : VMA_LOCKED);
}

int32_t sys_mlock(vaddr_t start, size_t size)
{
	return sys_mlock2(start, size, 0);
}

int32_t sys_munlock(vaddr_t start, size_t size)
{
	struct mm *mm = current->process->mm;
	vaddr_t end;
	int error = page_range(&start, size, &end);

	if (error || start == end)
		return error;
	mutex_lock(&mm->lock);
	unevictable_leave(mm, start, end);
	error = mark_locked(mm, start, end, 0);
	/* What lies behind the error is locked still. */
	if (error)
		unevictable_enter(mm, start, end);
	mutex_unlock(&mm->lock);
	return error;
}

/* Gives every region there is these flags of VMA_LOCKED_ALL. */
static void mark_all(struct mm *mm, uint32_t locked)
{
	struct vma *vma = mm_first(mm);

	while (vma) {
		vma_set_flags(mm, vma, (vma->flags & ~VMA_LOCKED_ALL) | locked);
		vma = vma_next(vma_merge(mm, vma));
	}
}

int32_t sys_mlockall(int flags)
{
	struct mm *mm = current->process->mm;
	uint32_t locked = flags & MCL_ONFAULT ? VMA_LOCKED_ALL : VMA_LOCKED;

	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (!may_lock())
		return -EPERM;
	mutex_lock(&mm->lock);
	if ((flags & MCL_CURRENT) && mm_over_lock_limit(mm, mm->npages - mm->locked_npages)) {
		mutex_unlock(&mm->lock);
		return -ENOMEM;
	}
	mm->default_flags = flags & MCL_FUTURE ? locked : 0;
	if (flags & MCL_CURRENT) {
		mark_all(mm, locked);
		unevictable_enter(mm, 0, USER_TOP);
	}
	mutex_unlock(&mm->lock);
	if (!(flags & MCL_CURRENT))
		return 0;
	for (struct vma *vma = mm_first(mm); vma;) {
		vaddr_t end = vma->end;

		mm_populate(mm, vma->start, end);
		/* It may have slept. */
		vma = mm_find_at_or_above(mm, end);
	}
	return 0;
}

int32_t sys_munlockall(void)
{
	struct mm *mm = current->process->mm;

	mutex_lock(&mm->lock);
	mm->default_flags = 0;
	unevictable_leave(mm, 0, USER_TOP);
	mark_all(mm, 0);
	mutex_unlock(&mm->lock);
	return 0;
}
