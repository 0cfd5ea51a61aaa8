/*
 * Taking blocks from a file: all from one logical block on.
 *
 * The trees of indirect blocks are walked from the front. Of one that goes as a whole, the root is
 * freed before its children are looked at: as a block can be freed only once, a tree that leads
 * into itself, or into another, ends there, and no image makes this walk longer than the disk has
 * blocks. What is no file's block, or was free already, is let alone, and said (ext2_block_free).
 *
 * What has begun is done to the end, whoever asked for it; but at each block others have their turn.
 *
 * When memory is out (-EAGAIN) what has been freed so far has no pointers any more: the caller
 * commits, which gives memory back, and goes on. For that the tree's root is taken back.
 */
#include "ext2.h"

#include <assert.h>

static uint32_t *pointers(const struct ext2_buffer *buffer)
{
	return (uint32_t *)(void *)buffer->data;
}

/* One block fewer. */
static void uncount(struct ext2_inode *own)
{
	uint32_t sectors = 1u << (own->fs->geometry.block_shift - SECTOR_SHIFT);

	own->sectors -= MIN(sectors, own->sectors);
}

/* Frees a block of content. -EAGAIN: not done. */
static int cut_leaf(struct ext2_inode *own, uint32_t *pointer)
{
	int error = ext2_block_free(own->fs, *pointer);

	if (error == -EAGAIN)
		return error;
	*pointer = 0;
	uncount(own);
	return 0;
}

static int cut_tree(struct ext2_inode *own, uint32_t *pointer, unsigned levels, uint64_t first,
		    uint64_t from);

/*
 * Cuts the children of an indirect block whose first logical block is `first`. *last: the first
 * child that was not seen to.
 */
static int cut_children(struct ext2_inode *own, struct ext2_buffer *buffer, unsigned levels,
			uint64_t first, uint64_t from, uint32_t *last)
{
	unsigned shift = own->fs->geometry.pointers_shift;
	uint64_t span = 1ull << (shift * (levels - 1));
	uint32_t count = 1u << shift, at = 0;
	int error = 0;

	if (from > first)
		at = (uint32_t)((from - first) >> (shift * (levels - 1)));
	for (; at < count; at++) {
		/* A copy: in a block that goes as a whole pointers stay as they are. */
		uint32_t child = pointers(buffer)[at];

		if (!child)
			continue;
		error = cut_tree(own, &child, levels - 1, first + at * span, from);
		if (error)
			break;
		sched_give_way();
		if (first < from) {
			pointers(buffer)[at] = child;
			ext2_buffer_dirty(own->fs, buffer, EXT2_MAPS);
		}
	}
	*last = at;
	return error;
}

/* The tree goes as a whole. */
static int cut_whole(struct ext2_inode *own, uint32_t *pointer, unsigned levels, uint64_t first,
		     struct ext2_buffer *buffer)
{
	struct ext2 *fs = own->fs;
	int error = ext2_block_free(fs, *pointer);
	uint32_t last;

	if (error == -EAGAIN)
		return error;
	if (!error) {
		error = cut_children(own, buffer, levels, first, first, &last);
		if (error) {
			ext2_block_keep(fs, *pointer);
			for (uint32_t i = 0; i < last; i++)
				pointers(buffer)[i] = 0;
			ext2_buffer_dirty(fs, buffer, EXT2_MAPS);
			return error;
		}
	}
	*pointer = 0;
	uncount(own);
	return 0;
}

static bool is_all_holes(const struct ext2_inode *own, const struct ext2_buffer *buffer)
{
	for (uint32_t i = 0; i < 1u << own->fs->geometry.pointers_shift; i++)
		if (pointers(buffer)[i])
			return false;
	return true;
}

/* Cuts what *pointer leads to, levels of indirect blocks and then content, from `from` on. */
static int cut_tree(struct ext2_inode *own, uint32_t *pointer, unsigned levels, uint64_t first,
		    uint64_t from)
{
	struct ext2_buffer *buffer;
	uint32_t last;
	int error;

	if (!*pointer)
		return 0;
	if (levels == 0)
		return cut_leaf(own, pointer);
	if (!ext2_block_valid(own->fs, *pointer))
		return cut_leaf(own, pointer);
	buffer = ext2_buffer_get(own->fs, *pointer);
	if (IS_ERR(buffer)) {
		/* What it led to is lost until e2fsck runs, which was said. */
		return PTR_ERR(buffer) == -ENOMEM ? -EAGAIN : cut_leaf(own, pointer);
	}
	if (first >= from) {
		error = cut_whole(own, pointer, levels, first, buffer);
	} else {
		error = cut_children(own, buffer, levels, first, from, &last);
		if (!error && is_all_holes(own, buffer))
			error = cut_leaf(own, pointer);
	}
	ext2_buffer_put(own->fs, buffer);
	return error;
}

int ext2_map_cut(struct ext2_inode *own, uint64_t from)
{
	unsigned shift = own->fs->geometry.pointers_shift;
	uint64_t first = EXT2_DIRECT;
	int error = 0;

	assert(mutex_is_mine(&own->blocks) && own->fs->nactive > 0);
	own->placed = false;
	ext2_window_drop(own);
	for (uint64_t i = from; !error && i < EXT2_DIRECT; i++)
		error = own->block[i] ? cut_leaf(own, &own->block[i]) : 0;
	for (unsigned levels = 1; !error && levels <= 3; levels++) {
		uint64_t span = 1ull << (shift * levels);

		if (first + span > from)
			error = cut_tree(own, &own->block[EXT2_DIRECT + levels - 1], levels, first,
					 from);
		first += span;
	}
	return error;
}
