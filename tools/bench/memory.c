/*
 * Rows about mappings, faults, protections and the heap.
 */
#include "bench.h"

#define SIZE MB /* of a mapping, where the row does not say otherwise: 256 pages */

/* ---- mapping without touching */

static void time_map_calls(size_t size, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		begin();
		char *mapping = map_anonymous(size);
		end(1);
		unmap(mapping, size);
	}
}

static void mmap_call(void)
{
	time_map_calls(SIZE, 31);
}

static void mmap_call_1p(void)
{
	time_map_calls(PAGE, 31);
}

static void mmap_call_64m(void)
{
	time_map_calls(64 * MB, 31);
}

/* ---- faults */

/* Time with nothing to do, in which a kernel may prepare memory. */
static void rest(void)
{
	const long span[2] = { 0, 20000000 };

	check(call2(CALL_NANOSLEEP, (long)span, 0), "nanosleep");
}

static void time_stores(size_t size, unsigned times, bool rested)
{
	for (unsigned i = 0; i < times; i++) {
		if (rested)
			rest();
		char *mapping = map_checked(size);
		begin();
		store_pages(mapping, size);
		end(size / PAGE);
		unmap(mapping, size);
	}
}

static void anon_write_fault(void)
{
	time_stores(SIZE, 15, false);
}

static void anon_write_rested(void)
{
	time_stores(SIZE, 15, true);
}

static void anon_seq_max(void)
{
	time_stores(64 * MB, 5, false);
}

static void anon_read_fault(void)
{
	for (unsigned i = 0; i < 15; i++) {
		char *mapping = map_checked(SIZE);
		begin();
		load_pages(mapping, SIZE);
		end(SIZE / PAGE);
		unmap(mapping, SIZE);
	}
}

static void anon_write_after_read(void)
{
	for (unsigned i = 0; i < 15; i++) {
		char *mapping = map_checked(SIZE);
		load_pages(mapping, SIZE);
		begin();
		store_pages(mapping, SIZE);
		end(SIZE / PAGE);
		unmap(mapping, SIZE);
	}
}

/*
 * Below what the stack has, with the stack pointer left where it is: a call down there would make
 * the stack grow to it at once. Each sample wants a process whose stack has not grown yet.
 */
static __attribute__((noinline)) void touch_stack(void)
{
	char *top = (char *)((uintptr_t)__builtin_frame_address(0) & -PAGE) - PAGE;

	begin();
	for (size_t at = PAGE; at <= SIZE; at += PAGE)
		*(volatile char *)(top - at) = 1;
	end(SIZE / PAGE);
}

static void stack_growth(void)
{
	for (unsigned i = 0; i < 9; i++) {
		long child = fork_checked();

		if (child == 0) {
			touch_stack();
			exit_now();
		}
		wait_for(child);
	}
}

/* ---- mapping and unmapping */

static void time_map_unmap(bool touched)
{
	for (unsigned i = 0; i < 15; i++) {
		begin();
		for (unsigned j = 0; j < 16; j++) {
			char *mapping = map_anonymous(PAGE);

			if (touched)
				*(volatile char *)mapping = 1;
			unmap(mapping, PAGE);
		}
		end(16);
	}
}

static void mmap_munmap_1p(void)
{
	time_map_unmap(false);
}

static void mmap_touch_munmap_1p(void)
{
	time_map_unmap(true);
}

static void time_unmaps(size_t size, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		char *mapping = map_checked(size);

		store_pages(mapping, size);
		begin();
		unmap(mapping, size);
		end(size / PAGE);
	}
}

static void munmap_touched_1m(void)
{
	time_unmaps(MB, 15);
}

static void munmap_touched_16m(void)
{
	time_unmaps(16 * MB, 9);
}

static void munmap_touched_64m(void)
{
	time_unmaps(64 * MB, 5);
}

/* ---- protections */

static inline void protect(char *start, size_t size, int rights)
{
	call3(CALL_MPROTECT, (long)start, (long)size, rights);
}

static void time_protects(size_t size)
{
	char *mapping = map_checked(size);

	store_pages(mapping, size);
	for (unsigned i = 0; i < 15; i++) {
		begin();
		for (unsigned j = 0; j < 8; j++) {
			protect(mapping, size, PROT_READ);
			load_pages(mapping, size);
			protect(mapping, size, PROT_BOTH);
			store_pages(mapping, size);
		}
		end(16);
	}
	unmap(mapping, size);
}

static void mprotect_1p(void)
{
	time_protects(PAGE);
}

static void mprotect_256p(void)
{
	time_protects(SIZE);
}

static void mprotect_1p_split(void)
{
	char *mapping = map_checked(SIZE);
	char *middle = mapping + SIZE / 2;

	store_pages(mapping, SIZE);
	for (unsigned i = 0; i < 15; i++) {
		begin();
		for (unsigned j = 0; j < 8; j++) {
			protect(middle, PAGE, PROT_READ);
			protect(middle, PAGE, PROT_BOTH);
		}
		end(16);
	}
	unmap(mapping, SIZE);
}

/* ---- the heap */

static void time_brk(size_t size, unsigned operations, bool touched)
{
	char *heap = (char *)((call1(CALL_BRK, 0) + PAGE - 1) & -(long)PAGE);

	for (unsigned i = 0; i < 15; i++) {
		begin();
		for (unsigned j = 0; j < 8; j++) {
			call1(CALL_BRK, (long)(heap + size));
			if (touched)
				store_pages(heap, size);
			call1(CALL_BRK, (long)heap);
		}
		end(8 * operations);
	}
}

static void brk_grow_shrink(void)
{
	time_brk(PAGE, 1, false);
}

static void brk_grow_touch_shrink(void)
{
	time_brk(SIZE, SIZE / PAGE, true);
}

/* ---- copy on write */

static void cow_fault(void)
{
	char *mapping = map_checked(SIZE);

	store_pages(mapping, SIZE);
	for (unsigned i = 0; i < 9; i++) {
		long child = fork_checked();

		if (child == 0) {
			begin();
			store_pages(mapping, SIZE);
			end(SIZE / PAGE);
			exit_now();
		}
		wait_for(child);
	}
	unmap(mapping, SIZE);
}

static void cow_sole_owner(void)
{
	char *mapping = map_checked(SIZE);

	store_pages(mapping, SIZE);
	for (unsigned i = 0; i < 9; i++) {
		long child = fork_checked();

		if (child == 0)
			exit_now();
		wait_for(child);
		begin();
		store_pages(mapping, SIZE);
		end(SIZE / PAGE);
	}
	unmap(mapping, SIZE);
}

const struct row memory_rows[] = {
	{ "mmap_call", mmap_call },
	{ "mmap_call_1p", mmap_call_1p },
	{ "mmap_call_64m", mmap_call_64m },
	{ "anon_write_fault", anon_write_fault },
	{ "anon_write_rested", anon_write_rested },
	{ "anon_read_fault", anon_read_fault },
	{ "anon_write_after_read", anon_write_after_read },
	{ "anon_seq_max", anon_seq_max },
	{ "stack_growth", stack_growth },
	{ "mmap_munmap_1p", mmap_munmap_1p },
	{ "mmap_touch_munmap_1p", mmap_touch_munmap_1p },
	{ "munmap_touched_1m", munmap_touched_1m },
	{ "munmap_touched_16m", munmap_touched_16m },
	{ "munmap_touched_64m", munmap_touched_64m },
	{ "mprotect_1p", mprotect_1p },
	{ "mprotect_256p", mprotect_256p },
	{ "mprotect_1p_split", mprotect_1p_split },
	{ "brk_grow_shrink", brk_grow_shrink },
	{ "brk_grow_touch_shrink", brk_grow_touch_shrink },
	{ "cow_fault", cow_fault },
	{ "cow_sole_owner", cow_sole_owner },
	{ NULL, NULL },
};
