/*
 * Where things lie on an ext2 disk: what a superblock says, checked, and the arithmetic on it.
 *
 * The rule is that what passes ext2_geometry_init cannot lead any of the other functions to a
 * division by zero, an overflow or a block outside of the device. Groups are checked one by one,
 * as their descriptors are read.
 */
#include "geometry.h"

#include <assert.h>
#include <err.h>
#include <layout.h>

/* ---- the superblock ---- */

static const char *check_sizes(const struct ext2_super_disk *disk)
{
	if (disk->magic != EXT2_MAGIC)
		return "no ext2 file system";
	if (disk->log_block_size > EXT2_BLOCK_SHIFT_MAX - EXT2_BLOCK_SHIFT_MIN)
		return "blocks are neither 1, 2 nor 4 KB";
	if (disk->log_fragment_size != disk->log_block_size)
		return "fragments are not as large as blocks";
	if (disk->first_data_block != (disk->log_block_size == 0 ? 1 : 0))
		return "the first data block is a strange one";
	return NULL;
}

static const char *check_inodes(const struct ext2_geometry *geometry)
{
	uint32_t size = geometry->inode_size;

	if (size < EXT2_INODE_SIZE_REV0 || size > geometry->block_size || (size & (size - 1)))
		return "inodes have a strange size";
	if (geometry->inodes_per_group == 0 ||
	    geometry->inodes_per_group > geometry->block_size * 8 ||
	    geometry->inodes_per_group % (geometry->block_size / size))
		return "a group has a strange number of inodes";
	if (geometry->first_inode <= EXT2_ROOT_INODE ||
	    geometry->first_inode > geometry->inodes_count)
		return "the first inode is a strange one";
	return NULL;
}

static const char *check_groups(struct ext2_geometry *geometry, uint64_t device_size)
{
	uint64_t inodes;

	if (geometry->blocks_count <= geometry->first_block + 1 ||
	    geometry->blocks_count > device_size >> geometry->block_shift)
		return "the device is smaller than the file system";
	if (geometry->blocks_per_group < 64 ||
	    geometry->blocks_per_group > geometry->block_size * 8)
		return "a group has a strange number of blocks";
	geometry->ngroups = (geometry->blocks_count - geometry->first_block - 1) /
				    geometry->blocks_per_group +
			    1;
	inodes = (uint64_t)geometry->ngroups * geometry->inodes_per_group;
	if (inodes != geometry->inodes_count)
		return "the number of inodes does not fit the groups";
	return NULL;
}

static void init_revision(struct ext2_geometry *geometry, const struct ext2_super_disk *disk)
{
	geometry->revision = disk->revision;
	if (disk->revision == EXT2_REVISION_OLD) {
		geometry->inode_size = EXT2_INODE_SIZE_REV0;
		geometry->first_inode = EXT2_FIRST_INODE_REV0;
		geometry->compat = geometry->incompat = geometry->ro_compat = 0;
		return;
	}
	geometry->inode_size = disk->inode_size;
	geometry->first_inode = disk->first_inode;
	geometry->compat = disk->compat;
	geometry->incompat = disk->incompat;
	geometry->ro_compat = disk->ro_compat;
}

int ext2_geometry_init(struct ext2_geometry *geometry, const struct ext2_super_disk *disk,
		       uint64_t device_size, const char **why)
{
	*geometry = (struct ext2_geometry){ 0 };
	*why = check_sizes(disk);
	if (*why)
		return -EINVAL;
	geometry->block_shift = EXT2_BLOCK_SHIFT_MIN + disk->log_block_size;
	geometry->block_size = 1u << geometry->block_shift;
	geometry->pointers_shift = geometry->block_shift - 2;
	geometry->blocks_count = disk->blocks_count;
	geometry->first_block = disk->first_data_block;
	geometry->blocks_per_group = disk->blocks_per_group;
	geometry->inodes_per_group = disk->inodes_per_group;
	geometry->inodes_count = disk->inodes_count;
	init_revision(geometry, disk);
	*why = check_inodes(geometry);
	if (!*why)
		*why = check_groups(geometry, device_size);
	if (*why)
		return -EINVAL;
	geometry->table_blocks = geometry->inodes_per_group /
				 (geometry->block_size / geometry->inode_size);
	geometry->descriptors_per_block = geometry->block_size / sizeof(struct ext2_group_disk);
	geometry->descriptor_blocks = DIV_ROUND_UP(geometry->ngroups,
						   geometry->descriptors_per_block);
	geometry->max_size = ext2_max_size(geometry->block_shift);
	if (geometry->descriptor_blocks + 1 >= ext2_group_blocks(geometry, 0)) {
		*why = "there is no room for the groups' descriptors";
		return -EINVAL;
	}
	return 0;
}

/* ---- features ---- */

static const char *feature_name(uint32_t features, const char *const *names, size_t count)
{
	unsigned bit = 0;

	assert(features != 0);
	while (!(features & (1u << bit)))
		bit++;
	return bit < count && names[bit] ? names[bit] : "a feature without a name";
}

/* Names as mke2fs and dumpe2fs have them (e2fsprogs, ext4(5)). */
const char *ext2_incompat_name(uint32_t features)
{
	static const char *const names[] = {
		"compression",
		"filetype",
		"needs_recovery",
		"journal_dev",
		"meta_bg",
		NULL,
		"extent",
		"64bit",
		"mmp",
		"flex_bg",
		"ea_inode",
		NULL,
		"dirdata",
		"metadata_csum_seed",
		"large_dir",
		"inline_data",
		"encrypt",
		"casefold",
	};

	return feature_name(features, names, ARRAY_SIZE(names));
}

const char *ext2_ro_compat_name(uint32_t features)
{
	static const char *const names[] = {
		"sparse_super", "large_file", "btree_dir",     "huge_file",
		"uninit_bg",	"dir_nlink",  "extra_isize",   "has_snapshot",
		"quota",	"bigalloc",   "metadata_csum", "replica",
		"read-only",	"project",    "shared_blocks", "verity",
	};

	return feature_name(features, names, ARRAY_SIZE(names));
}

/* ---- groups ---- */

uint32_t ext2_group_start(const struct ext2_geometry *geometry, uint32_t group)
{
	assert(group < geometry->ngroups);
	return geometry->first_block + group * geometry->blocks_per_group;
}

uint32_t ext2_group_blocks(const struct ext2_geometry *geometry, uint32_t group)
{
	return MIN(geometry->blocks_per_group,
		   geometry->blocks_count - ext2_group_start(geometry, group));
}

static bool is_power_of(uint32_t number, uint32_t base)
{
	while (number % base == 0)
		number /= base;
	return number == 1;
}

/* sparse_super: groups 0 and 1, and powers of 3, 5 and 7. */
bool ext2_group_has_super(const struct ext2_geometry *geometry, uint32_t group)
{
	if (group <= 1 || !(geometry->ro_compat & EXT2_RO_SPARSE_SUPER))
		return true;
	return is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

/* Is block within count blocks from start on? */
static bool within(uint32_t block, uint32_t start, uint32_t count)
{
	return block >= start && block - start < count;
}

bool ext2_group_valid(const struct ext2_geometry *geometry, uint32_t group,
		      const struct ext2_group_disk *disk)
{
	uint32_t start = ext2_group_start(geometry, group);
	uint32_t nblocks = ext2_group_blocks(geometry, group);
	uint32_t table = disk->inode_table;

	if (!within(disk->block_bitmap, start, nblocks) ||
	    !within(disk->inode_bitmap, start, nblocks) || !within(table, start, nblocks))
		return false;
	if (geometry->table_blocks > nblocks - (table - start))
		return false;
	if (disk->block_bitmap == disk->inode_bitmap ||
	    within(disk->block_bitmap, table, geometry->table_blocks) ||
	    within(disk->inode_bitmap, table, geometry->table_blocks))
		return false;
	if (!ext2_group_has_super(geometry, group))
		return true;
	/* Behind the copies of the superblock and the descriptors. */
	start += geometry->descriptor_blocks;
	return disk->block_bitmap > start && disk->inode_bitmap > start && table > start;
}

bool ext2_group_block_free_for_files(const struct ext2_geometry *geometry, uint32_t group,
				     const struct ext2_group_disk *disk, uint32_t block)
{
	if (block == disk->block_bitmap || block == disk->inode_bitmap ||
	    within(block, disk->inode_table, geometry->table_blocks))
		return false;
	return !ext2_group_has_super(geometry, group) ||
	       block > ext2_group_start(geometry, group) + geometry->descriptor_blocks;
}

uint32_t ext2_overhead(const struct ext2_geometry *geometry)
{
	uint32_t blocks = geometry->first_block;

	for (uint32_t group = 0; group < geometry->ngroups; group++) {
		blocks += 2 + geometry->table_blocks;
		if (ext2_group_has_super(geometry, group))
			blocks += 1 + geometry->descriptor_blocks;
	}
	return blocks;
}

/* ---- files ---- */

int ext2_path_to(const struct ext2_geometry *geometry, uint32_t logical, struct ext2_path *path)
{
	unsigned shift = geometry->pointers_shift;
	uint32_t mask = (1u << shift) - 1;
	uint64_t reach = 1;

	if (logical < EXT2_DIRECT) {
		*path = (struct ext2_path){ .depth = 1, .at = { logical } };
		return 0;
	}
	logical -= EXT2_DIRECT;
	for (unsigned levels = 1; levels <= 3; levels++) {
		reach <<= shift;
		if (logical >= reach) {
			logical -= (uint32_t)reach;
			continue;
		}
		path->depth = levels + 1;
		path->at[0] = EXT2_DIRECT + levels - 1;
		for (unsigned i = levels; i > 0; i--, logical >>= shift)
			path->at[i] = logical & mask;
		return 0;
	}
	return -EFBIG;
}

/* Blocks of pointers that a file of so many blocks has. */
static uint64_t pointer_blocks(uint64_t nblocks, uint64_t pointers)
{
	uint64_t count = 1, left = nblocks - EXT2_DIRECT;

	if (left <= pointers)
		return count;
	left -= pointers;
	if (left <= pointers * pointers)
		return count + 1 + (left + pointers - 1) / pointers;
	left -= pointers * pointers;
	return count + 1 + pointers + 1 + (left + pointers - 1) / pointers +
	       (left + pointers * pointers - 1) / (pointers * pointers);
}

/* As Linux has it: the sectors of all blocks, those of pointers included, fit into 32 bits. */
uint64_t ext2_max_size(unsigned block_shift)
{
	uint64_t pointers = 1ull << (block_shift - 2);
	uint64_t limit = (uint64_t)UINT32_MAX >> (block_shift - 9);
	uint64_t nblocks = EXT2_DIRECT + pointers + pointers * pointers +
			   pointers * pointers * pointers;

	if (nblocks + pointer_blocks(nblocks, pointers) > limit)
		nblocks = limit - pointer_blocks(limit, pointers);
	return MIN(nblocks << block_shift, (uint64_t)UINT32_MAX << PAGE_SHIFT);
}

dev_t ext2_device_decode(const uint32_t *block)
{
	/* The kernel's own numbers are the new encoding, and the old one is the same for what it has. */
	return block[0] ? block[0] & 0xffff : block[1];
}

void ext2_device_encode(dev_t device, uint32_t *block)
{
	bool old = device <= 0xffff;

	block[0] = old ? device : 0;
	block[1] = old ? 0 : device;
	block[2] = 0;
}

uint32_t ext2_flags_for(mode_t mode, uint32_t directory_flags)
{
	uint32_t flags = directory_flags & EXT2_FLAGS_INHERITED;

	if ((mode & 0170000) == 0040000)
		return flags;
	flags &= ~(EXT2_FLAG_DIRSYNC | EXT2_FLAG_TOPDIR);
	return (mode & 0170000) == 0100000 ? flags : flags & (EXT2_FLAG_NODUMP | EXT2_FLAG_NOATIME);
}
