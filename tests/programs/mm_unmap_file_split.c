/* A mapping of a file whose front or middle is unmapped goes on showing the right pages. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	int fd = mm_file(10 * PAGE);
	char *at = mmap(NULL, 8 * PAGE, RW, MAP_PRIVATE, fd, 2 * PAGE);
	char *shared = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 2 * PAGE);

	munmap(at, 2 * PAGE);
	munmap(at + 4 * PAGE, PAGE);
	mprotect(at + 6 * PAGE, PAGE, PROT_READ);
	for (int page = 2; page < 8; page++)
		if (page != 4)
			printf("private page %d: %c\n", page, at[page * PAGE]);
	munmap(shared, PAGE);
	mprotect(shared + 3 * PAGE, PAGE, PROT_READ);
	munmap(shared + 5 * PAGE, PAGE);
	for (int page = 1; page < 8; page++) {
		char byte;

		if (page == 5)
			continue;
		printf("shared page %d: %c", page, shared[page * PAGE]);
		if (page != 3)
			shared[page * PAGE] -= 32;
		pread(fd, &byte, 1, (page + 2) * PAGE);
		printf(", in the file %c\n", byte);
	}
	return 0;
}
