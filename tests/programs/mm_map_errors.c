/* mmap2 refuses what cannot be, each with its own errno, and in Linux's order. */
#define _GNU_SOURCE
#include "mm.h"

static void try(const char *what, unsigned long at, unsigned long size, int prot, int flags, int fd,
		unsigned long page)
{
	long result = syscall(SYS_mmap2, at, size, prot, flags, fd, page);

	mm_call(what, result == -1 ? -1 : 0);
	if (result != -1)
		munmap((void *)result, size);
}

int main(void)
{
	int both = mm_file(PAGE), ends[2];
	int reading = open("/proc/self/exe", O_RDONLY);
	int writing = open("mm-test.tmp", O_WRONLY | O_CREAT, 0600);

	unlink("mm-test.tmp");
	if (pipe(ends))
		return 1;
	try("size 0", 0, 0, PROT_READ, ANON, -1, 0);
	try("size that wraps", 0, 0xfffff001, PROT_READ, ANON, -1, 0);
	try("size of everything", 0, 0xfffff000, PROT_READ, ANON, -1, 0);
	try("neither private nor shared", 0, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0);
	try("shared and validated, anonymous", 0, PAGE, PROT_READ,
	    MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0);
	try("type 4", 0, PAGE, PROT_READ, 4 | MAP_ANONYMOUS, -1, 0);
	try("file, type 0", 0, PAGE, PROT_READ, 0, both, 0);
	try("bad descriptor", 0, PAGE, PROT_READ, MAP_PRIVATE, 99, 0);
	try("bad descriptor, size 0", 0, 0, PROT_READ, MAP_PRIVATE, -1, 0);
	try("bad descriptor, anonymous", 0, PAGE, PROT_READ, ANON, 99, 0);
	try("fixed, not at a page", 0x40000001, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	try("fixed, at the end", 0xfffff000, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	try("fixed, wraps", 0x40000000, 0xf0000000, PROT_READ, ANON | MAP_FIXED, -1, 0);
	try("hint not at a page", 0x40000001, PAGE, PROT_READ, ANON, -1, 0);
	try("pipe", 0, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0);
	try("pipe's writing end", 0, PAGE, PROT_READ, MAP_PRIVATE, ends[1], 0);
	try("shared, to write, read-only file", 0, PAGE, RW, MAP_SHARED, reading, 0);
	try("shared, to read, read-only file", 0, PAGE, PROT_READ, MAP_SHARED, reading, 0);
	try("private, to write, read-only file", 0, PAGE, RW, MAP_PRIVATE, reading, 0);
	try("private, write-only file", 0, PAGE, PROT_READ, MAP_PRIVATE, writing, 0);
	try("shared, write-only file", 0, PAGE, PROT_WRITE, MAP_SHARED, writing, 0);
	try("shared and validated, unknown flag", 0, PAGE, RW, MAP_SHARED_VALIDATE | 0x800000, both,
	    0);
	try("shared and validated", 0, PAGE, RW, MAP_SHARED_VALIDATE, both, 0);
	try("grows down, file", 0, PAGE, RW, MAP_PRIVATE | MAP_GROWSDOWN, both, 0);
	try("grows down, shared", 0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
	try("beyond the end of the file", 0, PAGE, RW, MAP_PRIVATE, both, 100);
	try("unknown rights are ignored", 0, PAGE, 0xf0 | PROT_READ, ANON, -1, 0);
	try("unknown flags are ignored", 0, PAGE, PROT_READ, ANON | 0x800000, -1, 0);
	return 0;
}
