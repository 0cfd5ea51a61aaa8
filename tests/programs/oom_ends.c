/* EXPECT: oom_ends.txt */
/*
 * Who ends when memory is out, and who does not. For a machine that is there to be exhausted: Loft's
 * alone.
 */
#define _GNU_SOURCE
#include "mm.h"
#include <sched.h>
#include <sys/mount.h>

static void adjust(int pid, int adj)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	file = fopen(path, "w");
	if (!file || fprintf(file, "%d", adj) < 0 || fclose(file))
		perror(path);
}

static size_t memory(void)
{
	static char text[4096];
	int fd = open("/proc/meminfo", O_RDONLY), got = read(fd, text, sizeof(text) - 1);
	char *at;

	close(fd);
	text[got > 0 ? got : 0] = 0;
	at = strstr(text, "MemTotal:");
	return at ? strtoul(at + 9, NULL, 10) * 1024 : 0;
}

/* Touches memory until there is none. */
static void eat(void)
{
	for (;;)
		memset(mm_map(64, RW), 1, 64 * PAGE);
}

static void show_end(const char *who, int status)
{
	if (WIFSIGNALED(status))
		printf("%s: signal %d\n", who, WTERMSIG(status));
	else
		printf("%s: exit %d\n", who, WEXITSTATUS(status));
}

/* The first to end of two children, named by number. */
static void show_first(const pid_t *children)
{
	int status;
	pid_t pid = wait(&status);

	show_end(pid == children[0] ? "child 1" : "child 2", status);
}

static void end_other(const pid_t *children)
{
	for (int i = 0; i < 2; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

/* The one that holds more, though the other asks. */
static void larger_one(void)
{
	size_t half = memory() / 2;
	pid_t children[2];
	int ends[2];
	char byte;

	puts("the larger one");
	if (pipe(ends))
		perror("pipe");
	fflush(stdout);
	children[0] = fork();
	if (children[0] == 0) {
		adjust(getpid(), 0);
		memset(mm_map(half / PAGE, RW), 1, half / PAGE * PAGE);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	if (read(ends[0], &byte, 1) != 1)
		perror("read");
	children[1] = fork();
	if (children[1] == 0) {
		adjust(getpid(), 0);
		eat();
	}
	show_first(children);
	end_other(children);
	close(ends[0]);
	close(ends[1]);
}

/* Memory that two share counts half for each: the one with less, but all its own, ends. */
static void shared_memory(void)
{
	size_t size = memory() * 45 / 100 / PAGE * PAGE;
	char *at = mmap(NULL, size, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t sharers[2], hog;
	int ends[2], status;
	char byte;

	puts("shared memory");
	if (pipe(ends))
		perror("pipe");
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		sharers[i] = fork();
		if (sharers[i] == 0) {
			adjust(getpid(), 0);
			memset(at, 1, size);
			if (write(ends[1], "x", 1) != 1)
				_exit(1);
			pause();
			_exit(0);
		}
	}
	munmap(at, size);
	for (int i = 0; i < 2; i++)
		if (read(ends[0], &byte, 1) != 1)
			perror("read");
	hog = fork();
	if (hog == 0) {
		adjust(getpid(), 0);
		eat();
	}
	waitpid(hog, &status, 0);
	show_end("the other", status);
	printf("sharers live: %d %d\n",
	       kill(sharers[0], 0) == 0 && waitpid(sharers[0], NULL, WNOHANG) == 0,
	       kill(sharers[1], 0) == 0 && waitpid(sharers[1], NULL, WNOHANG) == 0);
	end_other(sharers);
	close(ends[0]);
	close(ends[1]);
}

static int keep_open(void *unused)
{
	(void)unused;
	pause();
	_exit(0);
}

/* A process that has its memory together with another takes it along. */
static void sharers(void)
{
	static char stack[65536];
	int ends[2], status;
	char byte;
	pid_t pid;

	puts("sharing an address space");
	if (pipe(ends))
		perror("pipe");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		adjust(getpid(), 0);
		clone(keep_open, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
		eat();
	}
	close(ends[1]);
	waitpid(pid, &status, 0);
	show_end("one", status);
	/* The end of the file comes when the other has gone too. */
	printf("the other: %zd\n", read(ends[0], &byte, 1));
	close(ends[0]);
}

/* Files in memory: refused to who fills memory with them, unless somebody large can make room. */
static void files(void)
{
	static char page[PAGE];
	size_t half = memory() / 2, written = 0;
	int fd, status, ends[2];
	char byte;
	pid_t pid;

	puts("files in memory");
	mkdir("files", 0700);
	if (mount("tmpfs", "files", "tmpfs", 0, "size=100%") || pipe(ends))
		perror("files");
	fd = open("files/file", O_RDWR | O_CREAT, 0600);
	while (write(fd, page, PAGE) == PAGE)
		written += PAGE;
	printf("more than half written: %d, then %s\n", written > half, strerrorname_np(errno));
	if (ftruncate(fd, 0))
		perror("ftruncate");
	lseek(fd, 0, SEEK_SET);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		adjust(getpid(), 0);
		memset(mm_map(half / PAGE, RW), 1, half / PAGE * PAGE);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	if (read(ends[0], &byte, 1) != 1)
		perror("read");
	for (written = 0; written < half; written += PAGE)
		if (write(fd, page, PAGE) != PAGE)
			break;
	printf("half written: %d\n", written >= half);
	waitpid(pid, &status, 0);
	show_end("who had the other half", status);
	close(fd);
	close(ends[0]);
	close(ends[1]);
	unlink("files/file");
	if (umount("files"))
		perror("umount");
	rmdir("files");
}

/* Locking more than there is, and mmap with MAP_POPULATE. */
static void fill(void)
{
	size_t all = memory() / PAGE * PAGE;
	int status;
	pid_t pid;

	puts("filling ahead");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		char *at;

		adjust(getpid(), 0);
		at = mmap(NULL, all, RW, ANON | MAP_NORESERVE, -1, 0);
		_exit(mlock(at, all) != 0);
	}
	waitpid(pid, &status, 0);
	show_end("mlock", status);
	pid = fork();
	if (pid == 0) {
		adjust(getpid(), 0);
		mmap(NULL, all, RW, ANON | MAP_NORESERVE | MAP_POPULATE, -1, 0);
		_exit(3);
	}
	waitpid(pid, &status, 0);
	show_end("MAP_POPULATE", status);
	pid = fork();
	if (pid == 0) {
		int fd = open("/dev/zero", O_RDONLY);

		adjust(getpid(), 0);
		for (;;)
			if (read(fd, mm_map(64, RW), 64 * PAGE) < 0)
				_exit(4);
	}
	waitpid(pid, &status, 0);
	show_end("read into fresh memory", status);
}

int main(void)
{
	adjust(getpid(), -1000);
	larger_one();
	shared_memory();
	sharers();
	files();
	fill();
	return 0;
}
