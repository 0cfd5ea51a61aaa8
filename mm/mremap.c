/*
 * mremap: a mapping changes size or place; page-table entries move, never bytes.
 *
 * Decode, then perform: all that Linux refuses is refused first. To move, the old range is isolated
 * into a region of its own, its entries are moved, and then that region itself is linked at the new
 * place. Only what leaves something behind (MREMAP_DONTUNMAP, or the second view of shared memory
 * that an old size of 0 asks for) needs a new region.
 *
 * Errors and their order are Linux's (mm/mremap.c of 6.1).
 */
#include <mm.h>

#include <abi/mman.h>
#include <assert.h>
#include <err.h>
#include <rmap.h>
#include <task.h>
#include <unevictable.h>
#include <vma.h>

struct remap {
	vaddr_t old, new;
	size_t old_size, new_size; /* whole pages */
	uint32_t flags;		   /* MREMAP_* */
};

/* ---- decode ---- */

/* May the mapping at old be resized? The region through *vma. */
static int check_resize(struct mm *mm, const struct remap *remap, struct vma **vma)
{
	uint32_t more = (remap->new_size - remap->old_size) >> PAGE_SHIFT, offset;

	*vma = mm_find(mm, remap->old);
	if (!*vma)
		return -EFAULT;
	if (remap->old_size == 0 && !((*vma)->flags & VMA_SHARED))
		return -EINVAL;
	if (remap->old_size > (*vma)->end - remap->old)
		return -EFAULT;
	if (remap->new_size <= remap->old_size)
		return 0;
	offset = (*vma)->object ? vma_index(*vma, remap->old) : 0;
	if (offset + (remap->new_size >> PAGE_SHIFT) < offset)
		return -EINVAL;
	if (((*vma)->flags & VMA_LOCKED) && mm_over_lock_limit(mm, more))
		return -EAGAIN;
	if (mm_over_limits(mm, (*vma)->flags, more) || vma_over_commitment(mm, (*vma)->flags, more))
		return -ENOMEM;
	return 0;
}

static int check_target(const struct mm *mm, const struct remap *remap)
{
	if (remap->new &PAGE_MASK)
		return -EINVAL;
	if (remap->new_size > USER_TOP || remap->new > USER_TOP - remap->new_size)
		return -EINVAL;
	if (remap->old + remap->old_size > remap->new && remap->new + remap->new_size > remap->old)
		return -EINVAL;
	if (mm->nregions + 2 >= MM_REGIONS_MAX - 3)
		return -ENOMEM;
	if ((remap->flags & MREMAP_FIXED) && remap->new < USER_LOWEST)
		return -EPERM;
	return 0;
}

/* ---- perform ---- */

/*
 * Links the region, unlinked so far, at the new place. Anonymous pages are numbered by where they
 * were first, so that as on Linux a region that was written and moved stays one of its own.
 */
static void link_at(struct mm *mm, struct vma *vma, const struct remap *remap, uint32_t page_offset)
{
	vma->start = remap->new;
	vma->end = remap->new + remap->new_size;
	vma->page_offset = page_offset;
	if (!vma->object && !vma->file && !vma->family)
		vma->page_offset = remap->new >> PAGE_SHIFT;
	vma->flags &= ~(VMA_HEAP | VMA_STACK);
	vma_insert(mm, vma);
	vma = vma_merge(mm, vma);
	if (vma->object && vma->object->ops->moved)
		vma->object->ops->moved(vma);
}

/* The old range stays mapped, as a second view or emptied. */
static int move_and_leave(struct mm *mm, struct vma *vma, const struct remap *remap)
{
	struct vma *moved = vma_clone(vma, mm);
	int error = 0;

	if (!moved)
		return -ENOMEM;
	if (remap->old_size)
		error = pagedir_move(&mm->pagedir, remap->old, remap->new, remap->old_size);
	if (error) {
		vma_destroy(moved);
		return error;
	}
	if (remap->flags & MREMAP_DONTUNMAP) {
		/* What is left is empty and no longer locked, all of the region: so Linux does it. */
		vma_set_flags(mm, vma, vma->flags & ~VMA_LOCKED_ALL);
		if (remap->old_size == vma->end - vma->start && vma->family)
			anon_family_leave(vma);
	}
	link_at(mm, moved, remap, vma_index(vma, remap->old));
	return 0;
}

static int move_whole(struct mm *mm, struct vma *vma, const struct remap *remap)
{
	size_t size = MIN(remap->old_size, remap->new_size);
	vaddr_t old_end = remap->old + remap->old_size;
	uint32_t page_offset = vma_index(vma, remap->old);
	int error;

	vma = vma_isolate(mm, vma, remap->old, old_end);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	error = pagedir_own_ends(&mm->pagedir, remap->old + size, old_end);
	if (!error)
		error = pagedir_move(&mm->pagedir, remap->old, remap->new, size);
	if (error) {
		vma_merge(mm, vma);
		return error;
	}
	if (size < remap->old_size) {
		unevictable_leave(mm, remap->old + size, old_end);
		pagedir_unmap(&mm->pagedir, remap->old + size, old_end);
	}
	vma_remove(mm, vma);
	link_at(mm, vma, remap, page_offset);
	return 0;
}

/* The target range is free. */
static int move(struct mm *mm, const struct remap *remap)
{
	struct vma *vma = mm_find(mm, remap->old);

	assert(vma && remap->new && remap->old_size <= vma->end - remap->old);
	if (mm->nregions >= MM_REGIONS_MAX - 3)
		return -ENOMEM;
	if ((remap->flags & MREMAP_DONTUNMAP) || remap->old_size == 0)
		return move_and_leave(mm, vma, remap);
	return move_whole(mm, vma, remap);
}

/*
 * MREMAP_FIXED: to where the program says, whatever is there; MREMAP_DONTUNMAP alone: there if it
 * is free.
 */
static int remap_to(struct mm *mm, struct remap *remap)
{
	vaddr_t end = remap->new + remap->new_size;
	struct vma *vma;
	int error = check_target(mm, remap);

	if (!error)
		error = check_resize(mm, remap, &vma);
	if (error)
		return error;
	if ((remap->flags & MREMAP_DONTUNMAP) &&
	    (mm_over_limits(mm, vma->flags, remap->old_size >> PAGE_SHIFT) ||
	     vma_over_commitment(mm, vma->flags, remap->old_size >> PAGE_SHIFT)))
		return -ENOMEM;
	if (remap->flags & MREMAP_FIXED) {
		error = mm_unmap_locked(mm, remap->new, end);
		/* A second view of shared memory may have been sent to where the first was. */
		if (!error && !mm_find(mm, remap->old))
			error = -EFAULT;
	} else if (remap->new < USER_LOWEST || !vma_range_is_free(mm, remap->new, end)) {
		remap->new = vma_find_place(mm, remap->new_size);
		error = remap->new ? 0 : -ENOMEM;
	}
	return error ? error : move(mm, remap);
}

/*
 * Grows into the free space behind, if the mapping ends where the region does and there is enough
 * of it.
 */
static bool grow_in_place(struct mm *mm, struct vma *vma, const struct remap *remap)
{
	vaddr_t end = remap->old + remap->new_size;
	struct vma *next = vma_next(vma);

	if (remap->old + remap->old_size != vma->end)
		return false;
	if (end < vma->end || end > USER_TOP || (next && next->start < end))
		return false;
	vma_set_range(mm, vma, vma->start, end);
	vma_merge(mm, vma);
	return true;
}

static int resize(struct mm *mm, struct remap *remap)
{
	struct vma *vma;
	int error;

	remap->new = remap->old;
	if (remap->old_size > remap->new_size) {
		if (remap->old_size > USER_TOP - remap->old)
			return -EINVAL;
		return mm_unmap_locked(mm, remap->old + remap->new_size,
				       remap->old + remap->old_size);
	}
	if (remap->old_size == remap->new_size)
		return 0;
	error = check_resize(mm, remap, &vma);
	if (error || grow_in_place(mm, vma, remap))
		return error;
	if (!(remap->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	remap->new = vma_find_place(mm, remap->new_size);
	return remap->new ? move(mm, remap) : -ENOMEM;
}

/* ---- doorway ---- */

static int check_words(const struct remap *remap)
{
	uint32_t flags = remap->flags;

	if (flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) &&
	    (!(flags & MREMAP_MAYMOVE) || remap->old_size != remap->new_size))
		return -EINVAL;
	return remap->old & PAGE_MASK ? -EINVAL : 0;
}

int32_t sys_mremap(vaddr_t old, size_t old_size, size_t new_size, uint32_t flags,
		   vaddr_t new_address)
{
	struct mm *mm = current->process->mm;
	struct remap remap = {
		.old = old,
		.new = new_address,
		.flags = flags,
		.old_size = old_size,
		.new_size = new_size,
	};
	struct vma *vma;
	int error = check_words(&remap);
	bool locked;

	if (error)
		return error;
	remap.old_size = ROUND_UP(old_size, PAGE_SIZE);
	remap.new_size = ROUND_UP(new_size, PAGE_SIZE);
	if (!remap.new_size)
		return -EINVAL;
	mutex_lock(&mm->lock);
	vma = mm_find(mm, old);
	locked = vma && (vma->flags & VMA_LOCKED);
	if (!vma)
		error = -EFAULT;
	else if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		error = remap_to(mm, &remap);
	else
		error = resize(mm, &remap);
	mutex_unlock(&mm->lock);
	if (!error && locked && remap.new_size > remap.old_size)
		mm_populate(mm, remap.new, remap.new + remap.new_size);
	return error ? error : (int32_t)remap.new;
}
