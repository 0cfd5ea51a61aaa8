/*
 * System V IPC of the Linux i386 ABI (linux/ipc.h, linux/shm.h, asm-generic/ipcbuf.h,
 * asm-generic/shmbuf.h): the structures of today, which IPC_64 in a command asks for, and the older
 * ones with 16-bit users and groups.
 */
#ifndef LOFT_ABI_IPC_H
#define LOFT_ABI_IPC_H

#include <types.h>

#define IPC_PRIVATE 0

#define IPC_CREAT 01000u
#define IPC_EXCL 02000u
#define IPC_NOWAIT 04000u

#define IPC_RMID 0
#define IPC_SET 1
#define IPC_STAT 2
#define IPC_INFO 3
#define IPC_64 0x100 /* in a command given to ipc(2) */

/* ipc(2)'s calls; above the 16 bits, a version. */
#define IPC_CALL_SEMOP 1
#define IPC_CALL_SEMGET 2
#define IPC_CALL_SEMCTL 3
#define IPC_CALL_SEMTIMEDOP 4
#define IPC_CALL_MSGSND 11
#define IPC_CALL_MSGRCV 12
#define IPC_CALL_MSGGET 13
#define IPC_CALL_MSGCTL 14
#define IPC_CALL_SHMAT 21
#define IPC_CALL_SHMDT 22
#define IPC_CALL_SHMGET 23
#define IPC_CALL_SHMCTL 24

struct ipc64_perm {
	int32_t key;
	uint32_t uid, gid, cuid, cgid;
	uint16_t mode, padding;
	uint16_t seq, padding2;
	uint32_t unused[2];
};

struct ipc_perm {
	int32_t key;
	uint16_t uid, gid, cuid, cgid, mode, seq;
};

/* ---- shared memory ---- */

#define SHM_RDONLY 010000u
#define SHM_RND 020000u
#define SHM_REMAP 040000u
#define SHM_EXEC 0100000u

#define SHM_HUGETLB 04000u
#define SHM_NORESERVE 010000u

#define SHM_LOCK 11
#define SHM_UNLOCK 12
#define SHM_STAT 13
#define SHM_INFO 14
#define SHM_STAT_ANY 15

/* In the mode that IPC_STAT tells. */
#define SHM_DEST 01000u
#define SHM_LOCKED 02000u

struct shmid64_ds {
	struct ipc64_perm perm;
	uint32_t size;
	uint32_t atime, atime_high, dtime, dtime_high, ctime, ctime_high;
	pid_t cpid, lpid;
	uint32_t nattch;
	uint32_t unused[2];
};

struct shmid_ds {
	struct ipc_perm perm;
	int32_t size;
	int32_t atime, dtime, ctime;
	uint16_t cpid, lpid;
	uint16_t nattch, unused;
	uint32_t unused2[2];
};

struct shminfo64 {
	uint32_t max, min, mni, seg, all, unused[4];
};

/* The older struct shminfo: the first five of these. */
#define SHMINFO_OLD_SIZE 20u

struct shm_info {
	int32_t used_ids;
	uint32_t total, resident, swapped, swap_attempts, swap_successes;
};

_Static_assert(sizeof(struct ipc64_perm) == 36 && sizeof(struct ipc_perm) == 16, "ABI");
_Static_assert(sizeof(struct shmid64_ds) == 84 && sizeof(struct shmid_ds) == 48, "ABI");
_Static_assert(sizeof(struct shminfo64) == 36 && sizeof(struct shm_info) == 24, "ABI");

#endif
