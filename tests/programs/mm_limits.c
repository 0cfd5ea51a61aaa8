/* RLIMIT_AS and RLIMIT_DATA bound mmap, brk, mremap, mprotect and stack growth. */
#define _GNU_SOURCE
#include "mm.h"

static void limit(int resource, unsigned long npages)
{
	struct rlimit limit = { npages * PAGE, RLIM_INFINITY };

	if (setrlimit(resource, &limit))
		perror("setrlimit");
}

static unsigned long mapped_pages(void)
{
	char text[200] = "";
	int fd = open("/proc/self/statm", O_RDONLY);

	if (read(fd, text, sizeof(text) - 1) <= 0)
		perror("read");
	close(fd);
	return strtoul(text, NULL, 10);
}

static void try_map(const char *what, unsigned long npages, int prot, int flags)
{
	void *at = mmap(NULL, npages * PAGE, prot, flags, -1, 0);

	mm_call(what, at == MAP_FAILED ? -1 : 0);
	if (at != MAP_FAILED)
		munmap(at, npages * PAGE);
}

static void address_space(void)
{
	char *at = mm_map(10, RW), *room = mm_map(103, PROT_NONE);

	munmap(room + 3 * PAGE, 100 * PAGE);
	limit(RLIMIT_AS, mapped_pages() + 100);
	try_map("100 pages", 100, RW, ANON);
	try_map("101 pages", 101, RW, ANON);
	try_map("101 pages without rights", 101, PROT_NONE, ANON);
	try_map("101 pages, shared", 101, RW, MAP_SHARED | MAP_ANONYMOUS);
	mm_call("replacing counts the difference",
		mmap(room, 103 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED ? -1 : 0);
	munmap(room, 103 * PAGE);
	mm_call("grown beyond",
		mremap(at, 10 * PAGE, 1000 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
	mm_call("brk beyond", sbrk(1000 * PAGE) == (void *)-1 ? -1 : 0);
}

static void data(void)
{
	char *none = mm_map(200, PROT_READ);

	limit(RLIMIT_DATA, 4);
	try_map("private, writable", 1000, RW, ANON);
	try_map("private, read-only", 1000, PROT_READ, ANON);
	try_map("shared, writable", 1000, RW, MAP_SHARED | MAP_ANONYMOUS);
	try_map("a stack", 1000, RW, ANON | MAP_GROWSDOWN);
	mm_call("made writable", mprotect(none, 200 * PAGE, RW));
	mm_call("made executable", mprotect(none, 200 * PAGE, PROT_READ | PROT_EXEC));
	limit(RLIMIT_DATA, 0);
	try_map("a limit of 0 is none", 1000, RW, ANON);
	mm_call("but for brk", sbrk(1000 * PAGE) == (void *)-1 ? -1 : 0);
}

int main(void)
{
	mm_child(address_space);
	mm_child(data);
	return 0;
}
