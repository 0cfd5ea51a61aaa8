/*
 * Which blocks a file has: from its logical blocks, 0 at the start, to blocks of the disk.
 *
 * The first 12 are named in the inode; then a block of pointers, one of pointers to such blocks,
 * and one of pointers to those. A pointer of 0 is a hole, whatever lies below it. Pointers that
 * are not 0 are believed only if they name a block that a file may have.
 *
 * A new block with the indirect blocks it needs is taken whole or not at all: first all blocks are
 * got, then the lowest is put into the next one, and so on up to a pointer that was there before,
 * whose change makes all of them the file's.
 *
 * Protected by: own->blocks.
 */
#include "ext2.h"

#include <assert.h>

static uint32_t *pointers(const struct ext2_buffer *buffer)
{
	return (uint32_t *)(void *)buffer->data;
}

static int bad_pointer(struct ext2_inode *own, uint32_t block)
{
	return ext2_error(own->fs, "inode %u leads to block %u, which is none of a file's",
			  own->number, block);
}

/* How far down the path there are blocks. */
struct descent {
	struct ext2_path path;
	unsigned level;		    /* path.at[level]: the pointer it ends at */
	uint32_t block;		    /* what that is; 0: there is a hole */
	struct ext2_buffer *holder; /* where it is, a reference; NULL: in the inode */
};

static void end_descent(struct ext2_inode *own, struct descent *down)
{
	if (down->holder)
		ext2_buffer_put(own->fs, down->holder);
	down->holder = NULL;
}

/* Goes down to the block, or the hole. On failure nothing is held. */
static int descend(struct ext2_inode *own, uint32_t logical, struct descent *down)
{
	int error = ext2_path_to(&own->fs->geometry, logical, &down->path);

	assert(mutex_is_mine(&own->blocks));
	if (error)
		return error;
	down->level = 0;
	down->holder = NULL;
	down->block = own->block[down->path.at[0]];
	while (down->block && down->level + 1 < down->path.depth) {
		struct ext2_buffer *next;

		if (!ext2_block_valid(own->fs, down->block))
			break;
		next = ext2_buffer_get(own->fs, down->block);
		end_descent(own, down);
		if (IS_ERR(next))
			return PTR_ERR(next);
		down->holder = next;
		down->block = pointers(next)[down->path.at[++down->level]];
	}
	if (!down->block || ext2_block_valid(own->fs, down->block))
		return 0;
	end_descent(own, down);
	return bad_pointer(own, down->block);
}

int ext2_map_find(struct ext2_inode *own, uint32_t logical, uint32_t *block)
{
	struct descent down;
	int error = descend(own, logical, &down);

	if (error)
		return error;
	*block = down.block;
	end_descent(own, &down);
	return 0;
}

/* ---- making ---- */

/* Where a new block would lie best. */
static uint32_t goal_for(const struct ext2_inode *own, uint32_t logical, const struct descent *down)
{
	const uint32_t *beside = down->holder ? pointers(down->holder) : own->block;
	const struct ext2_geometry *geometry = &own->fs->geometry;
	uint32_t group = (own->number - 1) / geometry->inodes_per_group;

	if (own->placed && logical == own->last_logical + 1)
		return own->last_placed + 1;
	/* Behind the one in front of it; of the inode's pointers those alone that are direct. */
	for (uint32_t i = down->path.at[down->level]; i > 0; i--)
		if (beside[i - 1] && (down->holder || i - 1 < EXT2_DIRECT))
			return beside[i - 1] + 1;
	if (down->holder)
		return down->holder->block + 1;
	return ext2_group_start(geometry, group);
}

/* Takes count blocks, wherever they are; all or none. */
static int take_blocks(struct ext2_inode *own, uint32_t goal, uint32_t *blocks, unsigned count)
{
	unsigned done = 0;
	int error = 0;

	while (done < count) {
		uint32_t first, got = count - done;

		error = ext2_blocks_take(own, goal, &first, &got);
		if (error)
			break;
		assert(got > 0 && got <= count - done);
		for (uint32_t i = 0; i < got; i++)
			blocks[done++] = first + i;
		goal = first + got;
	}
	while (error && done > 0)
		ext2_block_untake(own->fs, blocks[--done]);
	return error;
}

/*
 * Makes blocks[0..count - 2] indirect blocks, each of which leads to the next by the path from
 * level on. -ENOMEM, -EIO.
 */
static int chain(struct ext2_inode *own, const struct descent *down, const uint32_t *blocks,
		 unsigned count)
{
	for (unsigned i = 0; i + 1 < count; i++) {
		struct ext2_buffer *buffer = ext2_buffer_fresh(own->fs, blocks[i]);

		if (IS_ERR(buffer))
			return PTR_ERR(buffer);
		pointers(buffer)[down->path.at[down->level + 1 + i]] = blocks[i + 1];
		ext2_buffer_put(own->fs, buffer);
	}
	return 0;
}

/* Fills the hole that the descent ended at. */
static int fill_hole(struct ext2_inode *own, uint32_t logical, struct descent *down)
{
	struct ext2 *fs = own->fs;
	unsigned count = down->path.depth - down->level;
	uint32_t blocks[4] = { 0 }, place = down->path.at[down->level];
	int error = take_blocks(own, goal_for(own, logical, down), blocks, count);

	if (error)
		return error;
	error = chain(own, down, blocks, count);
	if (error) {
		while (count > 0)
			ext2_block_untake(fs, blocks[--count]);
		return error;
	}
	if (down->holder) {
		pointers(down->holder)[place] = blocks[0];
		ext2_buffer_dirty(fs, down->holder, EXT2_MAPS);
	} else {
		own->block[place] = blocks[0];
	}
	own->sectors += count << (fs->geometry.block_shift - SECTOR_SHIFT);
	own->last_logical = logical;
	own->last_placed = blocks[count - 1];
	own->placed = true;
	down->block = blocks[count - 1];
	return 0;
}

int ext2_map_make(struct ext2_inode *own, uint32_t logical, uint32_t *block, bool *fresh)
{
	struct descent down;
	int error = descend(own, logical, &down);

	assert(own->fs->nactive > 0);
	if (error)
		return error;
	*fresh = !down.block;
	if (*fresh)
		error = fill_hole(own, logical, &down);
	*block = down.block;
	end_descent(own, &down);
	return error;
}

void ext2_map_unmake(struct ext2_inode *own, uint32_t logical)
{
	struct ext2 *fs = own->fs;
	struct descent down;

	if (descend(own, logical, &down) != 0)
		return;
	if (down.block) {
		uint32_t place = down.path.at[down.level];

		if (down.holder)
			pointers(down.holder)[place] = 0;
		else
			own->block[place] = 0;
		ext2_block_untake(fs, down.block);
		own->sectors -= 1u << (fs->geometry.block_shift - SECTOR_SHIFT);
		own->placed = false;
	}
	end_descent(own, &down);
}

/* ---- looking for holes ---- */

/* Logical blocks from this one to the end of what the pointer, which is a hole, would lead to. */
static uint32_t hole_size(const struct ext2_inode *own, const struct descent *down)
{
	unsigned shift = own->fs->geometry.pointers_shift;
	uint64_t span = 1, offset = 0;

	for (unsigned i = down->path.depth - 1; i > down->level; i--) {
		offset += down->path.at[i] * span;
		span <<= shift;
	}
	return (uint32_t)(span - offset);
}

int ext2_map_seek(struct ext2_inode *own, uint32_t *at, uint32_t end, bool hole)
{
	while (*at < end) {
		struct descent down;
		int error = descend(own, *at, &down);
		uint32_t step;

		if (error)
			return error;
		step = down.block ? 1 : hole_size(own, &down);
		end_descent(own, &down);
		if (hole == !down.block)
			return 0;
		*at += MIN(step, end - *at);
		if (sched_give_way())
			return -EINTR;
	}
	return 0;
}
