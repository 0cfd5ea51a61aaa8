/* What each flag of mmap does to a mapping, and which it refuses. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 6

/* Maps with the flag and tells which pages are there at once. */
static void flag(const char *what, int flags)
{
	char *at = mmap(NULL, NPAGES * PAGE, RW, flags, -1, 0);

	if (at == MAP_FAILED) {
		mm_call(what, -1);
		return;
	}
	show_resident(what, at, NPAGES);
	munmap(at, NPAGES * PAGE);
}

static void flags_of_anonymous_memory(void)
{
	flag("private", ANON);
	flag("shared", MAP_SHARED | MAP_ANONYMOUS);
	flag("populated", ANON | MAP_POPULATE);
	flag("shared, populated", MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE);
	flag("populated but not waiting", ANON | MAP_POPULATE | MAP_NONBLOCK);
	flag("not waiting alone", ANON | MAP_NONBLOCK);
	flag("locked", ANON | MAP_LOCKED);
	flag("locked, not waiting", ANON | MAP_LOCKED | MAP_NONBLOCK);
	flag("no reserve", ANON | MAP_NORESERVE);
	flag("stack", ANON | MAP_STACK);
	flag("grows down, populated", ANON | MAP_GROWSDOWN | MAP_POPULATE);
	flag("old words", ANON | MAP_DENYWRITE | MAP_EXECUTABLE);
	flag("huge pages", ANON | MAP_HUGETLB);
	flag("synchronous", ANON | MAP_SYNC);
	flag("a flag nobody knows", ANON | 0x400000);
	flag("no type", MAP_ANONYMOUS);
	flag("validated", MAP_SHARED_VALIDATE | MAP_ANONYMOUS);
	flag("validated, synchronous", MAP_SHARED_VALIDATE | MAP_ANONYMOUS | MAP_SYNC);
	flag("a type nobody knows", 0xf | MAP_ANONYMOUS);
}

/* Populating without rights: nothing can be had, and the mapping stands all the same. */
static void populated_without_rights(void)
{
	char *at = mmap(NULL, NPAGES * PAGE, PROT_NONE, ANON | MAP_POPULATE, -1, 0);

	show_resident("populated, no rights", at, NPAGES);
	at = mmap(NULL, NPAGES * PAGE, PROT_READ, ANON | MAP_POPULATE, -1, 0);
	show_resident("populated, to read", at, NPAGES);
	at = mmap(NULL, NPAGES * PAGE, PROT_NONE, ANON | MAP_LOCKED, -1, 0);
	show_resident("locked, no rights", at, NPAGES);
}

static void file_flag(const char *what, int fd, int flags)
{
	char *at = mmap(NULL, PAGE, PROT_READ, flags, fd, 0);

	mm_call(what, at == MAP_FAILED ? -1 : 0);
	if (at != MAP_FAILED)
		munmap(at, PAGE);
}

static void flags_of_files(void)
{
	int fd = mm_file(PAGE);

	file_flag("file, private", fd, MAP_PRIVATE);
	file_flag("file, shared", fd, MAP_SHARED);
	file_flag("file, validated", fd, MAP_SHARED_VALIDATE);
	file_flag("file, validated, populated", fd, MAP_SHARED_VALIDATE | MAP_POPULATE);
	file_flag("file, validated, locked", fd, MAP_SHARED_VALIDATE | MAP_LOCKED);
	file_flag("file, validated, no reserve", fd, MAP_SHARED_VALIDATE | MAP_NORESERVE);
	file_flag("file, validated, unknown", fd, MAP_SHARED_VALIDATE | 0x400000);
	file_flag("file, shared, unknown", fd, MAP_SHARED | 0x400000);
	file_flag("file, validated, synchronous", fd, MAP_SHARED_VALIDATE | MAP_SYNC);
	file_flag("file, huge pages", fd, MAP_PRIVATE | MAP_HUGETLB);
	file_flag("file, grows down", fd, MAP_PRIVATE | MAP_GROWSDOWN);
	file_flag("file, stack", fd, MAP_PRIVATE | MAP_STACK);
	file_flag("file and anonymous", fd, ANON);
	file_flag("file, no type", fd, 0);
}

int main(void)
{
	flags_of_anonymous_memory();
	populated_without_rights();
	flags_of_files();
	return 0;
}
