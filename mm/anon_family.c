/*
 * Families of regions that may map the same anonymous pages (rmap.h).
 *
 * A family begins with the first anonymous page of a region and ends with the last region that has
 * it. Regions come to it by being copies of one that has it: fork, split, a move that leaves the old
 * place behind. Merging joins regions of the same family, or one that has a family with one that has
 * none: as on Linux two neighbours that were first written while something kept them apart stay two.
 * So that this is rare, a region takes over the family of a neighbour that it continues in all but
 * its rights, since mprotect may make them one.
 *
 * Protected by: the mm->lock of the region that changes; the list, by the kernel not being preempted.
 */
#include <rmap.h>

#include <assert.h>
#include <kheap.h>
#include <vma.h>

/* Might the two become one if their rights were the same? */
static bool could_continue(const struct vma *low, const struct vma *high)
{
	return low->end == high->start && low->file == high->file && low->object == high->object &&
	       !((low->flags ^ high->flags) & ~VMA_RIGHTS) &&
	       vma_index(low, low->end) == high->page_offset;
}

static struct anon_family *family_of_neighbour(const struct vma *vma)
{
	const struct vma *next = vma_next(vma), *prev = vma_prev(vma);

	if (next && next->family && could_continue(vma, next))
		return next->family;
	if (prev && prev->family && could_continue(prev, vma))
		return prev->family;
	return NULL;
}

void anon_family_join(struct vma *vma)
{
	assert(vma->family && list_empty(&vma->family_link));
	list_add_tail(&vma->family->regions, &vma->family_link);
}

static struct anon_family *create(struct mm *mm)
{
	struct anon_family *family = mm->spare_family;

	mm->spare_family = NULL;
	if (family)
		return family;
	family = kalloc(sizeof(*family));
	if (family)
		list_init(&family->regions);
	return family;
}

bool anon_family_create(struct vma *vma)
{
	struct anon_family *family = family_of_neighbour(vma);

	assert(!vma->family && vma->mm);
	if (!family)
		family = create(vma->mm);
	if (!family)
		return false;
	vma->family = family;
	anon_family_join(vma);
	return true;
}

void anon_family_leave(struct vma *vma)
{
	struct anon_family *family = vma->family;

	assert(family && !list_empty(&vma->family_link));
	list_remove(&vma->family_link);
	vma->family = NULL;
	if (!list_empty(&family->regions))
		return;
	if (vma->mm->spare_family)
		kfree(family);
	else
		vma->mm->spare_family = family;
}

void anon_family_pass(struct vma *from, struct vma *to)
{
	if (!from->family || to->family)
		return;
	to->family = from->family;
	anon_family_join(to);
}
