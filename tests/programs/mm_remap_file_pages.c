/* remap_file_pages: pages of a shared mapping in another order, as regions of their own; errors. */
#define _GNU_SOURCE
#include "mm.h"

static int remap(void *at, size_t size, int prot, size_t offset, int flags)
{
	return syscall(SYS_remap_file_pages, at, size, prot, offset, flags);
}

static void show(const char *what, const char *at, int npages)
{
	printf("%s: ", what);
	for (int i = 0; i < npages; i++)
		putchar(at[i * PAGE] ? at[i * PAGE] : '-');
	printf(" in %d\n", mm_regions(at, at + npages * PAGE));
}

static void shuffle(int fd)
{
	char *at = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);
	unsigned char in[8];

	show("in order", at, 8);
	mm_call("one", remap(at + PAGE, PAGE, 0, 5, 0));
	show("page 5 second", at, 8);
	mm_call("two", remap(at + 4 * PAGE, 2 * PAGE, 0, 0, 0));
	show("pages 0 and 1 in the middle", at, 8);
	at[4 * PAGE] = 'X';
	show("one written", at, 8);
	mm_call("back", remap(at + PAGE, PAGE, 0, 1, 0));
	mm_call("back", remap(at + 4 * PAGE, 2 * PAGE, 0, 4, 0));
	show("in order again", at, 8);
	mm_call("over several regions", remap(at + 2 * PAGE, PAGE, 0, 7, 0));
	mm_call("over several regions", remap(at, 8 * PAGE, 0, 0, 0));
	show("in order again", at, 8);
	mm_call("off a page, and not whole", remap(at + 100, PAGE + 100, 0, 3, 0));
	show("rounded", at, 8);
	mm_call("beyond the end of the file", remap(at, PAGE, 0, 100, 0));
	mm_catch();
	mm_try("there", at);
	mm_call("MAP_NONBLOCK", remap(at + 6 * PAGE, 2 * PAGE, 0, 2, MAP_NONBLOCK));
	mm_call("mincore", mincore(at + 6 * PAGE, 2 * PAGE, in));
	mm_call("other flags do not matter", remap(at + 6 * PAGE, PAGE, 0, 2, -1));
	mprotect(at, 8 * PAGE, PROT_READ);
	mm_call("read-only", remap(at, 2 * PAGE, 0, 2, 0));
	mm_try("stays so", at);
	munmap(at, 8 * PAGE);
}

static void anonymous(void)
{
	char *at = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 4; i++)
		at[i * PAGE] = '0' + i;
	mm_call("shared anonymous", remap(at, PAGE, 0, 3, 0));
	show("the last first", at, 4);
	munmap(at + PAGE, 3 * PAGE);
	mm_call("the only one left", remap(at, PAGE, 0, 1, 0));
	show("the second", at, 1);
	munmap(at, PAGE);
}

static void errors(int fd)
{
	char *at = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0), *other;
	int reading;

	mm_call("protection", remap(at, PAGE, PROT_READ, 0, 0));
	mm_call("no size", remap(at, 0, 0, 0, 0));
	mm_call("less than a page", remap(at, PAGE - 1, 0, 0, 0));
	mm_call("around the end", remap(at, -PAGE, 0, 0, 0));
	mm_call("private", remap(private, PAGE, 0, 0, 0));
	mm_call("longer than the mapping", remap(at, 5 * PAGE, 0, 0, 0));
	munmap(at + PAGE, PAGE);
	mm_call("over a gap", remap(at, 3 * PAGE, 0, 0, 0));
	mm_call("nothing there", remap(at + PAGE, PAGE, 0, 0, 0));
	mmap(at + PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 1 * PAGE);
	mm_call("over other rights", remap(at, 3 * PAGE, 0, 0, 0));
	other = mmap(NULL, PAGE, RW, ANON, -1, 0);
	mm_call("anonymous", remap(other, PAGE, 0, 0, 0));
	munmap(other, PAGE);
	reading = open("reading", O_RDONLY | O_CREAT, 0600);
	other = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reading, 0);
	mm_call("of a file open for reading", remap(other, PAGE, 0, 0, 0));
	close(reading);
	unlink("reading");
	munmap(other, PAGE);
	munmap(at, 4 * PAGE);
	munmap(private, PAGE);
}

int main(void)
{
	int fd = mm_file(8 * PAGE);

	shuffle(fd);
	anonymous();
	errors(fd);
	close(fd);
	return 0;
}
