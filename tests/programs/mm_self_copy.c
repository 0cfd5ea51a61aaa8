/* A file read into, and written from, its own mapping: the page is source and target at once. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	int fd = mm_file(4 * PAGE);
	char *shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);

	printf("write from the page itself: %zd\n", pwrite(fd, shared, 100, 0));
	printf("write from the page before: %zd\n", pwrite(fd, shared, PAGE, PAGE));
	printf("read into the page itself: %zd\n", pread(fd, shared + 2 * PAGE, PAGE, 2 * PAGE));
	printf("read into the next page: %zd\n", pread(fd, shared + 3 * PAGE, PAGE, 2 * PAGE));
	for (int page = 0; page < 4; page++)
		printf("page %d: %c\n", page, shared[page * PAGE]);
	printf("read into a private page: %zd\n", pread(fd, private + PAGE, PAGE, 3 * PAGE));
	printf("private %c, file %c\n", private[PAGE], shared[PAGE]);
	printf("write past the end from a new page: %zd\n",
	       pwrite(fd, private + 2 * PAGE, PAGE, 6 * PAGE));
	printf("size: %ld\n", (long)lseek(fd, 0, SEEK_END));
	return 0;
}
