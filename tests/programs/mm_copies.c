/* read and write with buffers that end in a hole move what they can; wholly bad ones are EFAULT. */
#define _GNU_SOURCE
#include "mm.h"

/* Addresses that the compiler is not to reason about. */
static void *volatile page_0 = (void *)8, *volatile kernel = (void *)0xfffff000;

static void show(const char *what, ssize_t result)
{
	if (result < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %zd\n", what, result);
}

int main(void)
{
	int fd = mm_file(4 * PAGE), out = mm_file(0);
	char *at = mm_map(4, RW);

	munmap(at + 2 * PAGE, PAGE);
	mprotect(at + 3 * PAGE, PAGE, PROT_READ);
	show("read up to a hole", pread(fd, at + PAGE, 2 * PAGE, 0));
	printf("what came: %c %c\n", at[PAGE], at[2 * PAGE - 1]);
	show("read into a hole", pread(fd, at + 2 * PAGE, 10, 0));
	show("read into read-only memory", pread(fd, at + 3 * PAGE, 10, 0));
	show("read into page 0", pread(fd, page_0, 10, 0));
	show("read into the kernel", pread(fd, kernel, 10, 0));
	show("read nothing into a hole", pread(fd, at + 2 * PAGE, 0, 0));
	show("read at the end into a hole", pread(fd, at + 2 * PAGE, 10, 4 * PAGE));
	memset(at, 'w', 2 * PAGE);
	show("write from a hole", write(out, at + 2 * PAGE, 10));
	show("write from read-only memory", write(out, at + 3 * PAGE, 10));
	show("write from untouched memory", pwrite(out, mm_map(2, PROT_READ), 2 * PAGE, 0));
	show("write from memory without rights", pwrite(out, mm_map(1, PROT_NONE), 10, 0));
	return 0;
}
