/*
 * What the System V shared memory programs share: calls past the C library, which would hide what the
 * kernel says.
 */
#ifndef SHM_H
#define SHM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "mm.h"
#include <sys/ipc.h>
#include <sys/shm.h>

/* The ABI's structure of today, and the one before it. */
struct perm64 {
	int key;
	unsigned uid, gid, cuid, cgid;
	unsigned short mode, padding, seq, padding2;
	unsigned unused[2];
};
struct stat64_shm {
	struct perm64 perm;
	unsigned size, atime, atime_high, dtime, dtime_high, ctime, ctime_high;
	int cpid, lpid;
	unsigned nattch, unused[2];
};
struct stat_old {
	int key;
	unsigned short uid, gid, cuid, cgid, mode, seq;
	int size, atime, dtime, ctime;
	unsigned short cpid, lpid, nattch, unused;
	unsigned unused2[2];
};

static inline int get(int key, size_t size, int flags)
{
	return syscall(SYS_shmget, key, size, flags);
}

static inline int control(int id, int command, void *buffer)
{
	return syscall(SYS_shmctl, id, command, buffer);
}

static inline char *attach(int id, const void *address, int flags)
{
	return (char *)syscall(SYS_shmat, id, address, flags);
}

static inline int detach(const void *address)
{
	return syscall(SYS_shmdt, address);
}

static inline unsigned attached(int id)
{
	struct stat64_shm stat;

	return control(id, IPC_STAT, &stat) ? 999 : stat.nattch;
}

#endif
