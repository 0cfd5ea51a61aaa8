/* There is an end to regions: 65530 of them, then ENOMEM, and nothing is lost. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	enum { PAGES = 140000 };
	char *at = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ, ANON | MAP_NORESERVE, -1, 0);
	int page, error = 0;

	for (page = 1; page < PAGES; page += 2)
		if (mprotect(at + (size_t)page * PAGE, PAGE, PROT_NONE)) {
			error = errno;
			break;
		}
	printf("stopped: %s, near the limit: %d\n", strerrorname_np(error),
	       page > 65530 - 100 && page < 65530 + 10);
	error = 0;
	/* The call that failed may have made half of its splits. */
	for (page = PAGES - 3; page > PAGES - 11 && !error; page -= 2)
		if (munmap(at + (size_t)page * PAGE, PAGE))
			error = errno;
	printf("no more by unmapping: %s\n", strerrorname_np(error));
	mm_call("one that would not", munmap(at + (size_t)(PAGES - 1) * PAGE, PAGE));
	mm_call("all", munmap(at, (size_t)PAGES * PAGE));
	at = mm_map(1, RW);
	at[0] = 1;
	printf("and on: %d\n", at[0]);
	return 0;
}
