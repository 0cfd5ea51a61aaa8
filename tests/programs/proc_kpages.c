/* kpagecount and kpageflags: how often the frame behind a page is mapped, and what it is for. */
#define _GNU_SOURCE
#include "mm.h"
#include <stdint.h>

#define MMAP (1ull << 11)
#define ANONYMOUS (1ull << 12)
#define ZERO_PAGE (1ull << 24)

static int pagemap, counts, flags;

static uint64_t word(int fd, uint64_t index)
{
	uint64_t value = 0;

	if (pread64(fd, &value, 8, index * 8) != 8)
		printf("%s\n", strerrorname_np(errno));
	return value;
}

static void show(const char *what, const char *at)
{
	uint64_t frame = word(pagemap, (unsigned)at / PAGE) & ((1ull << 55) - 1);
	uint64_t bits = word(flags, frame);

	printf("%s: %d times,%s%s%s\n", what, (int)word(counts, frame),
	       bits & MMAP ? " mapped" : "", bits & ANONYMOUS ? " anonymous" : "",
	       bits & ZERO_PAGE ? " zeros" : "");
}

/* A child that has what this program has, until it is let go. */
static pid_t start(int go[2])
{
	char byte;
	pid_t pid;

	pipe(go);
	pid = fork();
	if (pid == 0) {
		read(go[0], &byte, 1);
		_exit(0);
	}
	return pid;
}

int main(void)
{
	char *at = mmap(NULL, 8 * PAGE, RW, ANON, -1, 0), *other, bytes[12];
	int file = mm_file(2 * PAGE), go[2];
	pid_t pid;

	setvbuf(stdout, NULL, _IONBF, 0);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	counts = open("/proc/kpagecount", O_RDONLY);
	flags = open("/proc/kpageflags", O_RDONLY);
	at[0] = 1;
	show("written", at);
	(void)*(volatile char *)(at + PAGE);
	printf("read: %d\n",
	       (word(flags, word(pagemap, (unsigned)at / PAGE + 1) & ((1ull << 55) - 1)) &
		ZERO_PAGE) != 0);
	pid = start(go);
	show("with a child", at);
	write(go[1], "", 1);
	waitpid(pid, NULL, 0);
	show("after it", at);
	other = mmap(NULL, PAGE, RW, MAP_SHARED, file, 0);
	at = mmap(NULL, PAGE, RW, MAP_SHARED, file, 0);
	other[0] = 1;
	show("a file's", other);
	at[0] = 1;
	show("mapped again", at);
	munmap(at, PAGE);
	show("once less", other);
	printf("no such frame: %d\n", (int)pread64(counts, bytes, 8, 1ll << 40));
	printf("part of a word: %s\n",
	       pread64(flags, bytes, 7, 0) < 0 ? strerrorname_np(errno) : "ok");
	printf("between words: %s\n",
	       pread64(counts, bytes, 8, 4) < 0 ? strerrorname_np(errno) : "ok");
	setuid(1000);
	printf("not the superuser: %s %s\n",
	       open("/proc/kpagecount", O_RDONLY) < 0 ? strerrorname_np(errno) : "ok",
	       open("/proc/kpageflags", O_RDONLY) < 0 ? strerrorname_np(errno) : "ok");
	return 0;
}
