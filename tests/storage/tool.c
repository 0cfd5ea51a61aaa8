/*
 * What the tests of storage need and busybox has not:
 *
 *   tool swapon PATH FLAGS    swapon with its second argument
 *   tool hold PAGES           fills memory, asks it to leave, says "held"; when it has read a line,
 *                             verifies it
 *   tool lock PAGES           the same, but locks it; after a first line unlocks it
 *   tool fsync FILE           what is told of a write that fails, to whom, and how often
 *   tool map FILE OFFSET      loads a byte of a mapping
 *   tool share PAGES TURNS    four processes write to pages here and there of memory that they share,
 *                             and verify what they read
 *   tool swaps PATH TURNS     swapon and swapoff while another reads /proc/swaps: which lines it saw that
 *                             say more than "nothing is in it yet, or less than it holds"
 *   tool crowd PAGES          a number of processes wait, and then all read the pages that they have in
 *                             common from swap: how many pages each could not have
 *   tool weave KB FILE...     writes so much to each of several files, 4 KB in turn
 *   tool names DIRECTORY      reads it from end to end: how many names it has
 *   tool work WHAT FILE       uses 8 MB, of its own memory ("-") or of a mapped file, while it reads
 *                             FILE from end to end; how often it had to wait for what it uses
 *   tool stall PAGES FILE     fills memory, asks to be the first to end when there is none, says
 *                             "held"; when it has read a line, reads FILE to its end
 *   tool dirty FILE MB        fills a file of so many megabytes through a mapping, and verifies it
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u

static const char *said(int result)
{
	return result < 0 ? strerror(errno) : "ok";
}

/* locked: it cannot leave before it is asked for once, and unlocked. */
static int hold(uint32_t npages, bool locked)
{
	uint32_t *start = mmap(NULL, npages * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t words = npages * (PAGE / 4), wrong = 0;

	for (uint32_t i = 0; i < words; i++)
		start[i] = i * 2654435761u;
	if (locked)
		printf("lock: %s\n", said(mlock(start, npages * PAGE)));
	else
		printf("pageout: %s\n", said(madvise(start, npages * PAGE, MADV_PAGEOUT)));
	printf("held\n");
	if (getchar() == EOF)
		return 2;
	if (locked) {
		printf("unlock: %s\n", said(munlock(start, npages * PAGE)));
		if (getchar() == EOF)
			return 2;
	}
	for (uint32_t i = 0; i < words; i++)
		wrong += start[i] != i * 2654435761u;
	printf("%u wrong\n", wrong);
	return wrong != 0;
}

/* Fills memory and then waits for a disk, in a way that no signal ends. */
static int stall(uint32_t npages, const char *path)
{
	int disk = open(path, O_RDONLY), adj = open("/proc/self/oom_score_adj", O_WRONLY);
	char *start = mmap(NULL, npages * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (disk < 0 || start == MAP_FAILED || write(adj, "1000", 4) != 4)
		return 2;
	printf("held\n");
	if (getchar() == EOF)
		return 2;
	while (read(disk, start, 16 * PAGE) > 0)
		;
	return 0;
}

/* Writes to a page of the file whose block cannot be written. */
static int fsync_errors(const char *path)
{
	static char page[PAGE];
	int one = open(path, O_RDWR), two = open(path, O_RDWR), late;
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, two, 0);

	memset(page, 'x', PAGE);
	printf("write: %s\n", pwrite(one, page, PAGE, 0) == (ssize_t)PAGE ? "ok" : "short");
	printf("one: %s", said(fsync(one)));
	printf(", %s\n", said(fsync(one)));
	late = open(path, O_RDWR);
	printf("opened after that: %s\n", said(fsync(late)));
	printf("two: %s", said(fdatasync(two)));
	printf(", %s\n", said(fdatasync(two)));
	map[5] = 'y';
	printf("map: %s", said(msync(map, PAGE, MS_SYNC)));
	printf(", %s\n", said(msync(map, PAGE, MS_SYNC)));
	printf("one again: %s", said(fsync(one)));
	printf(", %s\n", said(fsync(one)));
	printf("late: %s", said(fsync(late)));
	printf(", %s\n", said(fsync(late)));
	pread(one, page, PAGE, 0);
	printf("what is read: %c %c\n", page[0], page[5]);
	close(late);
	late = open(path, O_RDWR | O_SYNC);
	printf("O_SYNC: %s\n", said((int)pwrite(late, page, PAGE, 0)));
	printf("close: %s\n", said(close(late)));
	pwrite(one, page, PAGE, 0);
	sync();
	late = open(path, O_RDWR);
	printf("behind sync, not yet told: %s", said(fsync(late)));
	printf(", %s\n", said(fsync(late)));
	printf("close: %s %s\n", said(close(one)), said(close(two)));
	return 0;
}

static int map(const char *path, long offset)
{
	int fd = open(path, O_RDONLY);
	const volatile char *at = mmap(NULL, (size_t)offset + PAGE, PROT_READ, MAP_SHARED, fd, 0);

	printf("byte %d\n", at[offset]);
	return 0;
}

#define WORK_PAGES 2048u
#define SCAN_STEP (1u << 20) /* bytes of the file between two uses of all the pages */

/* Uses each page once: how many faults had to wait. */
static long use_all(const volatile uint32_t *start)
{
	struct rusage before, after;
	uint32_t sum = 0;

	getrusage(RUSAGE_SELF, &before);
	for (uint32_t i = 0; i < WORK_PAGES; i++)
		sum += start[i * (PAGE / 4)];
	getrusage(RUSAGE_SELF, &after);
	return after.ru_majflt - before.ru_majflt + (sum == 1);
}

static int work(const char *what, const char *path)
{
	int fd = open(what, O_RDONLY), scanned = open(path, O_RDONLY);
	bool own = !strcmp(what, "-");
	uint32_t *start = mmap(NULL, WORK_PAGES * PAGE, own ? PROT_READ | PROT_WRITE : PROT_READ,
			       own ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, own ? -1 : fd, 0);
	static char buffer[65536];
	long waits = 0, megabytes = 0;
	ssize_t got = 1;

	if (start == MAP_FAILED || scanned < 0)
		return 2;
	for (uint32_t i = 0; own && i < WORK_PAGES; i++)
		start[i * (PAGE / 4)] = i + 2;
	use_all(start);
	use_all(start);
	while (got > 0) {
		for (size_t done = 0; done < SCAN_STEP && got > 0; done += (size_t)got)
			got = read(scanned, buffer, sizeof(buffer));
		waits += use_all(start);
		megabytes++;
	}
	printf("%ld waits while %ld MB were read\n", waits, megabytes);
	return 0;
}

static int dirty(const char *path, uint32_t megabytes)
{
	uint32_t words = megabytes << 18, wrong = 0;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint32_t *start;

	if (ftruncate(fd, (off_t)words * 4))
		return 2;
	start = mmap(NULL, words * 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (start == MAP_FAILED)
		return 2;
	for (uint32_t i = 0; i < words; i += 64)
		start[i] = i * 2654435761u;
	for (uint32_t i = 0; i < words; i += 64)
		wrong += start[i] != i * 2654435761u;
	printf("%u wrong\n", wrong);
	return wrong != 0;
}

#define SHARERS 4u

/* Each has every fourth page to itself, so that what it finds there is what it wrote last. */
static int share_part(uint32_t *start, uint32_t npages, uint32_t turns, uint32_t part)
{
	uint32_t random = part * 7919 + 1, wrong = 0;
	uint32_t *last = calloc(npages / SHARERS, sizeof(*last));

	for (uint32_t turn = 1; turn <= turns; turn++) {
		uint32_t mine = (random = random * 1664525u + 1013904223u) >> 8;
		uint32_t *page;

		mine %= npages / SHARERS;
		page = start + (size_t)(mine * SHARERS + part) * (PAGE / 4);
		for (uint32_t word = 0; word < PAGE / 4; word += 64)
			wrong += page[word] != last[mine];
		last[mine] = turn * SHARERS + part;
		for (uint32_t word = 0; word < PAGE / 4; word += 64)
			page[word] = last[mine];
		if (turn % 8 == 0)
			sched_yield();
	}
	return wrong != 0;
}

static int share(uint32_t npages, uint32_t turns)
{
	uint32_t *start = mmap(NULL, (size_t)npages * PAGE, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int wrong = 0, status;

	for (uint32_t part = 0; part < SHARERS; part++)
		if (fork() == 0)
			_exit(share_part(start, npages, turns, part));
	while (wait(&status) > 0)
		wrong += status != 0;
	printf("%d wrong\n", wrong);
	return wrong != 0;
}

static int names(const char *path)
{
	DIR *directory = opendir(path);
	unsigned count = 0;

	while (directory && readdir(directory))
		count++;
	printf("%u\n", count);
	return !directory;
}

#define WEAVE_MAX 16

static int weave(uint32_t kb, char **paths, int npaths)
{
	static char page[PAGE];
	int fds[WEAVE_MAX];

	for (int i = 0; i < npaths; i++)
		fds[i] = open(paths[i], O_WRONLY | O_CREAT, 0600);
	for (uint32_t done = 0; done < kb; done += PAGE / 1024)
		for (int i = 0; i < npaths; i++)
			if (write(fds[i], page, PAGE) != (ssize_t)PAGE) {
				perror(paths[i]);
				return 1;
			}
	return 0;
}

/* ---- areas that begin and end ---- */

/* Reads /proc/swaps until it is killed; what cannot be is said, and its size too when that is 0. */
static void watch_swaps(void)
{
	char text[4096], name[256], kind[32];
	unsigned size, used;

	for (;;) {
		int fd = open("/proc/swaps", O_RDONLY);
		ssize_t got = read(fd, text, sizeof(text) - 1);
		const char *line;

		close(fd);
		text[got < 0 ? 0 : got] = '\0';
		line = strchr(text, '\n');
		if (line && sscanf(line + 1, "%255s %31s %u %u", name, kind, &size, &used) == 4 &&
		    (used > size || !size)) {
			printf("shown: %u of %u KB in use\n", used, size);
			_exit(1);
		}
		sched_yield();
	}
}

static int swaps(const char *path, uint32_t turns)
{
	pid_t watcher = fork();
	int status, failed = 0;

	if (watcher == 0)
		watch_swaps();
	while (turns-- > 0 && !failed)
		failed = swapon(path, 0) != 0 || swapoff(path) != 0;
	if (failed)
		perror(path);
	kill(watcher, SIGTERM);
	waitpid(watcher, &status, 0);
	printf("%s\n", WIFSIGNALED(status) ? "well" : "wrong");
	return failed || !WIFSIGNALED(status);
}

/* ---- pages that some can be read of ---- */

#define CROWD 24u

static sigjmp_buf lost_page;

static void lose(int signal)
{
	(void)signal;
	siglongjmp(lost_page, 1);
}

/* Some forwards and some backwards, from places near each other: they meet again and again. */
static int read_part(const volatile uint32_t *start, uint32_t npages, uint32_t part)
{
	volatile uint32_t nlost = 0;

	signal(SIGBUS, lose);
	for (volatile uint32_t i = 0; i < npages; i++) {
		uint32_t step = part % 2 ? npages - i : i;
		uint32_t page = (step + part * 3) % npages;

		if (sigsetjmp(lost_page, 1))
			nlost++;
		else if (start[page * (PAGE / 4)] != page + 1)
			return 99;
	}
	return (int)nlost;
}

static int crowd(uint32_t npages)
{
	uint32_t *start = mmap(NULL, npages * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int go[2], status;
	char byte;

	for (uint32_t i = 0; i < npages; i++)
		start[i * (PAGE / 4)] = i + 1;
	printf("pageout: %s\n", said(madvise(start, npages * PAGE, MADV_PAGEOUT)));
	if (pipe(go) != 0)
		return 2;
	for (uint32_t part = 0; part < CROWD; part++)
		if (fork() == 0) {
			close(go[1]);
			_exit(read(go[0], &byte, 1) == 0 ? read_part(start, npages, part) : 98);
		}
	printf("held\n");
	if (getchar() == EOF)
		return 2;
	close(go[1]);
	printf("lost:");
	while (wait(&status) > 0)
		printf(" %d", WEXITSTATUS(status));
	printf("\n");
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 4 && !strcmp(argv[1], "swapon")) {
		int result = swapon(argv[2], (int)strtol(argv[3], NULL, 0));

		printf("swapon: %s\n", said(result));
		return result != 0;
	}
	if (argc == 3 && !strcmp(argv[1], "hold"))
		return hold((uint32_t)atoi(argv[2]), false);
	if (argc == 3 && !strcmp(argv[1], "lock"))
		return hold((uint32_t)atoi(argv[2]), true);
	if (argc > 3 && argc <= 3 + WEAVE_MAX && !strcmp(argv[1], "weave"))
		return weave((uint32_t)atoi(argv[2]), argv + 3, argc - 3);
	if (argc == 3 && !strcmp(argv[1], "names"))
		return names(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "crowd"))
		return crowd((uint32_t)atoi(argv[2]));
	if (argc == 4 && !strcmp(argv[1], "swaps"))
		return swaps(argv[2], (uint32_t)atoi(argv[3]));
	if (argc == 3 && !strcmp(argv[1], "fsync"))
		return fsync_errors(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "work"))
		return work(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "share"))
		return share((uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "stall"))
		return stall((uint32_t)atoi(argv[2]), argv[3]);
	if (argc == 4 && !strcmp(argv[1], "dirty"))
		return dirty(argv[2], (uint32_t)atoi(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "map"))
		return map(argv[2], atol(argv[3]));
	fprintf(stderr, "usage: tool swapon|swaps|hold|crowd|weave|names|fsync|map|share|work|"
			"stall|dirty ...\n");
	return 2;
}
