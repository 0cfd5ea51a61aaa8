/*
 * A file, or the device that is named, is written, read, mapped and synced in every way, and shows the
 * same content whichever way it is looked at. "direct" as a second argument: O_DIRECT, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE (1 << 20)
#define PAGE 4096

static unsigned char expected[SIZE], buffer[SIZE];
static unsigned seed = 1;

static void fill(unsigned char *to, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		seed = seed * 1103515245 + 12345;
		to[i] = seed >> 16;
	}
}

static void check(const char *what, long result)
{
	if (result < 0)
		printf("%s: %s\n", what, strerror(errno));
	else
		printf("%s: %ld\n", what, result);
}

static void compare(const char *what, int fd)
{
	ssize_t done = pread(fd, buffer, SIZE, 0);

	printf("%s: %s\n", what,
	       done == SIZE && !memcmp(buffer, expected, SIZE) ? "same" : "DIFFERS");
}

static void write_at(int fd, size_t at, size_t size)
{
	fill(expected + at, size);
	if (pwrite(fd, expected + at, size, at) != (ssize_t)size)
		printf("write of %zu at %zu: %s\n", size, at, strerror(errno));
}

static void use_mapping(int fd)
{
	unsigned char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	unsigned char *copy = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	printf("mapping: %s\n", memcmp(map, expected, SIZE) ? "DIFFERS" : "same");
	for (size_t at = 100; at < SIZE; at += 3 * PAGE + 7)
		map[at] = expected[at] = (unsigned char)(at >> 3);
	compare("read after writing to the mapping", fd);
	write_at(fd, 5 * PAGE + 9, 3 * PAGE);
	printf("mapping after write: %s\n", memcmp(map, expected, SIZE) ? "DIFFERS" : "same");
	copy[0] ^= 1;
	printf("private copy: %s\n", map[0] == expected[0] ? "apart" : "SHARED");
	check("msync", msync(map, SIZE, MS_SYNC));
	check("msync async", msync(map, SIZE, MS_ASYNC));
	check("msync both", msync(map, SIZE, MS_SYNC | MS_ASYNC));
	/* Clean now: the next write is noticed again. */
	map[2 * PAGE] = expected[2 * PAGE] = 77;
	check("msync of a page", msync(map + 2 * PAGE, PAGE, MS_SYNC));
	munmap(map, SIZE);
	munmap(copy, SIZE);
}

static void give_advice(int fd)
{
	int pipes[2];

	check("readahead", readahead(fd, 0, SIZE));
	check("willneed", posix_fadvise(fd, 0, SIZE, POSIX_FADV_WILLNEED));
	check("random", posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
	check("sequential", posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
	check("normal", posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL));
	check("dontneed", posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	check("unknown", posix_fadvise(fd, 0, 0, 77));
	if (pipe(pipes))
		return;
	check("of a pipe", posix_fadvise(pipes[0], 0, 0, POSIX_FADV_NORMAL));
	check("readahead of a pipe", readahead(pipes[0], 0, 1));
	check("readahead to write", readahead(pipes[1], 0, 1));
	check("fsync of a pipe", fsync(pipes[0]));
	check("range of a pipe", sync_file_range(pipes[0], 0, 0, 0));
}

static void sync_all(int fd)
{
	check("fsync", fsync(fd));
	check("fdatasync", fdatasync(fd));
	check("range", sync_file_range(fd, 0, SIZE, SYNC_FILE_RANGE_WRITE));
	check("range, waiting", sync_file_range(fd, 0, 0, 7));
	check("range, bad flags", sync_file_range(fd, 0, 0, 8));
	check("range, negative", sync_file_range(fd, -1, 0, 0));
	check("syncfs", syncfs(fd));
	sync();
}

static void use_direct(const char *name)
{
	unsigned char *aligned = aligned_alloc(PAGE, SIZE);
	int fd = open(name, O_RDWR | O_DIRECT);
	int cached = open(name, O_RDWR);

	check("open direct", fd < 0 ? fd : 0);
	write_at(cached, 7 * PAGE + 100, 9000);
	check("read direct", pread(fd, aligned, SIZE, 0));
	printf("direct: %s\n", memcmp(aligned, expected, SIZE) ? "DIFFERS" : "same");
	fill(expected + 3 * 512, 70 * 512);
	memcpy(aligned, expected + 3 * 512, 70 * 512);
	check("write direct", pwrite(fd, aligned, 70 * 512, 3 * 512));
	compare("cached after direct", cached);
	check("size", pread(fd, aligned, 100, 0));
	check("position", pwrite(fd, aligned, 512, 10));
	check("the end", pread(fd, aligned, 512, lseek(fd, 0, SEEK_END)));
	close(fd);
	close(cached);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "synced_file.tmp";
	int fd = open(name, O_RDWR | (argc > 1 ? 0 : O_CREAT | O_TRUNC), 0600);

	check("open", fd < 0 ? fd : 0);
	write_at(fd, 0, SIZE);
	for (unsigned i = 0; i < 50; i++)
		write_at(fd, i * 7919 % (SIZE - 5000), i * 97 + 1);
	compare("read", fd);
	sync_all(fd);
	compare("read after sync", fd);
	use_mapping(fd);
	compare("read in the end", fd);
	give_advice(fd);
	compare("read after advice", fd);
	if (argc > 2)
		use_direct(name);
	close(fd);
	fd = open(name, O_RDWR | O_SYNC);
	write_at(fd, 12345, 6789);
	compare("written with O_SYNC", fd);
	if (argc == 1)
		unlink(name);
	return 0;
}
