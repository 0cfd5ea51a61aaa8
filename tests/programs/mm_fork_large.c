/*
 * fork with much memory: many page tables' worth, which a kernel may well share until one side
 * changes something. Each way to change it, in the child, the parent and a grandchild, shows
 * there and nowhere else.
 */
#define _GNU_SOURCE
#include "mm.h"

#define NPAGES (5u * 1024) /* five page tables, and at least four of them whole */
#define SIZE (NPAGES * PAGE)
#define TABLE (1024u * PAGE)

static char *area;

static unsigned value_of(unsigned page)
{
	return page * 7 % 251 + 1;
}

static void fill(void)
{
	for (unsigned page = 0; page < NPAGES; page++)
		area[page * PAGE] = value_of(page);
}

/* How many pages of the area do not have their first value. */
static void tell(const char *who)
{
	unsigned changed = 0;

	for (unsigned page = 0; page < NPAGES; page++)
		changed += (unsigned char)area[page * PAGE] != value_of(page);
	printf("%s: %u pages changed\n", who, changed);
}

static void reads(void)
{
	tell("a child that only reads");
}

static void writes_some(void)
{
	for (unsigned page = 0; page < NPAGES; page += 100)
		area[page * PAGE] = 0;
	tell("a child that writes");
}

static void writes_all(void)
{
	memset(area, 0, SIZE);
	tell("a child that writes all");
}

static void drops(void)
{
	madvise(area + 10 * PAGE, 20 * PAGE, MADV_DONTNEED);
	madvise(area + SIZE - 2 * TABLE, 2 * TABLE, MADV_DONTNEED);
	tell("a child that drops pages");
}

static void unmaps(void)
{
	mm_call("munmap of a part", munmap(area + 10 * PAGE, 3 * PAGE));
	mm_try("in the hole", area + 11 * PAGE);
	mm_try("behind it", area + 13 * PAGE);
	mm_call("munmap of most", munmap(area + 100 * PAGE, SIZE - 100 * PAGE));
	mm_try("in the larger hole", area + 2 * TABLE);
	printf("the rest: %d %d\n", (unsigned char)area[9 * PAGE] == value_of(9),
	       (unsigned char)area[99 * PAGE] == value_of(99));
}

static void protects(void)
{
	mm_call("mprotect to read", mprotect(area + TABLE, TABLE, PROT_READ));
	mm_try("a page of it", area + TABLE + 5 * PAGE);
	mm_call("and back", mprotect(area + TABLE, TABLE, RW));
	mm_try("the same page", area + TABLE + 5 * PAGE);
	mm_call("mprotect to none", mprotect(area, SIZE, PROT_NONE));
	mm_try("any page", area + 3 * TABLE);
	mprotect(area, SIZE, RW);
	tell("a child that protects");
}

static void moves(void)
{
	char *to = mmap(NULL, SIZE, PROT_NONE, ANON, -1, 0);

	area = mremap(area, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	printf("moved: %d\n", area == to);
	tell("a child that moves");
}

static void replaces(void)
{
	int fd = mm_file(1);

	mmap(area + 50 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
	mmap(area + 60 * PAGE, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	printf("a file's page: %c\n", area[50 * PAGE]);
	ftruncate(fd, 0);
	mm_try("truncated", area + 50 * PAGE);
	mm_child(writes_some);
	printf("pages 50, 60: %d\n", area[60 * PAGE]);
}

static void has_children(void)
{
	area[0] = area[TABLE] = 0;
	mm_child(reads);
	mm_child(writes_all);
	mm_child(protects);
	tell("their parent");
}

/* A child reads slowly while its parent changes everything. */
static void parent_changes(void)
{
	int go[2];
	char byte = 0;
	pid_t child;

	pipe(go);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		read(go[0], &byte, 1);
		tell("a child whose parent writes");
		exit(0);
	}
	memset(area, 0, SIZE / 2);
	munmap(area + SIZE / 2, TABLE);
	write(go[1], &byte, 1);
	waitpid(child, NULL, 0);
	mmap(area + SIZE / 2, TABLE, RW, ANON | MAP_FIXED, -1, 0);
	tell("the parent");
	fill();
}

/* Down by just what a page table covers: the source's table is the target's. */
static void moves_by_a_table(void)
{
	char *start = (char *)(((unsigned long)area + TABLE - 1) / TABLE * TABLE + TABLE / 2);
	unsigned wrong = 0;

	munmap(area, SIZE);
	mmap(start + TABLE, TABLE, RW, ANON | MAP_FIXED, -1, 0);
	for (unsigned page = 0; page < 1024; page++)
		start[TABLE + page * PAGE] = value_of(page);
	mremap(start + TABLE, TABLE, TABLE, MREMAP_MAYMOVE | MREMAP_FIXED, start);
	for (unsigned page = 0; page < 1024; page++)
		wrong += (unsigned char)start[page * PAGE] != value_of(page);
	printf("moved by the size of a table: %u pages wrong\n", wrong);
}

int main(void)
{
	void (*const children[])(void) = { reads,    writes_some, writes_all, drops,	   unmaps,
					   protects, moves,	  replaces,   has_children };

	mm_catch();
	area = mm_map(NPAGES, RW);
	fill();
	for (unsigned i = 0; i < sizeof(children) / sizeof(*children); i++) {
		mm_child(children[i]);
		tell("the parent");
	}
	fill();
	parent_changes();
	tell("after all");
	moves_by_a_table();
	return 0;
}
