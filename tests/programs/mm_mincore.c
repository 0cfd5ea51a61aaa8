/* mincore tells touched pages of private memory from untouched ones, and holes. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	char *at = mm_map(100, RW);
	unsigned char vector[100];

	madvise(at, 100 * PAGE, MADV_NOHUGEPAGE);
	for (int page = 0; page < 100; page += 3)
		at[page * PAGE] = 1;
	mm_call("mincore", mincore(at, 100 * PAGE, vector));
	for (int page = 0; page < 100; page++)
		putchar(vector[page] & 1 ? '#' : '.');
	putchar('\n');
	madvise(at, 6 * PAGE, MADV_DONTNEED);
	mm_call("part of a page", mincore(at, 6 * PAGE + 1, vector));
	for (int page = 0; page < 7; page++)
		putchar(vector[page] & 1 ? '#' : '.');
	putchar('\n');
	mm_call("size 0", mincore(at, 0, vector));
	mm_call("not at a page", mincore(at + 1, PAGE, vector));
	mm_call("vector nowhere", mincore(at, PAGE, (void *)16));
	munmap(at + 50 * PAGE, PAGE);
	mm_call("over a hole", mincore(at, 100 * PAGE, vector));
	mm_call("wraps", mincore(at, 0xffffffff - PAGE, vector));
	return 0;
}
