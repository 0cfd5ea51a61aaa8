/*
 * open, fcntl, *at and lock constants of the Linux i386 ABI (asm-generic/fcntl.h, linux/fcntl.h).
 */
#ifndef LOFT_ABI_FCNTL_H
#define LOFT_ABI_FCNTL_H

#include <types.h>

#define O_RDONLY 00u
#define O_WRONLY 01u
#define O_RDWR 02u
#define O_ACCMODE 03u
#define O_CREAT 0100u
#define O_EXCL 0200u
#define O_NOCTTY 0400u
#define O_TRUNC 01000u
#define O_APPEND 02000u
#define O_NONBLOCK 04000u
#define O_DSYNC 010000u
#define O_ASYNC 020000u
#define O_DIRECT 040000u
#define O_LARGEFILE 0100000u
#define O_DIRECTORY 0200000u
#define O_NOFOLLOW 0400000u
#define O_NOATIME 01000000u
#define O_CLOEXEC 02000000u
#define O_SYNC 04010000u
#define O_PATH 010000000u
#define O_TMPFILE_BIT 020000000u
#define O_TMPFILE (O_TMPFILE_BIT | O_DIRECTORY)

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_SETOWN 8
#define F_GETOWN 9
#define F_SETSIG 10
#define F_GETSIG 11
#define F_GETLK64 12
#define F_SETLK64 13
#define F_SETLKW64 14
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define FD_CLOEXEC 1

#define F_SEAL_SEAL 0x01u
#define F_SEAL_SHRINK 0x02u
#define F_SEAL_GROW 0x04u
#define F_SEAL_WRITE 0x08u
#define F_SEAL_FUTURE_WRITE 0x10u
#define F_ALL_SEALS 0x1fu

#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2

struct flock {
	int16_t type, whence;
	int32_t start, length;
	pid_t pid;
};

struct flock64 {
	int16_t type, whence;
	int64_t start, length;
	pid_t pid;
} __attribute__((packed, aligned(4)));

_Static_assert(sizeof(struct flock) == 16, "struct flock of the ABI");
_Static_assert(sizeof(struct flock64) == 24, "struct flock64 of the ABI");

#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

#define AT_FDCWD -100
#define AT_SYMLINK_NOFOLLOW 0x100u
#define AT_EACCESS 0x200u
#define AT_REMOVEDIR 0x200u
#define AT_SYMLINK_FOLLOW 0x400u
#define AT_NO_AUTOMOUNT 0x800u
#define AT_EMPTY_PATH 0x1000u
#define AT_STATX_SYNC_TYPE 0x6000u

#define R_OK 4u
#define W_OK 2u
#define X_OK 1u

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define SEEK_DATA 3
#define SEEK_HOLE 4

#define RENAME_NOREPLACE 1u
#define RENAME_EXCHANGE 2u

#define FALLOC_FL_KEEP_SIZE 1u
#define FALLOC_FL_PUNCH_HOLE 2u

#define CLOSE_RANGE_UNSHARE 2u
#define CLOSE_RANGE_CLOEXEC 4u

/* preadv2 and pwritev2. */
#define RWF_HIPRI 1u
#define RWF_DSYNC 2u
#define RWF_SYNC 4u
#define RWF_APPEND 16u
#define RWF_SUPPORTED (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND)

#define PATH_MAX 4096 /* with the terminating zero */
#define NAME_MAX 255
#define SYMLINKS_MAX 40
#define PIPE_BUF 4096
#define IOV_MAX 1024

#endif
