/* msync's words, ranges and holes. */
#define _GNU_SOURCE
#include "regions.h"

static char *at;
static int fd;

static void words(void)
{
	static const int flags[] = { 0,
				     MS_ASYNC,
				     MS_SYNC,
				     MS_INVALIDATE,
				     MS_ASYNC | MS_SYNC,
				     MS_ASYNC | MS_INVALIDATE,
				     MS_SYNC | MS_INVALIDATE,
				     7,
				     8,
				     16 | MS_SYNC,
				     -1 };

	for (unsigned i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		printf("flags %d: ", flags[i]);
		mm_call("file", msync(at, 3 * PAGE, flags[i]));
		printf("flags %d: ", flags[i]);
		mm_call("memory", msync(at + 4 * PAGE, PAGE, flags[i]));
		printf("flags %d: ", flags[i]);
		mm_call("over a hole", msync(at, 5 * PAGE, flags[i]));
		printf("flags %d: ", flags[i]);
		mm_call("into a hole", msync(at, 4 * PAGE, flags[i]));
		printf("flags %d: ", flags[i]);
		mm_call("a hole", msync(at + 3 * PAGE, PAGE, flags[i]));
	}
}

static void ranges(void)
{
	mm_call("no size", msync(at, 0, MS_SYNC));
	mm_call("no size, nowhere", msync(at + 3 * PAGE, 0, MS_SYNC));
	mm_call("no size, not at a page", msync(at + 1, 0, MS_SYNC));
	mm_call("not at a page", msync(at + 1, PAGE, MS_SYNC));
	mm_call("a byte", msync(at, 1, MS_SYNC));
	mm_call("a byte into a hole", msync(at + 2 * PAGE, PAGE + 1, MS_SYNC));
	mm_call("over the end", msync((void *)0xfffff000, PAGE, MS_SYNC));
}

static void locked(void)
{
	mlock(at + PAGE, PAGE);
	mm_call("locked, sync", msync(at, 3 * PAGE, MS_SYNC));
	mm_call("locked, invalidate", msync(at, 3 * PAGE, MS_INVALIDATE));
	mm_call("beside what is locked", msync(at, PAGE, MS_INVALIDATE));
	mm_call("locked, both", msync(at + PAGE, PAGE, MS_SYNC | MS_INVALIDATE));
	munlock(at + PAGE, PAGE);
	mm_call("unlocked again", msync(at, 3 * PAGE, MS_INVALIDATE));
}

static char first_byte(void)
{
	char byte = 0;

	mm_call("read the file", pread(fd, &byte, 1, 0));
	return byte;
}

/* What a private mapping wrote is nobody else's business, before and after. */
static void contents(void)
{
	at[0] = 'S';
	mm_call("sync", msync(at, PAGE, MS_SYNC));
	printf("read: %c\n", first_byte());
	map_at(at, 1, RW, MAP_PRIVATE, fd, 0);
	at[0] = 'P';
	mm_call("sync of a private mapping", msync(at, PAGE, MS_SYNC | MS_INVALIDATE));
	printf("read: %c, seen: %c\n", first_byte(), at[0]);
}

int main(void)
{
	at = window_make(6);
	fd = mm_file(3 * PAGE);
	map_at(at, 3, RW, MAP_SHARED, fd, 0);
	map_at(at + 4 * PAGE, 1, RW, ANON, -1, 0);
	words();
	ranges();
	locked();
	contents();
	return 0;
}
