/* MAP_FIXED and MAP_FIXED_NOREPLACE over every shape of what is there already. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 12

static char *at;

/* Three regions with a hole: rw 0-4, r 4-6, hole 6-8, rw 8-12, the bytes of each page its own. */
static void begin(void)
{
	munmap(at, NPAGES * PAGE);
	map_at(at, NPAGES, RW, ANON, -1, 0);
	fill_bytes(at, NPAGES, 'a');
	munmap(at + 6 * PAGE, 2 * PAGE);
	mprotect(at + 4 * PAGE, 2 * PAGE, PROT_READ);
}

static void fixed(const char *what, int first, int npages, int prot)
{
	begin();
	mm_call(what, map_at(at + first * PAGE, npages, prot, ANON, -1, 0));
	show_regions("  regions", at, NPAGES);
	show_bytes("  bytes", at, NPAGES);
}

static void replace(void)
{
	fixed("all of it", 0, NPAGES, RW);
	fixed("the start of a region", 0, 2, PROT_READ);
	fixed("the end of a region", 2, 2, PROT_NONE);
	fixed("the middle of a region", 1, 2, PROT_READ);
	fixed("the hole", 6, 2, RW);
	fixed("part of the hole", 6, 1, PROT_READ);
	fixed("a region and the hole", 4, 4, RW);
	fixed("over an edge", 3, 2, RW);
	fixed("over the hole", 5, 4, PROT_READ);
	fixed("the same rights again", 1, 2, RW);
	fixed("what is read-only, alike", 4, 2, PROT_READ);
}

static void free_only(const char *what, int first, int npages)
{
	char *got;

	begin();
	got = mmap(at + first * PAGE, npages * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	mm_call(what, got == MAP_FAILED ? -1 : 0);
	show_bytes("  bytes", at, NPAGES);
}

static void not_to_replace(void)
{
	free_only("the hole, exactly", 6, 2);
	free_only("the hole's first page", 6, 1);
	free_only("the hole's last page", 7, 1);
	free_only("the hole and a page before", 5, 3);
	free_only("the hole and a page after", 6, 3);
	free_only("inside a region", 1, 1);
	free_only("around the hole", 5, 4);
	free_only("all", 0, NPAGES);
}

static void both_words(void)
{
	char *got;

	begin();
	got = mmap(at, PAGE, RW, ANON | MAP_FIXED | MAP_FIXED_NOREPLACE, -1, 0);
	mm_call("both words, taken", got == MAP_FAILED ? -1 : 0);
	got = mmap(at + 1, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	mm_call("no replacing, not at a page", got == MAP_FAILED ? -1 : 0);
	got = mmap(at + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	mm_call("not at a page", got == MAP_FAILED ? -1 : 0);
	show_bytes("  nothing happened", at, NPAGES);
}

/* A failing fixed mapping of a file: what was there stays. */
static void what_fails(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	begin();
	mm_call("bad descriptor", map_at(at, 2, RW, MAP_PRIVATE, 99, 0));
	show_bytes("  bytes", at, NPAGES);
	mm_call("no right", map_at(at, 2, RW, MAP_SHARED, fd, 0));
	show_bytes("  bytes", at, NPAGES);
	mm_call("no type", map_at(at, 2, RW, MAP_ANONYMOUS, -1, 0));
	show_bytes("  bytes", at, NPAGES);
	close(fd);
}

/* Files take the place of memory and the other way round. */
static void files(void)
{
	int fd = mm_file(4 * PAGE);

	begin();
	mm_call("a file over memory", map_at(at + 1, 4, PROT_READ, MAP_PRIVATE, fd, 0));
	mm_call("a file over memory", map_at(at + PAGE, 4, PROT_READ, MAP_PRIVATE, fd, 0));
	show_bytes("  bytes", at, NPAGES);
	mm_call("memory over the file", map_at(at + 2 * PAGE, 1, RW, ANON, -1, 0));
	show_bytes("  bytes", at, NPAGES);
	show_regions("  regions", at, NPAGES);
	mm_call("the file over itself", map_at(at + 2 * PAGE, 1, PROT_READ, MAP_PRIVATE, fd, 1));
	show_regions("  regions", at, NPAGES);
	close(fd);
}

int main(void)
{
	mm_catch();
	at = window_make(NPAGES);
	replace();
	not_to_replace();
	both_words();
	what_fails();
	files();
	return 0;
}
