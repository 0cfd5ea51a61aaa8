/*
 * The walk over a call's allocations: each call with its first allocation failing, then its second,
 * and so on until it meets no failure any more. Each time the error it gives must be one of memory,
 * and frames and kernel objects must be what they were. fail_walk_*.c have the calls.
 */
#ifndef FAIL_WALK_H
#define FAIL_WALK_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define TRIES_MAX 2000 /* no call needs as many allocations */
#define SETTLES_MAX 30
#define STATUS_MET 10 /* of an executed program: a failure was met */

struct walk {
	const char *name;
	void (*prepare)(void); /* NULL: nothing to do */
	int (*call)(void);     /* 0 or -errno; what it failed at leaves nothing behind */
	void (*undo)(void);    /* of prepare and call; harmless after a call that failed */
};

static int data_file; /* "data", 4 pages */
static int nth_file;  /* /proc/self/fail-nth */

static inline int result(int value)
{
	return value < 0 ? -errno : 0;
}

/* ---- descriptors of a case ---- */

#define FDS 6

static int fds[FDS] = { -1, -1, -1, -1, -1, -1 };

static inline void close_fds(void)
{
	for (int i = 0; i < FDS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

static inline int keep(int fd)
{
	fds[0] = fd;
	return fd < 0 ? -errno : 0;
}

/* ---- the books ---- */

struct books {
	long frames;  /* free, or this program's own */
	long objects; /* on the kernel heap */
	int balanced;
};

static inline int read_text(const char *path, char *text, int size)
{
	int fd = open(path, O_RDONLY), length = 0, got;

	while (fd >= 0 && (got = read(fd, text + length, size - 1 - length)) > 0)
		length += got;
	text[length] = 0;
	close(fd);
	return length;
}

static inline long number_after(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtol(at + strlen(name), NULL, 10) : 0;
}

static inline struct books read_books(void)
{
	static char text[8192];
	struct books books;

	read_text("/proc/self/status", text, sizeof(text));
	books.frames = (number_after(text, "RssAnon:") + number_after(text, "VmPTE:")) / 4;
	read_text("/proc/loft/heap", text, sizeof(text));
	books.objects = number_after(text, "objects ");
	read_text("/proc/loft/ledger", text, sizeof(text));
	books.frames += number_after(text, "free ");
	books.balanced = strstr(text, "\nok\n") != NULL;
	if (!books.balanced)
		printf("%s", strstr(text, "error") ? strstr(text, "error") : text);
	return books;
}

/* What ended a moment ago is given back a moment later: as they are when they are as before. */
static inline struct books settled_books(const struct books *before)
{
	struct books books;

	if (!before)
		usleep(50000);
	books = read_books();
	for (int i = 0; before && i < SETTLES_MAX && books.balanced; i++) {
		if (books.frames == before->frames && books.objects == before->objects)
			break;
		usleep(1000);
		books = read_books();
	}
	return books;
}

/* ---- the walk ---- */

static inline void arm(unsigned n)
{
	char text[16];

	pwrite(nth_file, text, snprintf(text, sizeof(text), "%u", n), 0);
}

/* True when the failure that was armed has come. */
static inline int disarm(void)
{
	char text[16] = "";

	pread(nth_file, text, sizeof(text) - 1, 0);
	arm(0);
	return atoi(text) == 0;
}

/* One try. True when it met its failure. */
static inline int walk_once(const struct walk *walk, unsigned n, int *error)
{
	int met;

	if (walk->prepare)
		walk->prepare();
	arm(n);
	*error = walk->call();
	met = disarm();
	if (walk->undo)
		walk->undo();
	return met;
}

static inline void compare(const struct walk *walk, unsigned n, struct books *before)
{
	struct books after = settled_books(before);

	if (after.frames != before->frames || after.objects != before->objects || !after.balanced)
		printf("%s: failure %u: %+ld frames, %+ld objects%s\n", walk->name, n,
		       after.frames - before->frames, after.objects - before->objects,
		       after.balanced ? "" : ", and the ledger does not balance");
	*before = after;
}

static inline void walk(const struct walk *walk)
{
	unsigned seen[32] = { 0 }, nseen = 0, n;
	struct books before;
	int error, met = 1;

	/* Caches, and pages of this program's own, fill once. */
	walk_once(walk, 0, &error);
	walk_once(walk, 0, &error);
	before = settled_books(NULL);
	for (n = 1; met && n < TRIES_MAX; n++) {
		unsigned i;

		met = walk_once(walk, n, &error);
		compare(walk, n, &before);
		for (i = 0; i < nseen && seen[i] != (unsigned)-error; i++)
			;
		if (met && error && i == nseen && nseen < 32)
			seen[nseen++] = -error;
	}
	printf("%s:", walk->name);
	for (unsigned i = 0; i < nseen; i++)
		printf(" %s", strerrorname_np(seen[i]));
	if (n == 2 && !met)
		printf(" allocates nothing");
	printf("%s%s\n", nseen ? ", then " : " ", met ? "never done" : error ? "failed" : "done");
	if (error && !met)
		printf("  %s\n", strerror(-error));
}

static inline void walk_begin(void)
{
	static char bytes[4 * 4096];

	data_file = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	write(data_file, bytes, sizeof(bytes));
	nth_file = open("/proc/self/fail-nth", O_RDWR);
}

/* ---- exec ---- */

/*
 * The failure is met by a child, in exec or in the program's first steps. Its parent counts with it:
 * it disarms what it was not to meet itself.
 */
static inline int walk_exec(void)
{
	char text[16] = "";
	int status;
	unsigned n;
	pid_t pid;

	pread(nth_file, text, sizeof(text) - 1, 0);
	n = strtoul(text, NULL, 10);
	arm(0);
	pid = fork();
	if (pid == 0) {
		nth_file = open("/proc/self/fail-nth", O_RDWR);
		dup2(open("/dev/null", O_WRONLY), 2);
		arm(n);
		execl("/proc/self/exe", "again", "executed", NULL);
		_exit(disarm() ? 100 + errno : 99);
	}
	waitpid(pid, &status, 0);
	/* Not met: a count is left for disarm to see. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		arm(1);
	/* The C library says 127 when it cannot get the program started. */
	if (WIFSIGNALED(status) || WEXITSTATUS(status) == 127)
		return -EINTR;
	if (WEXITSTATUS(status) >= 100)
		return -(WEXITSTATUS(status) - 100);
	return 0;
}

/* The program that is executed: did it meet the failure? */
static inline void walk_executed(void)
{
	nth_file = open("/proc/self/fail-nth", O_RDWR);
	_exit(disarm() ? STATUS_MET : 0);
}

#endif
