/* Truncating a mapped file takes the pages away, private copies too, and zeroes the tail of the
 * last. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	int fd = mm_file(4 * PAGE);
	char *shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);

	mm_catch();
	for (int page = 0; page < 4; page++) {
		(void)*(volatile char *)(shared + page * PAGE);
		private[page * PAGE + 50] = 'P';
	}
	mm_call("truncate", ftruncate(fd, PAGE + 10));
	for (int page = 0; page < 4; page++) {
		printf("page %d: shared %s, ", page, mm_access(shared + page * PAGE, 0));
		printf("private %s\n", mm_access(private + page * PAGE, 0));
	}
	printf("tail: %c %d, in the private copy %c\n", shared[PAGE + 9], shared[PAGE + 10],
	       private[PAGE + 50]);
	mm_call("grow again", ftruncate(fd, 4 * PAGE));
	for (int page = 1; page < 4; page++) {
		printf("page %d: shared %d, ", page, shared[page * PAGE + 50]);
		printf("private %d\n", private[page * PAGE + 50]);
	}
	shared[3 * PAGE] = 'z';
	printf("shared and private agree: %c\n", private[3 * PAGE]);
	return 0;
}
