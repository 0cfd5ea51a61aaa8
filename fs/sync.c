/*
 * sync and its kin, and advice and room for files' content.
 *
 * What is written where: file -> its pages (page cache), its inode and what leads to them (the block
 * device's cache) -> the device -> the disk's own cache -> the medium. sync starts the pages of all
 * files first, then has the file systems write their inodes and themselves, and then waits for all of
 * it and flushes the disks. Files in memory have no other place to be brought to.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>
#include <block.h>
#include <blockdev.h>
#include <err.h>
#include <oom.h>
#include <readahead.h>
#include <task.h>
#include <writeback.h>

#include "superblock.h"

static int64_t wide(uint32_t low, uint32_t high)
{
	return (int64_t)((uint64_t)high << 32 | low);
}

/* What the file's content is kept in, if it has blocks; else NULL. */
static struct object *object_of(struct file *file)
{
	struct object *object = file->ops->object ? file->ops->object(file) : NULL;

	if (!object || IS_ERR(object))
		return NULL;
	return object->ops->map_blocks ? object : NULL;
}

/* ---- fsync ---- */

int file_sync(struct file *file, bool data_only)
{
	struct object *object = object_of(file);
	int error = 0, earlier = 0;

	if (file->ops->sync)
		error = file->ops->sync(file, data_only);
	else if (!S_ISREG(file->inode->mode) && !S_ISDIR(file->inode->mode))
		error = -EINVAL;
	if (object)
		earlier = object_error_check(object, &file->error_seen);
	return error ? error : earlier;
}

ssize_t file_write_synced(struct file *file, uint64_t start, ssize_t done)
{
	const struct inode *inode = file->inode;
	const struct superblock *superblock = inode->superblock;
	int error;

	(void)start;
	if (likely(!(file->flags & O_DSYNC) && !(inode->flags & INODE_SYNCHRONOUS) &&
		   !(superblock && (superblock->flags & MS_SYNCHRONOUS))))
		return done;
	if (!file->ops->sync)
		return done;
	error = file_sync(file, (file->flags & O_SYNC) != O_SYNC);
	return error ? error : done;
}

static int32_t sync_fd(int fd, bool data_only)
{
	struct file *file = file_from_fd(fd);
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	error = file_sync(file, data_only);
	file_put(file);
	return error;
}

int32_t sys_fsync(int fd)
{
	return sync_fd(fd, false);
}

int32_t sys_fdatasync(int fd)
{
	return sync_fd(fd, true);
}

/* ---- sync ---- */

static int flush_devices(void)
{
	struct block_device *device = NULL;
	int first_error = 0;

	while ((device = block_next(device))) {
		int error = block_is_partition(device) ? 0 : block_flush(device);

		if (!first_error)
			first_error = error;
	}
	return first_error;
}

int fs_sync_all(bool wait)
{
	int error, flush_error = 0;

	writeback_pages(false);
	error = writeback_clients(wait, 0);
	writeback_pages(wait);
	if (wait)
		flush_error = flush_devices();
	return error ? error : flush_error;
}

/* Errors are for fsync to tell of. */
int32_t sys_sync(void)
{
	fs_sync_all(true);
	return 0;
}

int32_t sys_syncfs(int fd)
{
	struct file *file = file_from_fd(fd);
	struct superblock *superblock;
	int error = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	superblock = file->inode->superblock;
	/* Not while write-back is at it: it has in hand what the file system is then without. */
	mounts_lock();
	if (superblock && superblock->block)
		error = superblock_sync(superblock, true);
	mounts_unlock();
	file_put(file);
	return error;
}

#define SYNC_FILE_RANGE_WAIT_BEFORE 1u
#define SYNC_FILE_RANGE_WRITE 2u
#define SYNC_FILE_RANGE_WAIT_AFTER 4u
#define SYNC_FILE_RANGE_ALL 7u

static int sync_range(struct file *file, uint64_t start, uint64_t end, uint32_t flags)
{
	struct object *object = object_of(file);
	uint32_t first = (uint32_t)(start >> PAGE_SHIFT);
	uint32_t last = (uint32_t)MIN((end - 1) >> PAGE_SHIFT, (uint64_t)UINT32_MAX);
	int error = 0;

	if (!S_ISREG(file->inode->mode) && !S_ISBLK(file->inode->mode) &&
	    !S_ISDIR(file->inode->mode))
		return -ESPIPE;
	if (!object || first > last)
		return 0;
	if (flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE))
		error = object_write_back(object, first, last, flags & SYNC_FILE_RANGE_WAIT_BEFORE);
	if (!error && (flags & SYNC_FILE_RANGE_WAIT_AFTER))
		error = object_write_back(object, first, last, true);
	return error ? error : object_error_check(object, &file->error_seen);
}

/* Pages alone: neither how they are found nor the disk's cache are brought to the medium. */
int32_t sys_sync_file_range(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
			    uint32_t size_high, uint32_t flags)
{
	int64_t offset = wide(offset_low, offset_high), size = wide(size_low, size_high);
	uint64_t end = (uint64_t)offset + (uint64_t)size;
	struct file *file = file_from_fd(fd);
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if ((flags & ~SYNC_FILE_RANGE_ALL) || offset < 0 || size < 0 || (int64_t)end < 0)
		error = -EINVAL;
	else
		error = sync_range(file, (uint64_t)offset, size ? end : INT64_MAX, flags);
	file_put(file);
	return error;
}

/* ---- advice ---- */

#define FADV_NORMAL 0
#define FADV_RANDOM 1
#define FADV_SEQUENTIAL 2
#define FADV_WILLNEED 3
#define FADV_DONTNEED 4
#define FADV_NOREUSE 5

static void will_need(struct object *object, uint64_t start, uint64_t end)
{
	uint64_t npages = ((end - 1) >> PAGE_SHIFT) - (start >> PAGE_SHIFT) + 1;

	if (start < object->size)
		readahead_force(object, (uint32_t)(start >> PAGE_SHIFT),
				(uint32_t)MIN(npages, (uint64_t)UINT32_MAX));
}

/* Whole pages alone: what others of a page may still need stays. The end of the file is an end. */
static void dont_need(struct object *object, uint64_t start, uint64_t end)
{
	uint64_t first = (start + PAGE_MASK) >> PAGE_SHIFT;
	uint64_t behind = end >= object->size ? (object->size + PAGE_MASK) >> PAGE_SHIFT
					      : end >> PAGE_SHIFT;

	if (start >= object->size)
		return;
	/* What is dirty is only begun to be written; it cannot go yet. */
	object_write_back(object, (uint32_t)(start >> PAGE_SHIFT),
			  (uint32_t)MIN((end - 1) >> PAGE_SHIFT, (uint64_t)UINT32_MAX), false);
	if (first < behind)
		object_drop_pages(object, (uint32_t)first, (uint32_t)(behind - 1));
}

static int advise(struct file *file, uint64_t start, uint64_t size, int advice)
{
	uint64_t end = size && start + size <= INT64_MAX ? start + size : INT64_MAX;
	struct object *object = object_of(file);

	switch (advice) {
	case FADV_NORMAL:
		file->ahead.mode = READAHEAD_NORMAL;
		return 0;
	case FADV_RANDOM:
		file->ahead.mode = READAHEAD_RANDOM;
		return 0;
	case FADV_SEQUENTIAL:
		file->ahead.mode = READAHEAD_SEQUENTIAL;
		return 0;
	case FADV_WILLNEED:
		if (object)
			will_need(object, start, end);
		return 0;
	case FADV_DONTNEED:
		if (object)
			dont_need(object, start, end);
		return 0;
	case FADV_NOREUSE:
		return 0;
	default:
		return -EINVAL;
	}
}

int32_t sys_fadvise64_64(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
			 uint32_t size_high, int advice)
{
	int64_t offset = wide(offset_low, offset_high), size = wide(size_low, size_high);
	struct file *file = file_from_fd(fd);
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (S_ISFIFO(file->inode->mode))
		error = -ESPIPE;
	else if (size < 0)
		error = -EINVAL;
	else
		error = advise(file, (uint64_t)offset, (uint64_t)size, advice);
	file_put(file);
	return error;
}

int32_t sys_fadvise64(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size, int advice)
{
	return sys_fadvise64_64(fd, offset_low, offset_high, size, 0, advice);
}

int32_t sys_readahead(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size)
{
	int64_t offset = wide(offset_low, offset_high);
	struct file *file = file_from_fd(fd);
	int error = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (!file_readable(file))
		error = -EBADF;
	else if (!S_ISREG(file->inode->mode) && !S_ISBLK(file->inode->mode))
		error = -EINVAL;
	else if (size > 0 && offset >= 0)
		error = advise(file, (uint64_t)offset, size, FADV_WILLNEED);
	file_put(file);
	return error;
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

/* Brings a page into memory, where there may be none for it at first. */
static int fill_page(struct inode *inode, uint32_t index)
{
	struct frame *frame;

	do
		frame = object_get_page(&inode->pages, index);
	while (PTR_ERR(frame) == -ENOMEM && !signal_pending() && oom_make_room(true));
	if (IS_ERR(frame))
		return PTR_ERR(frame);
	frame_put(frame);
	return sched_give_way() || signal_pending() ? -EINTR : 0;
}

static int fill_pages(struct inode *inode, uint64_t start, uint64_t end)
{
	int error = 0;

	for (uint64_t at = start & ~(uint64_t)PAGE_MASK; at < end && !error; at += PAGE_SIZE)
		error = fill_page(inode, (uint32_t)(at >> PAGE_SHIFT));
	return error;
}

/*
 * The file grows when its pages are there: until then it has its size, and whoever looks sees nothing.
 * Pages beyond an end that stays would be nobody's to free: they are given back, and without `grow` not
 * made. The lock keeps writers away.
 */
static int make_room(struct inode *inode, uint64_t start, uint64_t end, bool grow)
{
	struct object *pages = &inode->pages;
	uint64_t beyond = (pages->size + PAGE_MASK) >> PAGE_SHIFT;
	int error;

	assert(mutex_is_mine(&inode->lock) && !pages->ops->map_blocks);
	grow = grow && end > pages->size;
	error = fill_pages(inode, start, grow ? end : MIN(end, pages->size));
	if (grow && !error)
		error = inode->ops->resize(inode, end);
	if (grow && !error)
		inode_modified(inode);
	if (grow && error && beyond <= UINT32_MAX)
		object_punch_pages(pages, (uint32_t)beyond, UINT32_MAX);
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
	else if (!file->inode->ops->resize || object_of(file))
		error = -EOPNOTSUPP;
	else if ((uint64_t)offset + (uint64_t)size > FILE_SIZE_MAX)
		error = -EFBIG;
	else
		error = allocate(file, mode, (uint64_t)offset, (uint64_t)(offset + size));
	file_put(file);
	return error;
}
