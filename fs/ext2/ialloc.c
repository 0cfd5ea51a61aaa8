/*
 * Which numbers of inodes are free, and in which group a new one is best.
 *
 * Directories near the root are spread over the groups that have most room, since what will be in
 * them has little to do with each other; others stay near their parent, as long as its group is
 * not fuller than most. Everything else goes to its directory's group. (The idea is Grigoriy
 * Orlov's, of the BSD fast file system, as Linux's ext2 has it.)
 *
 * A number is free when its bit is 0; that of a deleted inode becomes so in a commit (order.c).
 * Protected by: fs->allocation.
 */
#include "ext2.h"

#include <assert.h>

static const struct ext2_group_disk *disk_of(const struct ext2 *fs, uint32_t group)
{
	return fs->groups[group].disk;
}

static uint32_t group_of_number(const struct ext2 *fs, uint32_t number)
{
	return (number - 1) / fs->geometry.inodes_per_group;
}

static bool has_room(const struct ext2 *fs, uint32_t group)
{
	return disk_of(fs, group)->free_inodes && disk_of(fs, group)->free_blocks;
}

/* ---- choosing a group ---- */

/* The group with fewest directories among those with no less room than the average. */
static uint32_t spread(const struct ext2 *fs, uint32_t otherwise)
{
	uint32_t ngroups = fs->geometry.ngroups, best = otherwise, fewest = UINT32_MAX;
	uint32_t inodes = fs->free_inodes / ngroups;
	uint32_t blocks = (uint32_t)fs->free_blocks / ngroups;

	for (uint32_t group = 0; group < ngroups; group++) {
		const struct ext2_group_disk *disk = disk_of(fs, group);

		if (!disk->free_inodes || disk->free_inodes < inodes ||
		    disk->free_blocks < blocks || disk->directories >= fewest)
			continue;
		best = group;
		fewest = disk->directories;
	}
	return best;
}

/* The first group from the parent's on that is not much fuller than the average. */
static uint32_t stay_near(const struct ext2 *fs, uint32_t parent)
{
	uint32_t ngroups = fs->geometry.ngroups;
	uint32_t inodes = fs->free_inodes / ngroups / 4;
	uint32_t blocks = (uint32_t)fs->free_blocks / ngroups / 4;

	for (uint32_t i = 0; i < ngroups; i++) {
		uint32_t group = (parent + i) % ngroups;

		if (has_room(fs, group) && disk_of(fs, group)->free_inodes >= inodes &&
		    disk_of(fs, group)->free_blocks >= blocks)
			return group;
	}
	return parent;
}

/* The parent's group, else one at a distance that doubles, so that neighbours do not fill up. */
static uint32_t with_parent(const struct ext2 *fs, uint32_t parent)
{
	uint32_t ngroups = fs->geometry.ngroups, group = parent;

	for (uint32_t step = 1; step < ngroups; step <<= 1) {
		if (has_room(fs, group))
			return group;
		group = (group + step) % ngroups;
	}
	return has_room(fs, group) ? group : parent;
}

static uint32_t choose_group(const struct ext2 *fs, const struct inode *directory, mode_t mode)
{
	const struct ext2_inode *own = ext2_inode_of(directory);
	uint32_t parent = group_of_number(fs, own->number);

	if (!S_ISDIR(mode))
		return with_parent(fs, parent);
	if (own->number == EXT2_ROOT_INODE || (own->flags & EXT2_FLAG_TOPDIR))
		return spread(fs, parent);
	return stay_near(fs, parent);
}

/* ---- bits ---- */

static void count_inodes(struct ext2 *fs, uint32_t group, int32_t by, bool directory)
{
	struct ext2_group_disk *disk = fs->groups[group].disk;
	int32_t most = (int32_t)fs->geometry.inodes_per_group;

	disk->free_inodes = (uint16_t)MIN(MAX(disk->free_inodes + by, 0), most);
	if (directory)
		disk->directories = (uint16_t)MIN(MAX(disk->directories - by, 0), most);
	ext2_buffer_dirty(fs, fs->descriptors[group / fs->geometry.descriptors_per_block],
			  EXT2_FRESH);
}

/* The number, 0: none, or -EIO, -ENOMEM. */
static int take_in_group(struct ext2 *fs, uint32_t group, bool directory, uint32_t *number)
{
	struct ext2_buffer *bitmap = ext2_buffer_get(fs, disk_of(fs, group)->inode_bitmap);
	uint32_t end = fs->geometry.inodes_per_group, first = group * end + 1, at = 0;

	if (IS_ERR(bitmap))
		return PTR_ERR(bitmap);
	/* Those that are reserved are never anybody's, whatever the bitmap says. */
	if (first < fs->geometry.first_inode)
		at = MIN(fs->geometry.first_inode - first, end);
	at = ext2_bit_find(bitmap->data, at, end);
	if (at < end) {
		ext2_bit_set(bitmap->data, at);
		ext2_buffer_dirty(fs, bitmap, EXT2_FRESH);
		count_inodes(fs, group, -1, directory);
		*number = first + at;
	}
	ext2_buffer_put(fs, bitmap);
	return at < end ? 0 : -ENOSPC;
}

static int take_somewhere(struct ext2 *fs, uint32_t group, bool directory, uint32_t *number)
{
	int result = -ENOSPC;

	for (uint32_t i = 0; i < fs->geometry.ngroups; i++) {
		int error = -ENOSPC;

		if (sched_give_way())
			return -EINTR;
		if (disk_of(fs, group)->free_inodes)
			error = take_in_group(fs, group, directory, number);
		if (error != -ENOSPC && error != -EIO)
			return error;
		result = error == -EIO ? error : result;
		group = (group + 1) % fs->geometry.ngroups;
	}
	/* Those deleted since the last commit are counted as free, and are not yet. */
	return result == -ENOSPC && fs->free_inodes ? -EAGAIN : result;
}

int ext2_number_take(struct ext2 *fs, const struct inode *directory, mode_t mode, uint32_t *number)
{
	int error;

	assert(fs->nactive > 0);
	mutex_lock(&fs->allocation);
	error = take_somewhere(fs, choose_group(fs, directory, mode), S_ISDIR(mode), number);
	if (!error && fs->free_inodes)
		fs->free_inodes--;
	mutex_unlock(&fs->allocation);
	return error;
}

int ext2_number_free(struct ext2 *fs, uint32_t number, bool directory)
{
	uint32_t group = group_of_number(fs, number);
	uint32_t bit = (number - 1) % fs->geometry.inodes_per_group;
	struct ext2_buffer *bitmap;
	int error = 0;

	assert(number >= fs->geometry.first_inode && number <= fs->geometry.inodes_count);
	mutex_lock(&fs->allocation);
	bitmap = ext2_buffer_get(fs, disk_of(fs, group)->inode_bitmap);
	if (IS_ERR(bitmap)) {
		error = PTR_ERR(bitmap);
	} else {
		if (ext2_bit_test(bitmap->data, bit))
			count_inodes(fs, group, 1, directory);
		else
			ext2_error(fs, "inode %u is freed, and is free already", number);
		ext2_bit_clear(bitmap->data, bit);
		ext2_buffer_dirty(fs, bitmap, EXT2_FRESH);
		ext2_buffer_put(fs, bitmap);
	}
	mutex_unlock(&fs->allocation);
	return error;
}
