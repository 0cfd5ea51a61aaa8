/* MADV_POPULATE_READ and _WRITE bring pages in, and say why they cannot. */
#define _GNU_SOURCE
#include "mm.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

int main(void)
{
	char *at = mm_map(8, RW), *file;
	unsigned char vector[8];
	int fd = mm_file(PAGE), count = 0;

	mm_call("write", madvise(at, 4 * PAGE, MADV_POPULATE_WRITE));
	mincore(at, 8 * PAGE, vector);
	for (int page = 0; page < 8; page++)
		count += vector[page] & 1;
	printf("resident: %d\n", count);
	mprotect(at, PAGE, PROT_READ);
	mm_call("read what is read-only", madvise(at, PAGE, MADV_POPULATE_READ));
	mm_call("write what is read-only", madvise(at, PAGE, MADV_POPULATE_WRITE));
	mprotect(at, PAGE, PROT_NONE);
	mm_call("read what has no rights", madvise(at, PAGE, MADV_POPULATE_READ));
	munmap(at, PAGE);
	mm_call("a hole", madvise(at, 2 * PAGE, MADV_POPULATE_READ));
	file = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	mm_call("a file", madvise(file, PAGE, MADV_POPULATE_WRITE));
	mm_call("beyond its end", madvise(file, 2 * PAGE, MADV_POPULATE_WRITE));
	return 0;
}
