/*
 * Mappings from one place to another: into another directory (fork), or elsewhere in the same
 * one (mremap). Entries go, bytes stay. Both build the page tables that they need before they
 * change an entry of the table at hand, so that running out of memory never leaves an entry in
 * two states.
 */
#include <pagedir.h>

#include <abi/errno.h>

#include "pagedir_internal.h"

/* One more mapping, in `to`, of what an entry maps. */
static inline void hold(struct pagedir *to, uint32_t entry)
{
	struct frame *frame = entry_frame(entry);

	if (!frame)
		return;
	frame_get(frame);
	count_resident(to, frame);
}

/*
 * Copies what is in one table. The target's table comes first, so that nothing is half done
 * when it cannot be had.
 */
static int copy_chunk(struct pagedir *to, struct pagedir *from, vaddr_t at, vaddr_t end, bool cow)
{
	const uint32_t lost = cow ? ENTRY_WRITE : 0, gained = cow ? ENTRY_COW : 0;
	uint32_t *source, *target;
	uint32_t count = 0;

	at = pagedir_first_used(from, at, end);
	if (at == end)
		return 0;
	target = pagedir_make_table(to, at);
	if (!target)
		return -ENOMEM;
	source = find_table(from, at);
	for (unsigned i = table_index(at); i <= table_index(end - 1); i++) {
		uint32_t entry = source[i];

		if (!entry)
			continue;
		assert(!target[i]);
		entry = (entry & ~lost) | gained;
		source[i] = entry;
		target[i] = entry;
		hold(to, entry);
		count++;
	}
	table_frame(to, at)->index += count;
	return 0;
}

int pagedir_copy(struct pagedir *to, struct pagedir *from, vaddr_t start, vaddr_t end, bool cow)
{
	int error = 0;

	assert_user_range(start, end);
	assert(to != from);
	for (vaddr_t at = start, next; at < end && !error; at = next) {
		next = chunk_end(at, end);
		error = copy_chunk(to, from, at, next, cow);
	}
	if (cow && from == active_pagedir)
		cpu_write_cr3(from->paddr);
	return error;
}

/* Frees the tables for [start, end) that have no entry: those left behind, or made in vain. */
static void drop_empty_tables(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	for (vaddr_t at = start; at < end; at = chunk_end(at, end)) {
		if (find_table(pagedir, at) && table_frame(pagedir, at)->index == 0)
			pagedir_table_lost(pagedir, at, 0);
	}
}

/* Builds the tables that a move of [from, end) to `to` needs. */
static int make_tables_for_move(struct pagedir *pagedir, vaddr_t from, vaddr_t end, vaddr_t to)
{
	for (vaddr_t at = from, next; at < end; at = next) {
		next = chunk_end(at, end);
		at = pagedir_first_used(pagedir, at, next);
		if (at == next)
			continue;
		/* A source table meets at most two target tables. */
		if (!pagedir_make_table(pagedir, to + (at - from)) ||
		    !pagedir_make_table(pagedir, to + (next - PAGE_SIZE - from)))
			return -ENOMEM;
	}
	return 0;
}

/*
 * Moves what is in one table. An emptied table stays: where the two ranges are near to each other, it
 * can be one that a later part moves to.
 */
static void move_chunk(struct pagedir *pagedir, vaddr_t from, vaddr_t end, vaddr_t to,
		       struct flush *flush)
{
	uint32_t *source = find_entry(pagedir, from);
	uint32_t count = 0;

	if (!source)
		return;
	for (vaddr_t at = from; at < end; at += PAGE_SIZE, source++, to += PAGE_SIZE) {
		uint32_t *target;

		if (!*source)
			continue;
		target = find_entry(pagedir, to);
		assert(target && !*target);
		*target = *source;
		*source = 0;
		table_frame(pagedir, to)->index++;
		count++;
		flush_add(flush, at);
	}
	assert(table_frame(pagedir, from)->index >= count);
	table_frame(pagedir, from)->index -= count;
}

int pagedir_move(struct pagedir *pagedir, vaddr_t from, vaddr_t to, size_t size)
{
	struct flush flush;

	assert_user_range(from, from + size);
	assert_user_range(to, to + size);
	assert(from + size <= to || to + size <= from);
	if (make_tables_for_move(pagedir, from, from + size, to)) {
		drop_empty_tables(pagedir, to, to + size);
		return -ENOMEM;
	}
	flush.count = 0;
	for (vaddr_t at = from, next; at < from + size; at = next) {
		next = chunk_end(at, from + size);
		move_chunk(pagedir, at, next, to + (at - from), &flush);
	}
	drop_empty_tables(pagedir, from, from + size);
	drop_empty_tables(pagedir, to, to + size);
	pagedir_flush(&flush, pagedir);
	return 0;
}
