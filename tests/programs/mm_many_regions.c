/* A thousand regions: every second page has other rights, and each is found. */
#define _GNU_SOURCE
#include "mm.h"

enum { PAGES = 1000 };

int main(void)
{
	char *at = mm_map(PAGES, RW);
	int wrong = 0;

	mm_catch();
	for (int page = 0; page < PAGES; page += 2)
		mprotect(at + page * PAGE, PAGE, PROT_READ);
	printf("regions: %d\n", mm_regions(at, at + PAGES * PAGE));
	for (int page = 0; page < PAGES; page++)
		wrong += strcmp(mm_access(at + page * PAGE, 1), page % 2 ? "ok" : "SEGV_ACCERR") !=
			 0;
	printf("wrong: %d\n", wrong);
	for (int page = 1; page < PAGES; page += 2)
		munmap(at + page * PAGE, PAGE);
	for (int page = 0; page < PAGES; page++)
		wrong += strcmp(mm_access(at + page * PAGE, 0), page % 2 ? "SEGV_MAPERR" : "ok") !=
			 0;
	printf("wrong with holes: %d\n", wrong);
	mm_call("all unmapped", munmap(at, PAGES * PAGE));
	return 0;
}
