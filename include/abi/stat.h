/*
 * File types, permission bits and the stat structures of the Linux i386 ABI (asm/stat.h,
 * linux/stat.h).
 */
#ifndef LOFT_ABI_STAT_H
#define LOFT_ABI_STAT_H

#include <types.h>

#define S_IFMT 0170000u
#define S_IFSOCK 0140000u
#define S_IFLNK 0120000u
#define S_IFREG 0100000u
#define S_IFBLK 0060000u
#define S_IFDIR 0040000u
#define S_IFCHR 0020000u
#define S_IFIFO 0010000u
#define S_ISUID 0004000u
#define S_ISGID 0002000u
#define S_ISVTX 0001000u
#define S_IXGRP 0000010u
#define S_IALLUGO 0007777u

#define S_ISLNK(mode) (((mode)&S_IFMT) == S_IFLNK)
#define S_ISREG(mode) (((mode)&S_IFMT) == S_IFREG)
#define S_ISDIR(mode) (((mode)&S_IFMT) == S_IFDIR)
#define S_ISCHR(mode) (((mode)&S_IFMT) == S_IFCHR)
#define S_ISBLK(mode) (((mode)&S_IFMT) == S_IFBLK)
#define S_ISFIFO(mode) (((mode)&S_IFMT) == S_IFIFO)
#define S_ISSOCK(mode) (((mode)&S_IFMT) == S_IFSOCK)

/* stat(2) of system calls 106 to 108: 64 bytes. */
struct old_stat {
	uint32_t dev, ino;
	uint16_t mode, nlink, uid, gid;
	uint32_t rdev, size, blksize, blocks;
	uint32_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
	uint32_t unused[2];
};

/* stat64 of system calls 195 to 197 and 300: 96 bytes, 64-bit fields aligned to 4. */
struct stat64 {
	uint64_t dev;
	uint32_t pad0;
	uint32_t short_ino;
	uint32_t mode, nlink, uid, gid;
	uint64_t rdev;
	uint32_t pad3;
	int64_t size;
	uint32_t blksize;
	uint64_t blocks;
	uint32_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
	uint64_t ino;
} __attribute__((packed, aligned(4)));

struct statx_timestamp {
	int64_t sec;
	uint32_t nsec;
	int32_t reserved;
};

/* statx(2): 256 bytes. */
struct statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, spare0;
	uint64_t ino, size, blocks, attributes_mask;
	struct statx_timestamp atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint32_t dio_mem_align, dio_offset_align;
	uint64_t spare3[12];
};

#define STATX_BASIC_STATS 0x7ffu
#define STATX_BTIME 0x800u
#define STATX_MNT_ID 0x1000u
#define STATX_RESERVED 0x80000000u
#define STATX_ATTR_MOUNT_ROOT 0x2000u

#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

_Static_assert(sizeof(struct old_stat) == 64, "struct stat of the ABI");
_Static_assert(sizeof(struct stat64) == 96, "struct stat64 of the ABI");
_Static_assert(sizeof(struct statx) == 256, "struct statx of the ABI");

#endif
