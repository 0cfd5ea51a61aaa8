/* pagemap: which pages are present, of files, in one place alone; what reads are refused. */
#define _GNU_SOURCE
#include "mm.h"
#include <stdint.h>

static int fd;

/* Present, file and exclusive bits of pages: "." absent, "p", "f", in capitals where exclusive. */
static void show(const char *what, const char *at, unsigned npages)
{
	printf("%s: ", what);
	for (unsigned i = 0; i < npages; i++) {
		uint64_t word = 0;
		off_t offset = ((unsigned)at / PAGE + i) * 8;
		char letter = '.';

		if (pread(fd, &word, 8, offset) != 8)
			letter = '?';
		else if (word >> 63)
			letter = (word >> 61 & 1 ? 'f' : 'p') - (word >> 56 & 1 ? 32 : 0);
		else if (word & (1ull << 62))
			letter = 's';
		putchar(letter);
	}
	putchar('\n');
}

static void show_read(const char *what, off_t offset, size_t size)
{
	static char buffer[4096];
	ssize_t got = pread(fd, buffer, size, offset);

	printf("%s: %d %s\n", what, (int)got, got < 0 ? strerrorname_np(errno) : "");
}

/* Two pages of one file page have one frame; two anonymous pages have two. */
static unsigned long long frame_of(const char *at)
{
	uint64_t word = 0;

	pread(fd, &word, 8, (unsigned)at / PAGE * 8);
	return word & ((1ull << 55) - 1);
}

int main(void)
{
	char *at = mm_map(8, RW), *other;
	int file = mm_file(4 * PAGE), status;

	setvbuf(stdout, NULL, _IONBF, 0);
	fd = open("/proc/self/pagemap", O_RDONLY);
	show("untouched", at, 8);
	(void)*(volatile char *)at;
	at[PAGE] = at[2 * PAGE] = 1;
	show("one read, two written", at, 8);
	if (fork() == 0)
		_exit(0);
	wait(&status);
	show("after a child", at, 8);
	if (fork() == 0) {
		fd = open("/proc/self/pagemap", O_RDONLY);
		show("in a child", at, 8);
		at[PAGE] = 2;
		show("that writes", at, 8);
		_exit(0);
	}
	wait(&status);
	mprotect(at, 8 * PAGE, PROT_NONE);
	show("without rights", at, 8);
	other = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, file, 0);
	other[0] = other[PAGE] = 1;
	show("shared file", other, 2);
	at = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, file, 0);
	(void)*(volatile char *)at;
	at[PAGE] = 1;
	show("private file, read and written", at, 2);
	printf("same frame: %d, copied: %d\n", frame_of(at) == frame_of(other),
	       frame_of(at + PAGE) != frame_of(other + PAGE));
	munmap(other, 4 * PAGE);
	show("one mapping less", at, 1);
	show_read("three bytes", 0, 3);
	show_read("at 4", 4, 8);
	show_read("nothing", 0, 0);
	show_read("beyond the end", 0x7ffffff8, 8);
	printf("write: %d\n", (int)pwrite(fd, "12345678", 8, 0));
	printf("seek to the end: %s\n", lseek(fd, 0, SEEK_END) < 0 ? strerrorname_np(errno) : "ok");
	return 0;
}
