/* statm, status and clear_refs: figures that change as the program's memory does. */
#define _GNU_SOURCE
#include "mm.h"

static long field(const char *path, const char *name)
{
	static char text[65536];
	int fd = open(path, O_RDONLY), length = 0, got;
	char *at;

	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	close(fd);
	text[length] = 0;
	at = *name ? strstr(text, name) : text;
	return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

static long status(const char *name)
{
	return field("/proc/self/status", name);
}

static void statm(long figures[7])
{
	FILE *file = fopen("/proc/self/statm", "r");

	for (int i = 0; i < 7; i++)
		fscanf(file, "%ld", &figures[i]);
	fclose(file);
}

static long before[7], after[7];

static void show(const char *what)
{
	statm(after);
	printf("%s: size %+ld resident %+ld shared %+ld data %+ld\n", what, after[0] - before[0],
	       after[1] - before[1], after[2] - before[2], after[5] - before[5]);
	statm(before);
}

static void write_clear(const char *text)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);
	int done = write(fd, text, strlen(text));

	printf("clear_refs %s: %s\n", text, done < 0 ? strerrorname_np(errno) : "ok");
	close(fd);
}

static void change(void)
{
	long stack, peak, data;
	char *at;

	statm(before);
	show("nothing");
	at = mmap(NULL, 32 * PAGE, RW, ANON, -1, 0);
	show("32 pages");
	memset(at, 1, 8 * PAGE);
	show("8 written");
	mprotect(at, 32 * PAGE, PROT_READ);
	show("read-only");
	munmap(at, 32 * PAGE);
	show("gone");
	at = mmap(NULL, 32 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(at, 1, 8 * PAGE);
	show("shared, 8 written");
	printf("RssShmem %ld VmLck %ld VmSwap %ld VmPin %ld\n", status("RssShmem:"),
	       status("VmLck:"), status("VmSwap:"), status("VmPin:"));
	mlock(at, 4 * PAGE);
	printf("VmLck %ld\n", status("VmLck:"));
	munmap(at, 32 * PAGE);
	statm(before);
	stack = status("VmStk:");
	data = status("VmData:");
	mmap(NULL, 16 * PAGE, RW, ANON | MAP_GROWSDOWN, -1, 0);
	mmap(NULL, 16 * PAGE, RW, ANON, -1, 0);
	printf("VmStk %+ld VmData %+ld\n", status("VmStk:") - stack, status("VmData:") - data);
	printf("sums: %d %d\n",
	       status("VmRSS:") == status("RssAnon:") + status("RssFile:") + status("RssShmem:"),
	       status("VmHWM:") >= status("VmRSS:") && status("VmPeak:") >= status("VmSize:"));
	at = mmap(NULL, 256 * PAGE, RW, ANON, -1, 0);
	madvise(at, 256 * PAGE, MADV_NOHUGEPAGE);
	memset(at, 1, 256 * PAGE);
	peak = status("VmHWM:");
	munmap(at, 256 * PAGE);
	write_clear("5");
	printf("peak is lower: %d\n", status("VmHWM:") < peak - 512);
	write_clear("1");
	write_clear("2");
	write_clear("3\n");
	write_clear("0");
	write_clear("6");
	write_clear("x");
	printf("read: %d\n", open("/proc/self/clear_refs", O_RDONLY) >= 0);
}

int main(void)
{
	int out = dup(1);

	setvbuf(stdout, NULL, _IONBF, 0);
	/* Once unseen, so that all pages that this needs are there. */
	dup2(open("/dev/null", O_WRONLY), 1);
	change();
	dup2(out, 1);
	change();
	return 0;
}
