/* The last page of a mapped file ends in zeros; what lies beyond is SIGBUS. */
#define _GNU_SOURCE
#include "mm.h"

static void look(const char *kind, int flags)
{
	int fd = mm_file(PAGE + 100);
	char *at = mmap(NULL, 4 * PAGE, RW, flags, fd, 0);
	struct stat status;

	printf("%s\n", kind);
	printf("last byte: %c, after it: %d, end of page: %d\n", at[PAGE + 99], at[PAGE + 100],
	       at[2 * PAGE - 1]);
	mm_try("end of page", at + 2 * PAGE - 1);
	mm_try("first page beyond", at + 2 * PAGE);
	mm_try("next page", at + 3 * PAGE + 5);
	fstat(fd, &status);
	printf("size: %ld\n", (long)status.st_size);
	if (ftruncate(fd, 3 * PAGE))
		perror("ftruncate");
	mm_try("now inside", at + 2 * PAGE + 7);
	mm_try("still beyond", at + 3 * PAGE);
	munmap(at, 4 * PAGE);
	close(fd);
}

int main(void)
{
	mm_catch();
	look("private", MAP_PRIVATE);
	look("shared", MAP_SHARED);
	return 0;
}
