/* mprotect over every shape of regions: which change, which split and join, where it stops. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 12

static char *at;
static int fd; /* open to read alone */

/* rw 0-4, shared view of the file 4-6 that may not be written, rw 6-8, hole 8-9, r 9-12. */
static void begin(void)
{
	munmap(at, NPAGES * PAGE);
	map_at(at, 8, RW, ANON, -1, 0);
	fill_bytes(at, 8, 'a');
	map_at(at + 4 * PAGE, 2, PROT_READ, MAP_SHARED, fd, 0);
	map_at(at + 9 * PAGE, 3, PROT_READ, ANON, -1, 0);
}

static void protect(const char *what, int first, int npages, int prot)
{
	begin();
	mm_call(what, mprotect(at + first * PAGE, npages * PAGE, prot));
	show_regions("  regions", at, NPAGES);
	show_bytes("  bytes", at, NPAGES);
}

static void shapes(void)
{
	protect("a whole region", 0, 4, PROT_READ);
	protect("its start", 0, 1, PROT_READ);
	protect("its middle", 1, 2, PROT_NONE);
	protect("its end", 3, 1, PROT_READ);
	protect("what it has already", 1, 2, RW);
	protect("no write right for the file: stops there", 2, 6, RW);
	protect("read-only everywhere before the hole", 0, 8, PROT_READ);
	protect("the file, to read", 4, 2, PROT_READ);
	protect("the file, nothing", 4, 2, PROT_NONE);
	protect("the file, to write", 4, 2, RW);
	protect("part of the file, to write", 5, 1, PROT_WRITE);
	protect("from before into the file, to write", 3, 2, RW);
	protect("into a hole: what is before changes", 6, 6, PROT_READ);
	protect("from a hole: nothing changes", 8, 4, RW);
	protect("a hole alone", 8, 1, RW);
	protect("behind the hole", 9, 2, RW);
	protect("all, stops at the hole", 0, 12, PROT_NONE);
}

static void rights(const char *what, int prot)
{
	begin();
	mm_call(what, mprotect(at, PAGE, prot));
	show_regions("  regions", at, 4);
	mm_try("  access", at);
}

/* Executable memory can be read as well, on processors that know nothing finer. */
static void each_right(void)
{
	rights("none", PROT_NONE);
	rights("read", PROT_READ);
	rights("write", PROT_WRITE);
	rights("read and write", RW);
	rights("read and execute", PROT_READ | PROT_EXEC);
	rights("all", RW | PROT_EXEC);
	rights("semaphores", RW | 8);
	rights("an unknown right", RW | 0x10);
	rights("another unknown right", RW | 0x40000000);
	rights("grows down", RW | PROT_GROWSDOWN);
	rights("grows up", RW | PROT_GROWSUP);
	rights("grows both ways", RW | PROT_GROWSDOWN | PROT_GROWSUP);
}

static void words(const char *what, void *start, size_t size, int prot)
{
	begin();
	mm_call(what, mprotect(start, size, prot));
	show_regions("  regions", at, NPAGES);
}

static void sizes(void)
{
	words("nothing", at, 0, PROT_READ);
	words("one byte", at, 1, PROT_READ);
	words("a page and a byte", at, PAGE + 1, PROT_READ);
	words("not at a page", at + 1, PAGE, PROT_READ);
	words("not at a page, nothing", at + 1, 0, PROT_READ);
	mm_call("a size that wraps", mprotect(at, 0xfffff001, PROT_READ));
	mm_call("an end that wraps", mprotect(at, 0xfffff000, PROT_READ));
	words("nothing, with an unknown right", at, 0, 0x10);
	words("nowhere, with an unknown right", at + 8 * PAGE, PAGE, 0x10);
	words("page 0", NULL, PAGE, PROT_READ);
	words("nowhere, growing down", at + 8 * PAGE, PAGE, RW | PROT_GROWSDOWN);
	words("nowhere, growing up", at + 8 * PAGE, PAGE, RW | PROT_GROWSUP);
}

int main(void)
{
	int both = mm_file(2 * PAGE);
	char path[32];

	mm_catch();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", both);
	fd = open(path, O_RDONLY);
	at = window_make(NPAGES);
	shapes();
	each_right();
	sizes();
	return 0;
}
