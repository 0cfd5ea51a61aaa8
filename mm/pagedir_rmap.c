/*
 * What the reverse mapping asks of single entries: was the page used, and make its next write fault.
 *
 * An entry of a table that several directories share is asked once for all of them. Only pages of
 * files lose the right to write here, and those are in no shared table.
 */
#include <pagedir.h>

#include "pagedir_internal.h"

/* True when the active directory has the same page table, its own or a shared one. */
static bool is_active(const struct pagedir *pagedir, vaddr_t at)
{
	return active_pagedir && table_frame(active_pagedir, at) == table_frame(pagedir, at);
}

bool pagedir_test_accessed(struct pagedir *pagedir, vaddr_t at)
{
	uint32_t *entry = find_entry(pagedir, at);

	assert((at & PAGE_MASK) == 0 && at < USER_TOP && entry && *entry);
	if (!(*entry & ENTRY_ACCESSED))
		return false;
	*entry &= ~ENTRY_ACCESSED;
	/* Or the processor would go by what it remembers, and not set the bit again. */
	if (is_active(pagedir, at))
		cpu_invalidate_page(at);
	return true;
}

bool pagedir_clean(struct pagedir *pagedir, vaddr_t at)
{
	uint32_t *entry = find_entry(pagedir, at), before;

	assert((at & PAGE_MASK) == 0 && at < USER_TOP && entry && *entry);
	before = *entry;
	if (!(before & (ENTRY_WRITE | ENTRY_DIRTY)))
		return false;
	assert(owns_table(pagedir, at) && entry_frame(before)->kind == FRAME_CACHE);
	*entry = before & ~(ENTRY_WRITE | ENTRY_DIRTY);
	pagedir_flush(pagedir, at, at + PAGE_SIZE);
	return before & ENTRY_DIRTY;
}
