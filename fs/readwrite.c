/*
 * The system calls that move bytes: read and write in all their forms, lseek, sendfile and
 * copy_file_range.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>
#include <kheap.h>
#include <uaccess.h>

#include "iovec.h"

#define TRANSFER_MAX 0x7ffff000u /* Linux's MAX_RW_COUNT */
#define FEW_BUFFERS IOVEC_FEW

static int64_t wide(uint32_t low, uint32_t high)
{
	return (int64_t)((uint64_t)high << 32 | low);
}

/*
 * An interrupted transfer may start again by itself: the errors that mean so pass through here
 * unchanged.
 */
static ssize_t transfer(struct file *file, struct uio *io, loff_t *position, bool writing)
{
	return writing ? file_write(file, io, position) : file_read(file, io, position);
}

/* Would the last byte of a transfer have a position beyond all positions? */
static bool runs_over(loff_t at, size_t size)
{
	return (int64_t)((uint64_t)at + size) < 0;
}

static bool seekable(const struct file *file)
{
	return file->ops->seek != file_no_seek && file->ops->seek != file_stay;
}

/* 0, -EINVAL, -EFAULT. */
static int check_buffer(const void __user *buffer, size_t size)
{
	if (!user_range_ok(buffer, size))
		return -EFAULT;
	return size > INT32_MAX ? -EINVAL : 0;
}

/* One buffer of the user's. Inline, so that the compiler sees which way the bytes go. */
static inline __attribute__((always_inline)) ssize_t
transfer_buffer(struct file *file, void __user *buffer, size_t size, loff_t *position, bool writing)
{
	ssize_t error = file_check_transfer(file, writing);
	struct iovec vec;
	struct uio io;

	if (!error)
		error = check_buffer(buffer, size);
	if (unlikely(error))
		return error;
	if (unlikely(runs_over(*position, size)))
		return -EINVAL;
	uio_init(&io, &vec, buffer, MIN(size, TRANSFER_MAX), false);
	return transfer(file, &io, position, writing);
}

/* Where pread and pwrite say. */
static int32_t transfer_at(int fd, void __user *buffer, size_t size, loff_t at, bool writing)
{
	struct file *file;
	ssize_t done;

	if (at < 0)
		return -EINVAL;
	file = file_from_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	done = seekable(file) ? transfer_buffer(file, buffer, size, &at, writing) : -ESPIPE;
	file_put(file);
	return done;
}

int32_t sys_read(int fd, void __user *buffer, size_t size)
{
	struct file *file = file_from_fd(fd);
	ssize_t done;

	if (IS_ERR(file))
		return PTR_ERR(file);
	done = transfer_buffer(file, buffer, size, &file->position, false);
	file_put(file);
	return done;
}

int32_t sys_write(int fd, const void __user *buffer, size_t size)
{
	struct file *file = file_from_fd(fd);
	ssize_t done;

	if (IS_ERR(file))
		return PTR_ERR(file);
	done = transfer_buffer(file, (void __user *)buffer, size, &file->position, true);
	file_put(file);
	return done;
}

int32_t sys_pread64(int fd, void __user *buffer, size_t size, uint32_t low, uint32_t high)
{
	return transfer_at(fd, buffer, size, wide(low, high), false);
}

int32_t sys_pwrite64(int fd, const void __user *buffer, size_t size, uint32_t low, uint32_t high)
{
	return transfer_at(fd, (void __user *)buffer, size, wide(low, high), true);
}

/* ---- lists of buffers ---- */

/* Checks a copied list; its bytes in all, cut where a transfer ends, or -errno. */
ssize_t iovec_check(struct iovec *list, uint32_t count)
{
	size_t total = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (list[i].size > INT32_MAX)
			return -EINVAL;
		if (!user_range_ok(list[i].base, list[i].size))
			return -EFAULT;
		list[i].size = MIN(list[i].size, TRANSFER_MAX - total);
		total += list[i].size;
	}
	return (ssize_t)total;
}

/* A kernel copy of the list: few, or on the heap. ERR_PTR(-EINVAL, -ENOMEM, -EFAULT). */
struct iovec *iovec_copy(const struct iovec __user *user, uint32_t count, struct iovec *few)
{
	struct iovec *list = few;

	if (count > IOV_MAX)
		return ERR_PTR(-EINVAL);
	if (count > FEW_BUFFERS)
		list = kalloc(count * sizeof(*list));
	if (!list)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(list, user, count * sizeof(*list)) == 0)
		return list;
	if (list != few)
		kfree(list);
	return ERR_PTR(-EFAULT);
}

/* flags: RWF_*. */
static ssize_t transfer_list(struct file *file, const struct iovec __user *user, uint32_t count,
			     loff_t *position, uint32_t flags, bool writing)
{
	struct iovec few[FEW_BUFFERS], *list;
	ssize_t total = file_check_transfer(file, writing);

	if (total)
		return total;
	list = iovec_copy(user, count, few);
	if (IS_ERR(list))
		return PTR_ERR(list);
	total = iovec_check(list, count);
	if (total > 0 && runs_over(*position, (size_t)total))
		total = -EINVAL;
	if (total > 0 && unlikely(flags & ~RWF_SUPPORTED))
		total = -EOPNOTSUPP;
	if (total > 0) {
		struct uio io = { .vec = list, .count = count, .left = (size_t)total };

		io.append = flags & RWF_APPEND;

		total = transfer(file, &io, position, writing);
	}
	if (list != few)
		kfree(list);
	return total;
}

static int32_t transfer_fd_list(int fd, const struct iovec __user *user, uint32_t count,
				const loff_t *at, bool writing)
{
	struct file *file = file_from_fd(fd);
	loff_t position = at ? *at : 0;
	ssize_t done;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (at && !seekable(file))
		done = -ESPIPE;
	else
		done = transfer_list(file, user, count, at ? &position : &file->position, 0,
				     writing);
	file_put(file);
	return done;
}

int32_t sys_readv(int fd, const struct iovec __user *list, uint32_t count)
{
	return transfer_fd_list(fd, list, count, NULL, false);
}

int32_t sys_writev(int fd, const struct iovec __user *list, uint32_t count)
{
	return transfer_fd_list(fd, list, count, NULL, true);
}

int32_t sys_preadv(int fd, const struct iovec __user *list, uint32_t count, uint32_t low,
		   uint32_t high)
{
	loff_t at = wide(low, high);

	return at < 0 ? -EINVAL : transfer_fd_list(fd, list, count, &at, false);
}

int32_t sys_pwritev(int fd, const struct iovec __user *list, uint32_t count, uint32_t low,
		    uint32_t high)
{
	loff_t at = wide(low, high);

	return at < 0 ? -EINVAL : transfer_fd_list(fd, list, count, &at, true);
}

/*
 * preadv2 and pwritev2: at position -1 the file's own, and flags. What is synchronous or urgent is
 * so in any case here; not to wait is no promise that can be given.
 */
static int32_t transfer_flagged(int fd, const struct iovec __user *list, uint32_t count, loff_t at,
				uint32_t flags, bool writing)
{
	struct file *file = file_from_fd(fd);
	loff_t position = at;
	ssize_t done;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (at != -1 && !seekable(file))
		done = -ESPIPE;
	else
		done = transfer_list(file, list, count, at == -1 ? &file->position : &position,
				     flags, writing);
	file_put(file);
	return done;
}

int32_t sys_preadv2(int fd, const struct iovec __user *list, uint32_t count, uint32_t low,
		    uint32_t high, uint32_t flags)
{
	loff_t at = wide(low, high);

	return at < -1 ? -EINVAL : transfer_flagged(fd, list, count, at, flags, false);
}

int32_t sys_pwritev2(int fd, const struct iovec __user *list, uint32_t count, uint32_t low,
		     uint32_t high, uint32_t flags)
{
	loff_t at = wide(low, high);

	return at < -1 ? -EINVAL : transfer_flagged(fd, list, count, at, flags, true);
}

/* ---- positions ---- */

static loff_t seek(int fd, loff_t offset, int whence)
{
	struct file *file = file_from_fd(fd);
	loff_t position;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (whence < SEEK_SET || whence > SEEK_HOLE)
		position = -EINVAL;
	else if (file->ops->seek)
		position = file->ops->seek(file, offset, whence);
	else
		position = file_seek_default(file, offset, whence);
	file_put(file);
	return position;
}

int32_t sys_lseek(int fd, int32_t offset, int whence)
{
	loff_t position = seek(fd, offset, whence);

	return position > INT32_MAX ? -EOVERFLOW : (int32_t)position;
}

int32_t sys_llseek(int fd, uint32_t high, uint32_t low, loff_t __user *result, int whence)
{
	loff_t position = seek(fd, wide(low, high), whence);

	if (position < 0)
		return (int32_t)position;
	return copy_to_user(result, &position, sizeof(position));
}

/* ---- from file to file ---- */

/*
 * One page's worth through a kernel buffer: bytes, 0 at the end, -errno. What was read and not
 * written is not lost.
 */
static ssize_t pass_some(struct file *from, loff_t *from_at, struct file *to, loff_t *to_at,
			 char *buffer, size_t size)
{
	loff_t start = *from_at;
	struct iovec vec;
	struct uio io;
	ssize_t got, put;

	uio_init(&io, &vec, buffer, size, true);
	got = file_read(from, &io, from_at);
	if (got <= 0)
		return got;
	uio_init(&io, &vec, buffer, (size_t)got, true);
	put = file_write(to, &io, to_at);
	*from_at = start + MAX(put, 0);
	return put;
}

ssize_t file_pass(struct file *from, loff_t *from_at, struct file *to, loff_t *to_at, size_t size)
{
	char *buffer = kalloc(PAGE_SIZE);
	ssize_t total = 0, done = 1;

	if (!buffer)
		return -ENOMEM;
	size = MIN(size, TRANSFER_MAX);
	while ((size_t)total < size && done > 0) {
		size_t wanted = MIN(size - (size_t)total, PAGE_SIZE);

		done = pass_some(from, from_at, to, to_at, buffer, wanted);
		if (done > 0)
			total += done;
		if (done >= 0 && (size_t)done < wanted)
			break;
		if (total && signal_pending())
			break;
	}
	kfree(buffer);
	return total ? total : done < 0 ? done : 0;
}

/* May size bytes at `at` go from one file to the other? 0 or -errno, in Linux's order. */
static int check_files(struct file *from, struct file *to, const loff_t *at, size_t size)
{
	loff_t position = at ? *at : from->position;

	if (!file_readable(from))
		return -EBADF;
	if (at && !seekable(from))
		return -ESPIPE;
	if (runs_over(position, size))
		return -EINVAL;
	if (IS_ERR(to) || !file_writable(to))
		return -EBADF;
	if (!from->ops->read || !to->ops->write)
		return -EINVAL;
	if (!seekable(from) || S_ISDIR(from->inode->mode) || (to->flags & O_APPEND))
		return -EINVAL;
	return (uint64_t)position >= FILE_SIZE_MAX && size ? -EOVERFLOW : 0;
}

static ssize_t send_file(int to_fd, int from_fd, loff_t *at, size_t size)
{
	struct file *from = file_from_fd(from_fd), *to;
	ssize_t done;

	if (IS_ERR(from))
		return PTR_ERR(from);
	to = file_from_fd(to_fd);
	done = check_files(from, to, at, size);
	if (!done)
		done = file_pass(from, at ? at : &from->position, to, &to->position, size);
	if (!IS_ERR(to))
		file_put(to);
	file_put(from);
	return done;
}

int32_t sys_sendfile64(int to, int from, loff_t __user *offset, size_t size)
{
	loff_t at;
	ssize_t done;

	if (!offset)
		return send_file(to, from, NULL, size);
	if (copy_from_user(&at, offset, sizeof(at)) != 0)
		return -EFAULT;
	if (at < 0)
		return -EINVAL;
	done = send_file(to, from, &at, size);
	return copy_to_user(offset, &at, sizeof(at)) != 0 ? -EFAULT : done;
}

int32_t sys_sendfile(int to, int from, uint32_t __user *offset, size_t size)
{
	uint32_t short_at;
	loff_t at;
	ssize_t done;

	if (!offset)
		return send_file(to, from, NULL, size);
	if (get_user(&short_at, offset) != 0)
		return -EFAULT;
	at = (int32_t)short_at;
	if (at < 0)
		return -EINVAL;
	done = send_file(to, from, &at, size);
	return put_user(offset, (uint32_t)at) != 0 ? -EFAULT : done;
}
