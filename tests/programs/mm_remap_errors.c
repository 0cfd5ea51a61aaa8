/* What mremap refuses. */
#define _GNU_SOURCE
#include "mm.h"

static void try(const char *what, void *old, unsigned long old_size, unsigned long size, int flags,
		unsigned long to)
{
	long result = syscall(SYS_mremap, old, old_size, size, flags, to);

	mm_call(what, result == -1 ? -1 : 0);
}

int main(void)
{
	char *at = mm_map(8, RW), *target = mm_map(8, RW);

	target[0] = 't';
	munmap(at + 4 * PAGE, PAGE);
	try("unknown flag", at, PAGE, PAGE, 8, 0);
	try("fixed without may move", at, PAGE, PAGE, MREMAP_FIXED, (unsigned long)target);
	try("leave without may move", at, PAGE, PAGE, MREMAP_DONTUNMAP, 0);
	try("leave and resize", at, PAGE, 2 * PAGE, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0);
	try("not at a page", at + 1, PAGE, PAGE, 0, 0);
	try("new size 0", at, PAGE, 0, 0, 0);
	try("new size that wraps", at, PAGE, 0xffffffff, MREMAP_MAYMOVE, 0);
	try("nothing there", at + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
	try("nothing there, smaller", at + 4 * PAGE, 2 * PAGE, PAGE, 0, 0);
	try("beyond the mapping", at, 5 * PAGE, 6 * PAGE, MREMAP_MAYMOVE, 0);
	try("too big", at, PAGE, 0xfff00000, MREMAP_MAYMOVE, 0);
	try("old size 0, private", at, 0, PAGE, MREMAP_MAYMOVE, 0);
	try("target not at a page", at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	    (unsigned long)target + 1);
	try("target above", at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 0xfffff000);
	try("target overlaps", at, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	    (unsigned long)at + PAGE);
	try("target is the old place", at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	    (unsigned long)at);
	try("target enormous", at, PAGE, 0xf0000000, MREMAP_MAYMOVE | MREMAP_FIXED, 0x40000000);
	printf("target untouched: %c\n", target[0]);
	return 0;
}
