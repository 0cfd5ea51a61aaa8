/*
 * copy_file_range: bytes from one regular file to another, or to another place of the same one,
 * without a detour through the program.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>
#include <uaccess.h>

#include "iovec.h"

/* What may be copied at all: 0 or -errno, in Linux's order. */
static int check_files(const struct file *from, const struct file *to)
{
	if (S_ISDIR(from->inode->mode) || S_ISDIR(to->inode->mode))
		return -EISDIR;
	if (!S_ISREG(from->inode->mode) || !S_ISREG(to->inode->mode))
		return -EINVAL;
	if (!file_readable(from) || !file_writable(to) || (to->flags & O_APPEND))
		return -EBADF;
	return from->inode->superblock == to->inode->superblock ? 0 : -EXDEV;
}

/* How much of size there is to copy, or why it cannot be. */
static ssize_t check_range(const struct file *from, loff_t from_at, const struct file *to,
			   loff_t to_at, size_t size)
{
	uint64_t end = from->inode->pages.size;

	/* As unsigned numbers: a negative position is a large one, and runs over. */
	if ((uint64_t)from_at + size < (uint64_t)from_at ||
	    (uint64_t)to_at + size < (uint64_t)to_at)
		return -EOVERFLOW;
	size = from_at >= (loff_t)end ? 0 : (size_t)MIN((uint64_t)size, end - (uint64_t)from_at);
	if (size && from->inode == to->inode && to_at + (loff_t)size > from_at &&
	    to_at < from_at + (loff_t)size)
		return -EINVAL;
	if (from_at < 0 || to_at < 0 || !from->ops->read || !to->ops->write)
		return -EINVAL;
	return (ssize_t)MIN(size, (size_t)INT32_MAX);
}

static ssize_t copy(struct file *from, loff_t *from_at, struct file *to, loff_t *to_at, size_t size,
		    uint32_t flags)
{
	ssize_t left = flags ? -EINVAL : check_files(from, to);

	if (!left)
		left = check_range(from, *from_at, to, *to_at, size);
	return left <= 0 ? left : file_pass(from, from_at, to, to_at, (size_t)left);
}

/* A position of the program's, or the file's own: 0, -EFAULT. */
static int get_position(loff_t *at, const struct file *file, const loff_t __user *user)
{
	*at = file->position;
	return user ? copy_from_user(at, user, sizeof(*at)) : 0;
}

static int put_position(loff_t at, struct file *file, loff_t __user *user)
{
	if (user)
		return copy_to_user(user, &at, sizeof(at));
	file->position = at;
	return 0;
}

static ssize_t copy_at(struct file *from, loff_t __user *from_user, struct file *to,
		       loff_t __user *to_user, size_t size, uint32_t flags)
{
	loff_t from_at, to_at;
	ssize_t done;

	if (get_position(&from_at, from, from_user) || get_position(&to_at, to, to_user))
		return -EFAULT;
	done = copy(from, &from_at, to, &to_at, size, flags);
	if (done > 0 &&
	    (put_position(from_at, from, from_user) || put_position(to_at, to, to_user)))
		return -EFAULT;
	return done;
}

int32_t sys_copy_file_range(int from_fd, loff_t __user *from_at, int to_fd, loff_t __user *to_at,
			    size_t size, uint32_t flags)
{
	struct file *from = file_from_fd(from_fd), *to;
	ssize_t done = -EBADF;

	if (IS_ERR(from))
		return PTR_ERR(from);
	to = file_from_fd(to_fd);
	if (!IS_ERR(to)) {
		done = copy_at(from, from_at, to, to_at, size, flags);
		file_put(to);
	}
	file_put(from);
	return done;
}
