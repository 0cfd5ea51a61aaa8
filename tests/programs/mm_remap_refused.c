/* What mremap refuses: words, addresses, overlaps; and that nothing has changed then. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 8
#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)

static char *at;

static void try(const char *what, void *old, size_t old_size, size_t new_size, int flags, void *to)
{
	char *got;

	munmap(at, NPAGES * PAGE);
	map_at(at, 4, RW, ANON, -1, 0);
	fill_bytes(at, 4, 'A');
	got = mremap(old, old_size, new_size, flags, to);
	mm_call(what, got == MAP_FAILED ? -1 : 0);
	show_bytes("  bytes", at, NPAGES);
}

static void words(void)
{
	try("an unknown flag", at, PAGE, PAGE, 8, at);
	try("fixed, may not move", at, PAGE, PAGE, MREMAP_FIXED, at + 5 * PAGE);
	try("not at a page", at + 1, PAGE, PAGE, 0, at);
	try("not at a page, too small", at + 1, PAGE, 0, 0, at);
	try("new size 0", at, PAGE, 0, 0, at);
	try("new size 0, may move", at, PAGE, 0, MREMAP_MAYMOVE, at);
	try("new size that wraps to 0", at, PAGE, 0xffffffff, 0, at);
	try("old size 0 of private memory", at, 0, PAGE, MREMAP_MAYMOVE, at);
	try("old size 0, may not move", at, 0, PAGE, 0, at);
	try("sizes are rounded up", at, 1, 2, 0, at);
	try("too large to grow here", at, PAGE, 0x40000000, 0, at);
	try("too large to be anywhere", at, PAGE, 0xf0000000, MREMAP_MAYMOVE, at);
}

static void targets(void)
{
	try("to no page", at, PAGE, PAGE, MOVE, at + 5 * PAGE + 1);
	try("onto itself", at, PAGE, PAGE, MOVE, at);
	try("overlapping above", at, 2 * PAGE, 2 * PAGE, MOVE, at + PAGE);
	try("overlapping below", at + PAGE, 2 * PAGE, 2 * PAGE, MOVE, at);
	try("overlapping as it grows", at + 2 * PAGE, PAGE, 3 * PAGE, MOVE, at);
	try("to below what may be mapped", at, PAGE, PAGE, MOVE, (void *)0xfffff000);
	try("beyond the end", at, PAGE, PAGE, MOVE, (void *)0xfffff000);
	try("a target is not looked at without the flag", at, PAGE, PAGE, MREMAP_MAYMOVE,
	    (void *)1);
}

static void sources(void)
{
	try("from nowhere", at + 4 * PAGE, PAGE, PAGE, 0, at);
	try("from nowhere, to grow", at + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, at);
	try("from nowhere to here", at + 5 * PAGE, PAGE, PAGE, MOVE, at);
	try("into a hole behind, growing", at + 3 * PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, at);
	try("from page 0", NULL, PAGE, PAGE, 0, at);
	try("from the end", (void *)0xfffff000, PAGE, PAGE, 0, at);
}

int main(void)
{
	mm_catch();
	at = window_make(NPAGES);
	words();
	targets();
	sources();
	return 0;
}
