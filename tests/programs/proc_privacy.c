/* What /proc tells a user of another user's process: neither its memory nor where that lies. */
#include "files.h"

static void show_read(const char *path)
{
	char text[64];
	int fd = open(path, O_RDONLY);

	printf("%s: %s\n", path,
	       fd < 0 || read(fd, text, sizeof(text)) < 0 ? strerrorname_np(errno) : "ok");
	close(fd);
}

static void show_link(const char *path)
{
	char text[64];
	int length = readlink(path, text, sizeof(text));

	printf("%s: %s\n", path, length < 0 ? strerrorname_np(errno) : "ok");
}

/* Fields of proc(5) that are addresses, from the 26th on. */
static void show_addresses(const char *path)
{
	char text[1024] = "", *at;
	int fd = open(path, O_RDONLY), field = 2;

	read(fd, text, sizeof(text) - 1);
	close(fd);
	printf("%s:", path);
	for (at = strtok(strrchr(text, ')') + 1, " \n"); at; at = strtok(NULL, " \n")) {
		field++;
		if ((field >= 26 && field <= 30) || field >= 45)
			printf(" %s", at);
	}
	printf("\n");
}

static void user_part(void)
{
	show_read("/proc/1/auxv");
	show_read("/proc/1/cmdline");
	show_read("/proc/1/environ");
	show_read("/proc/1/maps");
	show_read("/proc/1/pagemap");
	show_read("/proc/1/stat");
	show_read("/proc/1/statm");
	show_read("/proc/1/status");
	show_read("/proc/1/fd");
	show_link("/proc/1/cwd");
	show_link("/proc/1/exe");
	show_link("/proc/1/fd/0");
	show_addresses("/proc/1/stat");
}

int main(void)
{
	as_user(user_part);
	show_read("/proc/self/auxv");
	show_read("/proc/self/environ");
	show_read("/proc/self/maps");
	show_read("/proc/self/stat");
	show_link("/proc/self/exe");
	return 0;
}
