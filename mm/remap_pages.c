/*
 * remap_file_pages: other pages of an object behind a part of a shared mapping.
 *
 * Once a way to order the pages of one region at will; since 3.16 Linux does it by mapping the part
 * anew, which makes it a region of its own, and so is it here. What is refused, and in which order,
 * is Linux's (mm/mmap.c of 6.1).
 */
#include <mm.h>

#include <abi/mman.h>
#include <assert.h>
#include <task.h>
#include <vma.h>

/*
 * Shared for a program that may write: a mapping of a file open for reading alone is none, nor is a
 * segment attached for reading alone, whose file is the one that others write through.
 */
static bool is_shared(const struct vma *vma)
{
	const uint32_t read_only_segment = VMA_COUNTED | VMA_DENYWRITE_MAX;

	if (!(vma->flags & VMA_SHARED) || (vma->flags & read_only_segment) == read_only_segment)
		return false;
	return !vma->file || vma_file_ops->may_write(vma->file);
}

/* The region at start if it, or it and others that are alike, reach to end without a gap; or NULL. */
static struct vma *find_shared(struct mm *mm, vaddr_t start, vaddr_t end)
{
	struct vma *first = mm_find(mm, start), *last = first;

	if (!first || !is_shared(first))
		return NULL;
	while (last->end < end) {
		struct vma *next = vma_next(last);

		if (!next || next->start != last->end || next->file != first->file ||
		    next->object != first->object || next->flags != first->flags)
			return NULL;
		last = next;
	}
	return first;
}

static int remap_locked(struct mm *mm, struct mm_map_request *request)
{
	const struct vma *vma = find_shared(mm, request->address, request->address + request->size);
	vaddr_t address;
	int error;

	if (!vma)
		return -EINVAL;
	request->flags = (vma->flags & (VMA_RIGHTS | VMA_SHARED | VMA_LOCKED_ALL | VMA_COUNTED |
					VMA_DENYEXEC_MAX)) |
			 mm->default_flags;
	error = mm_check_seals(vma->object, &request->flags);
	if (error)
		return error;
	request->object = vma->object;
	request->file = vma->file;
	/* What is mapped now may be the last to hold them. */
	object_get(request->object);
	if (request->file)
		vma_file_ops->get(request->file);
	error = mm_map_locked(mm, request, &address);
	assert(error || address == request->address);
	if (request->file)
		vma_file_ops->put(request->file);
	object_put(request->object);
	return error;
}

int32_t sys_remap_file_pages(vaddr_t start, size_t size, uint32_t prot, uint32_t page_offset,
			     uint32_t flags)
{
	struct mm *mm = current->process->mm;
	struct mm_map_request request = {
		.address = ROUND_DOWN(start, PAGE_SIZE),
		.size = ROUND_DOWN(size, PAGE_SIZE),
		.page_offset = page_offset,
		.fixed = true,
	};
	int error;

	if (prot || request.address + request.size <= request.address)
		return -EINVAL;
	if (page_offset + (request.size >> PAGE_SHIFT) < page_offset)
		return -EINVAL;
	mutex_lock(&mm->lock);
	error = remap_locked(mm, &request);
	mutex_unlock(&mm->lock);
	if (error)
		return error;
	/* The mapping stands even where it cannot be filled now; an access will tell. */
	if (!(flags & MMAP_NONBLOCK) || (request.flags & VMA_LOCKED))
		mm_populate(mm, request.address, request.address + request.size);
	return 0;
}
