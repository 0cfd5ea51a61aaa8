/*
 * Private memory that has been asked to leave (MADV_PAGEOUT): whatever is done with it next, its
 * content is what it was. Where there is no swap it stays, and the output is the same.
 */
#include "files.h"
#include "mm.h"

#include <stdint.h>

#define NPAGES 96u
#define SIZE (NPAGES * PAGE)

static uint32_t word_of(uint32_t page, uint32_t salt)
{
	return (page * 2654435761u) ^ (salt * 40503u);
}

static void fill(char *start, uint32_t first, uint32_t last, uint32_t salt)
{
	for (uint32_t page = first; page < last; page++)
		for (uint32_t at = 0; at < PAGE; at += 4)
			*(uint32_t *)(start + page * PAGE + at) = word_of(page, salt) + at;
}

/* How many pages of [first, last) are not what fill made of them. */
static uint32_t wrong(const char *start, uint32_t first, uint32_t last, uint32_t salt)
{
	uint32_t count = 0;

	for (uint32_t page = first; page < last; page++) {
		uint32_t differ = 0;

		for (uint32_t at = 0; at < PAGE; at += 4)
			differ |= *(const uint32_t *)(start + page * PAGE + at) ^
				  (word_of(page, salt) + at);
		count += differ != 0;
	}
	return count;
}

static void out(char *start, uint32_t first, uint32_t last)
{
	if (madvise(start + first * PAGE, (last - first) * PAGE, MADV_PAGEOUT))
		printf("pageout: %s\n", strerror(errno));
}

static char *fresh(uint32_t salt)
{
	char *start = mmap(NULL, SIZE, RW, ANON, -1, 0);

	fill(start, 0, NPAGES, salt);
	out(start, 0, NPAGES);
	return start;
}

static void wait_well(const char *what)
{
	int status;

	wait(&status);
	printf("%s: child %s %d\n", what, WIFEXITED(status) ? "exits" : "dies",
	       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static void read_and_write(void)
{
	char *start = fresh(1);

	printf("read: %u wrong\n", wrong(start, 0, NPAGES, 1));
	out(start, 0, NPAGES);
	fill(start, 10, 20, 2);
	out(start, 0, NPAGES);
	fill(start, 15, 30, 3);
	printf("written: %u wrong\n", wrong(start, 0, 10, 1) + wrong(start, 10, 15, 2) +
					      wrong(start, 15, 30, 3) +
					      wrong(start, 30, NPAGES, 1));
	/* Out and in again without a change in between, several times. */
	for (unsigned i = 0; i < 5; i++) {
		out(start, 0, NPAGES);
		if (wrong(start, 30, NPAGES, 1))
			printf("round %u\n", i);
	}
	munmap(start, SIZE);
}

/* Children see what was there at the fork, whoever brings it in first, and so do theirs. */
static void forks(void)
{
	char *start = fresh(4);

	if (fork() == 0) {
		fill(start, 0, 30, 5);
		out(start, 0, NPAGES);
		if (fork() == 0) {
			fill(start, 20, 40, 6);
			out(start, 0, NPAGES);
			_exit((int)(wrong(start, 0, 20, 5) + wrong(start, 20, 40, 6) +
				    wrong(start, 40, NPAGES, 4)));
		}
		wait_well("grandchild");
		_exit((int)(wrong(start, 0, 30, 5) + wrong(start, 30, NPAGES, 4)));
	}
	fill(start, 50, 60, 7);
	wait_well("child");
	printf("fork: %u wrong\n",
	       wrong(start, 0, 50, 4) + wrong(start, 50, 60, 7) + wrong(start, 60, NPAGES, 4));
	for (unsigned i = 0; i < 8; i++) {
		out(start, 0, NPAGES);
		if (fork() == 0)
			_exit((int)wrong(start, 60, NPAGES, 4));
	}
	for (unsigned i = 0; i < 8; i++)
		wait_well("of many");
	munmap(start, SIZE);
}

static void regions(void)
{
	char *start = fresh(8), *moved;
	unsigned char *way;

	/* Holes, and what is left of it moves. */
	munmap(start + 10 * PAGE, 5 * PAGE);
	mprotect(start + 20 * PAGE, 10 * PAGE, PROT_NONE);
	way = mmap(NULL, 4 * SIZE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	moved = mremap(start + 30 * PAGE, (NPAGES - 30) * PAGE, (NPAGES - 30) * PAGE,
		       MREMAP_MAYMOVE | MREMAP_FIXED, way);
	printf("moved: %u wrong\n", wrong(moved - 30 * PAGE, 30, NPAGES, 8));
	mprotect(start + 20 * PAGE, 10 * PAGE, RW);
	printf("protected: %u wrong\n", wrong(start, 20, 30, 8));
	printf("beside a hole: %u wrong\n", wrong(start, 0, 10, 8) + wrong(start, 15, 20, 8));
	out(start, 0, 10);
	mprotect(start, 10 * PAGE, PROT_READ);
	printf("read-only: %u wrong, a write is %s\n", wrong(start, 0, 10, 8), mm_access(start, 1));
	munmap(start, 30 * PAGE);
	out(moved - 30 * PAGE, 30, NPAGES);
	munmap(way, 4 * SIZE);
}

static void advice(void)
{
	char *start = fresh(9);

	madvise(start, 10 * PAGE, MADV_DONTNEED);
	printf("not needed: %d\n", start[0] | start[10 * PAGE - 1]);
	printf("lock: %d", mlock(start + 10 * PAGE, 4 * PAGE));
	out(start, 20, NPAGES);
	printf(", unlock %d", munlock(start + 10 * PAGE, 4 * PAGE));
	printf(", %u wrong\n", wrong(start, 10, NPAGES, 9));
	out(start, 10, NPAGES);
	printf("will be: %d", madvise(start + 10 * PAGE, SIZE - 10 * PAGE, MADV_WILLNEED));
	printf(", %u wrong\n", wrong(start, 10, NPAGES, 9));
	munmap(start, SIZE);
}

/* The kernel's own accesses, on both sides. */
static void calls(void)
{
	char *start = fresh(10);
	int ends[2];

	printf("pipe: %d", pipe(ends));
	printf(" %zd", write(ends[1], start + 5 * PAGE + 100, 3 * PAGE));
	out(start, 0, NPAGES);
	printf(" %zd", read(ends[0], start + 40 * PAGE + 100, 3 * PAGE));
	printf(" %d\n", memcmp(start + 5 * PAGE + 100, start + 40 * PAGE + 100, 3 * PAGE));
	out(start, 0, NPAGES);
	printf("execve: %d\n", execve(start, NULL, NULL));
	printf("around: %u wrong\n", wrong(start, 0, 40, 10) + wrong(start, 44, NPAGES, 10));
	out(start, 0, NPAGES);
	strcpy(start + 60 * PAGE - 3, "/tmp");
	out(start, 0, NPAGES);
	printf("path: %d\n", access(start + 60 * PAGE - 3, F_OK));
	munmap(start, SIZE);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	mm_catch();
	read_and_write();
	forks();
	regions();
	advice();
	calls();
	return 0;
}
