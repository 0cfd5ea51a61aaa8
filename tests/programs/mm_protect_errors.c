/* mprotect's errors; up to a hole it does what it is told. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	char *at = mm_map(8, RW), *file;
	int fd = open("/proc/self/exe", O_RDONLY);

	mm_catch();
	mm_call("not at a page", mprotect(at + 1, PAGE, PROT_READ));
	mm_call("size 0", mprotect(at, 0, PROT_READ));
	mm_call("size 0, nothing there", mprotect((void *)0x1000, 0, PROT_READ));
	mm_call("unknown right", syscall(SYS_mprotect, at, PAGE, 0x10));
	mm_call("PROT_SEM", syscall(SYS_mprotect, at, PAGE, 8 | RW));
	mm_call("both directions", syscall(SYS_mprotect, at, PAGE, 0x03000000 | RW));
	mm_call("growing down, no stack", syscall(SYS_mprotect, at, PAGE, 0x01000000 | RW));
	mm_call("growing up", syscall(SYS_mprotect, at, PAGE, 0x02000000 | RW));
	munmap(at + 4 * PAGE, PAGE);
	mm_call("over a hole", mprotect(at + 2 * PAGE, 4 * PAGE, PROT_READ));
	mm_try("before the hole", at + 3 * PAGE);
	mm_try("after the hole", at + 5 * PAGE);
	mm_call("from a hole", mprotect(at + 4 * PAGE, 2 * PAGE, PROT_READ));
	mm_try("after the hole", at + 5 * PAGE);
	mm_call("size rounded up", mprotect(at + 6 * PAGE, PAGE + 1, PROT_READ));
	mm_try("second page", at + 7 * PAGE);

	file = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	mm_call("to write a shared read-only file", mprotect(file, PAGE, RW));
	file = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	mm_call("to write a private one", mprotect(file, PAGE, RW));
	file[0] = 1;
	printf("written: %d\n", file[0]);
	return 0;
}
