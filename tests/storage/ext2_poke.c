/*
 * Mounts each device, whatever is on it, walks all of it, reads, writes, renames and deletes, and
 * takes every error as it comes. Arguments: a directory to mount on, a seed, devices.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define STEPS 400 /* on one image */
#define DEPTH 8

static uint32_t state;
static unsigned steps, errors;

static uint32_t chance(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static void note(long result)
{
	if (result < 0)
		errors++;
}

static void poke_file(const char *at)
{
	static char data[8192];
	int fd = open(at, O_RDWR);
	struct stat stat;

	note(fd);
	if (fd < 0)
		return;
	note(read(fd, data, sizeof(data)));
	if (fstat(fd, &stat) == 0)
		note(pread(fd, data, sizeof(data), stat.st_size / 2));
	note(lseek(fd, 0, SEEK_HOLE));
	note(pwrite(fd, data, 1 + chance(sizeof(data)), chance(2000000)));
	if (chance(3) == 0)
		note(ftruncate(fd, chance(100000)));
	if (chance(4) == 0)
		note(fsync(fd));
	close(fd);
}

static void poke(const char *directory, unsigned depth);

static void poke_entry(const char *at, const char *beside, unsigned depth)
{
	char target[4096];
	struct stat stat;

	note(lstat(at, &stat));
	if (lstat(at, &stat) == 0) {
		if (S_ISDIR(stat.st_mode) && depth < DEPTH)
			poke(at, depth + 1);
		else if (S_ISREG(stat.st_mode))
			poke_file(at);
		else if (S_ISLNK(stat.st_mode))
			note(readlink(at, target, sizeof(target)));
	}
	switch (chance(6)) {
	case 0:
		note(rename(at, beside));
		break;
	case 1:
		note(unlink(at));
		break;
	case 2:
		note(rmdir(at));
		break;
	case 3:
		note(link(at, beside));
		break;
	case 4:
		note(chmod(at, 0700));
		break;
	}
}

static void poke(const char *directory, unsigned depth)
{
	DIR *entries = opendir(directory);
	char at[4096], beside[4096];
	struct dirent *entry;

	if (!entries) {
		errors++;
		return;
	}
	while (steps < STEPS && (entry = readdir(entries))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		steps++;
		snprintf(at, sizeof(at), "%.3000s/%s", directory, entry->d_name);
		snprintf(beside, sizeof(beside), "%.3000s/new%u", directory, chance(5));
		poke_entry(at, beside, depth);
	}
	closedir(entries);
	snprintf(at, sizeof(at), "%.3000s/made%u", directory, chance(5));
	note(chance(2) ? mkdir(at, 0755) : symlink("somewhere", at));
	snprintf(at, sizeof(at), "%.3000s/file%u", directory, chance(5));
	close(open(at, O_CREAT | O_RDWR, 0644));
	poke_file(at);
}

int main(int argc, char **argv)
{
	struct statfs room;

	if (argc < 3)
		return 1;
	state = (uint32_t)strtoul(argv[2], NULL, 0) | 1;
	for (int i = 3; i < argc; i++) {
		const char *options = chance(2) ? "errors=continue" : "errors=remount-ro";

		steps = errors = 0;
		if (mount(argv[i], argv[1], "ext2", 0, options) != 0) {
			printf("%s: %s\n", argv[i], strerror(errno));
			continue;
		}
		poke(argv[1], 0);
		note(statfs(argv[1], &room));
		sync();
		printf("%s: %u steps, %u errors\n", argv[i], steps, errors);
		if (umount2(argv[1], 0) != 0) {
			printf("umount: %s\n", strerror(errno));
			return 1;
		}
	}
	printf("all done\n");
	return 0;
}
