/*
 * What a mapping has to do with its object's pages: msync writes them back, mincore tells which are
 * in memory.
 */
#include <mm.h>

#include <abi/mman.h>
#include <err.h>
#include <task.h>
#include <uaccess.h>
#include <vma.h>

/* ---- msync ---- */

/* Writes back the file of a shared region; gives up the lock for it. */
static int sync_region(struct mm *mm, const struct vma *vma)
{
	struct file *file = vma->file;
	int error;

	if (!file || !(vma->flags & VMA_SHARED) || !vma_file_ops->sync)
		return 0;
	vma_file_ops->get(file);
	mutex_unlock(&mm->lock);
	error = vma_file_ops->sync(file);
	vma_file_ops->put(file);
	mutex_lock(&mm->lock);
	return error;
}

static int msync_locked(struct mm *mm, vaddr_t start, vaddr_t end, int flags)
{
	int hole = 0;

	while (start < end) {
		/* sync_region may have slept without the lock: each round finds its region anew. */
		struct vma *vma = mm_find_at_or_above(mm, start);
		int error = 0;

		if (!vma || (vma->start > start && flags == MS_ASYNC))
			return -ENOMEM;
		if (vma->start > start) {
			hole = -ENOMEM;
			if (vma->start >= end)
				break;
		}
		if ((flags & MS_INVALIDATE) && (vma->flags & VMA_LOCKED))
			return -EBUSY;
		start = vma->end;
		if (flags & MS_SYNC)
			error = sync_region(mm, vma);
		if (error)
			return error;
	}
	return hole;
}

int32_t sys_msync(vaddr_t start, size_t size, int flags)
{
	struct mm *mm = current->process->mm;
	vaddr_t end = start + ROUND_UP(size, PAGE_SIZE);
	int error;

	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (start & PAGE_MASK))
		return -EINVAL;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return -EINVAL;
	if (end < start)
		return -ENOMEM;
	mutex_lock(&mm->lock);
	error = msync_locked(mm, start, end, flags);
	mutex_unlock(&mm->lock);
	return error;
}

/* ---- mincore ---- */

/* In memory: mapped, or in the swap cache, or for a region of an object, cached. */
static bool page_in_memory(struct mm *mm, const struct vma *vma, vaddr_t page)
{
	struct page_mapping found;
	uintptr_t entry;

	if (pagedir_lookup(&mm->pagedir, page, &found))
		return !found.swap || swap_is_cached(found.swap);
	if (!vma->object)
		return false;
	entry = (uintptr_t)radix_lookup(&vma->object->pages, vma_index(vma, page));
	return entry && !(entry & (OBJECT_ENTRY_SWAP | OBJECT_ENTRY_BUSY));
}

#define MINCORE_CHUNK 64u /* pages told of at a time */

int32_t sys_mincore(vaddr_t start, size_t size, uint8_t __user *vector)
{
	struct mm *mm = current->process->mm;
	size_t npages = (size >> PAGE_SHIFT) + ((size & PAGE_MASK) != 0);
	uint8_t chunk[MINCORE_CHUNK];

	if (start & PAGE_MASK)
		return -EINVAL;
	if (!user_range_ok((const void *)start, size))
		return -ENOMEM;
	if (!user_range_ok(vector, npages))
		return -EFAULT;
	for (size_t done = 0; done < npages;) {
		size_t count;

		for (count = 0; count < MIN(MINCORE_CHUNK, npages - done); count++) {
			vaddr_t page = start + ((done + count) << PAGE_SHIFT);
			struct vma *vma = mm_find(mm, page);

			if (!vma)
				break;
			chunk[count] = page_in_memory(mm, vma, page);
		}
		if (copy_to_user(vector + done, chunk, count))
			return -EFAULT;
		if (count < MIN(MINCORE_CHUNK, npages - done))
			return -ENOMEM;
		done += count;
	}
	return 0;
}
