/*
 * Memory that is paged out (MADV_PAGEOUT) is there again when it is looked at, as it was, under every
 * kind of mapping, before and after a fork, by whom and however often it was written.
 */
#define _GNU_SOURCE
#include "mm.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define NPAGES 300 /* enough for a fork to share their page table */

static const char *what;

static void fill(char *at, int seed)
{
	for (int page = 0; page < NPAGES; page++)
		for (int i = 0; i < (int)PAGE; i += 64)
			at[page * PAGE + i] = (char)(seed + page + i / 64);
}

static int wrong(const char *at, int seed)
{
	int count = 0;

	for (int page = 0; page < NPAGES; page++)
		for (int i = 0; i < (int)PAGE; i += 64)
			count += at[page * PAGE + i] != (char)(seed + page + i / 64);
	return count;
}

static void out(char *at)
{
	int result = madvise(at, NPAGES * PAGE, MADV_PAGEOUT);

	if (result)
		printf("%s: could not be paged out\n", what);
}

static void see(const char *where, const char *at, int seed)
{
	int count = wrong(at, seed);

	if (count)
		printf("%s, %s: %d wrong\n", what, where, count);
}

static void await(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		printf("%s: child's status %x\n", what, status);
}

/* A child that looks, writes and looks, each time paged out in between. */
static void child(char *at, int seed, int shared)
{
	see("child", at, seed);
	out(at);
	see("child again", at, seed);
	if (shared)
		return;
	fill(at, seed + 1);
	out(at);
	see("child's own", at, seed + 1);
	out(at);
	fill(at, seed + 2);
	see("child's second", at, seed + 2);
}

static void one(const char *name, char *at, int shared)
{
	pid_t pid;

	what = name;
	fill(at, 1);
	out(at);
	see("once", at, 1);
	out(at);
	see("twice", at, 1);
	fill(at, 5);
	out(at);
	pid = fork();
	if (pid == 0) {
		child(at, 5, shared);
		_exit(0);
	}
	see("parent", at, 5);
	if (!shared) {
		fill(at, 9);
		out(at);
		see("parent's own", at, 9);
	}
	await(pid);
	see("after the child", at, shared ? 5 : 9);
	printf("%s: done\n", name);
}

/* Of which every third page was written before the fork and every fifth after it. */
static void mixed(void)
{
	char *at = mm_map(NPAGES, RW);
	pid_t pid;
	int count = 0;

	what = "mixed";
	for (int page = 0; page < NPAGES; page += 3)
		at[page * PAGE] = 'a';
	out(at);
	pid = fork();
	for (int page = 0; page < NPAGES; page += 5)
		at[page * PAGE + 1] = pid ? 'p' : 'c';
	out(at);
	for (int page = 0; page < NPAGES; page++) {
		count += at[page * PAGE] != (page % 3 ? 0 : 'a');
		count += at[page * PAGE + 1] != (page % 5 ? 0 : pid ? 'p' : 'c');
	}
	if (count)
		printf("mixed: %d wrong\n", count);
	if (pid == 0)
		_exit(0);
	await(pid);
	munmap(at, NPAGES * PAGE);
	printf("mixed: done\n");
}

/* Moved, cut and protected while it is out. */
static void moved(void)
{
	char *at = mm_map(NPAGES, RW), *to;

	what = "moved";
	fill(at, 1);
	out(at);
	to = mremap(at, NPAGES * PAGE, 2 * NPAGES * PAGE, MREMAP_MAYMOVE);
	see("elsewhere", to, 1);
	out(to);
	mprotect(to, NPAGES * PAGE, PROT_NONE);
	mprotect(to, NPAGES * PAGE, PROT_READ);
	see("protected", to, 1);
	mprotect(to, NPAGES * PAGE, PROT_READ | PROT_WRITE);
	out(to);
	madvise(to, 10 * PAGE, MADV_DONTNEED);
	munmap(to + 20 * PAGE, 10 * PAGE);
	printf("moved: %d %d %d\n", to[0], to[10 * PAGE] == 11, to[30 * PAGE] == 31);
	munmap(to, 2 * NPAGES * PAGE);
}

static void refused(void)
{
	char *at = mm_map(3, RW);

	mlock(at + PAGE, PAGE);
	mm_call("locked", madvise(at, 3 * PAGE, MADV_PAGEOUT));
	mm_call("locked, cold", madvise(at + PAGE, PAGE, MADV_COLD));
	munlock(at + PAGE, PAGE);
	munmap(at + PAGE, PAGE);
	mm_call("a hole", madvise(at, 3 * PAGE, MADV_PAGEOUT));
	mm_call("not aligned", madvise(at + 1, PAGE, MADV_COLD));
	mm_call("cold", madvise(at, PAGE, MADV_COLD));
}

static char *map_file(int fd, int flags)
{
	return mmap(NULL, NPAGES * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
}

int main(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0600), memory = memfd_create("memory", 0);
	static char data[(NPAGES + 1) * PAGE];

	if (ftruncate(fd, NPAGES * PAGE) || ftruncate(memory, NPAGES * PAGE))
		return 1;
	one("private", mm_map(NPAGES, RW), 0);
	one("data", (char *)(((unsigned long)data + PAGE - 1) & ~(PAGE - 1)), 0);
	one("shared", map_file(-1, MAP_SHARED | MAP_ANONYMOUS), 1);
	one("memfd", map_file(memory, MAP_SHARED), 1);
	one("private memfd", map_file(memory, MAP_PRIVATE), 0);
	one("file", map_file(fd, MAP_SHARED), 1);
	one("private file", map_file(fd, MAP_PRIVATE), 0);
	mixed();
	moved();
	refused();
	return 0;
}
