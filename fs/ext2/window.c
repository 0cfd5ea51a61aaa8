/*
 * Windows: blocks that are kept for one file, so that files that grow side by side do not take turns
 * block by block.
 *
 * A window is a run of blocks in one group, of which some may be in use. It exists in memory alone: on
 * the disk, and in all counts, its blocks are free. A file gets one with its first new block, from
 * where the goal is on, of 8 blocks; when it has used that up, and goes on behind it, one twice as
 * large, up to 1024. (The idea is that of Linux's ext2, fs/ext2/balloc.c, "reservation windows".)
 * Others take no block out of it as long as they find any elsewhere; when they do not, all windows go.
 *
 * It is given up when the file is closed by somebody who could write, is cut, or leaves memory; and
 * when more files than WINDOWS_MAX have one, by that which got its own first.
 *
 * Protected by: the kernel not being preempted; nothing here sleeps. As windows may go over any sleep,
 * one that was looked at is looked at again. Two windows have no block in common.
 */
#include "ext2.h"

#include <assert.h>

#define WINDOW_FIRST 8u
#define WINDOW_LAST 1024u
#define WINDOWS_MAX 64u
/* How many runs of free blocks are looked at for one that is long enough. */
#define RUNS_MAX 256u

static struct ext2_inode *at_link(struct list *link)
{
	return list_entry(link, struct ext2_inode, window_link);
}

static bool has_window(const struct ext2_inode *own)
{
	return own && own->window_first < own->window_end;
}

/* The file may get another, no smaller. */
static void close_window(struct ext2_inode *own)
{
	if (!has_window(own))
		return;
	assert(own->fs->nwindows > 0);
	list_remove(&own->window_link);
	own->fs->nwindows--;
	own->window_first = own->window_end = 0;
}

void ext2_window_drop(struct ext2_inode *own)
{
	close_window(own);
	own->window_size = 0;
}

bool ext2_windows_drop(struct ext2 *fs)
{
	bool any = fs->nwindows > 0;

	while (fs->nwindows > 0)
		close_window(at_link(fs->windows.next));
	assert(list_empty(&fs->windows));
	return any;
}

uint32_t ext2_window_behind(const struct ext2 *fs, const struct ext2_inode *own, uint32_t block)
{
	const struct ext2_inode *other;

	list_for_each(other, &fs->windows, window_link)
		if (other != own && block >= other->window_first && block < other->window_end)
			return other->window_end;
	return block;
}

uint32_t ext2_window_next(const struct ext2 *fs, const struct ext2_inode *own, uint32_t block,
			  uint32_t end)
{
	const struct ext2_inode *other;

	list_for_each(other, &fs->windows, window_link)
		if (other != own && other->window_first >= block)
			end = MIN(end, other->window_first);
	return end;
}

/* ---- choosing ---- */

/* Bits of a group's bitmap as the file may have them: from `at` on, below `end`. */
struct search {
	const struct ext2 *fs;
	const struct ext2_inode *own;
	const uint8_t *bits;
	uint32_t start; /* the group's first block */
	uint32_t nruns; /* looked at */
	uint32_t best, best_length;
};

/* The free run at or behind *at that is nobody else's: how long, up to max; 0: there is none. */
static uint32_t next_run(const struct search *search, uint32_t *at, uint32_t end, uint32_t max)
{
	uint32_t limit;

	for (;;) {
		uint32_t behind;

		*at = ext2_bit_find(search->bits, *at, end);
		if (*at >= end)
			return 0;
		behind = ext2_window_behind(search->fs, search->own, search->start + *at);
		if (behind == search->start + *at)
			break;
		*at = behind - search->start;
	}
	limit = ext2_window_next(search->fs, search->own, search->start + *at, search->start + end);
	return ext2_bit_run(search->bits, *at, limit - search->start, max);
}

/* Remembers the first run of `size` blocks, or the longest, in from..end. True: that is it. */
static bool look(struct search *search, uint32_t from, uint32_t end, uint32_t size)
{
	while (from < end && search->nruns < RUNS_MAX && search->best_length < size) {
		uint32_t length = next_run(search, &from, end, size);

		if (length > search->best_length) {
			search->best = from;
			search->best_length = length;
		}
		from += length ? length : 1;
		search->nruns++;
	}
	return search->best_length >= size;
}

/* Where a window of `size` blocks begins best: the bit, or end. */
static uint32_t choose(struct search *search, uint32_t from, uint32_t end, uint32_t size)
{
	uint32_t at = from;

	/* To go on where the file ends is best, however little is free there. */
	if (next_run(search, &at, end, 1) && at == from)
		return from;
	if (!look(search, from, end, size) && search->nruns < RUNS_MAX)
		look(search, 0, from, size);
	return search->best_length ? search->best : end;
}

/* The file has a window from a block on, up to `size` blocks of what is below end. */
static void open_window(struct ext2_inode *own, uint32_t first, uint32_t end, uint32_t size)
{
	struct ext2 *fs = own->fs;

	assert(!has_window(own) && first < end);
	while (fs->nwindows >= WINDOWS_MAX)
		close_window(at_link(fs->windows.next));
	own->window_first = first;
	own->window_end = ext2_window_next(fs, own, first, first + MIN(size, end - first));
	own->window_size = size;
	list_add_tail(&fs->windows, &own->window_link);
	fs->nwindows++;
	assert(own->window_first < own->window_end);
}

/* What has been used up, or lost to the needs of others, makes place for a larger one. */
static uint32_t next_size(const struct ext2_inode *own, uint32_t goal)
{
	bool elsewhere = has_window(own) && (goal < own->window_first || goal > own->window_end);

	if (!own->window_size || elsewhere)
		return WINDOW_FIRST;
	return MIN(own->window_size * 2, WINDOW_LAST);
}

/* A new window; where it begins, or end. */
static uint32_t move_window(struct ext2_inode *own, const uint8_t *bits, uint32_t start,
			    uint32_t from, uint32_t end)
{
	struct search search = { .fs = own->fs, .own = own, .bits = bits, .start = start };
	uint32_t size = next_size(own, start + from), at;

	close_window(own);
	at = choose(&search, from, end, size);
	if (at < end)
		open_window(own, start + at, start + end, size);
	return at;
}

uint32_t ext2_window_place(struct ext2_inode *own, const uint8_t *bits, uint32_t start,
			   uint32_t from, uint32_t end)
{
	uint32_t goal = start + from, at;

	if (goal >= own->window_first && goal < own->window_end) {
		at = ext2_bit_find(bits, from, own->window_end - start);
		if (at < own->window_end - start)
			return at;
	}
	return move_window(own, bits, start, from, end);
}
