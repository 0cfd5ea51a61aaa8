/*
 * fcntl and ioctl: what is done to descriptors and open files as such. Everything else goes to the
 * file.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <abi/ioctls.h>
#include <uaccess.h>

#include "locks.h"

/* What F_SETFL can change. */
#define SETTABLE (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)

static int set_flags(struct file *file, uint32_t flags)
{
	if ((file->inode->flags & INODE_APPEND) && ((file->flags ^ flags) & O_APPEND))
		return -EPERM;
	if ((flags & O_NOATIME) && !(file->flags & O_NOATIME) && !inode_is_mine(file->inode))
		return -EPERM;
	/* Of a pipe it means another thing: packets. */
	if ((flags & O_DIRECT) && !S_ISFIFO(file->inode->mode) && !file->ops->direct)
		return -EINVAL;
	file->flags = (file->flags & ~SETTABLE) | (flags & SETTABLE);
	return 0;
}

/* ---- locks, in two sizes ---- */

static int copy_lock_in(struct flock64 *to, const void __user *from, bool large)
{
	struct flock small;

	if (large)
		return copy_from_user(to, from, sizeof(*to));
	if (copy_from_user(&small, from, sizeof(small)) != 0)
		return -EFAULT;
	*to = (struct flock64){ small.type, small.whence, small.start, small.length, small.pid };
	return 0;
}

static int copy_lock_out(void __user *to, const struct flock64 *from, bool large)
{
	struct flock small = { from->type, from->whence, (int32_t)from->start,
			       (int32_t)from->length, from->pid };

	if (large)
		return copy_to_user(to, from, sizeof(*from));
	if (from->type != F_UNLCK && (from->start > INT32_MAX || from->length > INT32_MAX))
		return -EOVERFLOW;
	return copy_to_user(to, &small, sizeof(small));
}

/*
 * Another thread may have closed the descriptor meanwhile: then its closing came before the lock, and
 * nobody would ever take that away. It goes with -EBADF, as on Linux.
 */
static int still_open(int fd, struct file *file)
{
	struct file *now = file_from_fd(fd);
	bool same = now == file;

	if (!IS_ERR(now))
		file_put(now);
	if (same)
		return 0;
	locks_close(file->inode, current->process->files);
	return -EBADF;
}

static int lock_command(int fd, struct file *file, int command, void __user *argument)
{
	bool by_file = command >= F_OFD_GETLK, large = command >= F_GETLK64;
	bool query = command == F_GETLK || command == F_GETLK64 || command == F_OFD_GETLK;
	bool wait = command == F_SETLKW || command == F_SETLKW64 || command == F_OFD_SETLKW;
	struct flock64 lock;
	int error = copy_lock_in(&lock, argument, large);

	if (error)
		return error;
	if (!query) {
		error = lock_set(file, &lock, by_file, wait);
		return error || by_file || lock.type == F_UNLCK ? error : still_open(fd, file);
	}
	if (lock.type == F_UNLCK && !by_file)
		return -EINVAL;
	error = lock_query(file, &lock, by_file);
	return error ? error : copy_lock_out(argument, &lock, large);
}

/* ---- fcntl ---- */

/* O_PATH files have no more than a place in the table. */
static bool allowed_on_path_file(int command)
{
	return command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_GETFD ||
	       command == F_SETFD || command == F_GETFL;
}

static int32_t file_command(int fd, struct file *file, int command, uint32_t argument)
{
	switch (command) {
	case F_GETFL:
		return (int32_t)(file->flags & FILE_FLAGS_ABI);
	case F_SETFL:
		return set_flags(file, argument);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_GETLK64:
	case F_SETLK64:
	case F_SETLKW64:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock_command(fd, file, command, (void __user *)argument);
	case F_SETOWN:
		file->async_owner = (pid_t)argument;
		return 0;
	case F_GETOWN:
		return file->async_owner;
	case F_SETSIG:
		if (argument > NSIG)
			return -EINVAL;
		file->async_signal = (uint8_t)argument;
		return 0;
	case F_GETSIG:
		return file->async_signal;
	case F_ADD_SEALS:
		return file_add_seals(file, argument);
	case F_GET_SEALS:
		return file_get_seals(file);
	case F_SETPIPE_SZ:
		return pipe_set_size(file, argument);
	case F_GETPIPE_SZ:
		return pipe_get_size(file);
	default:
		return -EINVAL;
	}
}

static int32_t descriptor_command(int fd, int command, uint32_t argument)
{
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return file_duplicate(fd, (int)argument, command == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return file_close_on_exec(fd, -1);
	default:
		return file_close_on_exec(fd, argument & FD_CLOEXEC);
	}
}

int32_t sys_fcntl64(int fd, int command, uint32_t argument)
{
	struct file *file = file_from_fd_any(fd);
	int32_t result;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if ((file->flags & O_PATH) && !allowed_on_path_file(command))
		result = -EBADF;
	else if (command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_GETFD ||
		 command == F_SETFD)
		result = descriptor_command(fd, command, argument);
	else
		result = file_command(fd, file, command, argument);
	file_put(file);
	return result;
}

int32_t sys_fcntl(int fd, int command, uint32_t argument)
{
	if (command >= F_GETLK64 && command <= F_SETLKW64)
		return -EINVAL;
	return sys_fcntl64(fd, command, argument);
}

/* ---- ioctl ---- */

static int set_flag(struct file *file, uint32_t flag, const uint32_t __user *argument)
{
	uint32_t on;

	if (get_user(&on, argument) != 0)
		return -EFAULT;
	file->flags = on ? file->flags | flag : file->flags & ~flag;
	return 0;
}

/* FIONREAD of a regular file: what lies between the position and the end. */
static int bytes_left(const struct file *file, uint32_t __user *argument)
{
	return put_user(argument, (uint32_t)((loff_t)file->inode->pages.size - file->position));
}

static int ioctl_file(int fd, struct file *file, uint32_t command, uint32_t argument)
{
	switch (command) {
	case FIOCLEX:
		return file_close_on_exec(fd, 1);
	case FIONCLEX:
		return file_close_on_exec(fd, 0);
	case FIONBIO:
		return set_flag(file, O_NONBLOCK, (const uint32_t __user *)argument);
	case FIOASYNC:
		return file->ops->poll ? set_flag(file, O_ASYNC, (const uint32_t __user *)argument)
				       : -ENOTTY;
	case FIONREAD:
		if (S_ISREG(file->inode->mode))
			return bytes_left(file, (uint32_t __user *)argument);
		break;
	}
	return file->ops->ioctl ? file->ops->ioctl(file, command, argument) : -ENOTTY;
}

int32_t sys_ioctl(int fd, uint32_t command, uint32_t argument)
{
	struct file *file = file_from_fd(fd);
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	error = ioctl_file(fd, file, command, argument);
	file_put(file);
	return error;
}
