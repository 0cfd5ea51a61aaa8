/* msync's errors, and that what it leaves is in the file. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	int fd = mm_file(4 * PAGE);
	char *at = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0), byte;

	at[PAGE] = 'M';
	mm_call("sync", msync(at, 4 * PAGE, MS_SYNC));
	pread(fd, &byte, 1, PAGE);
	printf("in the file: %c\n", byte);
	mm_call("async", msync(at, 4 * PAGE, MS_ASYNC));
	mm_call("neither", msync(at, 4 * PAGE, 0));
	mm_call("both", msync(at, 4 * PAGE, MS_SYNC | MS_ASYNC));
	mm_call("invalidate", msync(at, 4 * PAGE, MS_INVALIDATE));
	mm_call("unknown flag", msync(at, 4 * PAGE, 8));
	mm_call("not at a page", msync(at + 1, PAGE, MS_SYNC));
	mm_call("size 0", msync(at, 0, MS_SYNC));
	munmap(at + 2 * PAGE, PAGE);
	mm_call("sync over a hole", msync(at, 4 * PAGE, MS_SYNC));
	mm_call("async over a hole", msync(at, 4 * PAGE, MS_ASYNC));
	mm_call("sync of a hole", msync(at + 2 * PAGE, PAGE, MS_SYNC));
	mm_call("sync up to a hole", msync(at, 2 * PAGE, MS_SYNC));
	mlock(at, PAGE);
	mm_call("invalidate locked", msync(at, PAGE, MS_INVALIDATE));
	return 0;
}
