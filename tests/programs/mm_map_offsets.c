/* Where in a file a mapping may begin and end, and what is there. */
#define _GNU_SOURCE
#include "regions.h"

static void see(const char *what, int fd, int page, int npages)
{
	char *at = mmap(NULL, npages * PAGE, PROT_READ, MAP_PRIVATE, fd, (off_t)page * PAGE);

	if (at == MAP_FAILED) {
		mm_call(what, -1);
		return;
	}
	show_bytes(what, at, npages);
	munmap(at, npages * PAGE);
}

static void inside_and_outside(void)
{
	int fd = mm_file(3 * PAGE + 100);

	see("from its start", fd, 0, 6);
	see("from its second page", fd, 1, 2);
	see("its last page, a part", fd, 3, 2);
	see("from its end", fd, 4, 2);
	see("far beyond", fd, 1000, 2);
	close(fd);
	fd = mm_file(2 * PAGE);
	see("a file of whole pages", fd, 0, 3);
	close(fd);
	fd = mm_file(1);
	see("one byte", fd, 0, 2);
	close(fd);
	fd = mm_file(0);
	see("an empty file", fd, 0, 2);
	close(fd);
}

static void raw(const char *what, unsigned long size, int fd, unsigned long page)
{
	long at = syscall(SYS_mmap2, 0, size, PROT_READ, MAP_PRIVATE, fd, page);

	mm_call(what, at == -1 ? -1 : 0);
	if (at != -1)
		munmap((void *)at, size);
}

static void at_the_limits(void)
{
	int fd = mm_file(PAGE);

	raw("the last page there can be", PAGE, fd, 0xfffffffe);
	raw("beyond 2 GB", PAGE, fd, 0x80000);
	raw("beyond 4 GB", PAGE, fd, 0x100000);
	raw("no length", 0, fd, 0);
	raw("one byte", 1, fd, 0);
	raw("a length that wraps", 0xfffff001, fd, 0);
	raw("a length of all", 0xfffff000, fd, 0);
	raw("anonymous pages that wrap, no file", 3 * PAGE, -1, 0xfffffffe);
	close(fd);
}

static void old(const char *what, unsigned long offset, unsigned long size, int flags, int fd)
{
	unsigned long words[6] = { 0, size, PROT_READ, flags, fd, offset };
	long at = syscall(SYS_mmap, words);

	mm_call(what, at == -1 ? -1 : 0);
}

static void the_old_call(void)
{
	int fd = mm_file(2 * PAGE);

	old("old: a page of the file", PAGE, PAGE, MAP_PRIVATE, fd);
	old("old: no multiple of a page", 100, PAGE, MAP_PRIVATE, fd);
	old("old: no multiple, no file either", 100, PAGE, MAP_PRIVATE, -1);
	old("old: no multiple, anonymous", 100, PAGE, ANON, -1);
	old("old: no length", 0, 0, MAP_PRIVATE, fd);
	old("old: no file", 0, PAGE, MAP_PRIVATE, -1);
	mm_call("old: no words", syscall(SYS_mmap, 0));
	mm_call("old: words at the end of the world", syscall(SYS_mmap, 0xfffffffc));
	close(fd);
}

int main(void)
{
	mm_catch();
	inside_and_outside();
	at_the_limits();
	the_old_call();
	return 0;
}
