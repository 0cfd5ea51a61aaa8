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
#include "shm_internal.h"

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

struct shm_limits shm_limits = {
	.max = SIZE_LIMIT_DEFAULT,
	.all = SIZE_LIMIT_DEFAULT,
	.mni = COUNT_LIMIT_DEFAULT,
};

struct ipc_table shm_segments = { .last_place = -1 };
uint32_t shm_total_npages;

/* ---- its life ---- */

void shm_destroy(struct segment *segment)
{
	assert(segment->nattch == 0 && shm_total_npages >= shm_npages(segment));
	shm_total_npages -= shm_npages(segment);
	ipc_remove(&shm_segments, &segment->ipc);
	file_put(segment->file);
	kfree(segment);
}

/* One holder fewer; the last takes a removed segment with it. */
static void drop_attachment(struct segment *segment)
{
	assert(segment->nattch > 0);
	if (--segment->nattch == 0 && (segment->ipc.mode & SHM_DEST))
		shm_destroy(segment);
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
		error = object_promise(&inode->pages, shm_npages(segment));
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
	return shm_total_npages + npages > shm_limits.all ? -ENOSPC : 0;
}

/* Its identifier, or -errno; -EEXIST: there is one with the key by now. */
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
	/* Making the file may have slept, and somebody else have been first. */
	error = key != IPC_PRIVATE && ipc_find_key(&shm_segments, key) ? -EEXIST : 0;
	if (!error)
		error = ipc_add(&shm_segments, &segment->ipc, (uint32_t)shm_limits.mni);
	if (error)
		goto put_file;
	/* In /proc/PID/maps the identifier stands where files have their inode. */
	segment->file->inode->number = (ino_t)segment->ipc.id;
	shm_total_npages += shm_npages(segment);
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
	int32_t made = -EEXIST;

	while (made == -EEXIST) {
		int error = ipc_get(&shm_segments, key, flags, &object);

		if (error)
			return error;
		if (object)
			break;
		made = make_segment(key, size, flags);
	}
	if (!object)
		return made;
	if (shm_segment_of(object)->size < size)
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
	segment = shm_find(id);
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
