/* The first mmap call takes its six arguments from memory, the offset in bytes. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	int fd = mm_file(3 * PAGE);
	unsigned long words[6] = { 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 2 * PAGE };
	char *at = (char *)syscall(SYS_mmap, words);

	printf("page 2: %c\n", at[0]);
	words[5] = 2 * PAGE + 1;
	mm_call("offset not at a page", syscall(SYS_mmap, words));
	words[5] = 0x80000000;
	mm_call("offset of 2 GB", syscall(SYS_mmap, words) == -1 ? -1 : 0);
	mm_call("arguments nowhere", syscall(SYS_mmap, 16));
	mm_call("arguments in the kernel", syscall(SYS_mmap, 0xfffffff0));
	return 0;
}
