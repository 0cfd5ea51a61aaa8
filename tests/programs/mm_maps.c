/* Neighbouring mappings that are alike are one; changes split them and undoing joins them again. */
#define _GNU_SOURCE
#include "mm.h"

static char *at;

static void show(const char *what)
{
	printf("%s: %d\n", what, mm_regions(at, at + 16 * PAGE));
}

int main(void)
{
	int fd = mm_file(16 * PAGE);
	char *room = mm_map(18, PROT_NONE);

	at = room + PAGE;
	munmap(room, 18 * PAGE);
	mmap(at, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	show("one");
	mmap(at + 8 * PAGE, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	show("another behind it");
	mprotect(at + 4 * PAGE, PAGE, PROT_READ);
	show("one page read-only");
	mprotect(at + 5 * PAGE, PAGE, PROT_READ);
	show("its neighbour too");
	mprotect(at + 4 * PAGE, 2 * PAGE, RW);
	show("both back");
	munmap(at + 10 * PAGE, PAGE);
	show("a hole");
	mmap(at + 10 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	show("filled");
	mmap(at, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	show("a file in front");
	mmap(at + 4 * PAGE, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 4 * PAGE);
	show("its next pages");
	mmap(at + 8 * PAGE, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 4 * PAGE);
	show("the same pages once more");
	mprotect(at, 16 * PAGE, PROT_NONE);
	show("all without rights");
	madvise(at + 12 * PAGE, PAGE, MADV_DONTFORK);
	show("advice splits as well");
	return 0;
}
