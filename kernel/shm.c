/*
 * System V shared memory.
 *
 * A segment is a file in memory (fs/memfd.c) with a key and an identifier. Attaching maps the file;
 * the regions carry VMA_COUNTED, so that the segment hears of each that comes (shmat, fork, a split)
 * and goes (shmdt, munmap, exec, the end of a process): their number is what IPC_STAT calls nattch,
 * and a segment that is removed while attached goes with the last of them. Such regions are never
 * merged, as on Linux; a split by munmap or mprotect counts.
 *
 * A segment promises its size when it is made (commit.h), with SHM_NORESERVE its pages as they come.
 * Rules and their order are those of Linux 6.1 (ipc/shm.c).
 */
#include <ipc.h>

#include <abi/capability.h>
#include <assert.h>
#include <commit.h>
#include <err.h>
#include <format.h>
#include <kheap.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>
#include <vfs.h>
#include <vma.h>

#define SIZE_LIMIT_DEFAULT (UINT32_MAX - (1u << 24))
#define COUNT_LIMIT_DEFAULT 4096

struct segment {
	struct ipc_object ipc;
	uint32_t size; /* bytes */
	uint32_t nattch;
	uint32_t atime, dtime, ctime;
	pid_t cpid, lpid; /* who made it, who attached or detached it last */
	uid_t locked_by;  /* with SHM_LOCKED in the mode */
	struct file *file;
	struct object *pages; /* the file's */
};

struct shm_limits shm_limits = {
	.max = SIZE_LIMIT_DEFAULT,
	.all = SIZE_LIMIT_DEFAULT,
	.mni = COUNT_LIMIT_DEFAULT,
};

static struct ipc_table segments = { .last_place = -1 };
static uint32_t total_npages;

static uint32_t npages_of(const struct segment *segment)
{
	return (segment->size + PAGE_MASK) >> PAGE_SHIFT;
}

static struct segment *segment_of(struct ipc_object *object)
{
	return container_of(object, struct segment, ipc);
}

static struct segment *find_segment(int32_t id)
{
	struct ipc_object *object = ipc_find(&segments, id);

	return IS_ERR(object) ? (void *)object : segment_of(object);
}

/* ---- its life ---- */

static void destroy(struct segment *segment)
{
	assert(segment->nattch == 0 && total_npages >= npages_of(segment));
	total_npages -= npages_of(segment);
	ipc_remove(&segments, &segment->ipc);
	file_put(segment->file);
	kfree(segment);
}

/* One holder fewer; the last takes a removed segment with it. */
static void drop_attachment(struct segment *segment)
{
	assert(segment->nattch > 0);
	if (--segment->nattch == 0 && (segment->ipc.mode & SHM_DEST))
		destroy(segment);
}

static struct object *segment_object(struct file *file)
{
	return ((struct segment *)file->data)->pages;
}

static void segment_mapped(struct file *file)
{
	struct segment *segment = file->data;

	segment->nattch++;
	segment->lpid = current->process->pid;
	segment->atime = ipc_now();
}

static void segment_unmapped(struct file *file)
{
	struct segment *segment = file->data;

	segment->lpid = current->process->pid;
	segment->dtime = ipc_now();
	drop_attachment(segment);
}

static const struct file_ops segment_file_ops = {
	.object = segment_object,
	.mapped = segment_mapped,
	.unmapped = segment_unmapped,
};

/* The file and its promise; -ENOMEM. */
static int make_file(struct segment *segment, uint32_t flags)
{
	struct inode *inode;
	char name[16];
	int error = 0;

	format(name, sizeof(name), "SYSV%08x", (unsigned)segment->ipc.key);
	segment->file = memory_file_create(name, 0777);
	if (IS_ERR(segment->file))
		return PTR_ERR(segment->file);
	inode = segment->file->inode;
	segment->file->ops = &segment_file_ops;
	segment->file->data = segment;
	segment->pages = &inode->pages;
	inode->pages.size = segment->size;
	if (!(flags & SHM_NORESERVE) || commit_policy.overcommit == COMMIT_NEVER) {
		inode->pages.promises_pages = false;
		error = object_promise(&inode->pages, npages_of(segment));
	}
	if (error)
		file_put(segment->file);
	return error;
}

static int check_size(size_t size)
{
	uint32_t npages = (uint32_t)(((uint64_t)size + PAGE_MASK) >> PAGE_SHIFT);

	if (size < 1 || size > shm_limits.max)
		return -EINVAL;
	return total_npages + npages > shm_limits.all ? -ENOSPC : 0;
}

/* Its identifier, or -errno. */
static int32_t make_segment(int32_t key, size_t size, uint32_t flags)
{
	struct segment *segment;
	int error = check_size(size);

	if (error)
		return error;
	segment = kzalloc(sizeof(*segment));
	if (!segment)
		return -ENOMEM;
	segment->ipc.key = key;
	segment->ipc.mode = flags & 0777;
	segment->size = size;
	segment->cpid = current->process->pid;
	segment->ctime = ipc_now();
	error = flags & SHM_HUGETLB ? -EINVAL : make_file(segment, flags);
	if (error)
		goto free_segment;
	error = ipc_add(&segments, &segment->ipc, (uint32_t)shm_limits.mni);
	if (error)
		goto put_file;
	/* In /proc/PID/maps the identifier stands where files have their inode. */
	segment->file->inode->number = (ino_t)segment->ipc.id;
	total_npages += npages_of(segment);
	return segment->ipc.id;

put_file:
	file_put(segment->file);
free_segment:
	kfree(segment);
	return error;
}

int32_t sys_shmget(int32_t key, size_t size, uint32_t flags)
{
	struct ipc_object *object;
	int error = ipc_get(&segments, key, flags, &object);

	if (error)
		return error;
	if (!object)
		return make_segment(key, size, flags);
	if (segment_of(object)->size < size)
		return -EINVAL;
	return ipc_permits(object, flags) ? object->id : -EACCES;
}

/* ---- attaching ---- */

/* Where: exactly at an address, over what is there with SHM_REMAP, or anywhere. */
static int decode_address(struct mm_map_request *request, vaddr_t address, uint32_t flags)
{
	if (!address)
		return flags & SHM_REMAP ? -EINVAL : 0;
	if ((address & PAGE_MASK) && !(flags & SHM_RND))
		return -EINVAL;
	request->address = ROUND_DOWN(address, PAGE_SIZE);
	if (!request->address && (flags & SHM_REMAP))
		return -EINVAL;
	request->fixed = (flags & SHM_REMAP) || !request->address;
	request->fixed_noreplace = !request->fixed;
	return 0;
}

/* As what: the region's flags and the permissions that are asked for. */
static mode_t decode_access(struct mm_map_request *request, uint32_t flags)
{
	mode_t mode = 0444;

	request->flags = VMA_SHARED | VMA_COUNTED | VMA_READ;
	if (flags & SHM_RDONLY) {
		request->flags |= VMA_DENYWRITE_MAX;
	} else {
		request->flags |= VMA_WRITE;
		mode |= 0222;
	}
	if (flags & SHM_EXEC) {
		request->flags |= VMA_EXEC;
		mode |= 0111;
	}
	return mode;
}

static int map_segment(struct segment *segment, struct mm_map_request *request, vaddr_t *at)
{
	struct mm *mm = current->process->mm;
	int error;

	request->size = segment->size;
	request->object = segment->pages;
	request->file = segment->file;
	request->flags |= mm->default_flags;
	if (request->fixed_noreplace && request->address + request->size < request->address)
		return -EINVAL;
	/* mm_map may sleep, and the segment be removed meanwhile: this holds it. */
	segment->nattch++;
	error = mm_map(mm, request, at);
	drop_attachment(segment);
	return error == -EEXIST ? -EINVAL : error;
}

int32_t sys_shmat(int32_t id, vaddr_t address, uint32_t flags)
{
	struct mm_map_request request = { .size = 0 };
	struct segment *segment;
	mode_t mode = decode_access(&request, flags);
	vaddr_t at;
	int error = id < 0 ? -EINVAL : decode_address(&request, address, flags);

	if (error)
		return error;
	segment = find_segment(id);
	if (IS_ERR(segment))
		return PTR_ERR(segment);
	if (!ipc_permits(&segment->ipc, mode))
		return -EACCES;
	error = map_segment(segment, &request, &at);
	if (error)
		return error;
	if (request.flags & VMA_LOCKED)
		mm_populate(current->process->mm, at, at + ROUND_UP(request.size, PAGE_SIZE));
	return (int32_t)at;
}

/* Is this region a piece, in its place, of a segment that was attached at address? */
static bool is_piece(const struct vma *vma, vaddr_t address)
{
	return (vma->flags & VMA_COUNTED) &&
	       (vma->start - address) >> PAGE_SHIFT == vma->page_offset;
}

/*
 * The first piece tells which segment it is, and so how far others of it can lie; mprotect and munmap
 * may have left several, and something else may lie between them.
 */
static int detach_locked(struct mm *mm, vaddr_t address)
{
	struct vma *vma = mm_find_at_or_above(mm, address);
	const struct file *file = NULL;
	uint64_t size = UINT32_MAX;
	int error = -EINVAL;

	while (vma && vma->end - address <= size) {
		vaddr_t start = vma->start, end = vma->end;

		if (is_piece(vma, address) && (!file || vma->file == file)) {
			if (!file)
				size = ROUND_UP(vma->object->size, (uint64_t)PAGE_SIZE);
			file = vma->file;
			error = mm_unmap_locked(mm, start, end);
			assert(!error); /* whole regions are not split */
		}
		vma = mm_find_at_or_above(mm, end);
	}
	return error;
}

int32_t sys_shmdt(vaddr_t address)
{
	struct mm *mm = current->process->mm;
	int error;

	if (address & PAGE_MASK)
		return -EINVAL;
	mutex_lock(&mm->lock);
	error = detach_locked(mm, address);
	mutex_unlock(&mm->lock);
	return error;
}

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
	struct ipc_object *object = radix_next(&segments.objects, place);

	if (!object)
		return false;
	tell(segment_of(object), to);
	*id = object->id;
	*resident = segment_of(object)->pages->pages.count;
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
	struct ipc_object *object = command == IPC_STAT ? ipc_find(&segments, id)
							: ipc_find_place(&segments, id);
	struct shmid64_ds told;
	int32_t result;

	if (IS_ERR(object))
		return PTR_ERR(object);
	if (command != SHM_STAT_ANY && !ipc_permits(object, 0444))
		return -EACCES;
	tell(segment_of(object), &told);
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
	return ipc_highest_place(&segments);
}

static int32_t tell_usage(void __user *buffer)
{
	struct shm_info info = { .used_ids = (int32_t)segments.objects.count,
				 .total = total_npages };
	struct ipc_object *object;

	for (uint32_t place = 0; (object = radix_next(&segments.objects, &place)); place++)
		info.resident += segment_of(object)->pages->pages.count;
	if (copy_to_user(buffer, &info, sizeof(info)))
		return -EFAULT;
	return ipc_highest_place(&segments);
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
	segment = find_segment(id);
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
	struct segment *segment = find_segment(id);
	int error = IS_ERR(segment) ? PTR_ERR(segment) : ipc_check_owner(&segment->ipc);

	if (error)
		return error;
	if (!segment->nattch) {
		destroy(segment);
		return 0;
	}
	segment->ipc.mode |= SHM_DEST;
	segment->pages->transient = true;
	ipc_forget_key(&segments, &segment->ipc);
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
	for (uint32_t place = 0; (object = radix_next(&segments.objects, &place)); place++)
		if ((object->mode & SHM_LOCKED) &&
		    segment_of(object)->locked_by == current->process->cred.uid)
			locked += npages_of(segment_of(object));
	return locked > limit >> PAGE_SHIFT;
}

/* Nothing moves a segment's pages out of memory in any case; the mark is kept and told. */
static int lock_segment(int32_t id, bool lock)
{
	const struct process *self = current->process;
	struct segment *segment = find_segment(id);

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
	if (over_lock_limit(npages_of(segment)))
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
