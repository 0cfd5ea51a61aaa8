/* EXPECT: mm_unevictable.txt
 * Mlocked and Unevictable of /proc/meminfo, in pages, as regions are locked, shared, moved and ended. */
#define _GNU_SOURCE
#include "mm.h"

static char *at;
static long before;

static long figure(const char *path, const char *name)
{
	static char text[16384];
	int fd = open(path, O_RDONLY), length = 0, got;
	char *found;

	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	close(fd);
	text[length] = 0;
	found = strstr(text, name);
	return found ? strtol(found + strlen(name), NULL, 10) : -1;
}

static void show(const char *what)
{
	long locked = figure("/proc/meminfo", "Mlocked:") * 1024 / PAGE;
	long kept = figure("/proc/meminfo", "Unevictable:") * 1024 / PAGE;
	long same = figure("/proc/vmstat", "nr_mlock ");

	printf("%s: %ld%s\n", what, locked - before,
	       locked == kept && locked == same ? "" : ", and others say otherwise");
}

static void in_child(void (*what)(void))
{
	fflush(stdout);
	if (fork() == 0) {
		what();
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

static void locks_again(void)
{
	show("a child inherits none");
	at[0] = 1;
	show("it writes");
	mlock(at, 8 * PAGE);
	show("it locks copies");
}

static void locks_shared(void)
{
	mlock(at, 8 * PAGE);
	show("locked by both");
	munlock(at, 4 * PAGE);
	show("in part by one");
}

static void locks_all(void)
{
	long locked;

	mlockall(MCL_CURRENT | MCL_FUTURE);
	locked = figure("/proc/meminfo", "Mlocked:") * 1024 / PAGE;
	printf("everything: %s\n", locked > before + 8 ? "many" : "few");
	munlockall();
	show("nothing");
}

static void private_memory(void)
{
	at = mm_map(32, RW);
	memset(at, 1, 16 * PAGE);
	show("nothing is locked");
	mlock(at, 8 * PAGE);
	show("8 pages that were there");
	mlock(at + 4 * PAGE, 20 * PAGE);
	show("and up to 24, some new");
	munlock(at + 8 * PAGE, 32 * PAGE);
	show("unlocked from 8 on, over the end");
	in_child(locks_again);
	show("the child has ended");
	at = mremap(at, 8 * PAGE, 12 * PAGE, MREMAP_MAYMOVE);
	show("grown to 12");
	at = mremap(at, 12 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
	show("shrunk to 6");
	at = mremap(at, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, mm_map(6, RW));
	show("moved");
	munmap(at, 2 * PAGE);
	show("2 unmapped");
	mmap(at + 2 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	show("2 mapped over");
	mprotect(at + 4 * PAGE, PAGE, PROT_READ);
	show("one read-only");
	munlock(at + 4 * PAGE, 2 * PAGE);
	show("unlocked");
}

static void shared_memory(void)
{
	int fd = memfd_create("shared", 0);

	ftruncate(fd, 8 * PAGE);
	at = mmap(NULL, 8 * PAGE, RW, MAP_SHARED | MAP_LOCKED, fd, 0);
	show("8 shared pages mapped locked");
	in_child(locks_shared);
	show("and the child has ended");
	ftruncate(fd, 3 * PAGE);
	show("truncated to 3");
	ftruncate(fd, 8 * PAGE);
	at[7 * PAGE] = 1;
	show("grown, one touched");
	munlock(at, 8 * PAGE);
	show("unlocked");
	munmap(at, 8 * PAGE);
	close(fd);
}

static void on_fault(void)
{
	at = mm_map(8, RW);
	at[0] = 1;
	syscall(SYS_mlock2, at, 8 * PAGE, 1);
	show("on fault, one there");
	at[2 * PAGE] = at[3 * PAGE] = 1;
	show("two more");
	madvise(at, 8 * PAGE, 24); /* MADV_DONTNEED_LOCKED */
	show("dropped");
	memset(at, 1, 8 * PAGE);
	show("all");
}

static void ends_locked(void)
{
	memset(at, 2, 8 * PAGE);
	mlock(at, 8 * PAGE);
	show("a child's");
}

int main(void)
{
	before = figure("/proc/meminfo", "Mlocked:") * 1024 / PAGE;
	private_memory();
	shared_memory();
	on_fault();
	munmap(at, 8 * PAGE);
	show("unmapped");
	at = mm_map(8, RW);
	in_child(ends_locked);
	show("it has ended");
	in_child(locks_all);
	in_child(on_fault);
	show("ended");
	return 0;
}
