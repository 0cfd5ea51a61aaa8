/* EXPECT: proc_faults.txt */
/*
 * The fault trace: what a reader of /proc/faults and of /proc/PID/faults is shown, when it waits,
 * and how it is told apart by process.
 */
#define _GNU_SOURCE
#include "mm.h"
#include <poll.h>

static char *area;

/* The columns of a line: seconds pid program address access access region... decision... */
struct line {
	unsigned pid, address;
	char program[16], rest[160];
};

static int parse(const char *text, struct line *line)
{
	return sscanf(text, "%*f %u %15s %x %159[^\n]", &line->pid, line->program, &line->address,
		      line->rest) == 4;
}

/* All that can be read without waiting, and how that ended. */
static char *read_all(int fd, const char **end)
{
	static char text[1 << 20];
	int length = 0, got;

	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	*end = got ? strerrorname_np(errno) : "end";
	text[length] = 0;
	return text;
}

/* Lines about a process that lie in the area, without time, frame and cost. */
static void show(const char *what, int fd, pid_t pid)
{
	const char *end;
	char *text = read_all(fd, &end), *at;

	printf("%s:\n", what);
	for (at = strtok(text, "\n"); at; at = strtok(NULL, "\n")) {
		struct line line;
		char *frame;

		if (!parse(at, &line) || line.pid != (unsigned)pid ||
		    line.address - (unsigned)area >= 1024 * PAGE)
			continue;
		/* Frame and cost are the last two columns. */
		for (int i = 0; i < 2; i++)
			if ((frame = strrchr(line.rest, ' ')))
				while (frame > line.rest && *frame == ' ')
					*frame-- = 0;
		printf("  +%02x %s\n", (line.address - (unsigned)area) / PAGE, line.rest);
	}
	printf("  %s\n", end);
}

/* Faults of each kind, in this order. */
static void make_faults(int file)
{
	char *at = mmap(area, 16 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	pid_t child;

	(void)*(volatile char *)at;
	at[0] = 1;
	at[PAGE] = 1;
	pread(file, at + 2 * PAGE, 10, 0);
	child = fork();
	if (child == 0)
		_exit(0);
	at[PAGE] = 2;
	waitpid(child, NULL, 0);
	at = mmap(area + 16 * PAGE, 2 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
	at[0] = 1;
	at = mmap(area + 32 * PAGE, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
	at[PAGE] = 1;
	at = mmap(area + 48 * PAGE, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0);
	mm_access(at + 3 * PAGE, 0);
	mm_access(at, 1);
	mm_access(area + 64 * PAGE, 0);
	mmap(area + 512 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	area[510 * PAGE] = 1;
}

/* More than any ring holds. */
static void many_faults(void)
{
	char *at = mmap(area, 64 * PAGE, RW, ANON | MAP_FIXED, -1, 0);

	for (int i = 0; i < 20000; i++) {
		if (i % 64 == 0)
			madvise(at, 64 * PAGE, MADV_DONTNEED);
		at[i % 64 * PAGE] = 1;
	}
}

static pid_t start(int file, int go[2])
{
	pid_t pid;
	char byte;

	pipe(go);
	pid = fork();
	if (pid == 0) {
		read(go[0], &byte, 1);
		make_faults(file);
		read(go[0], &byte, 1);
		_exit(0);
	}
	return pid;
}

static void filter(int fd, const char *text)
{
	printf("write \"%s\": %s\n", text,
	       write(fd, text, strlen(text)) < 0 ? strerrorname_np(errno) : "ok");
}

int main(void)
{
	int file = mm_file(2 * PAGE), all, one, go[2];
	struct pollfd polled = { .events = POLLIN };
	char text[256], path[64];
	const char *end;
	pid_t pid;

	setvbuf(stdout, NULL, _IONBF, 0);
	mm_catch();
	area = mmap(NULL, 1024 * PAGE, PROT_NONE, ANON, -1, 0);
	munmap(area, 1024 * PAGE);
	all = open("/proc/faults", O_RDWR | O_NONBLOCK);
	read(all, text, sizeof(text));
	printf("heads: %d\n", strncmp(text, "#  seconds", 10) == 0);
	pid = start(file, go);
	while (read(all, text, sizeof(text)) > 0)
		;
	printf("then: %s\n", strerrorname_np(errno));
	write(go[1], "", 1);
	polled.fd = all;
	printf("something comes: %d\n", poll(&polled, 1, 10000));
	usleep(100000);
	show("all", all, pid);
	printf("nothing comes: %d\n", poll(&polled, 1, 0));
	snprintf(path, sizeof(path), "/proc/%d/faults", pid);
	one = open(path, O_RDONLY);
	write(go[1], "", 1);
	waitpid(pid, NULL, 0);
	show("one, from the oldest on, until it ends", one, pid);
	/* One's own: what was before, and no waiting. */
	mmap(area, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	area[0] = 1;
	one = open("/proc/self/faults", O_RDONLY);
	show("own", one, getpid());
	show("own, among all", all, getpid());
	filter(all, "1");
	filter(all, "0\n");
	filter(all, "x");
	filter(all, "-1");
	printf("seek to the middle: %s\n",
	       lseek(all, 5, SEEK_SET) < 0 ? strerrorname_np(errno) : "ok");
	lseek(all, 0, SEEK_SET);
	snprintf(text, sizeof(text), "%d", pid);
	write(all, text, strlen(text));
	show("rewound, and it alone", all, pid);
	many_faults();
	printf("after very many: %s", strstr(read_all(all, &end), " faults, of any process"));
	one = open("/proc/1/faults", O_RDONLY | O_NONBLOCK);
	printf("process 1: %s\n", one < 0 ? strerrorname_np(errno) : "ok");
	setuid(1000);
	printf("not the superuser: %s\n",
	       open("/proc/faults", O_RDONLY) < 0 ? strerrorname_np(errno) : "ok");
	return 0;
}
