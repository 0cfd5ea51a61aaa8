/* mincore's answers: errors in their order, kinds of memory, and what it wrote before an error. */
#define _GNU_SOURCE
#include "regions.h"

static char *at;

static void errors(void)
{
	unsigned char vector[16];

	mm_call("not at a page", mincore(at + 1, PAGE, vector));
	mm_call("no size", mincore(at, 0, vector));
	mm_call("no size, no vector", mincore(at, 0, NULL));
	mm_call("no size, nowhere", mincore((void *)0x1000, 0, vector));
	mm_call("no vector", mincore(at, PAGE, NULL));
	mm_call("a vector in the kernel", mincore(at, PAGE, (void *)0xfffff000));
	mm_call("a vector without rights", mincore(at, PAGE, (void *)(at + 3 * PAGE)));
	mm_call("a read-only vector", mincore(at, PAGE, (void *)(at + 2 * PAGE)));
	mm_call("nowhere", mincore((void *)0x1000, PAGE, vector));
	mm_call("nowhere, no vector", mincore((void *)0x1000, PAGE, NULL));
	mm_call("over the end", mincore(at, 0xfffff000, vector));
	mm_call("a page and a byte over the edge", mincore(at + 4 * PAGE, PAGE + 1, vector));
}

static void kinds(void)
{
	char *shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	show_resident("untouched", at, 2);
	(void)*(volatile char *)at;
	show_resident("read", at, 2);
	at[PAGE] = 1;
	show_resident("written", at, 2);
	madvise(at, 2 * PAGE, MADV_DONTNEED);
	show_resident("dropped", at, 2);
	at[0] = 1;
	mprotect(at, PAGE, PROT_NONE);
	show_resident("written, rights taken", at, 2);
	mprotect(at, PAGE, RW);
	show_resident("shared, untouched", shared, 4);
	shared[PAGE] = 1;
	(void)*(volatile char *)(shared + 2 * PAGE);
	show_resident("shared, one written, one read", shared, 4);
	madvise(shared, 4 * PAGE, MADV_DONTNEED);
	show_resident("shared, dropped from this view", shared, 4);
	madvise(shared, 4 * PAGE, MADV_REMOVE);
	show_resident("shared, removed", shared, 4);
	munmap(shared, 4 * PAGE);
}

static void before_a_hole(void)
{
	unsigned char vector[8];

	memset(vector, 9, sizeof(vector));
	at[0] = 1;
	munmap(at + PAGE, PAGE);
	mm_call("into a hole", mincore(at, 4 * PAGE, vector));
	printf("%d %d\n", vector[0] == 9 ? 9 : vector[0] & 1, vector[3]);
}

static void other_processes_pages(void)
{
	at[0] = 1;
	show_resident("in a child", at, 1);
	munmap(at, PAGE);
	map_at(at, 1, RW, ANON, -1, 0);
	show_resident("in a child, its own", at, 1);
}

int main(void)
{
	at = window_make(6);
	map_at(at, 5, RW, ANON, -1, 0);
	mprotect(at + 2 * PAGE, PAGE, PROT_READ);
	mprotect(at + 3 * PAGE, PAGE, PROT_NONE);
	errors();
	kinds();
	before_a_hole();
	mm_child(other_processes_pages);
	return 0;
}
