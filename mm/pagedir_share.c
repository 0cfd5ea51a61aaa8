/*
 * Page tables shared by several directories.
 *
 * fork gives the child each page of the parent's private memory. For much memory that would be
 * most of what fork does, and mostly in vain, since many children soon call exec or end. So
 * whole page tables are shared where that is possible: both directory entries lose W, which
 * makes every page below them read-only whatever their own entries say (Intel SDM 3A 4.6.1),
 * and no entry in the table need be looked at. That costs the same for 1 page and for 1024.
 *
 * The table is copied, entry by entry as fork would have done it, at the first change that
 * either side makes in it: a page comes or goes, or has other rights. Only then do its entries
 * lose W and gain CW, in both copies, and their frames a reference. When the other sharers leave
 * first (exec, exit), nothing is copied: the last one's directory entry gets W back, and with it
 * every page the rights that it had before the fork.
 *
 * Invariants:
 *   - a directory entry has W only if the table has one reference;
 *   - the reference count of a table's frame is the number of directories that have it, each at
 *     the same index: whoever wants to change a shared table for all of them (reclaim) finds them
 *     by looking there in each address space;
 *   - a frame's references are counted by tables, not by directories, and so are a slot's of swap;
 *     `mapped` of a table is in the resident counts of each directory that has it, and
 *     entries.swapped in their counts of swap;
 *   - what a shared table maps is private memory without an object: there is no W in the entries
 *     of others' pages, and nothing that truncating a file would have to find.
 */
#include <pagedir.h>

#include <abi/errno.h>

#include "pagedir_internal.h"

static uint32_t *directory_entry(struct pagedir *pagedir, vaddr_t at)
{
	return &pagedir->entries[directory_index(at)];
}

void pagedir_share_table(struct pagedir *to, struct pagedir *from, vaddr_t at)
{
	struct frame *table = table_frame(from, at);

	assert(*directory_entry(to, at) == 0 && table->kind == FRAME_PAGE_TABLE);
	assert(table->entries.used > 0 && table->mapped.file == 0);
	frame_get(table);
	*directory_entry(from, at) &= ~ENTRY_WRITE;
	*directory_entry(to, at) = *directory_entry(from, at);
	to->ntables++;
	to->resident_anon += table->mapped.anon;
	to->swapped += table->entries.swapped;
}

void pagedir_leave_table(struct pagedir *pagedir, vaddr_t at)
{
	struct frame *table = table_frame(pagedir, at);

	assert(!owns_table(pagedir, at) && table->refs > 1);
	assert(pagedir->ntables > 0 && pagedir->resident_anon >= table->mapped.anon);
	assert(pagedir->swapped >= table->entries.swapped);
	*directory_entry(pagedir, at) = 0;
	pagedir->ntables--;
	pagedir->resident_anon -= table->mapped.anon;
	pagedir->swapped -= table->entries.swapped;
	frame_put(table);
	pagedir_flush_all(pagedir);
}

/* Both tables map what one did; the frames of private memory are written by nobody now. */
static void copy_entries(uint32_t *to, uint32_t *from)
{
	for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
		uint32_t entry = from[i];

		if (entry_has_page(entry)) {
			struct frame *frame = entry_frame(entry);

			assert(frame);
			frame_get(frame);
			entry = (entry & ~ENTRY_WRITE) | ENTRY_COW;
			from[i] = entry;
		} else if (unlikely(entry)) {
			swap_duplicate(entry_slot(entry));
		}
		to[i] = entry;
	}
}

/* A table of pagedir's own with the entries of the shared one. */
static int replace_shared(struct pagedir *pagedir, vaddr_t at, struct frame *shared)
{
	struct frame *own = frame_alloc(FRAME_PAGE_TABLE, FRAME_LOW);

	if (!own)
		return -ENOMEM;
	copy_entries(frame_virt(own), frame_virt(shared));
	own->entries = shared->entries;
	own->mapped = shared->mapped;
	*directory_entry(pagedir, at) = frame_paddr(own) | ENTRY_PRESENT | ENTRY_USER |
					ENTRY_ACCESSED;
	frame_put(shared);
	return 0;
}

bool pagedir_take_back(struct pagedir *pagedir, vaddr_t at)
{
	assert(!owns_table(pagedir, at));
	if (table_frame(pagedir, at)->refs > 1)
		return false;
	*directory_entry(pagedir, at) |= ENTRY_WRITE;
	/* INVLPG would do for the directory's entry, but 1024 pages have other rights now. */
	pagedir_flush_all(pagedir);
	return true;
}

int pagedir_own_table(struct pagedir *pagedir, vaddr_t at)
{
	struct frame *table = table_frame(pagedir, at);
	bool taken;

	assert(!owns_table(pagedir, at) && table->kind == FRAME_PAGE_TABLE);
	if (table->refs > 1 && replace_shared(pagedir, at, table))
		return -ENOMEM;
	taken = pagedir_take_back(pagedir, at);
	assert(taken);
	return 0;
}

/* True when there is a table, and a change in it has to wait for pagedir_own_table. */
static bool is_shared(const struct pagedir *pagedir, vaddr_t at)
{
	return pagedir->entries[directory_index(at)] && !owns_table(pagedir, at);
}

int pagedir_own(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	assert_user_range(start, end);
	for (vaddr_t at = start; at < end; at = chunk_end(at, end))
		if (is_shared(pagedir, at) && pagedir_own_table(pagedir, at))
			return -ENOMEM;
	return 0;
}

int pagedir_own_ends(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	assert_user_range(start, end);
	for (vaddr_t at = start, next; at < end; at = next) {
		next = chunk_end(at, end);
		if (!is_shared(pagedir, at) || next - at == TABLE_SPAN)
			continue;
		if (pagedir_first_used(pagedir, at, next) != next && pagedir_own_table(pagedir, at))
			return -ENOMEM;
	}
	return 0;
}
