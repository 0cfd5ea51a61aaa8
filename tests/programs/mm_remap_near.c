/* A mapping of several page tables moves by less than its size: the two places share a table. */
#define _GNU_SOURCE
#include "mm.h"

#define SIZE (10u << 20)
#define STEP (256 * 1024u)

/* Writes a value of its own to a page in each 256 KB. */
static void fill(char *at)
{
	for (unsigned i = 0; i < SIZE / STEP; i++)
		at[i * STEP] = (char)(i + 1);
}

static unsigned intact(const char *at)
{
	unsigned right = 0;

	for (unsigned i = 0; i < SIZE / STEP; i++)
		right += at[i * STEP] == (char)(i + 1);
	return right;
}

/* Moves SIZE bytes from one place of the 32 MB at base to another. */
static void move(char *base, unsigned from, unsigned to)
{
	char *at;

	munmap(base, 32u << 20);
	at = mmap(base + from, SIZE, RW, ANON | MAP_FIXED, -1, 0);
	fill(at);
	at = mremap(at, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, base + to);
	printf("from %u KB to %u KB: %u of %u\n", from / 1024, to / 1024,
	       at == base + to ? intact(at) : 0, SIZE / STEP);
}

int main(void)
{
	char *base = mmap(NULL, 36u << 20, PROT_NONE, ANON, -1, 0);

	base += -(unsigned long)base & ((4u << 20) - 1);
	for (unsigned shift = 0; shift < 4096; shift += 512) {
		move(base, SIZE + shift * 1024, shift * 1024);
		move(base, shift * 1024, SIZE + shift * 1024);
	}
	return 0;
}
