/*
 * Random work in a directory, and then a list of what came out of it: the same on any file system,
 * for the same seed. Arguments: directory, seed, operations.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint32_t state;

static uint32_t chance(uint32_t below)
{
	/* Marsaglia's xorshift (2003), 32 bits. */
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

/* A path of one to three levels; names are few, so that they meet. */
static const char *path(char *to)
{
	static const char *const names[] = {
		"a", "b", "c", "d", "e", "f", "g", "h", "a-name-that-is-longer", "another"
	};
	unsigned levels = 1 + chance(3);

	*to = '\0';
	while (levels-- > 0) {
		strcat(to, names[chance(10)]);
		if (chance(4) == 0)
			sprintf(to + strlen(to), "%u", chance(40));
		if (levels)
			strcat(to, "/");
	}
	return to;
}

static void fill(char *data, unsigned size)
{
	uint32_t word = chance(UINT32_MAX);

	for (unsigned i = 0; i < size; i++, word = word * 1103515245 + 12345)
		data[i] = (char)(word >> 16);
}

static void do_write(const char *at)
{
	static char data[40000];
	unsigned size = 1 + chance(chance(8) ? 5000 : sizeof(data));
	int fd = open(at, O_RDWR | O_CREAT | (chance(6) ? 0 : O_TRUNC) | (chance(4) ? 0 : O_APPEND),
		      0644);
	off_t place = chance(3) ? chance(100000) : chance(80) ? 0 : 5000000 + chance(60000000);

	fill(data, size);
	if (fd < 0)
		return;
	if (pwrite(fd, data, size, place) != (ssize_t)size && errno != EISDIR)
		printf("write: %s\n", strerror(errno));
	if (chance(10) == 0)
		fsync(fd);
	close(fd);
}

static void do_mapped(const char *at)
{
	int fd = open(at, O_RDWR);
	struct stat stat;
	char *map;

	if (fd < 0)
		return;
	if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 0 &&
	    stat.st_size < 1000000) {
		map = mmap(NULL, stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED) {
			for (unsigned i = 0; i < 5; i++)
				map[chance(stat.st_size)] = (char)chance(256);
			munmap(map, stat.st_size);
		}
	}
	close(fd);
}

static void do_something(void)
{
	char one[256], two[256];

	path(one);
	path(two);
	switch (chance(16)) {
	case 0:
	case 1:
		mkdir(one, 0755);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		do_write(one);
		break;
	case 6:
		do_mapped(one);
		break;
	case 7:
		if (truncate(one, chance(4) ? chance(60000) : chance(20000000)) == 0 &&
		    chance(4) == 0)
			sync();
		break;
	case 8:
	case 9:
		rename(one, two);
		break;
	case 10:
		link(one, two);
		break;
	case 11:
		symlink(chance(2) ? two
				  : "a target that is so long that it does not lie in the "
				    "inode, where sixty bytes are, but in a block",
			one);
		break;
	case 12:
	case 13:
		unlink(one);
		break;
	case 14:
		rmdir(one);
		break;
	case 15:
		if (chance(4) == 0)
			mkfifo(one, 0600);
		else
			chmod(one, 0600 + chance(0200));
		break;
	}
}

/* ---- what came out ---- */

static uint32_t checksum(const char *at)
{
	static unsigned char data[65536];
	uint32_t sum = 1;
	ssize_t got;
	int fd = open(at, O_RDONLY);

	while ((got = read(fd, data, sizeof(data))) > 0)
		for (ssize_t i = 0; i < got; i++)
			sum = sum * 31 + data[i];
	if (fd < 0 || got < 0)
		printf("%s: %s\n", at, strerror(errno));
	close(fd);
	return sum;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void show(const char *directory);

static void show_one(const char *at)
{
	char target[512];
	struct stat stat;
	ssize_t length;

	if (lstat(at, &stat) != 0) {
		printf("%s: %s\n", at, strerror(errno));
		return;
	}
	printf("%s %o ", at, stat.st_mode);
	if (S_ISREG(stat.st_mode)) {
		printf("%u %llu %08x\n", (unsigned)stat.st_nlink, (unsigned long long)stat.st_size,
		       checksum(at));
	} else if (S_ISLNK(stat.st_mode)) {
		length = readlink(at, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		printf("%s\n", target);
	} else {
		printf("%u\n", S_ISDIR(stat.st_mode) ? (unsigned)stat.st_nlink : 0);
		if (S_ISDIR(stat.st_mode))
			show(at);
	}
}

static void show(const char *directory)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, by_name);

	for (int i = 0; i < count; i++) {
		char at[1024];

		if (strcmp(entries[i]->d_name, ".") && strcmp(entries[i]->d_name, "..") &&
		    strcmp(entries[i]->d_name, "lost+found")) {
			snprintf(at, sizeof(at), "%s/%s", directory, entries[i]->d_name);
			show_one(at);
		}
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	if (argc < 4 || chdir(argv[1]) != 0)
		return 1;
	state = (uint32_t)strtoul(argv[2], NULL, 0) | 1;
	umask(022);
	for (unsigned long left = strtoul(argv[3], NULL, 0); left > 0; left--)
		do_something();
	show(".");
	return 0;
}
