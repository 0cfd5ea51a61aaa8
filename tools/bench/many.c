/*
 * mmap, a fault and munmap in a process that has few or many mappings. The many are pages with
 * a page free between each two, so that they do not merge, and so that who looks for a gap by
 * trying one after the other has as many to try.
 */
#include "bench.h"

#define SIZE (16 * PAGE)
#define MANY_MAX 10000

enum measured { THE_MAP, THE_FAULT, THE_UNMAP };

/* Takes count mappings, the highest that there are; returns the range that holds them. */
static char *take_mappings(unsigned count)
{
	size_t size = count * 2 * PAGE;
	char *range = map_checked(size);

	unmap(range, size);
	for (unsigned i = 0; i < count; i++) {
		char *got = map_raw(range + i * 2 * PAGE, PAGE, PROT_BOTH,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
		check((long)got, "mmap of one of many");
	}
	return range;
}

static void time_among(unsigned count, enum measured measured)
{
	char *range = take_mappings(count);

	for (unsigned i = 0; i < 31; i++) {
		if (measured == THE_MAP)
			begin();
		char *mapping = map_anonymous(SIZE);
		if (measured == THE_MAP)
			end(1);
		if (measured == THE_FAULT)
			begin();
		*(volatile char *)mapping = 1;
		if (measured == THE_FAULT)
			end(1);
		if (measured == THE_UNMAP)
			begin();
		unmap(mapping, SIZE);
		if (measured == THE_UNMAP)
			end(1);
	}
	unmap(range, count * 2 * PAGE);
}

static void mmap_among_10(void)
{
	time_among(10, THE_MAP);
}

static void mmap_among_10000(void)
{
	time_among(MANY_MAX, THE_MAP);
}

static void fault_among_10(void)
{
	time_among(10, THE_FAULT);
}

static void fault_among_10000(void)
{
	time_among(MANY_MAX, THE_FAULT);
}

static void munmap_among_10(void)
{
	time_among(10, THE_UNMAP);
}

static void munmap_among_10000(void)
{
	time_among(MANY_MAX, THE_UNMAP);
}

const struct row many_rows[] = {
	{ "mmap_among_10", mmap_among_10 },
	{ "mmap_among_10000", mmap_among_10000 },
	{ "fault_among_10", fault_among_10 },
	{ "fault_among_10000", fault_among_10000 },
	{ "munmap_among_10", munmap_among_10 },
	{ "munmap_among_10000", munmap_among_10000 },
	{ NULL, NULL },
};
