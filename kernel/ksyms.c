/*
 * Names for addresses: a binary search in a table sorted by address.
 *
 * The table (section .ksyms, read-only data) is written by tools/ksyms.awk from what nm says of
 * the first link and is empty in that link itself. It stands behind all code, so the second link,
 * which has it, moves no function; the Makefile checks that.
 */
#include <ksyms.h>

#include <assert.h>
#include <layout.h>
#include <selftest.h>
#include <string.h>

struct ksyms_entry {
	vaddr_t address;
	const char *name;
};

extern const struct ksyms_entry ksyms_table[];
extern const uint32_t ksyms_count;

static bool is_code(vaddr_t address)
{
	return (address >= (vaddr_t)text_start && address < (vaddr_t)text_end) ||
	       (address >= (vaddr_t)init_start && address < (vaddr_t)init_end);
}

const char *ksyms_lookup(vaddr_t address, uint32_t *offset)
{
	if (!is_code(address) || ksyms_count == 0 || address < ksyms_table[0].address)
		return NULL;

	/* Invariant: table[low] is at or below address, table[high] (or the end) above it. */
	uint32_t low = 0, high = ksyms_count;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (ksyms_table[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	assert(ksyms_table[low].address <= address);
	if (offset)
		*offset = address - ksyms_table[low].address;
	return ksyms_table[low].name;
}

SELFTEST(ksyms_lookup)
{
	vaddr_t here = (vaddr_t)ksyms_lookup;
	uint32_t offset = 77;

	EXPECT(ksyms_count > 0);
	EXPECT(strcmp(ksyms_lookup(here, &offset), "ksyms_lookup") == 0 && offset == 0);
	EXPECT(strcmp(ksyms_lookup(here + 3, &offset), "ksyms_lookup") == 0 && offset == 3);
	EXPECT(strcmp(ksyms_lookup(here - 1, NULL), "ksyms_lookup") != 0);
	offset = 77;
	EXPECT(!ksyms_lookup(0x1000, &offset) && !ksyms_lookup((vaddr_t)rodata_start, &offset));
	EXPECT(!ksyms_lookup((vaddr_t)kernel_start - 1, &offset) && offset == 77);
	for (uint32_t i = 1; i < ksyms_count; i++)
		EXPECT(ksyms_table[i - 1].address < ksyms_table[i].address);
}
