/*
 * Which blocks are free.
 *
 * A file's block is taken out of its window, which is near its goal (window.c); any other as near
 * behind a goal as can be: the goal itself, else a free one soon after it, else eight free ones in a
 * byte of the bitmap, else any, in the goal's group and then the others. What is in others' windows is
 * left alone, until nothing else is left.
 *
 * A block that is freed stays marked in its bitmap, and is noted in a second one of its group in
 * memory (`leaving`), until a commit has taken off the disk what leads to it (order.c): then
 * ext2_blocks_release takes it out of both. Counts of the whole file system, as statfs shows them,
 * have it free at once; those of its group, by which is looked for room, at the release. Who finds
 * no block while some are leaving says -EAGAIN: after a commit there are some.
 *
 * What the disk says is not believed: a bitmap that has a block of the superblock's, of a bitmap
 * or of a table as free does not make it a file's, and a count that does not fit is not gone below
 * 0.
 *
 * Protected by: fs->allocation, as bitmaps may have to be read.
 */
#include "ext2.h"

#include <assert.h>
#include <kheap.h>
#include <string.h>

/* How far behind a goal that is taken a single free block still is a good one. */
#define NEAR 64u

/* ---- groups ---- */

static struct ext2_buffer *descriptor_of(struct ext2 *fs, uint32_t group)
{
	return fs->descriptors[group / fs->geometry.descriptors_per_block];
}

/* The group has so many blocks more (or fewer) free. */
static void count_blocks(struct ext2 *fs, uint32_t group, int32_t by)
{
	struct ext2_group_disk *disk = fs->groups[group].disk;
	int32_t count = disk->free_blocks + by;

	count = MIN(MAX(count, 0), (int32_t)ext2_group_blocks(&fs->geometry, group));
	disk->free_blocks = (uint16_t)count;
	ext2_buffer_dirty(fs, descriptor_of(fs, group), EXT2_FRESH);
}

bool ext2_block_valid(const struct ext2 *fs, uint32_t block)
{
	uint32_t group;

	if (!ext2_block_in_range(&fs->geometry, block))
		return false;
	group = ext2_group_of(&fs->geometry, block);
	return ext2_group_block_free_for_files(&fs->geometry, group, fs->groups[group].disk, block);
}

static struct ext2_buffer *get_bitmap(struct ext2 *fs, uint32_t group)
{
	return ext2_buffer_get(fs, fs->groups[group].disk->block_bitmap);
}

/* ---- taking ---- */

/* May current have one, or are only those left that are reserved? */
static bool may_take(const struct ext2 *fs)
{
	const struct credentials *cred = &current->process->cred;

	if (fs->free_blocks > fs->super->reserved_blocks || cred_can(CAP_SYS_RESOURCE))
		return true;
	if (cred->fsuid == fs->options.reserved_uid)
		return true;
	return fs->options.reserved_gid != 0 && cred_in_group(fs->options.reserved_gid);
}

/* The best free bit at or behind `from`, whosoever's; end: none. */
static uint32_t choose_any(const uint8_t *bits, uint32_t from, uint32_t end)
{
	uint32_t near = MIN(from + NEAR, end);
	uint32_t at = ext2_bit_find(bits, from, near);

	if (at < near)
		return at;
	at = ext2_bit_find_byte(bits, from, end);
	return at < end ? at : ext2_bit_find(bits, from, end);
}

/* The best one that is in nobody's window. */
static uint32_t choose_bit(const struct ext2 *fs, const uint8_t *bits, uint32_t start,
			   uint32_t from, uint32_t end)
{
	while (from < end) {
		uint32_t at = choose_any(bits, from, end), behind;

		if (at >= end)
			return end;
		behind = ext2_window_behind(fs, NULL, start + at);
		if (behind == start + at)
			return at;
		from = behind - start;
	}
	return end;
}

/*
 * For a file in its window, or in a new one; for what does not grow much behind its goal, or before
 * it.
 */
static uint32_t choose_for(struct ext2_inode *own, const uint8_t *bits, uint32_t start,
			   uint32_t from, uint32_t end)
{
	uint32_t at;

	if (S_ISREG(own->inode->mode))
		return ext2_window_place(own, bits, start, from, end);
	at = choose_bit(own->fs, bits, start, from, end);
	return at < end ? at : choose_bit(own->fs, bits, start, 0, end);
}

/* Marks up to max bits from `at` on that may be this file's blocks: how many. */
static uint32_t take_run(struct ext2_inode *own, uint32_t group, uint8_t *bits, uint32_t at,
			 uint32_t end, uint32_t max)
{
	const struct ext2 *fs = own->fs;
	uint32_t start = ext2_group_start(&fs->geometry, group);
	uint32_t limit = ext2_window_next(fs, own, start + at, start + MIN(at + max, end));
	uint32_t run = ext2_bit_run(bits, at, limit - start, max), count = 0;

	while (count < run && ext2_block_valid(fs, start + at + count))
		ext2_bit_set(bits, at + count++);
	return count;
}

/* 0: *first and *count; -ENOSPC: none in this group; -EIO, -ENOMEM. */
static int take_in_group(struct ext2_inode *own, uint32_t group, uint32_t from, uint32_t *first,
			 uint32_t *count)
{
	struct ext2 *fs = own->fs;
	uint32_t start = ext2_group_start(&fs->geometry, group);
	uint32_t end = ext2_group_blocks(&fs->geometry, group), at = 0, taken = 0;
	struct ext2_buffer *bitmap = get_bitmap(fs, group);

	if (IS_ERR(bitmap))
		return PTR_ERR(bitmap);
	while (!taken) {
		at = choose_for(own, bitmap->data, start, from, end);
		if (at >= end)
			break;
		taken = take_run(own, group, bitmap->data, at, end, *count);
		if (!taken) {
			/* The bitmap lies. Marked as it should be, it is passed over. */
			ext2_error(fs, "group %u has block %u of its own as free", group,
				   start + at);
			ext2_bit_set(bitmap->data, at);
		}
		ext2_buffer_dirty(fs, bitmap, EXT2_FRESH);
	}
	if (taken)
		count_blocks(fs, group, -(int32_t)taken);
	ext2_buffer_put(fs, bitmap);
	*first = start + at;
	*count = taken;
	return taken ? 0 : -ENOSPC;
}

/* In the goal's group, or else in another: out of nobody's window. */
static int take_apart(struct ext2_inode *own, uint32_t goal, uint32_t *first, uint32_t *count)
{
	struct ext2 *fs = own->fs;
	uint32_t ngroups = fs->geometry.ngroups, wanted = *count;
	uint32_t group = ext2_group_of(&fs->geometry, goal);
	uint32_t from = goal - ext2_group_start(&fs->geometry, group);
	int result = -ENOSPC;

	for (uint32_t i = 0; i < ngroups; i++, from = 0, group = (group + 1) % ngroups) {
		int error;

		if (!fs->groups[group].disk->free_blocks)
			continue;
		if (sched_give_way())
			return -EINTR;
		*count = wanted;
		error = take_in_group(own, group, from, first, count);
		if (error != -EIO && error != -ENOSPC)
			return error;
		result = error == -EIO ? error : result;
	}
	*count = wanted;
	return result;
}

/* When only windows are left, they go. */
static int take_somewhere(struct ext2_inode *own, uint32_t goal, uint32_t *first, uint32_t *count)
{
	int result = take_apart(own, goal, first, count);

	if (result == -ENOSPC && ext2_windows_drop(own->fs))
		result = take_apart(own, goal, first, count);
	return result == -ENOSPC && own->fs->nleaving ? -EAGAIN : result;
}

int ext2_blocks_take(struct ext2_inode *own, uint32_t goal, uint32_t *first, uint32_t *count)
{
	struct ext2 *fs = own->fs;
	int error;

	assert(fs->nactive > 0 && *count > 0);
	if (!ext2_block_in_range(&fs->geometry, goal))
		goal = fs->geometry.first_block;
	mutex_lock(&fs->allocation);
	error = may_take(fs) ? take_somewhere(own, goal, first, count) : -ENOSPC;
	if (!error)
		fs->free_blocks -= MIN(*count, fs->free_blocks);
	mutex_unlock(&fs->allocation);
	return error;
}

/* ---- freeing ---- */

void ext2_block_untake(struct ext2 *fs, uint32_t block)
{
	uint32_t group = ext2_group_of(&fs->geometry, block);
	struct ext2_buffer *bitmap;

	ext2_buffer_forget(fs, block);
	mutex_lock(&fs->allocation);
	bitmap = get_bitmap(fs, group);
	if (IS_ERR(bitmap)) {
		ext2_notice(fs, LOG_WARNING, "block %u stays taken until e2fsck runs", block);
	} else {
		ext2_bit_clear(bitmap->data, block - ext2_group_start(&fs->geometry, group));
		ext2_buffer_dirty(fs, bitmap, EXT2_FRESH);
		ext2_buffer_put(fs, bitmap);
		count_blocks(fs, group, 1);
		fs->free_blocks++;
	}
	mutex_unlock(&fs->allocation);
}

/* Notes a block that its bitmap has as taken. */
static int note_leaving(struct ext2 *fs, uint32_t block)
{
	uint32_t group = ext2_group_of(&fs->geometry, block);
	uint32_t bit = block - ext2_group_start(&fs->geometry, group);
	struct ext2_group *of = &fs->groups[group];
	struct ext2_buffer *bitmap = get_bitmap(fs, group);
	bool taken;

	if (IS_ERR(bitmap))
		return PTR_ERR(bitmap) == -ENOMEM ? -EAGAIN : PTR_ERR(bitmap);
	taken = ext2_bit_test(bitmap->data, bit);
	ext2_buffer_put(fs, bitmap);
	if (!taken || (of->leaving && ext2_bit_test(of->leaving, bit)))
		return ext2_error(fs, "block %u is freed, and is free already", block);
	if (!of->leaving)
		of->leaving = kzalloc(fs->geometry.block_size);
	if (!of->leaving)
		return -EAGAIN;
	ext2_bit_set(of->leaving, bit);
	of->nleaving++;
	fs->nleaving++;
	fs->free_blocks++;
	return 0;
}

int ext2_block_free(struct ext2 *fs, uint32_t block)
{
	int error;

	assert(fs->nactive > 0);
	if (!ext2_block_valid(fs, block))
		return ext2_error(fs, "block %u is freed, and is none of a file's", block);
	mutex_lock(&fs->allocation);
	error = note_leaving(fs, block);
	mutex_unlock(&fs->allocation);
	if (!error)
		ext2_buffer_forget(fs, block);
	return error;
}

void ext2_block_keep(struct ext2 *fs, uint32_t block)
{
	uint32_t group = ext2_group_of(&fs->geometry, block);
	struct ext2_group *of = &fs->groups[group];

	assert(of->leaving && of->nleaving > 0 && fs->nleaving > 0);
	ext2_bit_clear(of->leaving, block - ext2_group_start(&fs->geometry, group));
	of->nleaving--;
	fs->nleaving--;
	fs->free_blocks--;
}

static void release_group(struct ext2 *fs, uint32_t group)
{
	struct ext2_group *of = &fs->groups[group];
	struct ext2_buffer *bitmap = get_bitmap(fs, group);

	/* Not now, then after the next commit. */
	if (IS_ERR(bitmap))
		return;
	for (uint32_t i = 0; i < fs->geometry.block_size; i++)
		bitmap->data[i] &= (uint8_t)~of->leaving[i];
	ext2_buffer_dirty(fs, bitmap, EXT2_FRESH);
	ext2_buffer_put(fs, bitmap);
	count_blocks(fs, group, (int32_t)of->nleaving);
	assert(fs->nleaving >= of->nleaving);
	fs->nleaving -= of->nleaving;
	of->nleaving = 0;
	kfree(of->leaving);
	of->leaving = NULL;
}

void ext2_blocks_release(struct ext2 *fs)
{
	assert(fs->committing == current);
	if (!fs->nleaving)
		return;
	for (uint32_t group = 0; group < fs->geometry.ngroups; group++) {
		if (fs->groups[group].nleaving)
			release_group(fs, group);
		sched_give_way();
	}
}

void ext2_blocks_drop(struct ext2 *fs)
{
	for (uint32_t group = 0; group < fs->geometry.ngroups; group++) {
		kfree(fs->groups[group].leaving);
		fs->groups[group].leaving = NULL;
	}
}
