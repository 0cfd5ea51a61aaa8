/*
 * madvise: what has an effect a program can see is done; pure hints are accepted; words that Linux
 * does not know are refused.
 *
 * Advice is carried out region by region; a hole is remembered (-ENOMEM) and passed over, an error
 * ends it there.
 */
#include <mm.h>

#include <abi/fcntl.h>
#include <abi/mman.h>
#include <err.h>
#include <readahead.h>
#include <task.h>
#include <unevictable.h>
#include <vma.h>

/* ---- one piece [start, end) of a region ---- */

/* MADV_DONTNEED, MADV_FREE: the next access finds zeros, or the object's page. */
static int drop_pages(struct mm *mm, const struct vma *vma, vaddr_t start, vaddr_t end, int advice)
{
	if ((vma->flags & VMA_LOCKED) && advice != MADV_DONTNEED_LOCKED)
		return -EINVAL;
	if (advice == MADV_FREE && vma->object)
		return -EINVAL;
	if (pagedir_own_ends(&mm->pagedir, start, end))
		return -ENOMEM;
	if (vma->flags & VMA_LOCKED)
		unevictable_leave(mm, start, end);
	pagedir_unmap(&mm->pagedir, start, end);
	return 0;
}

/* MADV_REMOVE: a hole in memory that is nowhere else. */
static int punch_hole(const struct vma *vma, vaddr_t start, vaddr_t end)
{
	if ((vma->flags & VMA_LOCKED) || !vma->object)
		return -EINVAL;
	if ((vma->flags & (VMA_SHARED | VMA_WRITE)) != (VMA_SHARED | VMA_WRITE))
		return -EACCES;
	if (object_has_store(vma->object))
		return -EOPNOTSUPP;
	if (vma->object->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	object_punch_pages(vma->object, vma_index(vma, start), vma_index(vma, end) - 1);
	return 0;
}

/* The slot of swap that the page is in: its own, or that of the object's page; 0: none. */
static swap_t slot_of(const struct vma *vma, vaddr_t at)
{
	struct page_mapping page;
	void *entry;

	if (pagedir_lookup(&vma->mm->pagedir, at, &page))
		return page.swap;
	if (!vma->object || !vma->object->nswapped)
		return 0;
	entry = radix_lookup(&vma->object->pages, vma_index(vma, at));
	return (uintptr_t)entry & OBJECT_ENTRY_SWAP ? swap_from_entry(entry) : 0;
}

/*
 * MADV_WILLNEED: what is in swap, and what is to be read of a file, begins to come in. Nothing of that
 * is waited for. It may sleep all the same, under the lock: the region stays.
 */
static void read_ahead(const struct vma *vma, vaddr_t start, vaddr_t end)
{
	if (vma->object && vma->object->ops->map_blocks)
		readahead_force(vma->object, vma_index(vma, start), (end - start) >> PAGE_SHIFT);
	if (!vma->mm->pagedir.swapped && !(vma->object && vma->object->nswapped))
		return;
	for (; start < end && !sched_give_way(); start += PAGE_SIZE) {
		swap_t swap = slot_of(vma, start);

		if (swap && !swap_read_ahead(swap))
			break;
	}
}

/* MADV_COLD, MADV_PAGEOUT: pages that are not needed soon. */
static int give_away(struct vma *vma, vaddr_t start, vaddr_t end, int advice)
{
	if (vma->flags & VMA_LOCKED)
		return -EINVAL;
	if (advice == MADV_PAGEOUT)
		mm_page_out(vma, start, end);
	else
		mm_make_cold(vma, start, end);
	return 0;
}

static int set_advice_flag(struct mm *mm, struct vma **vma, vaddr_t start, vaddr_t end, int advice)
{
	uint32_t flags = (*vma)->flags;

	switch (advice) {
	case MADV_NORMAL:
		flags &= ~(VMA_RANDOM | VMA_SEQUENTIAL);
		break;
	case MADV_RANDOM:
		flags = (flags & ~VMA_SEQUENTIAL) | VMA_RANDOM;
		break;
	case MADV_SEQUENTIAL:
		flags = (flags & ~VMA_RANDOM) | VMA_SEQUENTIAL;
		break;
	case MADV_DONTFORK:
		flags |= VMA_DONTFORK;
		break;
	case MADV_DOFORK:
		flags &= ~VMA_DONTFORK;
		break;
	case MADV_WIPEONFORK:
		if ((*vma)->object || (flags & VMA_SHARED))
			return -EINVAL;
		flags |= VMA_WIPEONFORK;
		break;
	default:
		flags &= ~VMA_WIPEONFORK;
	}
	return mm_change_flags(mm, vma, start, end, flags);
}

static int advise_piece(struct mm *mm, struct vma **vma, vaddr_t start, vaddr_t end, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return drop_pages(mm, *vma, start, end, advice);
	case MADV_REMOVE:
		return punch_hole(*vma, start, end);
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
		return set_advice_flag(mm, vma, start, end, advice);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return give_away(*vma, start, end, advice);
	case MADV_WILLNEED:
		read_ahead(*vma, start, end);
		return 0;
	default:
		return 0;
	}
}

/* ---- the range ---- */

static int advise_locked(struct mm *mm, vaddr_t start, vaddr_t end, int advice)
{
	struct vma *vma = mm_find_at_or_above(mm, start);
	int hole = 0, error = 0;

	while (start < end && !error) {
		vaddr_t stop;

		if (!vma || vma->start >= end)
			return -ENOMEM;
		if (vma->start > start) {
			hole = -ENOMEM;
			start = vma->start;
		}
		stop = MIN(vma->end, end);
		error = advise_piece(mm, &vma, start, stop, advice);
		start = stop;
		if (vma->end <= start)
			vma = vma_next(vma);
	}
	return error ? error : hole;
}

/* MADV_POPULATE_*: pages are had now, page tables and all, with the rights the region has. */
static int populate_range(struct mm *mm, vaddr_t start, vaddr_t end, bool write)
{
	for (vaddr_t page = start; page < end; page += PAGE_SIZE) {
		if (sched_give_way())
			return -EINTR;
		switch (mm_fault_making_room(mm, page, write ? FAULT_WRITE : 0)) {
		case FAULT_NO_REGION:
		case FAULT_NO_MEMORY:
			return -ENOMEM;
		case FAULT_NO_RIGHT:
			return -EINVAL;
		case FAULT_BEYOND_END:
		case FAULT_IO_ERROR:
			return -EFAULT;
		default:
			break;
		}
	}
	return 0;
}

static bool advice_known(int advice)
{
	return (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) ||
	       (advice >= MADV_FREE && advice <= MADV_DONTNEED_LOCKED);
}

/* ---- doorway ---- */

int32_t sys_madvise(vaddr_t start, size_t size, int advice)
{
	struct mm *mm = current->process->mm;
	vaddr_t end = start + ROUND_UP(size, PAGE_SIZE);
	int error;

	if (!advice_known(advice) || (start & PAGE_MASK))
		return -EINVAL;
	if ((size && !ROUND_UP(size, PAGE_SIZE)) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return populate_range(mm, start, end, advice == MADV_POPULATE_WRITE);
	mutex_lock(&mm->lock);
	error = advise_locked(mm, start, end, advice);
	mutex_unlock(&mm->lock);
	return error;
}
