/*
 * Mappings from one place to another: into another directory (fork), or elsewhere in the same
 * one (mremap). Entries go, bytes stay. Both build the page tables that they need before they
 * change an entry of the table at hand, so that running out of memory never leaves an entry in
 * two states.
 *
 * fork shares page tables where it may (pagedir_share.c) and where that is cheaper than to copy
 * them: a shared table costs one fault and a copy at whichever side first writes to it, and that
 * copy looks at all of its entries. What is small (a small program's stack and heap, which both
 * sides are going to write to) is therefore copied at once, and only the part that a region has.
 */
#include <pagedir.h>

#include <abi/errno.h>

#include "pagedir_internal.h"

/* Pages of a region, or entries in use, in one table from which on it is rather shared. */
#define SHARE_MIN 256u

/* ---- fork ---- */

/* Copies what is in one table to one of to's own, which is built first. */
static int copy_chunk(struct pagedir *to, struct pagedir *from, vaddr_t at, vaddr_t end)
{
	uint32_t *source, *target;
	struct frame *table;

	at = pagedir_first_used(from, at, end);
	if (at == end)
		return 0;
	target = pagedir_make_table(to, at);
	if (!target)
		return -ENOMEM;
	table = table_frame(to, at);
	source = find_table(from, at);
	for (unsigned i = table_index(at); i <= table_index(end - 1); i++) {
		uint32_t entry = source[i];
		struct frame *frame;

		if (!entry)
			continue;
		assert(!target[i]);
		if (unlikely(!entry_has_page(entry))) {
			swap_duplicate(entry_slot(entry));
			count_slot(to, table);
			target[i] = entry;
			continue;
		}
		frame = entry_frame(entry);
		entry = (entry & ~ENTRY_WRITE) | ENTRY_COW;
		source[i] = entry;
		target[i] = entry;
		count_mapping(to, table, frame);
		if (frame)
			frame_get(frame);
	}
	return 0;
}

/* One table's part of a region, [at, end): is its table, which may be shared, worth sharing? */
static bool is_large(const struct pagedir *from, vaddr_t at, vaddr_t end)
{
	return end - at >= SHARE_MIN * PAGE_SIZE ||
	       table_frame(from, at)->entries.used >= SHARE_MIN;
}

/*
 * Shares or copies what is in one table; the region before may have brought it along already. A table
 * in which this region has nothing is left to the region that has: were that one never copied, as
 * memory is out, nobody would know that the child has the table.
 */
static int fork_chunk(struct pagedir *to, struct pagedir *from, vaddr_t at, vaddr_t end,
		      bool may_share)
{
	const uint32_t *table = find_table(from, at), *present = find_table(to, at);

	if (!table || table == present || pagedir_first_used(from, at, end) == end)
		return 0;
	if (!may_share || present || !is_large(from, at, end))
		return copy_chunk(to, from, at, end);
	pagedir_share_table(to, from, at);
	return 0;
}

int pagedir_copy(struct pagedir *to, struct pagedir *from, vaddr_t start, vaddr_t end, vaddr_t low,
		 vaddr_t high)
{
	int error = 0;

	assert_user_range(start, end);
	assert(to != from && (low == high || (low <= start && end <= high)));
	for (vaddr_t at = start, next; at < end && !error; at = next) {
		vaddr_t first = ROUND_DOWN(at, TABLE_SPAN);

		next = chunk_end(at, end);
		error = fork_chunk(to, from, at, next,
				   first >= low && first < high && high - first >= TABLE_SPAN);
	}
	return error;
}

/* ---- mremap ---- */

/* Frees the tables for [start, end) that have no entry: those left behind, or made in vain. */
static void drop_empty_tables(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	for (vaddr_t at = start; at < end; at = chunk_end(at, end)) {
		if (owns_table(pagedir, at))
			pagedir_drop_if_empty(pagedir, at);
	}
}

/* Builds, and makes pagedir's own, the tables that a move of [from, end) to `to` changes. */
static int make_tables_for_move(struct pagedir *pagedir, vaddr_t from, vaddr_t end, vaddr_t to)
{
	for (vaddr_t at = from, next; at < end; at = next) {
		next = chunk_end(at, end);
		at = pagedir_first_used(pagedir, at, next);
		if (at == next)
			continue;
		/* A source table meets at most two target tables. */
		if (!pagedir_make_table(pagedir, at) ||
		    !pagedir_make_table(pagedir, to + (at - from)) ||
		    !pagedir_make_table(pagedir, to + (next - PAGE_SIZE - from)))
			return -ENOMEM;
	}
	return 0;
}

/* Counts an entry of one table of pagedir's own as one of another. */
static void count_moved(struct pagedir *pagedir, struct frame *from, struct frame *to,
			uint32_t entry)
{
	if (entry_has_page(entry)) {
		uncount_mapping(pagedir, from, entry_frame(entry));
		count_mapping(pagedir, to, entry_frame(entry));
	} else {
		uncount_slot(pagedir, from);
		count_slot(pagedir, to);
	}
}

/*
 * Moves what is in one table. An emptied table stays: where the two ranges are near to each other, it
 * can be one that a later part moves to.
 */
static void move_chunk(struct pagedir *pagedir, vaddr_t from, vaddr_t end, vaddr_t to)
{
	uint32_t *source = find_entry(pagedir, from);
	struct frame *table;

	if (!source || !owns_table(pagedir, from))
		return;
	table = table_frame(pagedir, from);
	for (vaddr_t at = from; at < end; at += PAGE_SIZE, source++, to += PAGE_SIZE) {
		uint32_t *target;

		if (!*source)
			continue;
		target = find_entry(pagedir, to);
		assert(target && !*target);
		*target = *source;
		count_moved(pagedir, table, table_frame(pagedir, to), *source);
		*source = 0;
	}
}

int pagedir_move(struct pagedir *pagedir, vaddr_t from, vaddr_t to, size_t size)
{
	assert_user_range(from, from + size);
	assert_user_range(to, to + size);
	assert(from + size <= to || to + size <= from);
	if (make_tables_for_move(pagedir, from, from + size, to)) {
		drop_empty_tables(pagedir, to, to + size);
		/* The processor may have looked at the directory while they were there. */
		pagedir_flush_all(pagedir);
		return -ENOMEM;
	}
	for (vaddr_t at = from, next; at < from + size; at = next) {
		next = chunk_end(at, from + size);
		move_chunk(pagedir, at, next, to + (at - from));
	}
	drop_empty_tables(pagedir, from, from + size);
	drop_empty_tables(pagedir, to, to + size);
	pagedir_flush(pagedir, from, from + size);
	return 0;
}
