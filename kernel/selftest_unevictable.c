/*
 * Self-tests of the unevictable list: what locked regions map is on it, and nothing else, whatever
 * becomes of the regions.
 */
#include "selftest_vm.h"

#include <err.h>
#include <policy.h>
#include <reclaim.h>
#include <unevictable.h>
#include <vma.h>

#define LOCKED (RW | VMA_LOCKED)

static bool is_kept(struct mm *mm, vaddr_t at)
{
	return frame_at(mm, at)->flags & FRAME_FLAG_UNEVICTABLE;
}

/* Pages on the list since `before`, and the books balance. */
static uint32_t more_than(uint32_t before)
{
	EXPECT(books() == 0);
	return policy_unevictable_npages - before;
}

static void fill(struct mm *mm, vaddr_t at, unsigned npages)
{
	for (unsigned i = 0; i < npages; i++)
		EXPECT(store(mm, at + i * PAGE_SIZE, (uint8_t)(i + 1)));
}

/* As mlock and munlock do it. */
static int set_locked(struct mm *mm, vaddr_t at, unsigned npages, bool locked)
{
	vaddr_t start = at, end = at + npages * PAGE_SIZE, stop;
	uint32_t flag = locked ? VMA_LOCKED : 0;
	int error = 0;

	mutex_lock(&mm->lock);
	unevictable_leave(mm, start, end);
	for (; at < end && !error; at = stop) {
		struct vma *vma = mm_find(mm, at);

		stop = MIN(vma->end, end);
		error = mm_change_flags(mm, &vma, at, stop, (vma->flags & ~VMA_LOCKED_ALL) | flag);
	}
	unevictable_enter(mm, start, end);
	mutex_unlock(&mm->lock);
	return error;
}

SELFTEST(unevictable_by_fault_and_by_lock)
{
	uint32_t before = policy_unevictable_npages;
	struct mm *mm = new_mm();

	EXPECT(map(mm, AT, 8, LOCKED, NULL) == 0 &&
	       map(mm, AT + LARGE_PAGE_SIZE, 4, RW, NULL) == 0);
	fill(mm, AT, 3);
	/* The page of zeros is the kernel's. */
	EXPECT(byte_at(mm, AT + 7 * PAGE_SIZE) == 0 && more_than(before) == 3);
	fill(mm, AT + LARGE_PAGE_SIZE, 4);
	EXPECT(more_than(before) == 3 && !is_kept(mm, AT + LARGE_PAGE_SIZE));
	EXPECT(set_locked(mm, AT + LARGE_PAGE_SIZE + PAGE_SIZE, 2, true) == 0);
	EXPECT(more_than(before) == 5 && is_kept(mm, AT + LARGE_PAGE_SIZE + PAGE_SIZE));
	/* The policy does not see them. */
	policy_take_in();
	EXPECT(more_than(before) == 5);
	EXPECT(set_locked(mm, AT + LARGE_PAGE_SIZE, 2, false) == 0 && more_than(before) == 4);
	EXPECT(mm_unmap(mm, AT + PAGE_SIZE, PAGE_SIZE) == 0 && more_than(before) == 3);
	mm_put(mm);
	EXPECT(more_than(before) == 0);
}

SELFTEST(unevictable_while_anybody_locks)
{
	uint32_t before = policy_unevictable_npages;
	struct mm *mm = new_mm(), *other = new_mm();

	test_file_create(&test_memory_ops, 4 * PAGE_SIZE);
	EXPECT(map(mm, AT, 4, LOCKED | VMA_SHARED, &test_file) == 0);
	EXPECT(map(other, AT, 4, LOCKED | VMA_SHARED, &test_file) == 0);
	fill(mm, AT, 4);
	fill(other, AT, 4);
	EXPECT(more_than(before) == 4);
	EXPECT(set_locked(mm, AT, 1, false) == 0 && more_than(before) == 4);
	EXPECT(set_locked(other, AT, 1, false) == 0 && more_than(before) == 3 && !is_kept(mm, AT));
	EXPECT(mm_unmap(mm, AT + PAGE_SIZE, PAGE_SIZE) == 0 && more_than(before) == 3);
	/* Twice in one program. */
	EXPECT(map(mm, AT + PAGE_SIZE, 1, LOCKED | VMA_SHARED, &test_file) == 0);
	EXPECT(is_kept(other, AT) == false && byte_at(mm, AT + PAGE_SIZE) == 1);
	EXPECT(set_locked(mm, AT, 2, true) == 0 && more_than(before) == 4);
	EXPECT(set_locked(mm, AT, 2, false) == 0 && more_than(before) == 3);
	/* Without the end of the file its pages are nobody's. */
	EXPECT(object_truncate(&test_file, 2 * PAGE_SIZE) == 0 && more_than(before) == 1);
	mm_put(other);
	EXPECT(more_than(before) == 0);
	mm_put(mm);
	test_file_end();
}

/* A child inherits pages, no locks; what the parent then writes is locked, what the child has is not. */
SELFTEST(unevictable_and_fork)
{
	uint32_t before = policy_unevictable_npages;
	struct mm *mm = new_mm(), *child;

	EXPECT(map(mm, AT, 4, LOCKED, NULL) == 0);
	fill(mm, AT, 4);
	child = mm_fork(mm);
	EXPECT(!IS_ERR(child) && more_than(before) == 4);
	fill(mm, AT, 2);
	EXPECT(more_than(before) == 4 && is_kept(mm, AT) &&
	       frame_at(child, AT) != frame_at(mm, AT));
	EXPECT(!is_kept(child, AT) && is_kept(child, AT + 3 * PAGE_SIZE));
	fill(child, AT + 2 * PAGE_SIZE, 1);
	EXPECT(more_than(before) == 4 && is_kept(mm, AT + 2 * PAGE_SIZE));
	mm_put(mm);
	EXPECT(more_than(before) == 0 && byte_at(child, AT + 3 * PAGE_SIZE) == 4);
	mm_put(child);
}

/* One that reclaim meets because nobody has put it apart is put apart then. */
SELFTEST(unevictable_when_reclaim_meets_it)
{
	uint32_t before = policy_unevictable_npages;
	struct mm *mm = new_mm();
	struct frame *frame;

	EXPECT(map(mm, AT, 1, LOCKED, NULL) == 0);
	fill(mm, AT, 1);
	frame = frame_at(mm, AT);
	policy_rescue(frame);
	EXPECT(more_than(before) == 0);
	list_remove(&frame->link);
	EXPECT(reclaim_page(frame, POLICY_ANON) == RECLAIM_KEPT);
	EXPECT(frame_at(mm, AT) == frame && more_than(before) == 1);
	mm_put(mm);
	EXPECT(more_than(before) == 0);
}
