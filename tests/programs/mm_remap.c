/* mremap shrinks, grows in place, moves, moves to an address; contents go along. */
#define _GNU_SOURCE
#include "mm.h"

static char *filled(int npages)
{
	char *at = mm_map(npages + 8, RW);

	munmap(at + npages * PAGE, 8 * PAGE);
	for (int page = 0; page < npages; page++)
		at[page * PAGE] = 'a' + page;
	return at;
}

static void show(const char *at, int npages)
{
	for (int page = 0; page < npages; page++)
		putchar(at[page * PAGE] ? at[page * PAGE] : '0');
	putchar('\n');
}

int main(void)
{
	char *at = filled(4), *to, *wall;

	mm_catch();
	to = mremap(at, 4 * PAGE, 2 * PAGE, 0);
	printf("shrunk in place: %d\n", to == at);
	mm_try("what was cut off", at + 2 * PAGE);
	to = mremap(at, 2 * PAGE, 6 * PAGE, 0);
	printf("grown in place: %d\n", to == at);
	show(at, 6);
	wall = mmap(at + 6 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	mprotect(wall, PAGE, PROT_READ);
	mm_call("no room, may not move", (long)mremap(at, 6 * PAGE, 7 * PAGE, 0));
	to = mremap(at, 6 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
	printf("moved: %d\n", to != at);
	show(to, 8);
	mm_try("where it was", at);

	at = filled(5);
	wall = mm_map(5, RW);
	memset(wall, 'w', 5 * PAGE);
	to = mremap(at, 5 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, wall);
	printf("moved to an address: %d\n", to == wall);
	show(to, 5);
	to = mremap(wall + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at);
	printf("one page out of the middle: %d %c\n", to == at, *to);
	mm_try("the hole it left", wall + PAGE);
	printf("beside the hole: %c %c\n", wall[0], wall[2 * PAGE]);
	to = mremap(wall + 2 * PAGE, 3 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + PAGE);
	printf("moved and shrunk: %c\n", *to);
	mm_try("the rest", wall + 3 * PAGE);
	to = mremap(at, PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, wall);
	printf("moved and grown: %d %c %d\n", to == wall, to[0], to[2 * PAGE]);
	printf("same size, nothing to do: %d\n", mremap(wall, PAGE, PAGE, 0) == wall);
	printf("sizes rounded up: %d\n", mremap(wall, 1, 100, 0) == wall);
	return 0;
}
