/* MAP_FIXED replaces what is there, MAP_FIXED_NOREPLACE refuses to, a hint gives way. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	char *at = mm_map(8, RW), *got;

	memset(at, 'x', 8 * PAGE);
	got = mmap(at + 2 * PAGE, 3 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	printf("fixed: %d\n", got == at + 2 * PAGE);
	for (int page = 0; page < 8; page++)
		printf("page %d: %s\n", page, at[page * PAGE] ? "old" : "new");

	got = mmap(at + 7 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	mm_call("no replacing the last page", got == MAP_FAILED ? -1 : 0);
	printf("still old: %d\n", at[7 * PAGE] == 'x');
	munmap(at + 6 * PAGE, 2 * PAGE);
	got = mmap(at + 6 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	printf("into the hole: %d, zero: %d\n", got == at + 6 * PAGE, got[0] == 0);
	got = mmap(at + 7 * PAGE + 1, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	mm_call("not at a page", got == MAP_FAILED ? -1 : 0);

	got = mmap(at + 7 * PAGE, PAGE, RW, ANON, -1, 0);
	printf("hint taken when free: %d\n", got == at + 7 * PAGE);
	got = mmap(at + PAGE, PAGE, RW, ANON, -1, 0);
	printf("hint not taken when not: %d, and nothing replaced: %d\n", got != at + PAGE,
	       at[PAGE] == 'x');
	munmap(at + 7 * PAGE, PAGE);
	got = mmap(at + 7 * PAGE + 123, PAGE, RW, ANON, -1, 0);
	printf("hint rounded down: %d\n", got == at + 7 * PAGE);
	return 0;
}
