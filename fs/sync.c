/*
 * sync and its kin, and advice and room for files' content. Files in memory have no other place to
 * be brought to.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>
#include <task.h>

static int64_t wide(uint32_t low, uint32_t high)
{
	return (int64_t)((uint64_t)high << 32 | low);
}

static int file_sync(struct file *file)
{
	if (file->ops->sync)
		return file->ops->sync(file);
	return S_ISREG(file->inode->mode) || S_ISDIR(file->inode->mode) ? 0 : -EINVAL;
}

int32_t sys_fsync(int fd)
{
	struct file *file = file_from_fd(fd);
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	error = file_sync(file);
	file_put(file);
	return error;
}

int32_t sys_fdatasync(int fd)
{
	return sys_fsync(fd);
}

/* No mounted file system has anything that is not where it belongs. */
int32_t sys_sync(void)
{
	return 0;
}

int32_t sys_syncfs(int fd)
{
	struct file *file = file_from_fd(fd);

	if (IS_ERR(file))
		return PTR_ERR(file);
	file_put(file);
	return 0;
}

/*
 * All advice is taken note of and none is needed: content in memory is neither read ahead nor
 * dropped.
 */
int32_t sys_fadvise64_64(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
			 uint32_t size_high, int advice)
{
	struct file *file = file_from_fd(fd);
	int error = 0;

	(void)offset_low;
	(void)offset_high;
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (S_ISFIFO(file->inode->mode))
		error = -ESPIPE;
	else if (wide(size_low, size_high) < 0 || advice < 0 || advice > 5)
		error = -EINVAL;
	file_put(file);
	return error;
}

int32_t sys_fadvise64(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size, int advice)
{
	return sys_fadvise64_64(fd, offset_low, offset_high, size, 0, advice);
}

/* ---- fallocate ---- */

/*
 * Zeroes [start, end) of the content: whole pages leave the cache, the parts of others are written
 * over.
 */
static int punch(struct file *file, uint64_t start, uint64_t end)
{
	static const char zeros[512];
	struct inode *inode = file->inode;
	uint64_t at = start;

	end = MIN(end, inode->pages.size);
	while (at < end) {
		uint64_t page_end = (at | PAGE_MASK) + 1;
		size_t part = (size_t)MIN(MIN(page_end, end) - at, sizeof(zeros));
		struct iovec vec;
		struct uio io;
		ssize_t done;

		if (!(at & PAGE_MASK) && page_end <= end) {
			uint32_t first = (uint32_t)(at >> PAGE_SHIFT);
			uint32_t last = (uint32_t)(end >> PAGE_SHIFT) - 1;

			object_punch_pages(&inode->pages, first, last);
			at = (uint64_t)(last + 1) << PAGE_SHIFT;
			continue;
		}
		uio_init(&io, &vec, (void *)zeros, part, true);
		done = object_write(&inode->pages, at, &io);
		if (done <= 0)
			return done ? (int)done : -ENOMEM;
		at += (uint64_t)done;
	}
	return 0;
}

/* Is there room for what of [start, end) has no pages yet? */
static bool fits(const struct inode *inode, uint64_t start, uint64_t end)
{
	uint32_t index = (uint32_t)(start >> PAGE_SHIFT);
	uint64_t last = (end - 1) >> PAGE_SHIFT, missing = last - index + 1;
	struct statfs64 room;

	superblock_statfs(inode->superblock, &room);
	if (!room.blocks)
		return true;
	/* Only as many pages as the file system has can be there. */
	while (radix_next(&inode->pages.pages, &index) && index <= last) {
		missing--;
		if (index++ == UINT32_MAX)
			break;
	}
	return missing <= room.bfree;
}

/* Brings every page of [start, end) into memory. */
static int fill_pages(struct inode *inode, uint64_t start, uint64_t end)
{
	for (uint64_t at = start & ~(uint64_t)PAGE_MASK; at < end; at += PAGE_SIZE) {
		struct frame *frame = object_get_page(&inode->pages, (uint32_t)(at >> PAGE_SHIFT));

		if (IS_ERR(frame))
			return PTR_ERR(frame);
		frame_put(frame);
		if (sched_give_way() || signal_pending())
			return -EINTR;
	}
	return 0;
}

/*
 * What does not fit is given back. The lock keeps writers away from an end that may be taken back.
 * Pages beyond the end would be nobody's to free: without `grow` those within alone are filled.
 */
static int make_room(struct inode *inode, uint64_t start, uint64_t end, bool grow)
{
	uint64_t old_size = inode->pages.size;
	int error = 0;

	assert(mutex_is_mine(&inode->lock));
	grow = grow && end > old_size;
	if (grow)
		error = inode->ops->resize(inode, end);
	if (error)
		return error;
	error = fill_pages(inode, start, MIN(end, inode->pages.size));
	if (grow && !error)
		inode_modified(inode);
	if (grow && error && inode->ops->resize(inode, old_size) != 0)
		assert(!"a file always gets smaller");
	return error;
}

static int allocate(struct file *file, uint32_t mode, uint64_t start, uint64_t end)
{
	struct inode *inode = file->inode;
	bool grow = !(mode & FALLOC_FL_KEEP_SIZE);
	uint32_t limit = current->process->rlimits[RLIMIT_FSIZE].current;
	int error;

	if (mode & FALLOC_FL_PUNCH_HOLE) {
		mutex_lock(&inode->lock);
		if (inode->pages.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			error = -EPERM;
		else
			error = punch(file, start, end);
		mutex_unlock(&inode->lock);
		inode_modified(inode);
		return error;
	}
	if (grow && end > inode->pages.size && limit != RLIM_INFINITY && end > limit) {
		signal_self(SIGXFSZ);
		return -EFBIG;
	}
	mutex_lock(&inode->lock);
	if ((inode->pages.seals & F_SEAL_GROW) && end > inode->pages.size)
		error = -EPERM;
	else
		error = fits(inode, start, end) ? make_room(inode, start, end, grow) : -ENOSPC;
	mutex_unlock(&inode->lock);
	return error;
}

int32_t sys_fallocate(int fd, uint32_t mode, uint32_t offset_low, uint32_t offset_high,
		      uint32_t size_low, uint32_t size_high)
{
	int64_t offset = wide(offset_low, offset_high), size = wide(size_low, size_high);
	struct file *file = file_from_fd(fd);
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (offset < 0 || size <= 0)
		error = -EINVAL;
	else if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) ||
		 mode == FALLOC_FL_PUNCH_HOLE)
		error = -EOPNOTSUPP;
	else if (!file_may_write(file))
		error = -EBADF;
	else if (file->inode->flags & INODE_SWAP)
		error = -ETXTBSY;
	else if (S_ISFIFO(file->inode->mode))
		error = -ESPIPE;
	else if (!S_ISREG(file->inode->mode) && !S_ISDIR(file->inode->mode))
		error = -ENODEV;
	else if (!file->inode->ops->resize)
		error = -EOPNOTSUPP;
	else if ((uint64_t)offset + (uint64_t)size > FILE_SIZE_MAX)
		error = -EFBIG;
	else
		error = allocate(file, mode, (uint64_t)offset, (uint64_t)(offset + size));
	file_put(file);
	return error;
}
