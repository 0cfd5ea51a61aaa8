/* A MAP_GROWSDOWN mapping grows by faults, keeping 256 pages from what is below, and no more than
 * RLIMIT_STACK. */
#define _GNU_SOURCE
#include "mm.h"

static void grow(void)
{
	char *room = mm_map(2000, PROT_NONE), *at;

	munmap(room, 2000 * PAGE);
	at = mmap(room + 1500 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	printf("placed: %d\n", at == room + 1500 * PAGE);
	mm_try("the page below", at - 1);
	mm_try("ten pages further", at - 10 * PAGE);
	printf("all of it: %s %s\n", mm_access(at - 5 * PAGE, 1), mm_access(at - 9 * PAGE + 7, 0));
	printf("one mapping: %d\n", mm_regions(at - 10 * PAGE, at + PAGE));
	mmap(at - 300 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	mm_try("256 pages from a mapping", at - 43 * PAGE);
	mm_try("255 pages from it", at - 44 * PAGE);
	mprotect(at - 300 * PAGE, PAGE, PROT_NONE);
	mm_try("without rights it does not matter", at - 44 * PAGE);
}

static void limited(void)
{
	struct rlimit limit = { 100 * PAGE, RLIM_INFINITY };
	char *room = mm_map(2000, PROT_NONE), *at;

	munmap(room, 2000 * PAGE);
	at = mmap(room + 1500 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	setrlimit(RLIMIT_STACK, &limit);
	mm_try("99 pages below", at - 99 * PAGE);
	mm_try("100 pages below", at - 100 * PAGE);
}

int main(void)
{
	mm_catch();
	mm_child(grow);
	mm_child(limited);
	return 0;
}
