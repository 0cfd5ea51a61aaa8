/*
 * Self-tests of the reverse mapping: each mapping of a frame is found, wherever fork, split and mremap
 * have taken it, and what is asked and done through it agrees with the page tables.
 */
#include "selftest_vm.h"

#include <err.h>
#include <rmap.h>
#include <vma.h>

/* Every page of [at, at + npages) is found through its frame: asked twice, used once. */
static void expect_found(struct mm *mm, vaddr_t at, unsigned npages)
{
	for (unsigned i = 0; i < npages; i++) {
		struct frame *frame = frame_at(mm, at + i * PAGE_SIZE);

		EXPECT(frame);
		rmap_accessed(frame);
		EXPECT(!rmap_accessed(frame));
		EXPECT(byte_at(mm, at + i * PAGE_SIZE) == (uint8_t)(i + 1));
		frame->flags |= FRAME_FLAG_REFERENCED;
		EXPECT(rmap_accessed(frame) && !rmap_accessed(frame));
	}
}

static void fill(struct mm *mm, vaddr_t at, unsigned npages)
{
	for (unsigned i = 0; i < npages; i++)
		EXPECT(store(mm, at + i * PAGE_SIZE, (uint8_t)(i + 1)));
}

static struct anon_family *family_at(struct mm *mm, vaddr_t at)
{
	return mm_find(mm, at)->family;
}

SELFTEST(rmap_families_of_fork_and_split)
{
	struct mm *mm = new_mm(), *child;

	EXPECT(map(mm, AT, 8, RW, NULL) == 0 && !family_at(mm, AT));
	fill(mm, AT, 8);
	EXPECT(family_at(mm, AT));
	child = mm_fork(mm);
	EXPECT(!IS_ERR(child) && family_at(child, AT) == family_at(mm, AT));
	EXPECT(mm_protect(mm, AT + 2 * PAGE_SIZE, PAGE_SIZE, VMA_READ) == 0);
	EXPECT(family_at(mm, AT + 2 * PAGE_SIZE) == family_at(mm, AT));
	expect_found(mm, AT, 8);
	expect_found(child, AT, 8);
	/* The parent goes: the child's are still found. */
	mm_put(mm);
	expect_found(child, AT, 8);
	EXPECT(books() == 0);
	mm_put(child);
}

/* As on Linux: what was written apart stays apart, what could be one comes to be. */
SELFTEST(rmap_families_and_merging)
{
	struct mm *mm = new_mm();

	EXPECT(map(mm, AT, 1, RW, NULL) == 0 && map(mm, AT + 2 * PAGE_SIZE, 1, RW, NULL) == 0);
	EXPECT(store(mm, AT, 1) && store(mm, AT + 2 * PAGE_SIZE, 3));
	EXPECT(family_at(mm, AT) != family_at(mm, AT + 2 * PAGE_SIZE));
	EXPECT(map(mm, AT + PAGE_SIZE, 1, RW, NULL) == 0 && mm->nregions == 2);
	EXPECT(mm_unmap(mm, AT, 3 * PAGE_SIZE) == 0 && mm->nregions == 0);
	/* Of other rights, but next to each other: a family is taken over, and then they merge. */
	EXPECT(map(mm, AT, 1, RW, NULL) == 0 && store(mm, AT, 1));
	EXPECT(map(mm, AT + PAGE_SIZE, 1, RW | VMA_EXEC, NULL) == 0 && mm->nregions == 2);
	EXPECT(store(mm, AT + PAGE_SIZE, 2));
	EXPECT(family_at(mm, AT) == family_at(mm, AT + PAGE_SIZE));
	EXPECT(mm_protect(mm, AT + PAGE_SIZE, PAGE_SIZE, RW) == 0 && mm->nregions == 1);
	expect_found(mm, AT, 2);
	mm_put(mm);
}

SELFTEST(rmap_cleans_pages_of_files)
{
	struct mm *mm = new_mm(), *other = new_mm();
	struct frame *frame;

	test_file_create(&test_memory_ops, 2 * PAGE_SIZE);
	EXPECT(map(mm, AT, 2, RW | VMA_SHARED, &test_file) == 0);
	EXPECT(map(other, AT + LARGE_PAGE_SIZE, 2, RW | VMA_SHARED, &test_file) == 0);
	EXPECT(store(mm, AT, 7) && store(other, AT + LARGE_PAGE_SIZE, 8));
	frame = frame_at(mm, AT);
	EXPECT(frame && frame == frame_at(other, AT + LARGE_PAGE_SIZE));
	EXPECT(frame_mappings(frame) == 2);
	rmap_clean(frame);
	EXPECT(!rmap_clean(frame));
	EXPECT(mm_fault(mm, AT, FAULT_WRITE) == FAULT_CACHE_PAGE);
	EXPECT(mm_fault(mm, AT, FAULT_WRITE) == FAULT_SPURIOUS);
	EXPECT(mm_fault(other, AT + LARGE_PAGE_SIZE, FAULT_WRITE) == FAULT_CACHE_PAGE);
	EXPECT(rmap_unmap(frame, 0) == 0 && frame_mappings(frame) == 0);
	EXPECT(!frame_at(mm, AT) && !frame_at(other, AT + LARGE_PAGE_SIZE) && books() == 0);
	EXPECT(byte_at(mm, AT) == 8);
	mm_put(mm);
	mm_put(other);
	test_file_end();
}

SELFTEST(rmap_leaves_locked_pages)
{
	struct mm *mm = new_mm(), *other = new_mm();
	struct frame *frame;

	test_file_create(&test_memory_ops, PAGE_SIZE);
	EXPECT(map(mm, AT, 1, RW | VMA_SHARED, &test_file) == 0);
	EXPECT(map(other, AT, 1, RW | VMA_SHARED | VMA_LOCKED, &test_file) == 0);
	EXPECT(store(mm, AT, 7) && byte_at(other, AT) == 7);
	frame = frame_at(mm, AT);
	EXPECT(rmap_locked(frame) && rmap_unmap(frame, 0) == -EBUSY);
	EXPECT(frame_at(mm, AT) == frame && frame_at(other, AT) == frame && books() == 0);
	mm_put(other);
	EXPECT(!rmap_locked(frame) && rmap_unmap(frame, 0) == 0 && !frame_at(mm, AT));
	mm_put(mm);
	test_file_end();
}
