/* What parent and child see of each other's stores, in every kind of memory. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 4

static char *private, *shared, *file_shared, *file_private, *fixed;
static int fd, step[2], back[2];

static void say(int to)
{
	if (write(to, "", 1) != 1)
		_exit(9);
}

static void await(int from)
{
	char byte;

	if (read(from, &byte, 1) != 1)
		_exit(9);
}

static void see(const char *who)
{
	printf("%s\n", who);
	show_bytes("  private memory", private, NPAGES);
	show_bytes("  shared memory ", shared, NPAGES);
	show_bytes("  shared file   ", file_shared, NPAGES);
	show_bytes("  private file  ", file_private, NPAGES);
	fflush(stdout);
}

static void store(int page, char byte)
{
	private[page * PAGE] = byte;
	shared[page * PAGE] = byte;
	file_shared[page * PAGE] = byte;
	file_private[page * PAGE] = byte;
}

static void child(void)
{
	see("child, at first");
	store(1, 'C');
	mprotect(fixed, PAGE, RW);
	fixed[0] = 'c';
	munmap(fixed + PAGE, PAGE);
	see("child, having stored");
	say(back[1]);
	await(step[0]);
	see("child, after the parent stored");
	ftruncate(fd, 2 * PAGE) ? perror("ftruncate") : (void)0;
	see("child, having cut the file");
}

static void parent(void)
{
	await(back[0]);
	see("parent, after the child stored");
	show_regions("  its regions are its own", fixed, 2);
	printf("  and so is what the child wrote: %c\n", fixed[0]);
	store(2, 'P');
	see("parent, having stored");
	say(step[1]);
	wait(NULL);
	see("parent, after the child is gone");
}

int main(void)
{
	mm_catch();
	fd = mm_file(NPAGES * PAGE);
	private = window_make(NPAGES);
	map_at(private, NPAGES, RW, ANON, -1, 0);
	shared = window_make(NPAGES);
	map_at(shared, NPAGES, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	file_shared = window_make(NPAGES);
	map_at(file_shared, NPAGES, RW, MAP_SHARED, fd, 0);
	file_private = window_make(NPAGES);
	map_at(file_private, NPAGES, RW, MAP_PRIVATE, fd, 0);
	fixed = window_make(2);
	map_at(fixed, 2, RW, ANON, -1, 0);
	fixed[0] = 'f';
	mprotect(fixed, PAGE, PROT_READ);
	store(0, '1');
	store(3, '4');
	if (pipe(step) || pipe(back))
		return 1;
	fflush(stdout);
	if (fork() == 0) {
		child();
		fflush(stdout);
		_exit(0);
	}
	parent();
	return 0;
}
