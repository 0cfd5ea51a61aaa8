/* Every word of madvise on every kind of memory: accepted or refused, and what becomes of bytes. */
#define _GNU_SOURCE
#include "regions.h"

struct word {
	const char *name;
	int advice;
};

#define WORD(name) \
	{ \
#name, MADV_##name \
	}

static const struct word words[] = {
	WORD(NORMAL),
	WORD(RANDOM),
	WORD(SEQUENTIAL),
	WORD(WILLNEED),
	WORD(DONTNEED),
	WORD(FREE),
	WORD(REMOVE),
	WORD(DONTFORK),
	WORD(DOFORK),
	WORD(WIPEONFORK),
	WORD(KEEPONFORK),
	WORD(COLD),
	WORD(PAGEOUT),
	{ "POPULATE_READ", 22 },
	{ "POPULATE_WRITE", 23 },
	WORD(DONTDUMP),
	WORD(DODUMP),
	{ "DONTNEED_LOCKED", 24 },
	{ "5", 5 },
	{ "6", 6 },
	{ "7", 7 },
	{ "26", 26 },
	{ "99", 99 },
	{ "-1", -1 },
	{ "99999", 99999 },
};

static char *at;

static void all(const char *what, void (*begin)(void))
{
	printf("%s\n", what);
	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
		munmap(at, 4 * PAGE);
		begin();
		printf("  %s ", words[i].name);
		mm_call("all", madvise(at, 3 * PAGE, words[i].advice));
		/* Freed memory keeps its bytes for as long as nobody needs the frames. */
		if (words[i].advice != MADV_FREE)
			show_bytes("  ", at, 4);
	}
	munlock(at, 4 * PAGE);
	munmap(at, 4 * PAGE);
}

static void private_memory(void)
{
	map_at(at, 4, RW, ANON, -1, 0);
	fill_bytes(at, 4, 'a');
}

static void read_only_memory(void)
{
	private_memory();
	mprotect(at, 4 * PAGE, PROT_READ);
}

static void memory_without_rights(void)
{
	private_memory();
	mprotect(at, 4 * PAGE, PROT_NONE);
}

static void shared_memory(void)
{
	map_at(at, 4, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fill_bytes(at, 4, 'a');
}

static void locked_memory(void)
{
	private_memory();
	mlock(at, 4 * PAGE);
}

static void with_a_hole(void)
{
	private_memory();
	munmap(at + PAGE, PAGE);
}

static void nothing(void)
{
}

static int fd;

static void private_file(void)
{
	map_at(at, 4, RW, MAP_PRIVATE, fd, 0);
	at[PAGE] = 'X';
}

static void sizes(void)
{
	private_memory();
	mm_call("no size", madvise(at, 0, MADV_DONTNEED));
	mm_call("no size, no page", madvise(at + 1, 0, MADV_DONTNEED));
	mm_call("no size, unknown word", madvise(at, 0, 1000));
	mm_call("not at a page", madvise(at + 1, PAGE, MADV_DONTNEED));
	mm_call("one byte", madvise(at, 1, MADV_DONTNEED));
	show_bytes("  bytes", at, 4);
	mm_call("a page and a byte", madvise(at, PAGE + 1, MADV_DONTNEED));
	show_bytes("  bytes", at, 4);
	mm_call("no size, nowhere", madvise((void *)0x1000, 0, MADV_DONTNEED));
	mm_call("not at a page, unknown word", madvise(at + 1, PAGE, 1000));
}

int main(void)
{
	mm_catch();
	at = window_make(4);
	fd = mm_file(4 * PAGE);
	all("private memory", private_memory);
	all("read-only memory", read_only_memory);
	all("memory without rights", memory_without_rights);
	all("locked memory", locked_memory);
	all("private memory with a hole", with_a_hole);
	all("nothing", nothing);
	all("a file, private", private_file);
	all("shared memory", shared_memory);
	sizes();
	return 0;
}
