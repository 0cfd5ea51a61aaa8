/*
 * shmctl: what is told of segments, and what is changed about them. Rules and their order are those of
 * Linux 6.1 (ipc/shm.c).
 */
#include "shm_internal.h"

#include <abi/capability.h>
#include <object.h>
#include <task.h>
#include <uaccess.h>

/* ---- what is told of segments ---- */

static void tell(const struct segment *segment, struct shmid64_ds *to)
{
	*to = (struct shmid64_ds){
		.size = segment->size,
		.atime = segment->atime,
		.dtime = segment->dtime,
		.ctime = segment->ctime,
		.cpid = segment->cpid,
		.lpid = segment->lpid,
		.nattch = segment->nattch,
	};
	ipc_tell(&segment->ipc, &to->perm);
}

bool shm_tell_next(uint32_t *place, struct shmid64_ds *to, int32_t *id, uint32_t *resident)
{
	struct ipc_object *object = radix_next(&shm_segments.objects, place);

	if (!object)
		return false;
	tell(shm_segment_of(object), to);
	*id = object->id;
	*resident = shm_segment_of(object)->pages->pages.count;
	return true;
}

static int copy_stat_out(void __user *to, const struct shmid64_ds *from, bool is_64)
{
	struct shmid_ds old = {
		.size = (int32_t)from->size,
		.atime = (int32_t)from->atime,
		.dtime = (int32_t)from->dtime,
		.ctime = (int32_t)from->ctime,
		.cpid = (uint16_t)from->cpid,
		.lpid = (uint16_t)from->lpid,
		.nattch = (uint16_t)from->nattch,
	};

	if (is_64)
		return copy_to_user(to, from, sizeof(*from));
	ipc_narrow(&old.perm, &from->perm);
	return copy_to_user(to, &old, sizeof(old));
}

static int32_t stat_segment(int32_t id, int command, void __user *buffer, bool is_64)
{
	struct ipc_object *object = command == IPC_STAT ? ipc_find(&shm_segments, id)
							: ipc_find_place(&shm_segments, id);
	struct shmid64_ds told;
	int32_t result;

	if (IS_ERR(object))
		return PTR_ERR(object);
	if (command != SHM_STAT_ANY && !ipc_permits(object, 0444))
		return -EACCES;
	tell(shm_segment_of(object), &told);
	result = command == IPC_STAT ? 0 : object->id;
	return copy_stat_out(buffer, &told, is_64) ? -EFAULT : result;
}

static int32_t tell_limits(void __user *buffer, bool is_64)
{
	struct shminfo64 limits = {
		.max = shm_limits.max,
		.min = 1,
		.mni = (uint32_t)shm_limits.mni,
		.seg = (uint32_t)shm_limits.mni,
		.all = shm_limits.all,
	};

	if (!is_64)
		limits.max = MIN(limits.max, (uint32_t)INT32_MAX);
	if (copy_to_user(buffer, &limits, is_64 ? sizeof(limits) : SHMINFO_OLD_SIZE))
		return -EFAULT;
	return ipc_highest_place(&shm_segments);
}

static int32_t tell_usage(void __user *buffer)
{
	struct shm_info info = { .used_ids = (int32_t)shm_segments.objects.count,
				 .total = shm_total_npages };
	struct ipc_object *object;

	for (uint32_t place = 0; (object = radix_next(&shm_segments.objects, &place)); place++)
		info.resident += shm_segment_of(object)->pages->pages.count;
	if (copy_to_user(buffer, &info, sizeof(info)))
		return -EFAULT;
	return ipc_highest_place(&shm_segments);
}

/* ---- changing segments ---- */

static int copy_perm_in(struct ipc64_perm *to, const void __user *from, bool is_64)
{
	struct ipc_perm old;

	if (is_64)
		return copy_from_user(to, from, sizeof(*to));
	if (copy_from_user(&old, from, sizeof(old)))
		return -EFAULT;
	*to = (struct ipc64_perm){ .uid = old.uid, .gid = old.gid, .mode = old.mode };
	return 0;
}

static int set_segment(int32_t id, const void __user *buffer, bool is_64)
{
	struct segment *segment;
	struct ipc64_perm perm;
	int error = copy_perm_in(&perm, buffer, is_64);

	if (error)
		return error;
	segment = shm_find(id);
	if (IS_ERR(segment))
		return PTR_ERR(segment);
	error = ipc_check_owner(&segment->ipc);
	if (!error && (perm.uid == UINT32_MAX || perm.gid == UINT32_MAX))
		error = -EINVAL;
	if (error)
		return error;
	ipc_set(&segment->ipc, perm.uid, perm.gid, perm.mode);
	segment->ctime = ipc_now();
	return 0;
}

static int remove_segment(int32_t id)
{
	struct segment *segment = shm_find(id);
	int error = IS_ERR(segment) ? PTR_ERR(segment) : ipc_check_owner(&segment->ipc);

	if (error)
		return error;
	if (!segment->nattch) {
		shm_destroy(segment);
		return 0;
	}
	segment->ipc.mode |= SHM_DEST;
	segment->pages->transient = true;
	ipc_forget_key(&shm_segments, &segment->ipc);
	return 0;
}

/* Would npages more be beyond what current's user may lock in all? */
static bool over_lock_limit(uint32_t npages)
{
	uint32_t limit = current->process->rlimits[RLIMIT_MEMLOCK].current;
	uint64_t locked = npages;
	struct ipc_object *object;

	if (limit == RLIM_INFINITY || credentials_has(&current->process->cred, CAP_IPC_LOCK))
		return false;
	for (uint32_t place = 0; (object = radix_next(&shm_segments.objects, &place)); place++)
		if ((object->mode & SHM_LOCKED) &&
		    shm_segment_of(object)->locked_by == current->process->cred.uid)
			locked += shm_npages(shm_segment_of(object));
	return locked > limit >> PAGE_SHIFT;
}

/* Nothing moves a segment's pages out of memory in any case; the mark is kept and told. */
static int lock_segment(int32_t id, bool lock)
{
	const struct process *self = current->process;
	struct segment *segment = shm_find(id);

	if (IS_ERR(segment))
		return PTR_ERR(segment);
	if (!credentials_has(&self->cred, CAP_IPC_LOCK)) {
		if (self->cred.euid != segment->ipc.uid && self->cred.euid != segment->ipc.cuid)
			return -EPERM;
		if (lock && !self->rlimits[RLIMIT_MEMLOCK].current)
			return -EPERM;
	}
	if (!lock) {
		segment->ipc.mode &= ~SHM_LOCKED;
		return 0;
	}
	if (segment->ipc.mode & SHM_LOCKED)
		return 0;
	if (over_lock_limit(shm_npages(segment)))
		return -ENOMEM;
	segment->ipc.mode |= SHM_LOCKED;
	segment->locked_by = self->cred.uid;
	return 0;
}

/* ---- doorways ---- */

static int32_t control(int32_t id, int command, void __user *buffer, bool is_64)
{
	if (command < 0 || id < 0)
		return -EINVAL;
	switch (command) {
	case IPC_INFO:
		return tell_limits(buffer, is_64);
	case SHM_INFO:
		return tell_usage(buffer);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return stat_segment(id, command, buffer, is_64);
	case IPC_SET:
		return set_segment(id, buffer, is_64);
	case IPC_RMID:
		return remove_segment(id);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return lock_segment(id, command == SHM_LOCK);
	default:
		return -EINVAL;
	}
}

int32_t sys_shmctl(int32_t id, int command, void __user *buffer)
{
	return control(id, command, buffer, true);
}

int32_t shmctl_by_version(int32_t id, int command, void __user *buffer)
{
	bool is_64 = ipc_is_64(&command);

	return control(id, command, buffer, is_64);
}
