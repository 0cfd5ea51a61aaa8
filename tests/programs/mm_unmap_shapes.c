/* munmap over every shape of regions; what is left, and that it is left whole. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 12

static char *at;
static int fd;

/* rw 0-3, file 3-6 (its pages 0-2), hole 6-7, shared 7-10, r 10-12. */
static void begin(void)
{
	munmap(at, NPAGES * PAGE);
	map_at(at, 3, RW, ANON, -1, 0);
	fill_bytes(at, 3, 'A');
	map_at(at + 3 * PAGE, 3, PROT_READ, MAP_PRIVATE, fd, 0);
	map_at(at + 7 * PAGE, 3, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fill_bytes(at + 7 * PAGE, 3, '7');
	map_at(at + 10 * PAGE, 2, PROT_READ, ANON, -1, 0);
}

static void unmap(const char *what, int first, int npages)
{
	begin();
	mm_call(what, munmap(at + first * PAGE, npages * PAGE));
	show_regions("  regions", at, NPAGES);
	show_bytes("  bytes", at, NPAGES);
}

static void sizes(const char *what, unsigned offset, size_t size)
{
	begin();
	mm_call(what, munmap(at + offset, size));
	show_bytes("  bytes", at, NPAGES);
}

/* In a child: the range reaches to what runs the program. */
static void beyond(void)
{
	mm_call("over the end of user space", munmap(at, 0u - (unsigned long)at - PAGE + 1));
	mm_call("at the very end", munmap((void *)0xfffff000, PAGE));
	mm_call("a size that wraps", munmap(at, 0xfffff001));
	mm_call("a size of nearly all", munmap(at, 0xffffffff));
	mm_call("page 0", munmap(NULL, PAGE));
	mm_call("below what may be mapped", munmap((void *)0x1000, PAGE));
}

int main(void)
{
	mm_catch();
	at = window_make(NPAGES);
	fd = mm_file(3 * PAGE);
	unmap("one region", 0, 3);
	unmap("its start", 0, 1);
	unmap("its middle", 1, 1);
	unmap("its end", 2, 1);
	unmap("the file", 3, 3);
	unmap("the file's start", 3, 1);
	unmap("the file's middle", 4, 1);
	unmap("the file's end", 5, 1);
	unmap("the hole", 6, 1);
	unmap("shared memory's middle", 8, 1);
	unmap("from inside to inside", 1, 8);
	unmap("two regions and a half", 0, 5);
	unmap("with the hole at its start", 6, 2);
	unmap("with the hole at its end", 4, 3);
	unmap("across the hole", 5, 3);
	unmap("everything", 0, NPAGES);
	sizes("one byte", 0, 1);
	sizes("a page and a byte", 0, PAGE + 1);
	sizes("nothing", 0, 0);
	sizes("not at a page", 1, PAGE);
	sizes("in the middle of a page", 2048, 10);
	beyond();
	return 0;
}
