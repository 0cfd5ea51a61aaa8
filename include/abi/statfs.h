/*
 * statfs structures and mount flags of the Linux i386 ABI (asm/statfs.h, linux/magic.h,
 * linux/mount.h).
 */
#ifndef LOFT_ABI_STATFS_H
#define LOFT_ABI_STATFS_H

#include <types.h>

struct statfs {
	uint32_t type, bsize, blocks, bfree, bavail, files, ffree;
	uint32_t fsid[2];
	uint32_t namelen, frsize, flags, spare[4];
};

struct statfs64 {
	uint32_t type, bsize;
	uint64_t blocks, bfree, bavail, files, ffree;
	uint32_t fsid[2];
	uint32_t namelen, frsize, flags, spare[4];
} __attribute__((packed, aligned(4)));

_Static_assert(sizeof(struct statfs) == 64, "struct statfs of the ABI");
_Static_assert(sizeof(struct statfs64) == 84, "struct statfs64 of the ABI");

#define EXT2_SUPER_MAGIC 0xef53u
#define RAMFS_MAGIC 0x858458f6u
#define TMPFS_MAGIC 0x01021994u
#define DEVPTS_MAGIC 0x1cd1u
#define PROC_SUPER_MAGIC 0x9fa0u
#define PIPEFS_MAGIC 0x50495045u

#define MS_RDONLY 1u
#define MS_NOSUID 2u
#define MS_NODEV 4u
#define MS_NOEXEC 8u
#define MS_SYNCHRONOUS 16u
#define MS_REMOUNT 32u
#define MS_DIRSYNC 128u
#define MS_NOATIME 1024u
#define MS_NODIRATIME 2048u
#define MS_BIND 4096u
#define MS_MOVE 8192u
#define MS_REC 16384u
#define MS_SILENT 32768u
#define MS_UNBINDABLE (1u << 17)
#define MS_PRIVATE (1u << 18)
#define MS_SLAVE (1u << 19)
#define MS_SHARED (1u << 20)
#define MS_RELATIME (1u << 21)
#define MS_STRICTATIME (1u << 24)
#define MS_MAGIC_VALUE 0xc0ed0000u
#define MS_MAGIC_MASK 0xffff0000u

#define ST_VALID 0x20u
#define ST_RELATIME 4096u

#define MNT_FORCE 1u
#define MNT_DETACH 2u
#define MNT_EXPIRE 4u
#define UMOUNT_NOFOLLOW 8u

#endif
