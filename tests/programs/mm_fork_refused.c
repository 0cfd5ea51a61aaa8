/* EXPECT: mm_fork_refused.txt */
/* A region larger than memory, grown from two that are not, is more than fork can promise again:
 * it fails whole, also where its page table is one that the region below it has no page in. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPAN (4u << 20) /* of a page table */

static char *map_at(char *at, size_t size, int prot)
{
	return mmap(at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void try_fork(const char *what)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(0);
	printf("%s: %s\n", what, child > 0 ? "done" : strerrorname_np(errno));
	if (child > 0)
		waitpid(child, NULL, 0);
}

int main(void)
{
	struct sysinfo machine;
	size_t part;
	char *start;

	sysinfo(&machine);
	part = machine.totalram / 5 * 3 / SPAN * SPAN;
	start = mmap(NULL, 2 * part + 2 * SPAN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	start = (char *)(((uintptr_t)start + SPAN - 1) & -SPAN);
	map_at(start, SPAN / 2, PROT_READ);
	start += SPAN / 2;
	map_at(start, part, PROT_READ | PROT_WRITE);
	*start = 1;
	try_fork("three fifths of memory");
	map_at(start + part, part, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 3; i++)
		try_fork("six fifths");
	munmap(start + part, part);
	try_fork("three fifths again");
	return 0;
}
