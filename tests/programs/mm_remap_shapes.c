/* mremap in every form: what it answers, and the regions, rights and bytes it leaves. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 16
#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)
#define LEAVE (MOVE | MREMAP_DONTUNMAP)

static char *at;
static int fd;

/* rw 0-4, hole 4-6, file 6-9, hole 9-11, shared 11-13, r 13-14, hole 14-16. */
static void begin(void)
{
	munmap(at, NPAGES * PAGE);
	map_at(at, 4, RW, ANON, -1, 0);
	fill_bytes(at, 4, 'A');
	map_at(at + 6 * PAGE, 3, PROT_READ, MAP_PRIVATE, fd, 0);
	map_at(at + 11 * PAGE, 2, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fill_bytes(at + 11 * PAGE, 2, '7');
	map_at(at + 13 * PAGE, 1, PROT_READ, ANON, -1, 0);
}

static void remap(const char *what, int first, int old, int new, int flags, int to)
{
	char *got;

	begin();
	got = mremap(at + first * PAGE, old * PAGE, new *PAGE, flags, at + to * PAGE);
	if (got == MAP_FAILED)
		mm_call(what, -1);
	else
		printf("%s: %s\n", what,
		       got == at + (flags & MREMAP_FIXED ? to : first) * PAGE ? "there" : "moved");
	show_regions("  regions", at, NPAGES);
	show_bytes("  bytes", at, NPAGES);
}

static void in_place(void)
{
	remap("same size", 0, 4, 4, 0, 0);
	remap("shrink", 0, 4, 2, 0, 0);
	remap("shrink the middle of a region", 1, 2, 1, 0, 0);
	remap("grow into the hole", 0, 4, 6, 0, 0);
	remap("grow by one", 3, 1, 2, 0, 0);
	remap("grow beyond the hole", 0, 4, 7, 0, 0);
	remap("grow from the middle", 0, 2, 3, 0, 0);
	remap("grow the file", 6, 3, 5, 0, 0);
	remap("grow the file's end", 8, 1, 2, 0, 0);
	remap("grow shared memory against a region", 11, 2, 3, 0, 0);
	remap("grow what may be read", 13, 1, 3, 0, 0);
	remap("shrink over a hole", 3, 3, 1, 0, 0);
	remap("grow over a hole", 3, 3, 4, 0, 0);
	remap("from a hole", 4, 1, 2, 0, 0);
	remap("to nothing", 0, 2, 0, 0, 0);
}

static void to_an_address(void)
{
	remap("into a hole", 0, 1, 1, MOVE, 4);
	remap("all into holes and more", 0, 4, 4, MOVE, 4);
	remap("the middle", 1, 2, 2, MOVE, 9);
	remap("and grow", 0, 1, 2, MOVE, 4);
	remap("and shrink", 0, 4, 1, MOVE, 5);
	remap("over a region", 0, 2, 2, MOVE, 6);
	remap("a file's page", 7, 1, 1, MOVE, 4);
	remap("a file's end, growing", 8, 1, 2, MOVE, 14);
	remap("shared memory", 11, 2, 2, MOVE, 4);
	remap("shared memory's end", 12, 1, 1, MOVE, 4);
	remap("what may be read", 13, 1, 1, MOVE, 15);
	remap("beside itself", 3, 1, 1, MOVE, 4);
	remap("back to where it was", 0, 1, 1, MOVE, 1);
}

static void and_leave(void)
{
	remap("leaving zeros", 0, 2, 2, LEAVE, 4);
	remap("leaving a file's page", 6, 1, 1, LEAVE, 4);
	remap("leaving shared memory", 11, 1, 1, LEAVE, 4);
	remap("leaving read-only zeros", 13, 1, 1, LEAVE, 15);
	remap("leaving, another size", 0, 2, 1, LEAVE, 4);
	remap("leaving, may not move", 0, 1, 1, MREMAP_DONTUNMAP, 4);
}

static void again(void)
{
	remap("a second view of shared memory", 11, 0, 2, MOVE, 14);
	remap("a second view of its end", 12, 0, 1, MOVE, 4);
	remap("a second view beyond its end", 12, 0, 2, MOVE, 4);
}

int main(void)
{
	mm_catch();
	at = window_make(NPAGES);
	fd = mm_file(4 * PAGE);
	in_place();
	to_an_address();
	and_leave();
	again();
	return 0;
}
