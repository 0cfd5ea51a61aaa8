/* map_files: a link for each region that maps a file; it leads to that file. */
#define _GNU_SOURCE
#include "mm.h"
#include <dirent.h>

static char name[64];

static void show_link(const char *what, const char *start, const char *end)
{
	char path[64], text[PATH_MAX] = "";
	struct stat status;
	int length;

	snprintf(path, sizeof(path), "/proc/self/map_files/%x-%x", (unsigned)start, (unsigned)end);
	length = readlink(path, text, sizeof(text) - 1);
	printf("%s: %s", what, length < 0 ? strerrorname_np(errno) : strrchr(text, '/'));
	if (lstat(path, &status) == 0)
		printf(", mode %o", status.st_mode);
	printf(", opens: %s\n", open(path, O_RDONLY) < 0 ? strerrorname_np(errno) : "yes");
}

static int count(void)
{
	DIR *directory = opendir("/proc/self/map_files");
	struct dirent *entry;
	int found = 0;

	while ((entry = readdir(directory)))
		found += strcmp(entry->d_name, name) == 0;
	closedir(directory);
	return found;
}

int main(void)
{
	char *at = mm_map(8, PROT_NONE), text[128];
	int fd;

	strcpy(name, "map_files_test");
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ftruncate(fd, 8 * PAGE);
	pwrite(fd, "content", 8, 0);
	mmap(at, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	mmap(at + 4 * PAGE, 2 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
	show_link("shared, read", at, at + 4 * PAGE);
	show_link("private, read and write", at + 4 * PAGE, at + 6 * PAGE);
	show_link("no file", at + 6 * PAGE, at + 8 * PAGE);
	show_link("part of a region", at, at + 2 * PAGE);
	show_link("reversed", at + 4 * PAGE, at);
	snprintf(name, sizeof(name), "%x-%x", (unsigned)at, (unsigned)at + 4 * PAGE);
	printf("listed: %d\n", count());
	unlink("map_files_test");
	snprintf(text, sizeof(text), "/proc/self/map_files/%s", name);
	fd = open(text, O_RDONLY);
	printf("removed, and opened: %s\n",
	       fd >= 0 && read(fd, text, 8) == 8 ? text : strerrorname_np(errno));
	munmap(at, 4 * PAGE);
	printf("listed: %d\n", count());
	printf("no such names: %d %d %d\n", access("/proc/self/map_files/x", F_OK),
	       access("/proc/self/map_files/1000", F_OK), access("/proc/self/map_files/-", F_OK));
	return 0;
}
