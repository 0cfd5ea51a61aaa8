/*
 * Self-tests of virtual memory: address spaces and their regions, the fault handler's decisions,
 * copy on write, the page cache. Address spaces are built and faulted in from outside; none is ever
 * loaded into CR3.
 */
#include "selftest_vm.h"

#include <abi/errno.h>
#include <err.h>
#include <frame.h>
#include <kvrange.h>
#include <string.h>
#include <uio.h>
#include <vma.h>

static uint32_t free_frames(void)
{
	struct frame_counts counts;

	frame_count(&counts);
	return counts.free_low + counts.free_high;
}

/* ---- regions ---- */

SELFTEST(vm_regions_split_and_merge)
{
	struct mm *mm = new_mm();

	EXPECT(map(mm, AT, 8, RW, NULL) == 0);
	EXPECT(map(mm, AT + 8 * PAGE_SIZE, 8, RW, NULL) == 0);
	EXPECT(mm->nregions == 1 && mm->npages == 16);
	EXPECT(mm_protect(mm, AT + 4 * PAGE_SIZE, PAGE_SIZE, VMA_READ) == 0);
	EXPECT(mm->nregions == 3 && mm->data_npages == 15);
	EXPECT(mm_protect(mm, AT + 4 * PAGE_SIZE, PAGE_SIZE, RW) == 0);
	EXPECT(mm->nregions == 1);
	EXPECT(mm_unmap(mm, AT + 2 * PAGE_SIZE, 3 * PAGE_SIZE) == 0);
	EXPECT(mm->nregions == 2 && mm->npages == 13);
	EXPECT(!mm_find(mm, AT + 2 * PAGE_SIZE) && mm_find(mm, AT + 5 * PAGE_SIZE));
	EXPECT(mm_unmap(mm, 0, USER_TOP) == 0 && mm->nregions == 0);
	mm_put(mm);
}

SELFTEST(vm_gaps_are_found_from_the_top)
{
	struct mm_map_request request = { .size = PAGE_SIZE, .flags = VMA_READ };
	struct mm *mm = new_mm();
	vaddr_t address;

	mm->mmap_top = AT;
	for (unsigned i = 1; i <= 100; i++) {
		request.flags = i % 2 ? VMA_READ : RW;
		EXPECT(mm_map(mm, &request, &address) == 0 && address == AT - i * PAGE_SIZE);
	}
	EXPECT(mm_unmap(mm, AT - 50 * PAGE_SIZE, 2 * PAGE_SIZE) == 0);
	EXPECT(mm_unmap(mm, AT - 20 * PAGE_SIZE, PAGE_SIZE) == 0);
	request.size = 2 * PAGE_SIZE;
	EXPECT(mm_map(mm, &request, &address) == 0 && address == AT - 50 * PAGE_SIZE);
	request.size = PAGE_SIZE;
	EXPECT(mm_map(mm, &request, &address) == 0 && address == AT - 20 * PAGE_SIZE);
	request.size = USER_TOP;
	EXPECT(mm_map(mm, &request, &address) == -ENOMEM);
	mm_put(mm);
}

/* ---- faults ---- */

SELFTEST(vm_fault_anonymous)
{
	struct mm *mm = new_mm();

	EXPECT(map(mm, AT, 4, RW, NULL) == 0 &&
	       map(mm, AT + 4 * PAGE_SIZE, 1, VMA_READ, NULL) == 0);
	EXPECT(map(mm, AT + 5 * PAGE_SIZE, 1, 0, NULL) == 0);
	EXPECT(mm_fault(mm, AT + 5, 0) == FAULT_ZERO_PAGE);
	EXPECT(mm_fault(mm, AT + 7, 0) == FAULT_SPURIOUS);
	EXPECT(mm->pagedir.resident_anon == 0);
	EXPECT(mm_fault(mm, AT + 4095, FAULT_WRITE) == FAULT_COW_COPY);
	EXPECT(mm_fault(mm, AT + PAGE_SIZE, FAULT_WRITE) == FAULT_ZEROED_FRAME);
	EXPECT(mm_fault(mm, AT + PAGE_SIZE, FAULT_WRITE) == FAULT_SPURIOUS);
	EXPECT(byte_at(mm, AT) == 0 && byte_at(mm, AT + PAGE_SIZE) == 0);
	EXPECT(mm->pagedir.resident_anon == 2 && mm->peak_resident == 2);
	EXPECT(mm_fault(mm, AT + 4 * PAGE_SIZE, FAULT_WRITE) == FAULT_NO_RIGHT);
	EXPECT(mm_fault(mm, AT + 5 * PAGE_SIZE, 0) == FAULT_NO_RIGHT);
	EXPECT(mm_fault(mm, AT - 1, 0) == FAULT_NO_REGION);
	EXPECT(mm_fault(mm, AT + 6 * PAGE_SIZE, FAULT_WRITE) == FAULT_NO_REGION);
	EXPECT(mm_fault(mm, 0, 0) == FAULT_NO_REGION);
	EXPECT(mm_fault(mm, 0xffffffff, 0) == FAULT_NO_REGION);
	EXPECT(books() == 0);
	mm_put(mm);
}

SELFTEST(vm_rights_taken_and_given_back)
{
	struct mm *mm = new_mm();

	EXPECT(map(mm, AT, 2, RW, NULL) == 0 && store(mm, AT, 7));
	EXPECT(mm_fault(mm, AT + PAGE_SIZE, 0) == FAULT_ZERO_PAGE);
	EXPECT(mm_protect(mm, AT, 2 * PAGE_SIZE, 0) == 0);
	EXPECT(mm_fault(mm, AT, 0) == FAULT_NO_RIGHT && !store(mm, AT, 8));
	EXPECT(books() == 0);
	EXPECT(mm_protect(mm, AT, 2 * PAGE_SIZE, VMA_READ) == 0);
	EXPECT(byte_at(mm, AT) == 7 && mm_fault(mm, AT, FAULT_WRITE) == FAULT_NO_RIGHT);
	EXPECT(mm_protect(mm, AT, 2 * PAGE_SIZE, RW) == 0);
	EXPECT(store(mm, AT, 9) && byte_at(mm, AT) == 9);
	EXPECT(mm_fault(mm, AT + PAGE_SIZE, FAULT_WRITE) == FAULT_COW_COPY);
	EXPECT(books() == 0);
	mm_put(mm);
}

SELFTEST(vm_stack_grows_to_its_guard)
{
	struct mm *mm = new_mm();
	uint32_t grown = fault_counts[FAULT_STACK_GROWTH];
	vaddr_t low = AT - 300 * PAGE_SIZE;

	EXPECT(mm_make_stack(mm, AT, RW, PAGE_SIZE) == 0);
	EXPECT(map(mm, low - PAGE_SIZE, 1, VMA_READ, NULL) == 0);
	EXPECT(mm_fault(mm, AT - 10 * PAGE_SIZE, FAULT_WRITE) == FAULT_ZEROED_FRAME);
	EXPECT(fault_counts[FAULT_STACK_GROWTH] == grown + 1 && mm->npages == 11);
	EXPECT(mm_fault(mm, low + MM_STACK_GUARD, 0) == FAULT_ZERO_PAGE);
	EXPECT(mm_fault(mm, low + MM_STACK_GUARD - 1, 0) == FAULT_NO_REGION);
	EXPECT(mm_first(mm)->end == low);
	EXPECT(mm_unmap(mm, low - PAGE_SIZE, PAGE_SIZE) == 0);
	EXPECT(mm_fault(mm, low, FAULT_WRITE) == FAULT_ZEROED_FRAME);
	EXPECT(mm->pagedir.resident_anon == 2);
	mm_put(mm);
}

/* ---- objects ---- */

struct object test_file;
int test_fill_error;

static int fill(struct object *object, uint32_t index, struct frame *frame)
{
	uint8_t *window;

	(void)object;
	if (test_fill_error)
		return test_fill_error;
	window = kmap(frame);
	memset(window, 'a' + index, PAGE_SIZE);
	kunmap(window);
	return 0;
}

static unsigned released;

static void release(struct object *object)
{
	EXPECT(object == &test_file && object->pages.count == 0);
	released++;
}

const struct object_ops test_memory_ops = { .release = release };
const struct object_ops test_disk_ops = { .fill = fill, .release = release };

void test_file_create(const struct object_ops *ops, uint64_t size)
{
	object_init(&test_file, ops, NULL);
	test_file.size = size;
	test_fill_error = 0;
	released = 0;
}

void test_file_end(void)
{
	object_put(&test_file);
	EXPECT(released == 1);
}

SELFTEST(vm_fault_file)
{
	struct mm *mm = new_mm();

	test_file_create(&test_disk_ops, 3 * PAGE_SIZE + 1);
	EXPECT(map(mm, AT, 6, RW, &test_file) == 0);
	EXPECT(map(mm, AT + 6 * PAGE_SIZE, 6, RW | VMA_SHARED, &test_file) == 0);
	EXPECT(mm_fault(mm, AT, 0) == FAULT_CACHE_PAGE && byte_at(mm, AT) == 'a');
	EXPECT(mm_fault(mm, AT, FAULT_WRITE) == FAULT_COW_COPY && byte_at(mm, AT + 1) == 'a');
	EXPECT(mm_fault(mm, AT + PAGE_SIZE, FAULT_WRITE) == FAULT_COW_COPY);
	EXPECT(mm->pagedir.resident_anon == 2 && mm->faults_major == 2);
	EXPECT(mm_fault(mm, AT + 3 * PAGE_SIZE, 0) == FAULT_CACHE_PAGE);
	EXPECT(mm_fault(mm, AT + 4 * PAGE_SIZE, 0) == FAULT_BEYOND_END);
	EXPECT(mm_fault(mm, AT + 10 * PAGE_SIZE, FAULT_WRITE) == FAULT_BEYOND_END);
	test_fill_error = -EIO;
	EXPECT(mm_fault(mm, AT + 2 * PAGE_SIZE, 0) == FAULT_IO_ERROR);
	test_fill_error = -ENOMEM;
	EXPECT(mm_fault(mm, AT + 2 * PAGE_SIZE, FAULT_WRITE) == FAULT_NO_MEMORY);
	EXPECT(books() == 0);
	mm_put(mm);
	test_file_end();
}

/* Brings pages first..last of the test's file into the cache. */
static void fill_cache(uint32_t first, uint32_t last)
{
	for (uint32_t index = first; index <= last; index++) {
		struct frame *frame = object_get_page(&test_file, index);

		EXPECT(!IS_ERR(frame));
		frame_put(frame);
	}
}

/* Reading a page maps its neighbours, if they are cached, of the window, the region and the file. */
SELFTEST(vm_fault_around_maps_cached_pages)
{
	struct mm *mm = new_mm();

	test_file_create(&test_disk_ops, 44 * PAGE_SIZE);
	fill_cache(0, 43);
	EXPECT(map(mm, AT, 5, RW, &test_file) == 0);
	EXPECT(mm_fault(mm, AT + PAGE_SIZE, 0) == FAULT_CACHE_PAGE);
	EXPECT(mm->pagedir.resident_file == 5 && mm->faults_major == 0 && mm->faults_minor == 1);
	EXPECT(byte_at(mm, AT + 4 * PAGE_SIZE) == 'e' && mm->faults_minor == 1);
	EXPECT(mm_fault(mm, AT + PAGE_SIZE, FAULT_WRITE) == FAULT_COW_COPY);
	EXPECT(mm_fault(mm, AT + 2 * PAGE_SIZE, FAULT_WRITE) == FAULT_COW_COPY);
	EXPECT(mm_unmap(mm, AT, 5 * PAGE_SIZE) == 0 && mm->pagedir.resident_file == 0);
	/* Pages 36 to 43 at 4 to 11 of a window: those up to 47 are one group of the cache. */
	EXPECT(map(mm, AT + 4 * PAGE_SIZE, 30, RW | VMA_SHARED, &test_file) == 0);
	mm_find(mm, AT + 4 * PAGE_SIZE)->page_offset = 36;
	EXPECT(mm_fault(mm, AT + 7 * PAGE_SIZE, 0) == FAULT_CACHE_PAGE);
	EXPECT(mm->pagedir.resident_file == 8 && frame_at(mm, AT + 11 * PAGE_SIZE));
	EXPECT(mm_fault(mm, AT + 12 * PAGE_SIZE, 0) == FAULT_BEYOND_END);
	EXPECT(mm_fault(mm, AT + 4 * PAGE_SIZE, FAULT_WRITE) == FAULT_CACHE_PAGE);
	EXPECT(!(frame_at(mm, AT + 5 * PAGE_SIZE)->flags & FRAME_FLAG_DIRTY) && books() == 0);
	mm_put(mm);
	test_file_end();
}

SELFTEST(vm_shared_write_marks_dirty)
{
	struct mm *mm = new_mm();

	test_file_create(&test_disk_ops, 2 * PAGE_SIZE);
	EXPECT(map(mm, AT, 2, RW | VMA_SHARED, &test_file) == 0);
	EXPECT(mm_fault(mm, AT, 0) == FAULT_CACHE_PAGE);
	EXPECT(!(frame_at(mm, AT)->flags & FRAME_FLAG_DIRTY));
	EXPECT(mm_fault(mm, AT, FAULT_WRITE) == FAULT_CACHE_PAGE);
	EXPECT(frame_at(mm, AT)->flags & FRAME_FLAG_DIRTY);
	EXPECT(mm_fault(mm, AT, FAULT_WRITE) == FAULT_SPURIOUS);
	EXPECT(mm_protect(mm, AT, PAGE_SIZE, VMA_READ) == 0);
	EXPECT(mm_protect(mm, AT, PAGE_SIZE, RW) == 0);
	EXPECT(mm_fault(mm, AT, FAULT_WRITE) == FAULT_CACHE_PAGE);
	EXPECT(store(mm, AT, 'x') && books() == 0);
	mm_put(mm);
	test_file_end();
}

SELFTEST(vm_truncate_takes_pages_out_of_mappings)
{
	struct mm *mm = new_mm();

	test_file_create(&test_memory_ops, 4 * PAGE_SIZE);
	EXPECT(map(mm, AT, 4, RW | VMA_SHARED, &test_file) == 0);
	EXPECT(map(mm, AT + 4 * PAGE_SIZE, 4, RW, &test_file) == 0);
	for (unsigned page = 0; page < 4; page++)
		EXPECT(store(mm, AT + page * PAGE_SIZE + 20, 's'));
	EXPECT(byte_at(mm, AT + 7 * PAGE_SIZE + 20) == 's');
	EXPECT(store(mm, AT + 5 * PAGE_SIZE, 'p'));
	EXPECT(object_truncate(&test_file, PAGE_SIZE + 10) == 0);
	/* Two of the shared region, and one that came along with the read of the private one. */
	EXPECT(test_file.pages.count == 2 && mm->pagedir.resident_file == 3);
	EXPECT(byte_at(mm, AT + PAGE_SIZE + 20) == 0 && byte_at(mm, AT + 20) == 's');
	EXPECT(byte_at(mm, AT + 5 * PAGE_SIZE) == 'p');
	EXPECT(mm_fault(mm, AT + 2 * PAGE_SIZE, 0) == FAULT_BEYOND_END);
	EXPECT(mm_fault(mm, AT + 7 * PAGE_SIZE, 0) == FAULT_BEYOND_END);
	EXPECT(object_truncate(&test_file, 4 * PAGE_SIZE) == 0);
	EXPECT(byte_at(mm, AT + 2 * PAGE_SIZE + 20) == 0 && books() == 0);
	mm_put(mm);
	test_file_end();
}

SELFTEST(vm_object_read_and_write)
{
	static char text[] = "over the edge";
	char back[3 * 13];
	struct iovec vec;
	struct uio io;

	test_file_create(&test_memory_ops, 0);
	uio_init(&io, &vec, text, 13, true);
	EXPECT(object_write(&test_file, 2 * PAGE_SIZE - 6, &io) == 13);
	EXPECT(test_file.size == 2 * PAGE_SIZE + 7 && test_file.pages.count == 2);
	uio_init(&io, &vec, back, sizeof(back), true);
	EXPECT(object_read(&test_file, 2 * PAGE_SIZE - 19, &io) == 26);
	EXPECT(back[0] == 0 && back[12] == 0 && memcmp(back + 13, text, 13) == 0);
	uio_init(&io, &vec, back, sizeof(back), true);
	EXPECT(object_read(&test_file, 0, &io) == sizeof(back) && back[5] == 0 &&
	       test_file.pages.count == 2);
	uio_init(&io, &vec, back, sizeof(back), true);
	EXPECT(object_read(&test_file, test_file.size, &io) == 0);
	EXPECT(books() == 0);
	test_file_end();
}

/* ---- fork ---- */

SELFTEST(vm_fork_copies_on_write)
{
	struct mm *mm = new_mm(), *child;

	EXPECT(map(mm, AT, 4, RW, NULL) == 0 && store(mm, AT, 1) && store(mm, AT + PAGE_SIZE, 2));
	child = mm_fork(mm);
	EXPECT(!IS_ERR(child) && child->npages == 4 && child->pagedir.resident_anon == 2);
	EXPECT(frame_at(mm, AT) == frame_at(child, AT) && frame_at(mm, AT)->refs == 2);
	EXPECT(mm_fault(child, AT, FAULT_WRITE) == FAULT_COW_COPY);
	EXPECT(store(child, AT, 11) && byte_at(mm, AT) == 1 && byte_at(child, AT) == 11);
	EXPECT(mm_fault(mm, AT, FAULT_WRITE) == FAULT_COW_REUSE);
	EXPECT(mm_fault(mm, AT + PAGE_SIZE, FAULT_WRITE) == FAULT_COW_COPY);
	EXPECT(mm_fault(child, AT + PAGE_SIZE, FAULT_WRITE) == FAULT_COW_REUSE);
	EXPECT(byte_at(child, AT + PAGE_SIZE) == 2 && books() == 0);
	mm_put(mm);
	EXPECT(byte_at(child, AT + PAGE_SIZE) == 2 && books() == 0);
	mm_put(child);
}

SELFTEST(vm_fork_of_files)
{
	struct mm *mm = new_mm(), *child;

	test_file_create(&test_memory_ops, 4 * PAGE_SIZE);
	EXPECT(map(mm, AT, 2, RW | VMA_SHARED, &test_file) == 0);
	EXPECT(map(mm, AT + 2 * PAGE_SIZE, 2, RW, &test_file) == 0);
	EXPECT(store(mm, AT, 's') && store(mm, AT + 2 * PAGE_SIZE, 'p'));
	child = mm_fork(mm);
	EXPECT(!IS_ERR(child) && child->pagedir.resident_file == 0 &&
	       child->pagedir.resident_anon == 1);
	EXPECT(byte_at(child, AT) == 's' && store(child, AT, 't') && byte_at(mm, AT) == 't');
	EXPECT(store(child, AT + 2 * PAGE_SIZE, 'q') && byte_at(mm, AT + 2 * PAGE_SIZE) == 'p');
	EXPECT(books() == 0);
	mm_put(child);
	mm_put(mm);
	test_file_end();
}

/* Takes every free frame, low ones first, and declares that to the ledger. */
static void take_all_frames(struct list *taken)
{
	static const enum frame_kind kinds[] = { FRAME_KERNEL, FRAME_ANON };
	struct frame *frame;

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		while ((frame = frame_alloc(kinds[i], 0))) {
			ledger_hold(frame);
			list_remove(&frame->link);
			list_add_tail(taken, &frame->link);
		}
}

/* Gives back up to count of them, low ones first. */
static void release_frames(struct list *taken, uint32_t count)
{
	while (count-- > 0 && !list_empty(taken)) {
		struct frame *frame = list_first(taken, struct frame, link);

		list_remove(&frame->link);
		ledger_release(frame);
		frame_put(frame);
	}
}

SELFTEST(vm_fork_out_of_memory_leaves_nothing)
{
	struct list taken = LIST_INIT(taken);
	struct mm *mm = new_mm(), *child;
	unsigned failed = 0;

	for (unsigned i = 0; i < 40; i++)
		EXPECT(map(mm, AT + i * LARGE_PAGE_SIZE, 1, i % 2 ? RW : RW | VMA_NORESERVE,
			   NULL) == 0 &&
		       store(mm, AT + i * LARGE_PAGE_SIZE, i));
	take_all_frames(&taken);
	for (unsigned round = 0; round < 20; round++) {
		uint32_t before = free_frames();

		child = mm_fork(mm);
		EXPECT(books() == 0);
		failed += IS_ERR(child);
		if (IS_ERR(child))
			EXPECT(PTR_ERR(child) == -ENOMEM);
		else
			mm_put(child);
		/* The heap may keep a slab or two. */
		EXPECT(before - free_frames() <= 4);
		release_frames(&taken, 3);
	}
	release_frames(&taken, UINT32_MAX);
	EXPECT(failed > 5 && failed < 20);
	for (unsigned i = 0; i < 40; i++)
		EXPECT(byte_at(mm, AT + i * LARGE_PAGE_SIZE) == i);
	mm_put(mm);
}

SELFTEST(vm_faults_out_of_memory)
{
	struct list taken = LIST_INIT(taken);
	struct mm *mm = new_mm();

	test_file_create(&test_memory_ops, PAGE_SIZE);
	EXPECT(map(mm, AT, 2, RW, NULL) == 0 &&
	       map(mm, AT + 2 * PAGE_SIZE, 1, RW, &test_file) == 0);
	take_all_frames(&taken);
	EXPECT(mm_fault(mm, AT, 0) == FAULT_NO_MEMORY);
	EXPECT(mm_fault(mm, AT, FAULT_WRITE) == FAULT_NO_MEMORY);
	EXPECT(mm_fault(mm, AT + 2 * PAGE_SIZE, 0) == FAULT_NO_MEMORY);
	EXPECT(books() == 0);
	release_frames(&taken, UINT32_MAX);
	EXPECT(mm_fault(mm, AT, 0) == FAULT_ZERO_PAGE);
	take_all_frames(&taken);
	EXPECT(mm_fault(mm, AT, FAULT_WRITE) == FAULT_NO_MEMORY);
	release_frames(&taken, UINT32_MAX);
	EXPECT(mm_fault(mm, AT, FAULT_WRITE) == FAULT_COW_COPY && books() == 0);
	mm_put(mm);
	test_file_end();
}
