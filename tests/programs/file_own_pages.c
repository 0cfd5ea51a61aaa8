/*
 * read and write whose memory is a mapping of the very file, where none of the pages is there yet;
 * and memory that ends at a bad page, at every distance from a page's end: how far they come, to the
 * byte.
 */
#include "files.h"
#include "mm.h"

#include <stdint.h>

#define NPAGES 6u

static char page[PAGE];

static uint32_t sum(const char *bytes, size_t size)
{
	uint32_t total = 0;

	for (size_t i = 0; i < size; i++)
		total = total * 31 + (unsigned char)bytes[i];
	return total;
}

static int make(void)
{
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (unsigned i = 0; i < NPAGES; i++) {
		for (unsigned at = 0; at < PAGE; at++)
			page[at] = (char)(at * 7 + i * 13 + at / 256);
		write(fd, page, PAGE);
	}
	return fd;
}

static void show(int fd)
{
	static char all[2 * NPAGES * PAGE];
	ssize_t got = pread(fd, all, sizeof(all), 0);

	printf("  %zd bytes, %08x\n", got, sum(all, (size_t)got));
}

/* A fresh mapping of the file: none of it is in the page tables. */
static char *view(int fd, int kind)
{
	return mmap(NULL, 2 * NPAGES * PAGE, RW, kind, fd, 0);
}

static void to_itself(int kind, off_t to, size_t from, size_t size)
{
	int fd = make();
	char *map = view(fd, kind);

	printf("write %s at %ld from %zu, %zu:", kind == MAP_SHARED ? "shared" : "private",
	       (long)to, from, size);
	printf(" %zd", pwrite(fd, map + from, size, to));
	show(fd);
	munmap(map, 2 * NPAGES * PAGE);
	map = view(fd, kind);
	printf("read: %zd", pread(fd, map + from, size, to));
	show(fd);
	munmap(map, 2 * NPAGES * PAGE);
	close(fd);
}

static void all_of_itself(int kind)
{
	for (unsigned i = 0; i < 2; i++) {
		to_itself(kind, 0, 0, (1 + i * (NPAGES - 1)) * PAGE);
		to_itself(kind, 0, PAGE, PAGE);
		to_itself(kind, PAGE, 0, 3 * PAGE);
		to_itself(kind, 100, 2 * PAGE, PAGE + i);
		to_itself(kind, 3, 3 * PAGE + 5, 3 * PAGE - 5);
		to_itself(kind, (NPAGES - 1) * PAGE, PAGE, 2 * PAGE); /* makes it longer */
		to_itself(kind, 0, (NPAGES - 1) * PAGE, 2 * PAGE);    /* beyond the end */
	}
}

/* Memory whose last `good` bytes before a bad page can be had. */
static void over_the_edge(char *bad, size_t good)
{
	int fd = make(), empty = open("new", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct iovec two[2] = { { page, 5 }, { bad - good, good + 10 } };

	printf("%zu good:", good);
	printf(" read %zd", pread(fd, bad - good, good + 9, 11));
	printf(" readv %zd", preadv(fd, two, 2, PAGE - 2));
	printf(" write %zd", pwrite(fd, bad - good, good + 9, PAGE - 7));
	printf(" writev %zd", pwritev(fd, two, 2, 3));
	printf(" page %zd", pwrite(fd, bad - good, PAGE, 2 * PAGE));
	printf(" new page %zd", pwrite(empty, bad - good, PAGE, 0));
	show(fd);
	show(empty);
	close(fd);
	close(empty);
}

int main(void)
{
	char *memory = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	setvbuf(stdout, NULL, _IONBF, 0);
	all_of_itself(MAP_SHARED);
	all_of_itself(MAP_PRIVATE);
	for (size_t good = 0; good < 9; good++)
		over_the_edge((munmap(memory + 2 * PAGE, PAGE), memory + 2 * PAGE), good);
	over_the_edge(memory + 2 * PAGE, PAGE - 1);
	over_the_edge(memory + 2 * PAGE, PAGE);
	over_the_edge(memory + 2 * PAGE, PAGE + 3);
	mprotect(memory + PAGE, PAGE, PROT_READ);
	over_the_edge(memory + 2 * PAGE, 6);
	/* From memory that was never touched. */
	memory = mmap(NULL, 64 * PAGE, RW, ANON, -1, 0);
	memory[63 * PAGE] = 1;
	int fd = open("zeros", O_RDWR | O_CREAT | O_TRUNC, 0600);
	printf("untouched: %zd", write(fd, memory, 64 * PAGE));
	show(fd);
	memory = mmap(NULL, 64 * PAGE, RW, ANON, -1, 0);
	printf("untouched: %zd", pread(fd, memory + 1, 63 * PAGE, 0));
	printf(" %08x\n", sum(memory, 64 * PAGE));
	return 0;
}
