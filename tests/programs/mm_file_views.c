/* read, write, shared and private mappings of a file show the same page, until a private one is
 * written. */
#define _GNU_SOURCE
#include "mm.h"

static int fd;
static char *shared, *private, *second;

static void show(const char *what)
{
	char byte;

	pread(fd, &byte, 1, 0);
	printf("%s: read %c, shared %c, second %c, private %c\n", what, byte, *shared, *second,
	       *private);
}

int main(void)
{
	fd = mm_file(2 * PAGE);
	shared = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	second = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	private = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	pwrite(fd, "1", 1, 0);
	show("written before any access");
	*shared = '2';
	show("stored through the shared one");
	pwrite(fd, "3", 1, 0);
	show("written");
	private[1] = 'p';
	show("private copy made elsewhere in the page");
	*shared = '4';
	show("stored through the shared one");
	pwrite(fd, "5", 1, 0);
	show("written");
	*private = 'p';
	show("stored through the private one");
	private = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	*private = 'q';
	show("a new private one, written at once");
	printf("its other bytes: %c\n", private[1]);
	munmap(shared, PAGE);
	munmap(second, PAGE);
	second += PAGE;
	shared = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	show("unmapped and mapped again");
	return 0;
}
