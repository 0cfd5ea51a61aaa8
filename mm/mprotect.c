/*
 * mprotect: other rights for a range.
 *
 * Region by region, each in two steps: decode (may it have these rights? limits? the two splits'
 * memory?), then perform, which cannot fail. What stops it at one region leaves those before it
 * changed: so Linux does it, and programs see it.
 */
#include <mm.h>

#include <abi/mman.h>
#include <assert.h>
#include <err.h>
#include <task.h>
#include <vma.h>

int mm_change_flags(struct mm *mm, struct vma **vma, vaddr_t start, vaddr_t end, uint32_t flags)
{
	struct vma *piece = *vma;

	if (piece->flags == flags)
		return 0;
	piece = vma_isolate(mm, piece, start, end);
	if (IS_ERR(piece))
		return PTR_ERR(piece);
	vma_set_flags(mm, piece, flags);
	*vma = vma_merge(mm, piece);
	return 0;
}

/*
 * May npages of the region have *flags? Sets VMA_ACCOUNT in them where private memory becomes
 * writable that was not promised yet; it stays promised when it is made read-only again.
 */
static int check_rights(const struct mm *mm, const struct vma *vma, uint32_t npages,
			uint32_t *new_flags)
{
	uint32_t flags = *new_flags;
	bool gains_write = flags & ~vma->flags & VMA_WRITE;

	if ((flags & VMA_WRITE) && (vma->flags & VMA_DENYWRITE_MAX))
		return -EACCES;
	if ((flags & VMA_EXEC) && (vma->flags & VMA_DENYEXEC_MAX))
		return -EACCES;
	if (!gains_write || (flags & VMA_SHARED))
		return 0;
	if (mm_over_limits(mm, flags, npages) && !mm_over_limits(mm, vma->flags, npages))
		return -ENOMEM;
	if (flags & VMA_ACCOUNT)
		return 0;
	*new_flags |= vma_account(flags);
	return vma_over_commitment(mm, *new_flags, npages) ? -ENOMEM : 0;
}

/* Changes [start, end) of the region; *vma becomes the one that holds it then. */
static int protect_piece(struct mm *mm, struct vma **vma, vaddr_t start, vaddr_t end,
			 uint32_t rights)
{
	uint32_t flags = ((*vma)->flags & ~VMA_RIGHTS) | rights;
	bool private = !(flags & VMA_SHARED);
	unsigned page_rights;
	int error = check_rights(mm, *vma, (end - start) >> PAGE_SHIFT, &flags);

	if (error || flags == (*vma)->flags)
		return error;
	error = pagedir_own(&mm->pagedir, start, end);
	if (!error)
		error = mm_change_flags(mm, vma, start, end, flags);
	if (error)
		return error;
	page_rights = vma_page_rights(*vma);
	/* Written pages are to be noticed where they have to be written back. */
	if (!private && object_has_store((*vma)->object))
		page_rights &= ~MAP_WRITE;
	pagedir_protect(&mm->pagedir, start, end, page_rights, private);
	return 0;
}

static int protect_locked(struct mm *mm, vaddr_t start, vaddr_t end, uint32_t rights)
{
	struct vma *vma = mm_find(mm, start);
	int error = 0;

	while (start < end && !error) {
		vaddr_t stop;

		if (!vma || vma->start > start)
			return -ENOMEM;
		stop = MIN(vma->end, end);
		error = protect_piece(mm, &vma, start, stop, rights);
		start = stop;
		/* A merge may have made the region reach further than the part just changed. */
		if (vma->end <= start)
			vma = vma_next(vma);
	}
	return error;
}

int mm_protect(struct mm *mm, vaddr_t start, size_t size, uint32_t rights)
{
	vaddr_t end = start + ROUND_UP(size, PAGE_SIZE);
	int error;

	assert(!(rights & ~VMA_RIGHTS));
	if (start & PAGE_MASK)
		return -EINVAL;
	if (size == 0)
		return 0;
	if (end <= start)
		return -ENOMEM;
	mutex_lock(&mm->lock);
	error = protect_locked(mm, start, end, rights);
	mutex_unlock(&mm->lock);
	return error;
}

/* PROT_GROWSDOWN: from the start of the stack that start is in. */
static int extend_to_stack(struct mm *mm, vaddr_t *start, size_t *size)
{
	struct vma *vma = mm_find_at_or_above(mm, *start);

	if (!vma || vma->start >= *start + *size)
		return -ENOMEM;
	if (!(vma->flags & VMA_GROWSDOWN))
		return -EINVAL;
	*size += *start - vma->start;
	*start = vma->start;
	return 0;
}

/* ---- doorway ---- */

int32_t sys_mprotect(vaddr_t start, size_t size, uint32_t prot)
{
	struct mm *mm = current->process->mm;
	uint32_t grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	int error;

	prot &= ~grows;
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || (start & PAGE_MASK))
		return -EINVAL;
	if (size == 0)
		return 0;
	if (start + ROUND_UP(size, PAGE_SIZE) <= start)
		return -ENOMEM;
	if (prot & ~(VMA_RIGHTS | PROT_SEM))
		return -EINVAL;
	/* Nothing here grows upwards. */
	if (grows == PROT_GROWSUP)
		return mm_find(mm, start) ? -EINVAL : -ENOMEM;
	if (grows == PROT_GROWSDOWN) {
		error = extend_to_stack(mm, &start, &size);
		if (error)
			return error;
	}
	return mm_protect(mm, start, size, prot & VMA_RIGHTS);
}
