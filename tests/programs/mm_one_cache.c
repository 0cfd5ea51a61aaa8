/* One page cache: what write stores mappings show, what mappings store read gives, at once. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 3

static char *shared, *again, *private;
static int fd;

static void see(const char *what)
{
	char bytes[NPAGES];

	for (int page = 0; page < NPAGES; page++)
		if (pread(fd, &bytes[page], 1, page * PAGE) != 1)
			bytes[page] = '?';
	printf("%s: read %.3s\n", what, bytes);
	show_bytes("  shared ", shared, NPAGES);
	show_bytes("  again  ", again, NPAGES);
	show_bytes("  private", private, NPAGES);
}

static void write_at(int page, char byte)
{
	if (pwrite(fd, &byte, 1, page * PAGE) != 1)
		perror("pwrite");
}

static void views(void)
{
	see("at first");
	write_at(0, 'W');
	see("written");
	shared[PAGE] = 'S';
	see("stored in one view");
	again[2 * PAGE] = 'T';
	see("stored in the other");
	private[0] = 'P';
	see("stored in the private one");
	write_at(0, 'X');
	see("written behind that");
	write_at(1, 'Y');
	see("written where it was not copied");
	(void)*(volatile char *)(private + 2 * PAGE);
	shared[2 * PAGE] = 'Z';
	see("stored where it was read, but not copied");
}

static void other_descriptors(void)
{
	char path[32];
	int other;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, O_RDWR);
	mm_call("another descriptor", other);
	if (pwrite(other, "O", 1, 0) != 1)
		perror("pwrite");
	see("written through another descriptor");
	close(other);
}

static void odd_offsets(void)
{
	char text[16];

	if (pwrite(fd, "over the edge", 13, PAGE - 5) != 13)
		perror("pwrite");
	printf("over an edge: %.13s\n", shared + PAGE - 5);
	memcpy(shared + 2 * PAGE - 4, "and back", 8);
	memset(text, 0, sizeof(text));
	if (pread(fd, text, 8, 2 * PAGE - 4) != 8)
		perror("pread");
	printf("the other way: %s\n", text);
}

/* A file is read into a mapping of itself, and written from one. */
static void onto_itself(void)
{
	shared[0] = '0', shared[PAGE] = '1', shared[2 * PAGE] = '2';
	mm_call("read a page into the next", pread(fd, shared + PAGE, PAGE, 0));
	see("  so");
	mm_call("write a page from the next", pwrite(fd, shared + 2 * PAGE, PAGE, 0));
	see("  so");
	mm_call("write a page from itself", pwrite(fd, shared, PAGE, 0));
	mm_call("read a page into itself", pread(fd, shared, PAGE, 0));
	see("  so");
}

static void in_a_child(void)
{
	write_at(0, 'C');
	shared[PAGE] = 'D';
	private[2 * PAGE] = 'E';
	see("in a child");
}

int main(void)
{
	mm_catch();
	fd = mm_file(NPAGES * PAGE);
	shared = window_make(NPAGES);
	map_at(shared, NPAGES, RW, MAP_SHARED, fd, 0);
	again = window_make(NPAGES);
	map_at(again, NPAGES, RW, MAP_SHARED, fd, 0);
	private = window_make(NPAGES);
	map_at(private, NPAGES, RW, MAP_PRIVATE, fd, 0);
	views();
	other_descriptors();
	odd_offsets();
	onto_itself();
	mm_child(in_a_child);
	see("in the parent, after the child");
	return 0;
}
