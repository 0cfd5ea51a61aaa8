/* What a child shares with its parent and what is its own, for every kind of mapping. */
#define _GNU_SOURCE
#include "mm.h"

static char *private, *shared, *file_private, *file_shared, *untouched, *read_only;
static int fd;

static void child(void)
{
	char byte;

	printf("child sees: %c %c %c %c %d\n", private[0], shared[0], file_private[0],
	       file_shared[0], untouched[0]);
	private[0] = shared[0] = file_private[0] = file_shared[0] = untouched[0] = 'C';
	file_private[PAGE] = 'D';
	mm_try("read-only in the child", read_only);
	mprotect(read_only, PAGE, RW);
	read_only[0] = 'C';
	munmap(shared + PAGE, PAGE);
	pread(fd, &byte, 1, 0);
	printf("the file: %c\n", byte);
}

int main(void)
{
	mm_catch();
	fd = mm_file(2 * PAGE);
	private = mm_map(2, RW);
	untouched = mm_map(1, RW);
	read_only = mm_map(1, RW);
	shared = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	file_private = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);
	file_shared = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	private[0] = shared[0] = file_private[0] = file_shared[0] = read_only[0] = 'P';
	shared[PAGE] = 'S';
	mprotect(read_only, PAGE, PROT_READ);
	mm_child(child);
	printf("parent sees: %c %c %c %c %d\n", private[0], shared[0], file_private[0],
	       file_shared[0], untouched[0]);
	printf("second pages: %c %c\n", shared[PAGE], file_private[PAGE]);
	mm_try("read-only in the parent", read_only);
	printf("with its contents: %c\n", read_only[0]);
	return 0;
}
