/* What DONTNEED, REMOVE and POPULATE do to pages, file and mappings beside. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 6

static char *at;

static void dropped_private_pages(void)
{
	map_at(at, NPAGES, RW, ANON, -1, 0);
	fill_bytes(at, NPAGES, 'a');
	madvise(at + PAGE, 2 * PAGE, MADV_DONTNEED);
	show_resident("private, dropped", at, NPAGES);
	show_bytes("  bytes", at, NPAGES);
	at[PAGE] = 'N';
	show_bytes("  written anew", at, NPAGES);
	show_regions("  regions", at, NPAGES);
}

static void dropped_copies_of_a_file(void)
{
	int fd = mm_file(NPAGES * PAGE);

	map_at(at, NPAGES, RW, MAP_PRIVATE, fd, 0);
	fill_bytes(at, NPAGES, 'A');
	madvise(at + PAGE, 2 * PAGE, MADV_DONTNEED);
	show_bytes("copies of a file, dropped", at, NPAGES);
	if (pwrite(fd, "new", 3, PAGE) != 3)
		perror("pwrite");
	show_bytes("  the file written", at, NPAGES);
	ftruncate(fd, 2 * PAGE) ? perror("ftruncate") : (void)0;
	show_bytes("  the file cut", at, NPAGES);
	close(fd);
}

static void dropped_shared_pages(void)
{
	int fd = mm_file(NPAGES * PAGE);

	map_at(at, NPAGES, RW, MAP_SHARED, fd, 0);
	fill_bytes(at, NPAGES, 'A');
	madvise(at, NPAGES * PAGE, MADV_DONTNEED);
	show_bytes("shared file, dropped: the file has them", at, NPAGES);
	close(fd);
	map_at(at, NPAGES, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fill_bytes(at, NPAGES, 'A');
	madvise(at, NPAGES * PAGE, MADV_DONTNEED);
	show_bytes("shared memory, dropped: it is still there", at, NPAGES);
	madvise(at + 2 * PAGE, 2 * PAGE, MADV_REMOVE);
	show_bytes("shared memory, removed", at, NPAGES);
}

static void removed_from_a_file(void)
{
	char *other = window_make(NPAGES), byte;
	int fd = open("/dev/shm/mm-test.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		fd = mm_file(0);
	unlink("/dev/shm/mm-test.tmp");
	ftruncate(fd, NPAGES * PAGE) ? perror("ftruncate") : (void)0;
	map_at(at, NPAGES, RW, MAP_SHARED, fd, 0);
	map_at(other, NPAGES, RW, MAP_PRIVATE, fd, 0);
	fill_bytes(at, NPAGES, 'A');
	other[PAGE] = 'p';
	mm_call("removed from a file", madvise(at + PAGE, 2 * PAGE, MADV_REMOVE));
	show_bytes("  shared", at, NPAGES);
	show_bytes("  private", other, NPAGES);
	mm_call("  read", pread(fd, &byte, 1, PAGE));
	printf("  a byte: %d\n", byte);
	printf("  size: %ld\n", (long)lseek(fd, 0, SEEK_END));
	close(fd);
	munmap(other, NPAGES * PAGE);
}

static void populated(void)
{
	map_at(at, NPAGES, RW, ANON, -1, 0);
	mm_call("populate to read", madvise(at, 2 * PAGE, 22));
	show_resident("  resident", at, NPAGES);
	mm_call("populate to write", madvise(at + 2 * PAGE, 2 * PAGE, 23));
	show_resident("  resident", at, NPAGES);
	mprotect(at + 4 * PAGE, PAGE, PROT_READ);
	mm_call("read-only, to read", madvise(at + 4 * PAGE, PAGE, 22));
	mm_call("read-only, to write", madvise(at + 4 * PAGE, PAGE, 23));
	mprotect(at + 5 * PAGE, PAGE, PROT_NONE);
	mm_call("no rights, to read", madvise(at + 5 * PAGE, PAGE, 22));
	mm_call("no rights, to write", madvise(at + 5 * PAGE, PAGE, 23));
	munmap(at, PAGE);
	mm_call("nowhere", madvise(at, PAGE, 22));
}

static void populated_beyond_the_end(void)
{
	int fd = mm_file(PAGE);

	map_at(at, 2, RW, MAP_SHARED, fd, 0);
	mm_call("within a file", madvise(at, PAGE, 22));
	mm_call("beyond its end, to read", madvise(at + PAGE, PAGE, 22));
	mm_call("beyond its end, to write", madvise(at + PAGE, PAGE, 23));
	map_at(at, 2, RW, MAP_PRIVATE, fd, 0);
	mm_call("private, beyond its end", madvise(at + PAGE, PAGE, 23));
	close(fd);
}

int main(void)
{
	mm_catch();
	at = window_make(NPAGES);
	dropped_private_pages();
	dropped_copies_of_a_file();
	dropped_shared_pages();
	removed_from_a_file();
	populated();
	populated_beyond_the_end();
	return 0;
}
