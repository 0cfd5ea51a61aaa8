/* SIGBUS and its address: where a file ends, moves its end, or has holes. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 5

static char *at, *copy;
static int fd;

static void begin(size_t size)
{
	fd = mm_file(size);
	map_at(at, NPAGES, RW, MAP_SHARED, fd, 0);
	map_at(copy, NPAGES, RW, MAP_PRIVATE, fd, 0);
}

static void see(const char *what)
{
	printf("%s\n", what);
	show_bytes("  shared", at, NPAGES);
	show_bytes("  private", copy, NPAGES);
}

static void resize(size_t size)
{
	mm_call("  resize", ftruncate(fd, size));
}

static void beyond_the_end(void)
{
	begin(2 * PAGE + 100);
	see("two pages and a bit");
	mm_try("  the last byte", at + 2 * PAGE + 99);
	mm_try("  the byte after", at + 2 * PAGE + 100);
	mm_try("  the page's last byte", at + 3 * PAGE - 1);
	mm_try("  the next page", at + 3 * PAGE);
	mm_try("  its last byte", at + 4 * PAGE - 1);
	mm_try("  private, the page's last byte", copy + 3 * PAGE - 1);
	mm_try("  private, the next page", copy + 3 * PAGE + 7);
	printf("  size: %ld\n", (long)lseek(fd, 0, SEEK_END));
	close(fd);
}

static void moving_the_end(void)
{
	begin(3 * PAGE);
	copy[PAGE] = 'P';
	copy[2 * PAGE] = 'Q';
	see("three pages, two copied");
	resize(PAGE + 1);
	see("cut to one and a byte: private copies go as well");
	printf("  after the cut: %d %d\n", at[PAGE + 1], at[2 * PAGE - 1]);
	resize(4 * PAGE);
	see("extended to four");
	resize(0);
	see("nothing");
	resize(PAGE);
	see("a page");
	close(fd);
}

/* What was stored behind the end of the last page is zero when the file grows over it. */
static void behind_the_end(void)
{
	begin(100);
	at[50] = 'a';
	at[200] = 'b';
	resize(90);
	resize(PAGE);
	printf("stored: %d, behind the end, then within: %d\n", at[50], at[200]);
	close(fd);
}

static void holes(void)
{
	begin(0);
	resize(3 * PAGE);
	see("a hole of three pages");
	at[PAGE] = 'H';
	see("a page of it written");
	if (pwrite(fd, "W", 1, 4 * PAGE) != 1)
		perror("pwrite");
	see("and one behind it");
	close(fd);
}

static void after_closing(void)
{
	begin(2 * PAGE);
	close(fd);
	at[1] = 'c';
	see("closed, its name gone");
	munmap(copy, NPAGES * PAGE);
	printf("  still: %c\n", at[1]);
}

int main(void)
{
	mm_catch();
	at = window_make(NPAGES);
	map_at(at, NPAGES, PROT_NONE, ANON, -1, 0);
	copy = window_make(NPAGES);
	beyond_the_end();
	moving_the_end();
	behind_the_end();
	holes();
	after_closing();
	return 0;
}
