/*
 * Writes, fsyncs and says so, until the power goes. Arguments: directory, seed.
 *
 * Each line begins with its number, so that none can get lost unseen. It is said when it is true, and
 * promises something until it is taken back:
 *   P file size checksum path   fsync has returned: the content is there, under this path
 *   M file path                 about to be renamed: it may be under this path as well
 *   V file                      about to be changed or removed: nothing is promised any more
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define FILES 60

static uint32_t state;

static struct {
	char path[64]; /* "": it is not there */
	int promised;
} files[FILES];
static unsigned names;

static uint32_t chance(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static void say(const char *text, ...)
{
	static unsigned number;
	char line[256];
	va_list args;
	int size = sprintf(line, "%u ", number++);

	va_start(args, text);
	size += vsnprintf(line + size, sizeof(line) - size, text, args);
	va_end(args);
	/* What is taken back has left the machine before anything is done. */
	if (write(1, line, size) != size || tcdrain(1) != 0)
		exit(1);
}

/* A name that never was, in one of some directories, which come and go. */
static void new_path(char *to)
{
	unsigned directory = chance(8);
	char name[32];

	sprintf(name, "d%u", directory);
	mkdir(name, 0755);
	if (chance(4) == 0) {
		strcat(name, "/sub");
		mkdir(name, 0755);
	}
	sprintf(to, "%s/%s%u", name, chance(5) ? "f" : "a-longer-name-for-a-file-", names++);
}

static void take_back(unsigned i)
{
	if (files[i].promised)
		say("V %u\n", i);
	files[i].promised = 0;
}

static void do_write(unsigned i)
{
	static unsigned char data[60000];
	unsigned size = 1 + chance(chance(3) ? 6000 : sizeof(data));
	uint32_t sum = 1;
	struct stat stat;
	int fd;

	take_back(i);
	if (!files[i].path[0])
		new_path(files[i].path);
	fd = open(files[i].path, O_RDWR | O_CREAT | (chance(3) ? 0 : O_TRUNC), 0644);
	if (fd < 0)
		return;
	for (unsigned k = 0; k < size; k++)
		data[k] = (unsigned char)(state >> k % 24);
	if (pwrite(fd, data, size, chance(3) ? 0 : chance(80000)) != (ssize_t)size) {
		close(fd);
		unlink(files[i].path);
		files[i].path[0] = '\0';
		return;
	}
	if (chance(3)) {
		ssize_t got;

		if ((chance(2) ? fsync(fd) : fdatasync(fd)) != 0)
			say("E fsync: %s\n", strerror(errno));
		fstat(fd, &stat);
		lseek(fd, 0, SEEK_SET);
		while ((got = read(fd, data, sizeof(data))) > 0)
			for (ssize_t k = 0; k < got; k++)
				sum = sum * 31 + data[k];
		say("P %u %llu %08x %s\n", i, (unsigned long long)stat.st_size, sum, files[i].path);
		files[i].promised = 1;
	}
	close(fd);
}

static void do_rename(unsigned i, unsigned over)
{
	char to[64];

	if (!files[i].path[0] || i == over)
		return;
	if (over < FILES && files[over].path[0]) {
		take_back(over);
		strcpy(to, files[over].path);
		files[over].path[0] = '\0';
	} else {
		new_path(to);
	}
	if (files[i].promised)
		say("M %u %s\n", i, to);
	if (chance(4) == 0) {
		unlink(to);
		if (link(files[i].path, to) == 0)
			unlink(files[i].path);
	} else {
		rename(files[i].path, to);
	}
	strcpy(files[i].path, to);
}

static void do_unlink(unsigned i)
{
	if (!files[i].path[0])
		return;
	take_back(i);
	unlink(files[i].path);
	files[i].path[0] = '\0';
}

static void do_truncate(unsigned i)
{
	if (!files[i].path[0])
		return;
	take_back(i);
	if (truncate(files[i].path, chance(50000)) != 0)
		return;
}

int main(int argc, char **argv)
{
	if (argc < 3 || chdir(argv[1]) != 0)
		return 1;
	state = (uint32_t)strtoul(argv[2], NULL, 0) | 1;
	say("begin\n");
	for (;;) {
		unsigned i = chance(FILES);

		switch (chance(10)) {
		case 0:
		case 1:
		case 2:
		case 3:
			do_write(i);
			break;
		case 4:
		case 5:
			do_rename(i, FILES);
			break;
		case 6:
			do_rename(i, chance(FILES));
			break;
		case 7:
			do_unlink(i);
			break;
		case 8:
			do_truncate(i);
			break;
		case 9:
			if (chance(10) == 0)
				sync();
			else
				rmdir(chance(2) ? "d1" : "d2/sub");
			break;
		}
	}
}
