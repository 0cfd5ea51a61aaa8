/*
 * sparse: address space is free, frames are spent when a page is touched.
 *
 * Maps 2.5 GB (less where the kernel leaves programs less room), touches one page in a
 * thousand, and compares how many frames of each kind the machine uses before and after:
 * anonymous frames must grow by the pages touched, page tables by the 4 MB stretches in which
 * a page was touched, and nothing else at all.
 */
#include "libc/libc.h"

#define STEP 1000u	      /* one page in so many is touched */
#define TABLE_SPAN (4u << 20) /* what one page table maps */

struct usage {
	uint32_t anonymous, page_tables, free;
};

/* The count in the ledger's line "kind count", 0 when there is no such line. */
static uint32_t ledger_count(const char *ledger, const char *kind)
{
	const char *line = find(ledger, kind);
	return line ? number(line + strlen(kind)) : 0;
}

static bool read_usage(struct usage *usage)
{
	static char ledger[2048];
	int length = read_file("/proc/loft/ledger", ledger, sizeof(ledger));
	if (length < 0) {
		print("/proc/loft/ledger: error %d\n", -length);
		return false;
	}
	usage->anonymous = ledger_count(ledger, "anonymous ");
	usage->page_tables = ledger_count(ledger, "page_table ");
	usage->free = ledger_count(ledger, "free ");
	return true;
}

/* The largest of 2.5, 1.5 and 0.5 GB that can be mapped; sets the size. */
static char *map_much(uint32_t *size)
{
	for (*size = 2560u << 20; *size; *size -= 1024u << 20) {
		char *start = map_anonymous(NULL, *size, PROT_READ | PROT_WRITE, MAP_NORESERVE);
		if (start)
			return start;
		if (*size < 1024u << 20)
			break;
	}
	return NULL;
}

/* Touches the pages; returns how many, and in how many stretches of 4 MB they lie. */
static uint32_t touch(char *start, uint32_t size, uint32_t *stretches)
{
	uint32_t touched = 0, last_stretch = 0;
	/* From the first whole stretch on: its page table can be in use for nothing else. */
	char *end = (char *)((uint32_t)(start + size) & -TABLE_SPAN);
	start = (char *)(((uint32_t)start + TABLE_SPAN - 1) & -TABLE_SPAN);
	*stretches = 0;
	for (char *page = start; page < end; page += STEP * PAGE) {
		*page = 1;
		touched++;
		if ((uint32_t)page / TABLE_SPAN != last_stretch)
			++*stretches;
		last_stretch = (uint32_t)page / TABLE_SPAN;
	}
	return touched;
}

static bool compare(const char *what, uint32_t expected, uint32_t seen)
{
	print("  %-14s expected %6u, seen %6u%s\n", what, expected, seen,
	      expected == seen ? "" : "   <- differs");
	return expected == seen;
}

int main(int argc, char **argv, char **envp)
{
	struct usage before, after;
	uint32_t size, stretches;
	(void)argc;
	(void)argv;
	(void)envp;

	char *start = map_much(&size);
	if (!start) {
		print("sparse: nothing could be mapped\n");
		return 2;
	}
	print("sparse: mapped %u MB at 0x%08x\n", size >> 20, (uint32_t)start);
	/* The first reading brings in the pages that reading itself needs. */
	if (!read_usage(&before) || !read_usage(&before))
		return 2;
	uint32_t touched = touch(start, size, &stretches);
	if (!read_usage(&after))
		return 2;
	print("touched one page in %u, %u pages; frames in use grew by:\n", STEP, touched);
	bool right = compare("anonymous", touched, after.anonymous - before.anonymous);
	right &= compare("page tables", stretches, after.page_tables - before.page_tables);
	right &= compare("all together", touched + stretches, before.free - after.free);
	return right ? 0 : 1;
}
