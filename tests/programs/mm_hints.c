/* Hints: taken where there is room, rounded down, and else a place is found that takes nothing. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 16

static char *at;

/* "there" when the hint's page was taken. */
static void hint(const char *what, char *where, int npages)
{
	char *page = (char *)((unsigned long)where & ~(unsigned long)(PAGE - 1));
	char *got = mmap(where, npages * PAGE, RW, ANON, -1, 0);

	if (got == MAP_FAILED) {
		mm_call(what, -1);
		return;
	}
	printf("%s: %s\n", what, got == page ? "there" : "elsewhere");
	if (got >= at + NPAGES * PAGE || got < at)
		munmap(got, npages * PAGE);
	show_regions("  regions", at, NPAGES);
	munmap(got, npages * PAGE);
}

int main(void)
{
	char *wall;

	at = window_make(NPAGES);
	map_private(at + 4 * PAGE, 2, PROT_READ);
	map_private(at + 10 * PAGE, 2, PROT_READ);
	hint("free", at, 2);
	hint("free, not at a page", at + 100, 2);
	hint("free, its last byte", at + PAGE - 1, 1);
	hint("fits exactly", at + 6 * PAGE, 4);
	hint("one too many", at + 6 * PAGE, 5);
	hint("taken", at + 4 * PAGE, 1);
	hint("taken, its middle", at + 5 * PAGE + 9, 1);
	hint("from before into it", at + 2 * PAGE, 3);
	hint("right before it", at + 2 * PAGE, 2);
	hint("right behind it", at + 6 * PAGE, 1);
	hint("above all", (char *)0xfffff000, 1);
	hint("nothing", NULL, 1);
	wall = mmap(at, PAGE, RW, ANON | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	printf("wall: %d\n", wall == at);
	hint("right below a stack", at - PAGE, 1);
	printf("the same place is found again: %d\n",
	       mm_map(3, RW) != mm_map(3, RW) && mm_map(1, RW) != NULL);
	return 0;
}
