/* What smaps says of regions: resident, shared and private, referenced, locked, and their flags. */
#define _GNU_SOURCE
#include "mm.h"

/* The lines of the region that holds at, or of smaps_rollup where at is NULL. */
static void show(const char *what, const char *at)
{
	static const char *const wanted[] = {
		"Size:",	  "Rss:",	 "Shared_Clean:", "Shared_Dirty:", "Private_Clean:",
		"Private_Dirty:", "Referenced:", "Anonymous:",	  "Locked:",
	};
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned start, end, inside = 0;
	char line[512];

	printf("%s:", what);
	while (fgets(line, sizeof(line), file)) {
		unsigned value;

		if (sscanf(line, "%x-%x ", &start, &end) == 2)
			inside = (unsigned)at >= start && (unsigned)at < end;
		for (unsigned i = 0; inside && i < sizeof(wanted) / sizeof(*wanted); i++)
			if (strncmp(line, wanted[i], strlen(wanted[i])) == 0 &&
			    sscanf(line + strlen(wanted[i]), "%u", &value) == 1)
				printf(" %u", value);
		if (inside && strncmp(line, "Pss:", 4) == 0)
			printf(" (%u)", (unsigned)strtoul(line + 4, NULL, 10));
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			printf("%.*s", (int)strcspn(line + 8, "\n"), line + 8);
	}
	printf("\n");
	fclose(file);
}

static void touch(char *at, unsigned npages)
{
	for (unsigned i = 0; i < npages; i++)
		at[i * PAGE] = 1;
}

static void look(const char *at, unsigned npages)
{
	for (unsigned i = 0; i < npages; i++)
		(void)*(volatile const char *)(at + i * PAGE);
}

/* A shared child, so that what both map is shared while it lives. */
static void with_child(const char *what, const char *at)
{
	int ready[2], go[2];
	char byte = 0;

	pipe(ready);
	pipe(go);
	if (fork() == 0) {
		write(ready[1], &byte, 1);
		read(go[0], &byte, 1);
		_exit(0);
	}
	read(ready[0], &byte, 1);
	show(what, at);
	write(go[1], &byte, 1);
	wait(NULL);
	show("after it", at);
}

int main(void)
{
	char *at = mm_map(18, PROT_NONE) + PAGE, *shared;
	int fd = mm_file(8 * PAGE);

	setvbuf(stdout, NULL, _IONBF, 0);
	munmap(at - PAGE, 18 * PAGE);
	mmap(at, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	show("untouched", at);
	look(at, 4);
	show("read: zeros are nobody's", at);
	touch(at, 3);
	show("written", at);
	with_child("with a child", at);
	touch(at, 1);
	mprotect(at, 8 * PAGE, PROT_READ);
	show("read-only", at);
	mprotect(at, 8 * PAGE, PROT_NONE);
	show("without rights", at);
	mprotect(at, 8 * PAGE, RW | PROT_EXEC);
	mlock(at, 8 * PAGE);
	touch(at, 8);
	show("locked", at);
	munlock(at, 8 * PAGE);
	madvise(at, 2 * PAGE, MADV_DONTNEED);
	show("two pages dropped", at);
	madvise(at, 8 * PAGE, MADV_DONTFORK);
	show("not for children", at);
	madvise(at, 8 * PAGE, MADV_DOFORK);
	madvise(at, 8 * PAGE, MADV_WIPEONFORK);
	show("wiped for children", at);
	mmap(at, 8 * PAGE, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
	show("not reserved", at);
	mmap(at, 8 * PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	show("growing down", at);
	munmap(at, 8 * PAGE);
	shared = mmap(at, 8 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	touch(shared, 5);
	show("shared anonymous", shared);
	mmap(at, 8 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, open("/proc/self/exe", O_RDONLY), 0);
	show("file, open for reading", at);
	mmap(at, 8 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
	touch(at, 2);
	show("private file", at);
	/* Page tables' worth, with other rights than its neighbours have. */
	at = mm_map(3000, RW | PROT_EXEC);
	touch(at, 2900);
	with_child("much, with a child", at);
	return 0;
}
