/*
 * Self-tests of the ledger: each kind of fault is planted once, must be found, and is mended.
 */
#include "selftest_vm.h"

#include <err.h>
#include <frame.h>

static void ignore(void *context, const char *text)
{
	(void)context;
	(void)text;
}

/* Runs an audit that must find something, quietly. */
#define EXPECT_FOUND() EXPECT(ledger_check(ignore, NULL) > 0)

SELFTEST(ledger_finds_wrong_references)
{
	struct mm *mm = new_mm();
	struct frame *frame;

	EXPECT(map(mm, AT, 1, RW, NULL) == 0 && store(mm, AT, 1));
	frame = frame_at(mm, AT);
	EXPECT(books() == 0);
	frame->refs++;
	EXPECT_FOUND();
	ledger_hold(frame);
	EXPECT(books() == 0);
	ledger_release(frame);
	frame->refs -= 2;
	EXPECT_FOUND();
	frame->refs++;
	EXPECT(books() == 0);
	mm_put(mm);
}

SELFTEST(ledger_finds_wrong_kinds)
{
	struct mm *mm = new_mm();
	struct frame *frame;

	EXPECT(map(mm, AT, 1, RW, NULL) == 0 && store(mm, AT, 1));
	frame = frame_at(mm, AT);
	frame->kind = FRAME_KERNEL;
	EXPECT_FOUND();
	frame->kind = FRAME_FREE;
	EXPECT_FOUND();
	frame->kind = FRAME_ANON;
	mm->pagedir.resident_anon++;
	EXPECT_FOUND();
	mm->pagedir.resident_anon--;
	EXPECT(books() == 0);
	mm_put(mm);
}

SELFTEST(ledger_finds_entries_out_of_place)
{
	struct mm *mm = new_mm();
	struct frame *frame = frame_alloc(FRAME_ANON, FRAME_ZERO);

	EXPECT(frame && pagedir_map(&mm->pagedir, AT, frame, MAP_USER | MAP_READ) == 0);
	EXPECT_FOUND();
	EXPECT(map(mm, AT, 1, VMA_READ, NULL) == 0);
	EXPECT(books() == 0);
	mm_put(mm);
}

SELFTEST(ledger_finds_rights_too_wide)
{
	struct mm *mm = new_mm();

	EXPECT(map(mm, AT, 1, RW, NULL) == 0 && store(mm, AT, 1));
	EXPECT(mm_protect(mm, AT, PAGE_SIZE, VMA_READ) == 0);
	pagedir_set_rights(&mm->pagedir, AT, MAP_USER | MAP_READ | MAP_WRITE);
	EXPECT_FOUND();
	pagedir_set_rights(&mm->pagedir, AT, MAP_USER | MAP_READ);
	EXPECT(books() == 0);
	EXPECT(mm_protect(mm, AT, PAGE_SIZE, 0) == 0 && books() == 0);
	pagedir_set_rights(&mm->pagedir, AT, MAP_USER | MAP_READ);
	EXPECT_FOUND();
	mm_put(mm);
}

SELFTEST(ledger_finds_private_writes_to_shared_frames)
{
	struct mm *mm = new_mm(), *child;

	test_file_create(&test_memory_ops, PAGE_SIZE);
	EXPECT(map(mm, AT, 1, RW, NULL) == 0 && store(mm, AT, 1));
	EXPECT(map(mm, AT + PAGE_SIZE, 1, RW, &test_file) == 0 && byte_at(mm, AT + PAGE_SIZE) == 0);
	child = mm_fork(mm);
	EXPECT(!IS_ERR(child) && books() == 0);
	pagedir_set_rights(&mm->pagedir, AT, MAP_USER | MAP_READ | MAP_WRITE);
	EXPECT_FOUND();
	pagedir_set_rights(&mm->pagedir, AT, MAP_USER | MAP_READ | MAP_COW);
	pagedir_set_rights(&mm->pagedir, AT + PAGE_SIZE, MAP_USER | MAP_READ | MAP_WRITE);
	EXPECT_FOUND();
	pagedir_set_rights(&mm->pagedir, AT + PAGE_SIZE, MAP_USER | MAP_READ | MAP_COW);
	EXPECT(books() == 0);
	mm_put(child);
	mm_put(mm);
	test_file_end();
}

SELFTEST(ledger_finds_lost_cache_pages)
{
	struct frame *frame;

	test_file_create(&test_memory_ops, PAGE_SIZE);
	frame = object_get_page(&test_file, 0);
	EXPECT(!IS_ERR(frame));
	EXPECT_FOUND();
	frame_put(frame);
	EXPECT(books() == 0);
	frame->index = 1;
	EXPECT_FOUND();
	frame->index = 0;
	EXPECT(books() == 0);
	test_file_end();
}
