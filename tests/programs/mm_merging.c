/* Which neighbours become one region, and what keeps them apart. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 8

static char *at;
static int fd, other;

static void clear(void)
{
	munlock(at, NPAGES * PAGE);
	munmap(at, NPAGES * PAGE);
}

/* Two mappings side by side, two pages each. */
static void pair(const char *what, int prot1, int flags1, int fd1, int page1, int prot2, int flags2,
		 int fd2, int page2)
{
	clear();
	map_at(at, 2, prot1, flags1, fd1, page1);
	map_at(at + 2 * PAGE, 2, prot2, flags2, fd2, page2);
	show_regions(what, at, NPAGES);
}

static void alike_or_not(void)
{
	pair("alike", RW, ANON, -1, 0, RW, ANON, -1, 0);
	pair("other rights", RW, ANON, -1, 0, PROT_READ, ANON, -1, 0);
	pair("private and shared", RW, ANON, -1, 0, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pair("shared twice", RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0, RW, MAP_SHARED | MAP_ANONYMOUS,
	     -1, 0);
	pair("no reserve", RW, ANON, -1, 0, RW, ANON | MAP_NORESERVE, -1, 0);
	pair("locked", RW, ANON, -1, 0, RW, ANON | MAP_LOCKED, -1, 0);
	pair("locked, both", RW, ANON | MAP_LOCKED, -1, 0, RW, ANON | MAP_LOCKED, -1, 0);
	pair("grows down", RW, ANON, -1, 0, RW, ANON | MAP_GROWSDOWN, -1, 0);
	pair("populated", RW, ANON, -1, 0, RW, ANON | MAP_POPULATE, -1, 0);
	pair("file, going on", RW, MAP_PRIVATE, fd, 0, RW, MAP_PRIVATE, fd, 2);
	pair("file, not going on", RW, MAP_PRIVATE, fd, 0, RW, MAP_PRIVATE, fd, 3);
	pair("file, the same pages", RW, MAP_PRIVATE, fd, 0, RW, MAP_PRIVATE, fd, 0);
	pair("file, private and shared", RW, MAP_PRIVATE, fd, 0, RW, MAP_SHARED, fd, 2);
	pair("file, shared", RW, MAP_SHARED, fd, 1, RW, MAP_SHARED, fd, 3);
	pair("two files", RW, MAP_PRIVATE, fd, 0, RW, MAP_PRIVATE, other, 2);
	pair("file and memory", RW, MAP_PRIVATE, fd, 0, RW, ANON, -1, 0);
	pair("no rights", PROT_NONE, ANON, -1, 0, PROT_NONE, ANON, -1, 0);
}

/* A page between two that are like it joins all three. */
static void closing_the_gap(void)
{
	clear();
	map_at(at, 2, RW, ANON, -1, 0);
	map_at(at + 3 * PAGE, 2, RW, ANON, -1, 0);
	show_regions("a gap", at, NPAGES);
	map_at(at + 2 * PAGE, 1, RW, ANON, -1, 0);
	show_regions("closed", at, NPAGES);
	mprotect(at + PAGE, PAGE, PROT_READ);
	show_regions("one made read-only", at, NPAGES);
	mprotect(at + 2 * PAGE, PAGE, PROT_READ);
	show_regions("the next as well", at, NPAGES);
	mprotect(at + PAGE, 2 * PAGE, RW);
	show_regions("both back", at, NPAGES);
	mprotect(at, 5 * PAGE, PROT_NONE);
	show_regions("all without rights", at, NPAGES);
}

static void by_advice(void)
{
	clear();
	map_at(at, 6, RW, ANON, -1, 0);
	fill_bytes(at, 6, 'a');
	madvise(at + PAGE, PAGE, MADV_DONTFORK);
	show_regions("not for forks", at, NPAGES);
	madvise(at + 2 * PAGE, PAGE, MADV_WIPEONFORK);
	show_regions("wiped by forks", at, NPAGES);
	madvise(at + PAGE, PAGE, MADV_DOFORK);
	show_regions("for forks again", at, NPAGES);
	madvise(at + 2 * PAGE, PAGE, MADV_KEEPONFORK);
	show_regions("kept by forks again", at, NPAGES);
	mlock(at + 3 * PAGE, 2 * PAGE);
	show_regions("locked", at, NPAGES);
	munlock(at + 3 * PAGE, PAGE);
	show_regions("unlocked in part", at, NPAGES);
	munlock(at + 4 * PAGE, PAGE);
	show_regions("unlocked", at, NPAGES);
	madvise(at + 4 * PAGE, PAGE, MADV_DONTNEED);
	show_regions("dropped", at, NPAGES);
}

static void files_split(void)
{
	clear();
	map_at(at, 6, RW, MAP_PRIVATE, fd, 1);
	mprotect(at + 2 * PAGE, 2 * PAGE, PROT_READ);
	show_regions("file, its middle read-only", at, NPAGES);
	mprotect(at + 2 * PAGE, 2 * PAGE, RW);
	show_regions("file, whole again", at, NPAGES);
	munmap(at + 2 * PAGE, PAGE);
	show_regions("file, with a hole", at, NPAGES);
	map_at(at + 2 * PAGE, 1, RW, MAP_PRIVATE, fd, 3);
	show_regions("file, mended", at, NPAGES);
	munmap(at + 2 * PAGE, PAGE);
	map_at(at + 2 * PAGE, 1, RW, MAP_PRIVATE, fd, 4);
	show_regions("file, mended with another page", at, NPAGES);
}

int main(void)
{
	at = window_make(NPAGES);
	fd = mm_file(NPAGES * PAGE);
	other = mm_file(NPAGES * PAGE);
	alike_or_not();
	closing_the_gap();
	by_advice();
	files_split();
	return 0;
}
