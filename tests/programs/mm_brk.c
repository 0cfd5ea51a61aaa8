/* The brk call answers where the break is; what it cannot do leaves that where it was. */
#define _GNU_SOURCE
#include "mm.h"

static unsigned long start;

static void set(const char *what, unsigned long to)
{
	unsigned long got = syscall(SYS_brk, to);

	printf("%s: %+ld\n", what, (long)(got - start));
}

int main(void)
{
	char *wall;

	setvbuf(stdout, NULL, _IONBF, 0);
	mm_catch();
	start = ((unsigned long)syscall(SYS_brk, 0) + PAGE - 1) & ~(PAGE - 1ul);
	set("to a page", start);
	set("nowhere", 0);
	set("below its start", 0x1000);
	set("by a byte", start + 1);
	mm_try("its page", (char *)start + 4095);
	mm_try("the next", (char *)start + PAGE);
	*(char *)start = 'x';
	set("to the page's end", start + PAGE);
	printf("kept: %c\n", *(char *)start);
	set("back", start);
	mm_try("gone", (char *)start);
	set("again", start + 3 * PAGE);
	printf("zeros: %d\n", *(char *)start);
	set("into the kernel", 0xfffff000);
	wall = mmap((void *)(start + 6 * PAGE), PAGE, RW, ANON | MAP_FIXED, -1, 0);
	set("up to a mapping but for a page", start + 5 * PAGE);
	set("up to a mapping", start + 6 * PAGE);
	set("past it", start + 8 * PAGE);
	munmap(wall, PAGE);
	set("with it gone", start + 8 * PAGE);
	munmap((void *)(start + PAGE), PAGE);
	mm_try("a hole in it", (char *)start + PAGE);
	set("down over the hole", start);
	return 0;
}
