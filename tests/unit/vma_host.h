/*
 * The region tree and the mmap family on it, with what they need of the kernel. The page directory is an
 * array here: a number for each page that has been touched, which must go where the page goes and vanish
 * where it is unmapped. To be included once.
 *
 * SOURCES: mm/anon_family.c mm/vma.c mm/mmap.c mm/munmap.c mm/mprotect.c mm/mremap.c lib/tree.c
 */
#ifndef LOFT_VMA_HOST_H
#define LOFT_VMA_HOST_H

#include "unit.h"

#include <abi/mman.h>
#include <err.h>
#include <kheap.h>
#include <task.h>
#include <uaccess.h>
#include <unevictable.h>
#include <vma.h>

#define NPAGES 200u /* pages of the model; page 0 is never mapped */
#define TOP (NPAGES << PAGE_SHIFT)
#define ADDRESS(page) ((vaddr_t)(page) << PAGE_SHIFT)

/* ---- what the tested files need of the kernel ---- */

struct task *current;
const struct vma_file_ops *vma_file_ops;
struct object object_zero;

static uint32_t contents[USER_TOP >> PAGE_SHIFT];
static bool fail_allocations;

void *kalloc(size_t size)
{
	return fail_allocations && unit_random() % 2 ? NULL : malloc(size);
}
void kfree(void *pointer)
{
	free(pointer);
}
void object_get(struct object *object)
{
	object->refs++;
}
void object_put(struct object *object)
{
	object->refs--;
}
struct object *object_create_shared(uint64_t size)
{
	(void)size;
	return NULL;
}
void mutex_wait(struct mutex *mutex)
{
	(void)mutex;
	fail();
}
void mutex_wake(struct mutex *mutex)
{
	(void)mutex;
	fail();
}
uint32_t mm_limit(unsigned resource)
{
	(void)resource;
	return RLIM_INFINITY;
}
/* Nothing is on the list; what is left has to be there still. */
void unevictable_leave(struct mm *mm, vaddr_t start, vaddr_t end)
{
	assert_true(start < end && mm_find_at_or_above(mm, start));
}
struct commit_policy commit_policy;
uint32_t commit_npages;
bool commit_allows(const struct mm *mm, uint32_t npages)
{
	(void)mm;
	(void)npages;
	return true;
}
uint32_t swap_total_npages;
int swap_area_find(const struct object *object)
{
	(void)object;
	return -1;
}
int object_promise(struct object *object, uint32_t npages)
{
	(void)object;
	(void)npages;
	return 0;
}
bool mm_over_lock_limit(const struct mm *mm, uint32_t npages)
{
	(void)mm;
	(void)npages;
	return false;
}
int mm_populate(struct mm *mm, vaddr_t start, vaddr_t end)
{
	(void)mm;
	return start > end;
}

bool mm_over_limits(const struct mm *mm, uint32_t flags, uint32_t npages)
{
	(void)mm, (void)flags, (void)npages;
	return false;
}

int copy_from_user(void *to, const void __user *from, size_t size)
{
	(void)to, (void)from, (void)size;
	return -EFAULT;
}

/* Page tables that are shared would have to be copied, and sometimes cannot be. */
int pagedir_own(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	(void)pagedir;
	assert_true(start <= end);
	return start < end && fail_allocations && unit_random() % 2 ? -ENOMEM : 0;
}

int pagedir_own_ends(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	return pagedir_own(pagedir, start, end);
}

void pagedir_unmap(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	(void)pagedir;
	for (vaddr_t at = start; at < end; at += PAGE_SIZE)
		contents[at >> PAGE_SHIFT] = 0;
}

void pagedir_protect(struct pagedir *pagedir, vaddr_t start, vaddr_t end, unsigned rights, bool cow)
{
	(void)pagedir, (void)rights, (void)cow;
	assert_true(start < end);
}

int pagedir_move(struct pagedir *pagedir, vaddr_t from, vaddr_t to, size_t size)
{
	(void)pagedir;
	if (fail_allocations && unit_random() % 2)
		return -ENOMEM;
	for (size_t done = 0; done < size; done += PAGE_SIZE) {
		assert_int_equal(contents[(to + done) >> PAGE_SHIFT], 0);
		contents[(to + done) >> PAGE_SHIFT] = contents[(from + done) >> PAGE_SHIFT];
		contents[(from + done) >> PAGE_SHIFT] = 0;
	}
	return 0;
}

/* ---- an address space ---- */

static const struct object_ops no_ops;
static struct object objects[2];
static struct mm mm;

static int set_up(void **state)
{
	static struct process process = { .mm = &mm };
	static struct task task = { .process = &process };

	(void)state;
	current = &task;
	fail_allocations = false;
	mm = (struct mm){ .refs = 1, .mmap_top = TOP, .regions.update = vma_update_gaps };
	mutex_init(&mm.lock);
	for (unsigned i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i] = (struct object){ .ops = &no_ops, .refs = 1, .size = TOP };
		list_init(&objects[i].mappings);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(mm_unmap(&mm, 0, USER_TOP), 0);
	assert_null(mm.regions.root);
	assert_int_equal(mm.nregions + mm.npages + mm.data_npages + commit_npages, 0);
	kfree(mm.spare);
	kfree(mm.spare_family);
	return 0;
}

#endif
