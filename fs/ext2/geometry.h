/*
 * The arithmetic of ext2: where things lie, how a file's blocks are found, what cannot be. Pure:
 * knows no disk and no kernel.
 */
#ifndef LOFT_EXT2_GEOMETRY_H
#define LOFT_EXT2_GEOMETRY_H

#include "format.h"

/* What the superblock says, checked. Blocks are numbered from the file system's start. */
struct ext2_geometry {
	uint32_t block_shift, block_size;
	uint32_t blocks_count, first_block; /* first_block: of group 0 */
	uint32_t blocks_per_group, inodes_per_group;
	uint32_t ngroups, inodes_count;
	uint32_t inode_size, first_inode; /* first_inode: below are the reserved ones */
	uint32_t table_blocks;		  /* of a group's part of the inode table */
	uint32_t descriptors_per_block, descriptor_blocks;
	uint32_t revision, compat, incompat, ro_compat;
	uint32_t pointers_shift; /* an indirect block has 1 << this pointers */
	uint64_t max_size;	 /* of a file, in bytes */
};

/*
 * Checks a superblock against the device's size in bytes and fills in the rest. 0, or -EINVAL with
 * *why in words. Features are not looked at.
 */
__must_check int ext2_geometry_init(struct ext2_geometry *geometry,
				    const struct ext2_super_disk *disk, uint64_t device_size,
				    const char **why);
/* Names the lowest feature of a mask of unknown ones: "extents" and the like. */
const char *ext2_incompat_name(uint32_t features);
const char *ext2_ro_compat_name(uint32_t features);

/* The first block of a group, and how many it has; the last may have fewer. */
uint32_t ext2_group_start(const struct ext2_geometry *geometry, uint32_t group);
uint32_t ext2_group_blocks(const struct ext2_geometry *geometry, uint32_t group);
/* Has the group a copy of the superblock and the descriptors? */
bool ext2_group_has_super(const struct ext2_geometry *geometry, uint32_t group);
/* Does the descriptor name blocks within its group, none twice, none of the superblock's? */
bool ext2_group_valid(const struct ext2_geometry *geometry, uint32_t group,
		      const struct ext2_group_disk *disk);
/* Blocks that no file can have: what statfs does not count (bsddf). */
uint32_t ext2_overhead(const struct ext2_geometry *geometry);
/* May a block of a group be a file's: is it none of superblock, descriptors, bitmaps, table? */
bool ext2_group_block_free_for_files(const struct ext2_geometry *geometry, uint32_t group,
				     const struct ext2_group_disk *disk, uint32_t block);

static inline bool ext2_block_in_range(const struct ext2_geometry *geometry, uint32_t block)
{
	return block >= geometry->first_block && block < geometry->blocks_count;
}

static inline uint32_t ext2_group_of(const struct ext2_geometry *geometry, uint32_t block)
{
	return (block - geometry->first_block) / geometry->blocks_per_group;
}

/*
 * The way to a block of a file: at[0] is the index among the inode's pointers, at[1] in the
 * indirect block there, and so on; depth is how many of them there are (1..4).
 */
struct ext2_path {
	unsigned depth;
	uint32_t at[4];
};
/* 0, or -EFBIG for a block that no pointer leads to. */
__must_check int ext2_path_to(const struct ext2_geometry *geometry, uint32_t logical,
			      struct ext2_path *path);
/* The largest file: what the pointers reach, and what its count of 512-byte sectors can say. */
uint64_t ext2_max_size(unsigned block_shift);

/*
 * Device numbers in an inode's first two pointers: the old encoding (8 bits each of major and
 * minor) where the number fits, else the new one in the second.
 */
dev_t ext2_device_decode(const uint32_t *block);
void ext2_device_encode(dev_t device, uint32_t *block);

/* Flags of a new inode, from its directory's: directories all, files none that are directories'. */
uint32_t ext2_flags_for(mode_t mode, uint32_t directory_flags);

/* ---- bitmaps: bit i of a block is bit i % 8 of byte i / 8 ---- */

bool ext2_bit_test(const uint8_t *bits, uint32_t at);
void ext2_bit_set(uint8_t *bits, uint32_t at);
void ext2_bit_clear(uint8_t *bits, uint32_t at);
/* The first bit of from..end - 1 that is 0; end when there is none. */
uint32_t ext2_bit_find(const uint8_t *bits, uint32_t from, uint32_t end);
/* The first of eight zeros in one byte, a file's start, in from..end - 1; end. */
uint32_t ext2_bit_find_byte(const uint8_t *bits, uint32_t from, uint32_t end);
/* How many bits from `at` on are 0, at most max, none at end or behind. */
uint32_t ext2_bit_run(const uint8_t *bits, uint32_t at, uint32_t end, uint32_t max);

/* ---- blocks of directories ---- */

/* What is needed to judge and change one block. */
struct ext2_dirblock {
	uint8_t *data;
	uint32_t size;	     /* of the block */
	uint32_t max_inode;  /* inodes_count */
	bool types;	     /* the feature filetype */
	const char *problem; /* why the last call said -EIO */
};

/*
 * The entry at *at, which moves on behind it; NULL at the block's end; ERR_PTR(-EIO): no entry can
 * be like this. Start with *at 0.
 */
struct ext2_entry *ext2_dirblock_next(struct ext2_dirblock *block, uint32_t *at);
/* The entry of a name, NULL, ERR_PTR(-EIO). *before, if not NULL: the entry in front, or NULL. */
struct ext2_entry *ext2_dirblock_find(struct ext2_dirblock *block, const char *name,
				      unsigned name_size, struct ext2_entry **before);
/* An entry that has room behind its name (or is all room) for so long a name; NULL; ERR_PTR. */
struct ext2_entry *ext2_dirblock_room(struct ext2_dirblock *block, unsigned name_size);
/*
 * Makes the entry in that room. A disk that takes the block at any moment sees it whole or not at
 * all.
 */
struct ext2_entry *ext2_dirblock_insert(struct ext2_dirblock *block, struct ext2_entry *room,
					const char *name, unsigned name_size, uint32_t inode,
					unsigned type);
/* Takes an entry away: its room goes to the one in front, or it becomes room. */
void ext2_dirblock_remove(struct ext2_entry *entry, struct ext2_entry *before);
/* Lets an entry lead to another inode. */
void ext2_dirblock_retarget(const struct ext2_dirblock *block, struct ext2_entry *entry,
			    uint32_t inode, unsigned type);
/* A block that is all room; a directory's first block, with "." and "..". */
void ext2_dirblock_clear(struct ext2_dirblock *block);
void ext2_dirblock_begin(struct ext2_dirblock *block, uint32_t self, uint32_t parent);
/* 1: nothing but "." and ".." is in it; 0; -EIO. */
int ext2_dirblock_empty(struct ext2_dirblock *block, uint32_t self);

#endif
