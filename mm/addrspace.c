/*
 * Address spaces as a whole: made, shared, copied by fork, ended; and their limits.
 *
 * fork copies the regions first and the page-table entries of each as it goes, or shares whole page
 * tables where all regions that a table can hold pages of allow it; pages of a file or of shared
 * memory that have no private copies are not copied at all: the child faults them in
 * again from the page cache, if it ever wants them. Any failure on the way ends in mm_put of the
 * half-made copy, which knows how to undo all of it.
 */
#include <mm.h>

#include <assert.h>
#include <err.h>
#include <kheap.h>
#include <kvrange.h>
#include <rmap.h>
#include <string.h>
#include <task.h>
#include <unevictable.h>
#include <vma.h>

struct list mm_all = LIST_INIT(mm_all);
const struct vma_file_ops *vma_file_ops;

struct mm *mm_create(void)
{
	static uint32_t last_number;
	struct mm *mm;

	if (!fault_prepare())
		return NULL;
	mm = kzalloc(sizeof(*mm));
	if (!mm)
		return NULL;
	if (pagedir_init(&mm->pagedir)) {
		kfree(mm);
		return NULL;
	}
	mm->refs = 1;
	mm->number = ++last_number;
	mm->regions.update = vma_update_gaps;
	mm->mmap_top = USER_TOP;
	mutex_init(&mm->lock);
	list_add_tail(&mm_all, &mm->all_link);
	return mm;
}

void mm_get(struct mm *mm)
{
	assert(mm->refs > 0);
	mm->refs++;
}

/* Ends every region. Letting a file go may sleep: who looks at the tree meanwhile finds it empty. */
static void destroy_regions(struct mm *mm)
{
	struct vma *vma = mm->first, *next;

	mm->regions.root = NULL;
	mm->first = mm->last = mm->last_found = NULL;
	mm->nregions = 0;
	for (; vma; vma = next) {
		next = vma->next;
		vma_destroy(vma);
	}
}

void mm_put(struct mm *mm)
{
	assert(mm->refs > 0);
	if (--mm->refs > 0)
		return;
	if (unlikely(mm->locked_npages))
		unevictable_leave(mm, 0, USER_TOP);
	for (struct vma *vma = mm_first(mm); vma; vma = vma_next(vma))
		pagedir_abandon(&mm->pagedir, vma->start, vma->end);
	destroy_regions(mm);
	commit_add(-(int32_t)mm->promised_npages);
	assert(mm->pagedir.resident_anon == 0 && mm->pagedir.resident_file == 0);
	pagedir_destroy(&mm->pagedir);
	if (mm->exe)
		vma_file_ops->put(mm->exe);
	list_remove(&mm->all_link);
	kfree(mm->spare);
	kfree(mm->spare_family);
	kfree(mm);
}

/* ---- fork ---- */

/* Pages that only the parent's page tables know of. */
static bool has_private_pages(const struct vma *vma)
{
	return !(vma->flags & (VMA_SHARED | VMA_WIPEONFORK)) && (!vma->object || vma->family);
}

/* True when page tables full of its pages may be shared with the child (pagedir_copy). */
static bool may_share_tables(const struct vma *vma)
{
	return !vma->object && !(vma->flags & VMA_DONTFORK) && has_private_pages(vma);
}

/*
 * A run of regions that may share page tables, with the free space on both sides: in [low, high)
 * nothing else has pages. low = high: not one of them.
 */
struct run {
	vaddr_t low, high;
};

/* The run that vma lies in, given the one that the region before it lies in. */
static struct run run_of(const struct vma *vma, struct run before)
{
	const struct vma *prev = vma_prev(vma), *next = vma;

	if (vma->start < before.high)
		return before;
	if (!may_share_tables(vma))
		return (struct run){ 0, 0 };
	while (next && may_share_tables(next))
		next = vma_next(next);
	return (struct run){ prev ? prev->end : 0, next ? next->start : USER_TOP };
}

static int copy_region(struct mm *to, struct mm *from, const struct vma *vma, struct run run)
{
	struct vma *copy;

	if (vma_over_commitment(from, vma->flags, vma_npages(vma)))
		return -ENOMEM;
	copy = vma_clone(vma, to);
	if (!copy)
		return -ENOMEM;
	copy->flags &= ~VMA_LOCKED_ALL;
	/* What the child does not get, it is no relative for. */
	if (copy->family && !has_private_pages(vma))
		anon_family_leave(copy);
	vma_insert_before(to, copy, NULL);
	if (!has_private_pages(vma))
		return 0;
	return pagedir_copy(&to->pagedir, &from->pagedir, vma->start, vma->end, run.low, run.high);
}

static void copy_layout(struct mm *to, const struct mm *from)
{
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->mmap_top = from->mmap_top;
	to->stack_top = from->stack_top;
	to->code_start = from->code_start;
	to->code_end = from->code_end;
	to->data_start = from->data_start;
	to->data_end = from->data_end;
	to->arg_start = from->arg_start;
	to->arg_end = from->arg_end;
	to->env_start = from->env_start;
	to->env_end = from->env_end;
	memcpy(to->saved_auxv, from->saved_auxv, sizeof(to->saved_auxv));
	to->membarriers = from->membarriers;
	to->vdso = from->vdso;
	to->exe = from->exe;
	if (to->exe)
		vma_file_ops->get(to->exe);
}

static int copy_regions(struct mm *to, struct mm *from)
{
	struct run run = { 0, 0 };
	int error = 0;

	for (struct vma *vma = mm_first(from); vma && !error; vma = vma_next(vma)) {
		run = run_of(vma, run);
		if (!(vma->flags & VMA_DONTFORK))
			error = copy_region(to, from, vma, run);
	}
	pagedir_flush_all(&from->pagedir);
	return error;
}

struct mm *mm_fork(struct mm *from)
{
	struct mm *mm = mm_create();
	int error;

	if (!mm)
		return ERR_PTR(-ENOMEM);
	mutex_lock(&from->lock);
	copy_layout(mm, from);
	error = copy_regions(mm, from);
	mutex_unlock(&from->lock);
	if (!error)
		return mm;
	mm_put(mm);
	return ERR_PTR(error);
}

/* ---- limits ---- */

uint32_t mm_limit(unsigned resource)
{
	const struct process *process = current->process;

	assert(resource < RLIMIT_COUNT);
	/* Kernel tasks, which build the first program's address space, have none. */
	return process == &kernel_process ? RLIM_INFINITY : process->rlimits[resource].current;
}

bool mm_over_limits(const struct mm *mm, uint32_t flags, uint32_t npages)
{
	uint32_t data_limit;

	if (mm->npages + npages > mm_limit(RLIMIT_AS) >> PAGE_SHIFT)
		return true;
	if ((flags & (VMA_WRITE | VMA_SHARED | VMA_GROWSDOWN)) != VMA_WRITE)
		return false;
	data_limit = mm_limit(RLIMIT_DATA);
	/* As on Linux, a limit of 0 means brk alone (Valgrind sets it). */
	if (data_limit == 0)
		data_limit = current->process->rlimits[RLIMIT_DATA].maximum;
	return mm->data_npages + npages > data_limit >> PAGE_SHIFT;
}

bool mm_over_lock_limit(const struct mm *mm, uint32_t npages)
{
	if (current_is_root())
		return false;
	return mm->locked_npages + npages > mm_limit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}
