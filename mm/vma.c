/*
 * The region tree: insert, remove, split, merge, find, gap search; all logarithmic.
 *
 * Each region knows the gap below it, from the end of the region before (or USER_LOWEST) to its own
 * start; a stack's gap leaves out its guard, so that nothing is placed where the stack would then
 * be unable to grow. The tree carries a bound of the gaps in each subtree upwards (tree.h). Whoever
 * moves an end of a region or puts one in or takes one out therefore refreshes two gaps: its own and
 * that of the region after it. Only functions of this file do. Neighbours also know each other, so
 * that going from one to the next, and putting one in beside another, needs no way through the
 * tree.
 *
 * Invariants: regions are disjoint, sorted, page-aligned, never empty; mm's counters are sums over
 * the tree.
 */
#include <vma.h>

#include <assert.h>
#include <err.h>
#include <kheap.h>
#include <rmap.h>

static struct vma *vma_of(const struct tree_node *node)
{
	return node ? tree_entry(node, struct vma, node) : NULL;
}

struct vma *vma_first_from(const struct mm *mm, vaddr_t address)
{
	struct tree_node *node = mm->regions.root;
	struct vma *found = mm->last_found;

	/* Often it is where the last one was found, or next to it. */
	if (found && found->start >= address && (!found->prev || found->prev->start < address))
		return found;
	if (found && found->start < address && (!found->next || found->next->start >= address))
		return found->next;
	/* Or, when a place is looked for, below the stack. */
	found = mm->last;
	if (found && found->start >= address && (!found->prev || found->prev->start < address))
		return found;
	found = NULL;
	while (node) {
		struct vma *vma = vma_of(node);

		if (vma->start >= address)
			found = vma;
		node = node->child[vma->start < address];
	}
	return found;
}

struct vma *mm_search(struct mm *mm, vaddr_t address)
{
	struct tree_node *node = mm->regions.root;
	struct vma *found = mm->last_found;

	/* In the gap below the one found last: a stack that grows. */
	if (found && address < found->end && (!found->prev || found->prev->end <= address))
		return found;
	found = NULL;
	while (node) {
		struct vma *vma = vma_of(node);

		if (address < vma->end)
			found = vma;
		if (address >= vma->start && address < vma->end)
			break;
		node = node->child[address >= vma->end];
	}
	if (found)
		mm->last_found = found;
	return found;
}

/* ---- gaps ---- */

void vma_update_gaps(struct tree_node *node)
{
	struct vma *vma = vma_of(node);
	vaddr_t largest = vma->gap;

	for (int side = 0; side < 2; side++)
		if (node->child[side])
			largest = MAX(largest, vma_of(node->child[side])->largest_gap);
	vma->largest_gap = largest;
}

/* There is a gap in vma's subtree, or is about to be. */
static void raise_largest_gap(struct vma *vma, vaddr_t gap)
{
	for (; vma && vma->largest_gap < gap; vma = vma_of(vma->node.parent))
		vma->largest_gap = gap;
}

/* Where the usable gap below a region ends. */
static vaddr_t gap_top(const struct vma *vma)
{
	if (!(vma->flags & VMA_GROWSDOWN))
		return vma->start;
	return vma->start > MM_STACK_GUARD ? vma->start - MM_STACK_GUARD : 0;
}

static vaddr_t gap_above(const struct vma *prev, const struct vma *vma)
{
	vaddr_t bottom = prev ? prev->end : USER_LOWEST;
	vaddr_t top = gap_top(vma);

	return top > bottom ? top - bottom : 0;
}

/* The gap of a region in the tree may have grown: the next search must not pass it over. */
static void note_gap(struct mm *mm, const struct vma *vma)
{
	if (vma->gap >= mm->searched_size && vma->start > mm->searched_above)
		mm->searched_above = vma->start;
}

/* The end of the region before vma, or vma's start, has moved; NULL: that of the last region. */
static void refresh_gap(struct mm *mm, struct vma *vma)
{
	if (!vma) {
		mm->searched_size = 0;
		return;
	}
	vma->gap = gap_above(vma->prev, vma);
	raise_largest_gap(vma, vma->gap);
	note_gap(mm, vma);
}

/* The last region in the subtree that starts below `below` and has a gap of size. */
static struct vma *last_with_gap(struct tree_node *node, size_t size, vaddr_t below)
{
	struct vma *vma = vma_of(node), *found = NULL;

	if (!vma || vma->largest_gap < size)
		return NULL;
	if (vma->start < below) {
		found = last_with_gap(node->child[1], size, below);
		if (!found && vma->gap >= size)
			found = vma;
	}
	if (!found)
		found = last_with_gap(node->child[0], size, below);
	/* The next one need not come here for nothing. */
	if (!found)
		vma_update_gaps(node);
	return found;
}

/*
 * The highest free range of size bytes below high: its start, or 0 when there is none. Two cases:
 * the gap that `high` lies in or touches, cut off there, and else the highest whole gap below it:
 *
 *      [prev]      |high        [above]           [vma]      [prev]
 *            <---->              or          <--->  ^ start < high
 */
static vaddr_t find_gap(struct mm *mm, size_t size, vaddr_t high)
{
	struct vma *above = vma_first_from(mm, high);
	struct vma *prev = above ? vma_prev(above) : mm->last;
	vaddr_t bottom = prev ? prev->end : USER_LOWEST;
	vaddr_t top = above ? MIN(gap_top(above), high) : high;
	struct vma *vma;

	if (top >= bottom && top - bottom >= size)
		return top - size;
	vma = last_with_gap(mm->regions.root, size, high);
	if (!vma)
		return 0;
	if (high == mm->mmap_top) {
		mm->searched_size = size;
		mm->searched_above = vma->start;
	}
	/* Who looks for a gap is about to fill it. */
	mm->last_found = vma;
	return gap_top(vma) - size;
}

/*
 * The same below mmap_top, where the search before has ended: in its gap, or below what has filled
 * that. 0: it is not known what the highest is.
 */
static vaddr_t find_next_gap(struct mm *mm, size_t size)
{
	struct vma *vma;

	if (!mm->searched_size || size < mm->searched_size)
		return 0;
	vma = vma_first_from(mm, mm->searched_above);
	if (!vma || vma->start >= mm->mmap_top)
		return 0;
	if (vma->gap < mm->searched_size && vma->prev) {
		vma = vma->prev;
		mm->searched_above = vma->start;
	}
	if (vma->gap < size)
		return 0;
	mm->last_found = vma;
	return gap_top(vma) - size;
}

vaddr_t vma_find_place(struct mm *mm, size_t size)
{
	vaddr_t start;

	assert(size > 0 && !(size & PAGE_MASK));
	if (size > USER_TOP)
		return 0;
	start = find_next_gap(mm, size);
	if (!start)
		start = find_gap(mm, size, mm->mmap_top);
	return start ? start : find_gap(mm, size, USER_TOP);
}

bool vma_range_is_free(const struct mm *mm, vaddr_t start, vaddr_t end)
{
	struct vma *above = vma_first_from(mm, start);
	struct vma *prev = above ? vma_prev(above) : mm->last;

	return (!prev || prev->end <= start) && (!above || gap_top(above) >= end);
}

/* ---- linking ---- */

/* Adds npages of a region with flags to mm's counters; less than 0: takes them out. */
static void count_pages(struct mm *mm, uint32_t flags, int32_t npages)
{
	mm->npages += npages;
	if ((flags & (VMA_WRITE | VMA_SHARED | VMA_GROWSDOWN)) == VMA_WRITE)
		mm->data_npages += npages;
	if (flags & VMA_LOCKED)
		mm->locked_npages += npages;
	if (flags & VMA_ACCOUNT) {
		mm->promised_npages += npages;
		commit_add(npages);
	}
	if (mm->npages > mm->peak_npages)
		mm->peak_npages = mm->npages;
}

void vma_insert_before(struct mm *mm, struct vma *vma, struct vma *next)
{
	struct vma *prev = next ? next->prev : mm->last, *parent;

	assert(vma->start >= USER_LOWEST && vma->start < vma->end && vma->end <= USER_TOP);
	assert(!((vma->start | vma->end) & PAGE_MASK));
	assert(!prev || prev->end <= vma->start);
	assert(!next || vma->end <= next->start);
	vma->mm = mm;
	vma->prev = prev;
	vma->next = next;
	*(prev ? &prev->next : &mm->first) = vma;
	*(next ? &next->prev : &mm->last) = vma;
	vma->gap = vma->largest_gap = gap_above(prev, vma);
	if (next)
		next->gap = gap_above(vma, next);
	/* Of two neighbours one is below the other, which has no child on that one's side. */
	parent = prev && !prev->node.child[1] ? prev : next;
	raise_largest_gap(parent, vma->gap);
	note_gap(mm, vma);
	tree_insert(&mm->regions, &vma->node, parent ? &parent->node : NULL, parent == prev);
	mm->nregions++;
	count_pages(mm, vma->flags, (int32_t)vma_npages(vma));
	mm->last_found = vma;
}

void vma_insert(struct mm *mm, struct vma *vma)
{
	vma_insert_before(mm, vma, vma_first_from(mm, vma->start));
}

void vma_remove(struct mm *mm, struct vma *vma)
{
	struct vma *prev = vma->prev, *next = vma->next;

	assert(vma->mm == mm && mm->nregions > 0);
	*(prev ? &prev->next : &mm->first) = next;
	*(next ? &next->prev : &mm->last) = prev;
	refresh_gap(mm, next);
	tree_remove(&mm->regions, &vma->node);
	mm->nregions--;
	count_pages(mm, vma->flags, -(int32_t)vma_npages(vma));
	if (mm->last_found == vma)
		mm->last_found = next;
}

void vma_set_range(struct mm *mm, struct vma *vma, vaddr_t start, vaddr_t end)
{
	struct vma *next = vma->next;
	uint32_t before = vma_npages(vma);
	bool start_moves = start != vma->start, end_moves = end != vma->end;

	assert(start < end && end <= USER_TOP && !((start | end) & PAGE_MASK));
	assert((!next || end <= next->start) && (!vma->prev || vma->prev->end <= start));
	vma->page_offset += (start >> PAGE_SHIFT) - (vma->start >> PAGE_SHIFT);
	vma->start = start;
	vma->end = end;
	count_pages(mm, vma->flags, (int32_t)(vma_npages(vma) - before));
	if (start_moves)
		refresh_gap(mm, vma);
	if (end_moves)
		refresh_gap(mm, next);
}

void vma_set_flags(struct mm *mm, struct vma *vma, uint32_t flags)
{
	assert(!((vma->flags ^ flags) & (VMA_GROWSDOWN | VMA_SHARED)));
	count_pages(mm, vma->flags, -(int32_t)vma_npages(vma));
	vma->flags = flags;
	count_pages(mm, flags, (int32_t)vma_npages(vma));
}

/* ---- backing ---- */

void vma_hold_backing(struct vma *vma)
{
	list_init(&vma->object_link);
	list_init(&vma->family_link);
	if (vma->family)
		anon_family_join(vma);
	if (vma->object) {
		object_get(vma->object);
		list_add_tail(&vma->object->mappings, &vma->object_link);
	}
	if (vma->file)
		vma_file_ops->get(vma->file);
	if (vma->flags & VMA_COUNTED)
		vma_file_ops->mapped(vma->file);
}

void vma_drop_backing(struct vma *vma)
{
	list_remove(&vma->object_link);
	if (vma->family)
		anon_family_leave(vma);
	if (vma->object)
		object_put(vma->object);
	if (vma->flags & VMA_COUNTED)
		vma_file_ops->unmapped(vma->file);
	if (vma->file)
		vma_file_ops->put(vma->file);
}

/* ---- making and ending ---- */

/* What a mapping took to make, the next one is made from. */
static struct vma *take_spare(struct mm *mm)
{
	struct vma *vma = mm->spare;

	if (!vma)
		return kalloc(sizeof(*vma));
	mm->spare = NULL;
	return vma;
}

struct vma *vma_make(struct mm *mm, vaddr_t start, vaddr_t end, uint32_t flags)
{
	struct vma *vma = take_spare(mm);

	if (!vma)
		return NULL;
	vma->mm = mm;
	vma->start = start;
	vma->end = end;
	vma->flags = flags;
	vma->object = NULL;
	vma->page_offset = start >> PAGE_SHIFT;
	vma->file = NULL;
	vma->family = NULL;
	return vma;
}

struct vma *vma_clone(const struct vma *vma, struct mm *to)
{
	struct vma *copy = take_spare(to);

	if (!copy)
		return NULL;
	*copy = *vma;
	copy->mm = to;
	vma_hold_backing(copy);
	return copy;
}

void vma_free(struct vma *vma)
{
	struct mm *mm = vma->mm;

	if (mm->spare)
		kfree(vma);
	else
		mm->spare = vma;
}

void vma_destroy(struct vma *vma)
{
	vma_drop_backing(vma);
	vma_free(vma);
}

/* ---- splitting and merging ---- */

bool vma_continues(const struct vma *low, const struct vma *high)
{
	if (low->end != high->start || low->flags != high->flags || (low->flags & VMA_COUNTED))
		return false;
	if (low->object != high->object || low->file != high->file)
		return false;
	if (low->family != high->family && low->family && high->family)
		return false;
	return vma_index(low, low->end) == high->page_offset;
}

/* low takes in high, which follows it. */
static void absorb(struct mm *mm, struct vma *low, struct vma *high)
{
	vaddr_t end = high->end;

	anon_family_pass(high, low);
	vma_remove(mm, high);
	vma_set_range(mm, low, low->start, end);
	vma_destroy(high);
}

struct vma *vma_merge(struct mm *mm, struct vma *vma)
{
	struct vma *prev = vma_prev(vma), *next = vma_next(vma);

	if (prev && vma_continues(prev, vma)) {
		absorb(mm, prev, vma);
		vma = prev;
	}
	if (next && vma_continues(vma, next))
		absorb(mm, vma, next);
	return vma;
}

void vma_place(struct mm *mm, struct vma *wanted)
{
	struct vma *next = vma_first_from(mm, wanted->start);
	struct vma *prev = next ? next->prev : mm->last;

	if (prev && vma_continues(prev, wanted)) {
		vma_set_range(mm, prev, prev->start, wanted->end);
		if (next && next->start == wanted->end)
			vma_merge(mm, prev);
		vma_free(wanted);
	} else if (next && vma_continues(wanted, next)) {
		vma_set_range(mm, next, wanted->start, next->end);
		vma_free(wanted);
	} else {
		vma_hold_backing(wanted);
		vma_insert_before(mm, wanted, next);
	}
}

/*
 * Cuts the region in two at `at`; upper, a clone of it not yet linked, becomes the part from there
 * on.
 */
static void split(struct mm *mm, struct vma *vma, vaddr_t at, struct vma *upper)
{
	assert(vma->start < at && at < vma->end);
	upper->start = at;
	upper->end = vma->end;
	upper->page_offset = vma_index(vma, at);
	vma_set_range(mm, vma, vma->start, at);
	vma_insert(mm, upper);
}

struct vma *vma_isolate(struct mm *mm, struct vma *vma, vaddr_t start, vaddr_t end)
{
	struct vma *middle = NULL, *upper = NULL;
	unsigned needed = (start > vma->start) + (end < vma->end);

	assert(start >= vma->start && start < end && end <= vma->end);
	if (mm->nregions + needed > MM_REGIONS_MAX && needed)
		return ERR_PTR(-ENOMEM);
	if (end < vma->end && !(upper = vma_clone(vma, mm)))
		return ERR_PTR(-ENOMEM);
	if (start > vma->start && !(middle = vma_clone(vma, mm))) {
		if (upper)
			vma_destroy(upper);
		return ERR_PTR(-ENOMEM);
	}
	if (upper)
		split(mm, vma, end, upper);
	if (!middle)
		return vma;
	split(mm, vma, start, middle);
	return middle;
}
