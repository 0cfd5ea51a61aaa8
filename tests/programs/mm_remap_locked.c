/* Locked memory that moves, grows and shrinks: what is counted as locked, what is had at once. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 12
#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)

static char *at;
static long before;

static void remap(const char *what, int first, int old, int new, int flags, int to)
{
	char *got;

	munmap(at, NPAGES * PAGE);
	before = status_kb("VmLck:");
	map_at(at, 4, RW, ANON, -1, 0);
	mlock(at, 4 * PAGE);
	fill_bytes(at, 4, 'A');
	got = mremap(at + first * PAGE, old * PAGE, new *PAGE, flags, at + to * PAGE);
	printf("%s: %s, %ld kB locked\n", what, got == MAP_FAILED ? strerrorname_np(errno) : "ok",
	       status_kb("VmLck:") - before);
	for (int page = 0; page < NPAGES; page++) {
		unsigned char there;

		putchar(mincore(at + page * PAGE, PAGE, &there) ? '.' : there & 1 ? '#' : '-');
	}
	putchar('\n');
}

/* What is left behind is no longer locked; how much Linux then counts as locked has varied. */
static void left(const char *what, int first, int npages)
{
	char *to = at + 6 * PAGE;

	munmap(at, NPAGES * PAGE);
	map_at(at, 4, RW, ANON | MAP_LOCKED, -1, 0);
	mremap(at + first * PAGE, npages * PAGE, npages * PAGE, MOVE | MREMAP_DONTUNMAP, to);
	mm_call(what, madvise(at, 4 * PAGE, MADV_DONTNEED));
	mm_call("  where it went", madvise(to, npages * PAGE, MADV_DONTNEED));
}

static void limited(void)
{
	struct rlimit limit = { 6 * PAGE, 6 * PAGE };

	setrlimit(RLIMIT_MEMLOCK, &limit);
	if (setresuid(1000, 1000, 1000))
		perror("setresuid");
	remap("to the limit", 0, 4, 6, 0, 0);
	remap("beyond the limit", 0, 4, 7, 0, 0);
	remap("beyond the limit, elsewhere", 0, 4, 7, MOVE, 5);
	remap("moved at the limit", 0, 4, 4, MOVE, 5);
}

int main(void)
{
	at = window_make(NPAGES);
	remap("grown", 0, 4, 6, 0, 0);
	remap("shrunk", 0, 4, 2, 0, 0);
	remap("moved", 0, 4, 4, MOVE, 5);
	remap("moved and grown", 0, 4, 6, MOVE, 5);
	remap("moved and shrunk", 0, 4, 2, MOVE, 5);
	remap("its middle moved", 1, 2, 2, MOVE, 5);
	left("left behind", 0, 4);
	left("left behind in part", 1, 2);
	mm_child(limited);
	return 0;
}
