/*
 * What the file programs share: a folder of their own, and calls that report result and errno.
 */
#ifndef FILES_H
#define FILES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-result"
#pragma GCC diagnostic ignored "-Wnonnull"
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#pragma GCC diagnostic ignored "-Wformat-overflow"

/* Descriptor numbers begin at 3, whoever started the program, unless it was given some. */
__attribute__((constructor)) static void close_inherited(int argc)
{
	if (argc == 1)
		syscall(SYS_close_range, 3, ~0u, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/* "call = result", or "call: ENAME". */
static inline long long show_result(const char *text, long long result)
{
	if (result < 0)
		printf("%s: %s\n", text, strerrorname_np(errno));
	else
		printf("%s = %lld\n", text, result);
	return result;
}

#define SHOW(call) show_result(#call, (long long)(call))

/*
 * Makes an empty folder and goes there, umask 022. leave() takes away what is left in it, one level
 * deep.
 */
static inline void enter(const char *name)
{
	umask(022);
	if (mkdir(name, 0777) != 0 || chdir(name) != 0)
		perror(name), exit(99);
}

static inline void leave(const char *name)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    unlink(entry->d_name) != 0)
			rmdir(entry->d_name);
	closedir(dir);
	chdir("..");
	SHOW(rmdir(name));
}

static inline void put_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		perror(name), exit(99);
	close(fd);
}

static inline void show_file(const char *name)
{
	char text[4096];
	int fd = open(name, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got < 0) {
		printf("%s: %s\n", name, strerrorname_np(errno));
	} else {
		text[got] = 0;
		printf("%s: \"%s\"\n", name, text);
	}
	if (fd >= 0)
		close(fd);
}

/* Type, rights, links and, for files and links, size. */
static inline void show_stat(const char *name)
{
	struct stat st;
	if (lstat(name, &st) != 0) {
		printf("%s: %s\n", name, strerrorname_np(errno));
		return;
	}
	printf("%s: mode %o", name, st.st_mode);
	if (!S_ISDIR(st.st_mode))
		printf(" size %lld", (long long)st.st_size);
	printf(" links %lu\n", (unsigned long)st.st_nlink);
}

static inline long same_inode(const char *a, const char *b)
{
	struct stat sa, sb;
	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_ino == sb.st_ino &&
	       sa.st_dev == sb.st_dev;
}

/* Runs part in a child that is nobody in particular, even when this is root. */
static inline void as_user(void (*part)(void))
{
	fflush(stdout);
	if (fork() == 0) {
		if (geteuid() == 0 && (setgid(1000) != 0 || setuid(1000) != 0))
			_exit(98);
		part();
		fflush(stdout);
		_exit(0);
	}
	int status;
	wait(&status);
	printf("child: %d\n", status);
}

#endif
