/*
 * ext2 as it lies on a disk.
 *
 * Sources: Dave Poirier, "The Second Extended File System: Internal Layout" (chapters 2 to 5); the
 * Linux kernel's Documentation/filesystems/ext2.rst. All numbers are little-endian, as the
 * processor's own. Whatever is read in one of these structures may be anything: it is checked
 * where it is used.
 *
 * A disk is blocks of 1, 2 or 4 KB, in groups of as many as a block has bits. Each group has a
 * descriptor, a block that says which of its blocks are in use, one that says which of its inodes
 * are, and its part of the table of inodes. The superblock lies 1024 bytes from the start; copies
 * of it and of the descriptors are in other groups, all or (sparse_super) few of them.
 */
#ifndef LOFT_EXT2_FORMAT_H
#define LOFT_EXT2_FORMAT_H

#include <assert.h>
#include <types.h>

#define EXT2_MAGIC 0xef53u
#define EXT2_SUPER_OFFSET 1024u
#define EXT2_SUPER_SIZE 1024u
#define EXT2_BLOCK_SHIFT_MIN 10u
#define EXT2_BLOCK_SHIFT_MAX 12u
#define EXT2_ROOT_INODE 2u
#define EXT2_FIRST_INODE_REV0 11u
#define EXT2_INODE_SIZE_REV0 128u
#define EXT2_NAME_MAX 255u
#define EXT2_LINK_MAX 32000u

/* s_state */
#define EXT2_STATE_VALID 1u
#define EXT2_STATE_ERRORS 2u
/* s_errors */
#define EXT2_ERRORS_CONTINUE 1u
#define EXT2_ERRORS_READ_ONLY 2u
#define EXT2_ERRORS_PANIC 3u
/* s_rev_level */
#define EXT2_REVISION_OLD 0u
#define EXT2_REVISION_DYNAMIC 1u

/* s_feature_compat: whoever does not know them may write all the same. */
#define EXT2_COMPAT_DIR_PREALLOC 0x1u
#define EXT2_COMPAT_EXT_ATTR 0x8u
#define EXT2_COMPAT_RESIZE_INODE 0x10u
#define EXT2_COMPAT_DIR_INDEX 0x20u
/* s_feature_incompat: whoever does not know them keeps out. */
#define EXT2_INCOMPAT_FILETYPE 0x2u
/* s_feature_ro_compat: whoever does not know them may read. */
#define EXT2_RO_SPARSE_SUPER 0x1u
#define EXT2_RO_LARGE_FILE 0x2u
#define EXT2_RO_BTREE_DIR 0x4u

#define EXT2_INCOMPAT_KNOWN EXT2_INCOMPAT_FILETYPE
#define EXT2_RO_KNOWN (EXT2_RO_SPARSE_SUPER | EXT2_RO_LARGE_FILE | EXT2_RO_BTREE_DIR)

struct ext2_super_disk {
	uint32_t inodes_count;
	uint32_t blocks_count;
	uint32_t reserved_blocks;
	uint32_t free_blocks;
	uint32_t free_inodes;
	uint32_t first_data_block; /* 1 with blocks of 1 KB, else 0 */
	uint32_t log_block_size;   /* block size is 1024 << this */
	uint32_t log_fragment_size;
	uint32_t blocks_per_group;
	uint32_t fragments_per_group;
	uint32_t inodes_per_group;
	uint32_t mount_time;
	uint32_t write_time;
	uint16_t mount_count;
	uint16_t max_mount_count; /* signed: negative for never */
	uint16_t magic;
	uint16_t state;
	uint16_t errors;
	uint16_t minor_revision;
	uint32_t last_check;
	uint32_t check_interval;
	uint32_t creator_os;
	uint32_t revision;
	uint16_t reserved_uid;
	uint16_t reserved_gid;
	/* From here on revision 1 alone: */
	uint32_t first_inode;
	uint16_t inode_size;
	uint16_t group_number;
	uint32_t compat;
	uint32_t incompat;
	uint32_t ro_compat;
	uint8_t uuid[16];
	char volume_name[16];
	char last_mounted[64];
	uint32_t algorithm_bitmap;
	uint8_t rest[820];
};
_Static_assert(sizeof(struct ext2_super_disk) == EXT2_SUPER_SIZE, "superblock");
_Static_assert(offsetof(struct ext2_super_disk, first_inode) == 84, "superblock, revision 1");

struct ext2_group_disk {
	uint32_t block_bitmap; /* block numbers */
	uint32_t inode_bitmap;
	uint32_t inode_table; /* the first */
	uint16_t free_blocks;
	uint16_t free_inodes;
	uint16_t directories;
	uint16_t padding;
	uint32_t reserved[3];
};
_Static_assert(sizeof(struct ext2_group_disk) == 32, "group descriptor");

/* Pointers of an inode: direct ones, then one each to a tree of one, two and three levels. */
#define EXT2_DIRECT 12u
#define EXT2_POINTERS 15u

struct ext2_inode_disk {
	uint16_t mode;
	uint16_t uid; /* the lower half */
	uint32_t size;
	uint32_t atime, ctime, mtime; /* seconds since 1970, signed */
	uint32_t dtime;		      /* when it was deleted; 0: it was not */
	uint16_t gid;
	uint16_t links;
	uint32_t sectors; /* of 512 bytes: content, trees, attributes */
	uint32_t flags;	  /* EXT2_FLAG_* */
	uint32_t version;
	/* Short symbolic links: the text. Devices: the number, see ext2_device_decode. */
	uint32_t block[EXT2_POINTERS];
	uint32_t generation;
	uint32_t attributes; /* the block of extended attributes, or 0 */
	uint32_t size_high;  /* of regular files, in revision 1 */
	uint32_t fragment;
	uint16_t fragment_fields;
	uint16_t padding;
	uint16_t uid_high, gid_high;
	uint32_t reserved;
};
_Static_assert(sizeof(struct ext2_inode_disk) == 128, "inode");

/* Texts up to one byte less lie in the inode. */
#define EXT2_SHORT_LINK (EXT2_POINTERS * 4u)

/* flags, as chattr shows them (Linux: FS_*_FL) */
#define EXT2_FLAG_SYNC 0x8u
#define EXT2_FLAG_IMMUTABLE 0x10u
#define EXT2_FLAG_APPEND 0x20u
#define EXT2_FLAG_NODUMP 0x40u
#define EXT2_FLAG_NOATIME 0x80u
#define EXT2_FLAG_INDEX 0x1000u
#define EXT2_FLAG_DIRSYNC 0x10000u
#define EXT2_FLAG_TOPDIR 0x20000u
/* What chattr may show, what it may change, what a new inode takes from its directory. */
#define EXT2_FLAGS_VISIBLE 0x0003dfffu
#define EXT2_FLAGS_CHANGEABLE 0x000380ffu
#define EXT2_FLAGS_INHERITED 0x0001c6cfu /* not: append, immutable, index, topdir */

/*
 * A directory's blocks are each filled by entries: size bytes from its start to the next. inode 0:
 * room. No entry reaches over a block's end.
 */
struct ext2_entry {
	uint32_t inode;
	uint16_t size; /* a multiple of 4 */
	uint8_t name_size;
	uint8_t type; /* EXT2_TYPE_*, with the feature filetype; else the name size's upper half */
	char name[];
};
#define EXT2_ENTRY_HEAD 8u

/* Bytes that an entry with a name of so many needs. */
static inline unsigned ext2_entry_needs(unsigned name_size)
{
	return ROUND_UP(EXT2_ENTRY_HEAD + name_size, 4u);
}

#define EXT2_TYPE_UNKNOWN 0u
#define EXT2_TYPE_REGULAR 1u
#define EXT2_TYPE_DIRECTORY 2u
#define EXT2_TYPE_CHARACTER 3u
#define EXT2_TYPE_BLOCK 4u
#define EXT2_TYPE_FIFO 5u
#define EXT2_TYPE_SOCKET 6u
#define EXT2_TYPE_LINK 7u
#define EXT2_TYPES 8u

/* A block of extended attributes, which several inodes may share: how it begins. */
#define EXT2_ATTRIBUTES_MAGIC 0xea020000u
struct ext2_attributes_disk {
	uint32_t magic;
	uint32_t refs; /* inodes that have it */
	uint32_t blocks;
	uint32_t hash;
};

#endif
