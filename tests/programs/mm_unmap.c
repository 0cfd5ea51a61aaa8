/* munmap takes out exactly the pages it names, over holes and several mappings. */
#define _GNU_SOURCE
#include "mm.h"

static void show(char *at, int npages)
{
	for (int page = 0; page < npages; page++)
		putchar(strcmp(mm_access(at + page * PAGE, 0), "ok") ? '.' : '#');
	putchar('\n');
}

int main(void)
{
	char *at = mm_map(16, RW);

	mm_catch();
	mm_call("middle", munmap(at + 6 * PAGE, 2 * PAGE));
	show(at, 16);
	mm_call("start", munmap(at, PAGE));
	mm_call("end", munmap(at + 15 * PAGE, PAGE));
	show(at, 16);
	mm_call("over the hole", munmap(at + 5 * PAGE, 4 * PAGE));
	show(at, 16);
	mm_call("the hole again", munmap(at + 5 * PAGE, 4 * PAGE));
	mm_call("one byte is a page", munmap(at + 3 * PAGE, 1));
	show(at, 16);
	mprotect(at + 10 * PAGE, PAGE, PROT_READ);
	mprotect(at + 12 * PAGE, PAGE, PROT_NONE);
	mm_call("several kinds", munmap(at + 10 * PAGE, 3 * PAGE));
	show(at, 16);
	mm_call("all", munmap(at, 16 * PAGE));
	show(at, 16);

	mm_call("size 0", munmap(at, 0));
	mm_call("not at a page", munmap(at + 1, PAGE));
	mm_call("above user space", munmap((void *)0xfffff000, PAGE));
	mm_call("wraps", munmap((void *)0x40000000, 0xf0000000));
	mm_call("size that wraps", munmap((void *)0x40000000, 0xffffffff));
	return 0;
}
