/*
 * Extended attributes: no file system here keeps any, which Linux says with EOPNOTSUPP, after the
 * file itself has been found and the arguments looked at.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <uaccess.h>

#define XATTR_NAME_MAX 255
#define XATTR_SIZE_MAX 65536u
#define XATTR_CREATE 1u
#define XATTR_REPLACE 2u

/* A name of 1 to 255 bytes: 0, -ERANGE, -EFAULT. */
static int check_name(const char __user *name)
{
	char copy[XATTR_NAME_MAX + 1];
	int length = strncpy_from_user(copy, name, sizeof(copy));

	if (length == 0 || length == -ENAMETOOLONG)
		return -ERANGE;
	return length < 0 ? length : 0;
}

static int check_path(const char __user *path, unsigned how)
{
	struct dentry *dentry = user_path_lookup(AT_FDCWD, path, how);

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	dentry_put(dentry);
	return 0;
}

static int check_fd(int fd)
{
	struct file *file = file_from_fd(fd);

	if (IS_ERR(file))
		return PTR_ERR(file);
	file_put(file);
	return 0;
}

static int32_t answer(int found, const char __user *name)
{
	int error = found ? found : check_name(name);

	return error ? error : -EOPNOTSUPP;
}

static int check_set(uint32_t size, uint32_t flags)
{
	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	return size > XATTR_SIZE_MAX ? -E2BIG : 0;
}

int32_t sys_setxattr(const char __user *path, const char __user *name, const void __user *value,
		     uint32_t size, uint32_t flags)
{
	(void)value;
	return answer(check_set(size, flags) ?: check_path(path, LOOKUP_FOLLOW), name);
}

int32_t sys_lsetxattr(const char __user *path, const char __user *name, const void __user *value,
		      uint32_t size, uint32_t flags)
{
	(void)value;
	return answer(check_set(size, flags) ?: check_path(path, 0), name);
}

int32_t sys_fsetxattr(int fd, const char __user *name, const void __user *value, uint32_t size,
		      uint32_t flags)
{
	(void)value;
	return answer(check_set(size, flags) ?: check_fd(fd), name);
}

int32_t sys_getxattr(const char __user *path, const char __user *name)
{
	return answer(check_path(path, LOOKUP_FOLLOW), name);
}

int32_t sys_lgetxattr(const char __user *path, const char __user *name)
{
	return answer(check_path(path, 0), name);
}

int32_t sys_fgetxattr(int fd, const char __user *name)
{
	return answer(check_fd(fd), name);
}

/* A list of no attributes: its size is 0. */
int32_t sys_listxattr(const char __user *path)
{
	return check_path(path, LOOKUP_FOLLOW);
}

int32_t sys_llistxattr(const char __user *path)
{
	return check_path(path, 0);
}

int32_t sys_flistxattr(int fd)
{
	return check_fd(fd);
}

int32_t sys_removexattr(const char __user *path, const char __user *name)
{
	return answer(check_path(path, LOOKUP_FOLLOW), name);
}

int32_t sys_lremovexattr(const char __user *path, const char __user *name)
{
	return answer(check_path(path, 0), name);
}

int32_t sys_fremovexattr(int fd, const char __user *name)
{
	return answer(check_fd(fd), name);
}
