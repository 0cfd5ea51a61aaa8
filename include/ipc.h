/*
 * System V IPC: what its kinds share, and shared memory.
 *
 * A table per kind holds its objects by identifier and by key. An identifier is a place in the table
 * and, above it, a sequence number that goes up when the places have been gone through once, so that
 * the identifier of what was removed does not soon mean something else.
 *
 * Protected by: the kernel not being preempted; no function here sleeps but the system calls.
 */
#ifndef LOFT_IPC_H
#define LOFT_IPC_H

#include <abi/ipc.h>
#include <radix.h>
#include <tree.h>
#include <types.h>

#define IPC_PLACES 32768u /* Linux's IPCMNI: the most objects of a kind */

/* The first part of an object of any kind. */
struct ipc_object {
	struct tree_node by_key; /* in the table's keys, unless the key is IPC_PRIVATE */
	int32_t id, key;
	uid_t uid, cuid; /* owner, and who made it */
	gid_t gid, cgid;
	mode_t mode;
	uint16_t seq;
};

struct ipc_table {
	struct radix objects; /* by place */
	struct tree keys;
	uint32_t next_place;
	int32_t last_place; /* -1 at first */
	uint16_t seq;
};

/*
 * Enters an object with key and mode set: current is its owner and maker, id is chosen. -ENOSPC (limit
 * objects are there), -ENOMEM.
 */
__must_check int ipc_add(struct ipc_table *table, struct ipc_object *object, uint32_t limit);
void ipc_remove(struct ipc_table *table, struct ipc_object *object);
/* The key means nothing any more; the identifier goes on. */
void ipc_forget_key(struct ipc_table *table, struct ipc_object *object);
/* NULL: there is none. */
struct ipc_object *ipc_find_key(const struct ipc_table *table, int32_t key);
/* By identifier; by its place alone. ERR_PTR(-EINVAL). */
struct ipc_object *ipc_find(const struct ipc_table *table, int32_t id);
struct ipc_object *ipc_find_place(const struct ipc_table *table, int32_t id);
/* The highest place in use, 0 when there is none. */
int32_t ipc_highest_place(const struct ipc_table *table);
/* May current do what the bits of mode (in any of its three groups) say? */
bool ipc_permits(const struct ipc_object *object, mode_t mode);
/* May current change or remove it? 0 or -EPERM. */
__must_check int ipc_check_owner(const struct ipc_object *object);
/*
 * What every get call does with a key: -ENOENT, -EEXIST, -EACCES, or the object in *object (NULL: one
 * is to be made).
 */
__must_check int ipc_get(const struct ipc_table *table, int32_t key, uint32_t flags,
			 struct ipc_object **object);
/* Takes IPC_64 out of a command of ipc(2)'s; true when it was there. */
bool ipc_is_64(int *command);
/* What of an object IPC_STAT tells and, mode's rights, owner and group alone, IPC_SET changes. */
void ipc_tell(const struct ipc_object *object, struct ipc64_perm *to);
void ipc_narrow(struct ipc_perm *to, const struct ipc64_perm *from);
void ipc_set(struct ipc_object *object, uid_t uid, gid_t gid, mode_t mode);
uint32_t ipc_now(void); /* seconds since 1970 */

int32_t sys_ipc(uint32_t call, int32_t first, uint32_t second, uint32_t third, void __user *pointer,
		uint32_t fifth);

/* ---- shared memory (kernel/shm.c, kernel/shm_control.c) ---- */

extern struct shm_limits {
	uint32_t max; /* bytes of a segment */
	uint32_t all; /* pages of all */
	int32_t mni;  /* segments */
} shm_limits;
/*
 * The first segment whose place is at or after *place, which becomes that place: what IPC_STAT tells
 * of it, and its pages in memory. False: there is none.
 */
bool shm_tell_next(uint32_t *place, struct shmid64_ds *to, int32_t *id, uint32_t *resident);

int32_t sys_shmget(int32_t key, size_t size, uint32_t flags);
int32_t sys_shmctl(int32_t id, int command, void __user *buffer);
int32_t sys_shmat(int32_t id, vaddr_t address, uint32_t flags);
int32_t sys_shmdt(vaddr_t address);
/* ipc(2)'s: the command says which structures are meant. */
int32_t shmctl_by_version(int32_t id, int command, void __user *buffer);

#endif
