/*
 * For the mm_*.c programs that look at regions: a window of free addresses to map in, and what
 * /proc/self/maps and /proc/self/status say of it.
 */
#ifndef REGIONS_H
#define REGIONS_H

#include "mm.h"

/* A window of npages free pages with free pages around it. */
__attribute__((unused)) static char *window_make(int npages)
{
	char *at = mm_map(npages + 4, PROT_NONE);

	munmap(at, (npages + 4) * PAGE);
	return at + 2 * PAGE;
}

__attribute__((unused)) static long map_at(char *at, int npages, int prot, int flags, int fd,
					   int page)
{
	void *got = mmap(at, npages * PAGE, prot, flags | MAP_FIXED, fd, (off_t)page * PAGE);

	return got == MAP_FAILED ? -1 : 0;
}

__attribute__((unused)) static void map_private(char *at, int npages, int prot)
{
	mm_call("map", map_at(at, npages, prot, ANON, -1, 0));
}

/* Prints each region of the window: its pages, rights and, of a file, the page of the file. */
__attribute__((unused)) static void show_regions(const char *what, const char *from, int npages)
{
	unsigned long start, end, offset, number, low = (unsigned long)from;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], rights[8];

	printf("%s:", what);
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s %lx %*s %lu", &start, &end, rights, &offset,
			   &number) != 5)
			continue;
		if (end <= low || start >= low + npages * PAGE)
			continue;
		printf(" %ld-%ld %s", ((long)start - (long)low) / (long)PAGE,
		       ((long)end - (long)low) / (long)PAGE, rights);
		if (number)
			printf("@%lu", offset / PAGE);
	}
	putchar('\n');
	fclose(maps);
}

/* A value in kB of /proc/self/status, by its name with the colon. */
__attribute__((unused)) static long status_kb(const char *name)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long value = -1;

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, name, strlen(name)))
			value = atol(line + strlen(name));
	fclose(status);
	return value;
}

/* The first byte of each page, '0' for zero, '!' for SIGBUS, '.' for SIGSEGV. */
__attribute__((unused)) static void show_bytes(const char *what, const char *at, int npages)
{
	printf("%s: ", what);
	for (int page = 0; page < npages; page++) {
		const char *result = mm_access((char *)at + page * PAGE, 0);
		char byte = !strcmp(result, "ok") ? at[page * PAGE] : result[0] == 'B' ? '!' : '.';

		putchar(byte ? byte : '0');
	}
	putchar('\n');
}

/* Stores 'a' + page at the start of each page. */
__attribute__((unused)) static void fill_bytes(char *at, int npages, char first)
{
	for (int page = 0; page < npages; page++)
		at[page * PAGE] = first + page;
}

/* Which pages mincore calls resident. */
__attribute__((unused)) static void show_resident(const char *what, const char *at, int npages)
{
	unsigned char vector[256];

	printf("%s: ", what);
	if (mincore((void *)at, npages * PAGE, vector)) {
		puts(strerrorname_np(errno));
		return;
	}
	for (int page = 0; page < npages; page++)
		putchar(vector[page] & 1 ? '#' : '-');
	putchar('\n');
}

#endif
