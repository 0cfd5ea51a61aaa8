/*
 * What can be changed about an inode besides its content and names: mode, owner, times, size.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <abi/time.h>
#include <assert.h>
#include <clock.h>
#include <uaccess.h>

#define UNCHANGED UINT32_MAX /* chown: an owner or group that stays */

/* May attributes be changed there at all? */
static int changeable(const struct inode *inode)
{
	int error = inode->superblock ? superblock_writable(inode->superblock) : 0;

	if (!error && (inode->flags & (INODE_FIXED | INODE_IMMUTABLE | INODE_APPEND)))
		error = -EPERM;
	return error;
}

static unsigned how_of(uint32_t flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	       (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

/* ---- chmod ---- */

static int change_mode(struct inode *inode, mode_t mode)
{
	int error = changeable(inode);

	if (error)
		return error;
	if (!inode_is_mine(inode))
		return -EPERM;
	if (S_ISLNK(inode->mode))
		return -EOPNOTSUPP;
	if (!cred_in_group(inode->gid) && !cred_can(CAP_FSETID))
		mode &= ~S_ISGID;
	inode->mode = (inode->mode & S_IFMT) | (mode & S_IALLUGO);
	inode_changed(inode);
	return 0;
}

static int32_t change_path_mode(int dirfd, const char __user *path, mode_t mode, uint32_t flags)
{
	struct dentry *dentry;
	int error;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	dentry = user_path_lookup(dirfd, path, how_of(flags));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	error = change_mode(dentry->inode, mode);
	dentry_put(dentry);
	return error;
}

int32_t sys_fchmodat(int dirfd, const char __user *path, mode_t mode)
{
	return change_path_mode(dirfd, path, mode, 0);
}

int32_t sys_chmod(const char __user *path, mode_t mode)
{
	return change_path_mode(AT_FDCWD, path, mode, 0);
}

int32_t sys_fchmod(int fd, mode_t mode)
{
	struct file *file = file_from_fd(fd);
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	error = change_mode(file->inode, mode);
	file_put(file);
	return error;
}

/* ---- chown ---- */

static bool may_chown(const struct inode *inode, uid_t uid, gid_t gid)
{
	bool own = inode->uid == current->process->cred.fsuid;

	if (cred_can(CAP_CHOWN))
		return true;
	if (uid != UNCHANGED && (!own || uid != inode->uid))
		return false;
	return gid == UNCHANGED || (own && (gid == inode->gid || cred_in_group(gid)));
}

static int change_owner(struct inode *inode, uid_t uid, gid_t gid)
{
	int error = changeable(inode);

	if (error)
		return error;
	if (!may_chown(inode, uid, gid))
		return -EPERM;
	if (uid != UNCHANGED)
		inode->uid = uid;
	if (gid != UNCHANGED)
		inode->gid = gid;
	/* Whoever gets it did not set those bits; root's chown takes them away too. */
	if (S_ISREG(inode->mode)) {
		inode->mode &= ~S_ISUID;
		if (inode->mode & S_IXGRP)
			inode->mode &= ~S_ISGID;
	}
	inode_changed(inode);
	return 0;
}

int32_t sys_fchownat(int dirfd, const char __user *path, uid_t uid, gid_t gid, uint32_t flags)
{
	struct dentry *dentry;
	int error;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	dentry = user_path_lookup(dirfd, path, how_of(flags));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	error = change_owner(dentry->inode, uid, gid);
	dentry_put(dentry);
	return error;
}

int32_t sys_chown(const char __user *path, uid_t uid, gid_t gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

int32_t sys_lchown(const char __user *path, uid_t uid, gid_t gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int32_t sys_fchown(int fd, uid_t uid, gid_t gid)
{
	struct file *file = file_from_fd(fd);
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	error = change_owner(file->inode, uid, gid);
	file_put(file);
	return error;
}

/* The 16-bit calls: -1 still means "stays". */
static uint32_t widen(uint32_t id)
{
	return (uint16_t)id == UINT16_MAX ? UNCHANGED : (uint16_t)id;
}

int32_t sys_chown16(const char __user *path, uint32_t uid, uint32_t gid)
{
	return sys_chown(path, widen(uid), widen(gid));
}

int32_t sys_lchown16(const char __user *path, uint32_t uid, uint32_t gid)
{
	return sys_lchown(path, widen(uid), widen(gid));
}

int32_t sys_fchown16(int fd, uint32_t uid, uint32_t gid)
{
	return sys_fchown(fd, widen(uid), widen(gid));
}

/* ---- times ---- */

/* An access and a modification time; nsec may be UTIME_NOW or UTIME_OMIT. */
struct times {
	struct timespec64 access, modification;
};

static bool special(const struct timespec64 *time, int32_t what)
{
	return time->nsec == what;
}

static bool valid(const struct timespec64 *time)
{
	return special(time, UTIME_NOW) || special(time, UTIME_OMIT) ||
	       (time->nsec >= 0 && (uint32_t)time->nsec < NSEC_PER_SEC);
}

/* Times before 1970 are kept as 1970: an inode counts nanoseconds from there. */
static uint64_t time_of(const struct timespec64 *time, uint64_t old, uint64_t now)
{
	if (special(time, UTIME_NOW))
		return now;
	if (special(time, UTIME_OMIT))
		return old;
	return time->sec < 0 ? 0 : (uint64_t)time->sec * NSEC_PER_SEC + (uint32_t)time->nsec;
}

/* times NULL: both now, which who may write may do as well. */
static int change_times(struct inode *inode, const struct times *times)
{
	static const struct times both_now = { { .nsec = UTIME_NOW }, { .nsec = UTIME_NOW } };
	uint64_t now = inode_now();
	bool now_only;
	int error = changeable(inode);

	if (!times)
		times = &both_now;
	if (error)
		return error;
	now_only = special(&times->access, UTIME_NOW) && special(&times->modification, UTIME_NOW);
	if (!inode_is_mine(inode)) {
		if (!now_only)
			return -EPERM;
		error = inode_permission(inode, W_OK);
		if (error)
			return error;
	}
	inode->atime = inode_kept_time(inode, time_of(&times->access, inode->atime, now));
	inode->mtime = inode_kept_time(inode, time_of(&times->modification, inode->mtime, now));
	inode->modified_stamp = clock_stamp - 1;
	inode_changed(inode);
	return 0;
}

static int change_path_times(int dirfd, const char __user *path, const struct times *times,
			     uint32_t flags)
{
	struct dentry *dentry;
	int error;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	dentry = user_path_lookup(dirfd, path, how_of(flags));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	error = change_times(dentry->inode, times);
	dentry_put(dentry);
	return error;
}

/* A NULL path is the descriptor itself, if it is one. */
static int change_any_times(int dirfd, const char __user *path, const struct times *times,
			    uint32_t flags)
{
	struct file *file;
	int error;

	if (times && (!valid(&times->access) || !valid(&times->modification)))
		return -EINVAL;
	/* Nothing to do: the path is not even looked at. */
	if (times && special(&times->access, UTIME_OMIT) &&
	    special(&times->modification, UTIME_OMIT))
		return 0;
	if (path || dirfd == AT_FDCWD)
		return change_path_times(dirfd, path, times, flags);
	if (flags)
		return -EINVAL;
	file = file_from_fd(dirfd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	error = change_times(file->inode, times);
	file_put(file);
	return error;
}

int32_t sys_utimensat_time64(int dirfd, const char __user *path,
			     const struct timespec64 __user *user, uint32_t flags)
{
	struct times times;

	if (user && copy_from_user(&times, user, sizeof(times)) != 0)
		return -EFAULT;
	return change_any_times(dirfd, path, user ? &times : NULL, flags);
}

int32_t sys_utimensat(int dirfd, const char __user *path, const struct timespec __user *user,
		      uint32_t flags)
{
	struct timespec short_times[2];
	struct times times;

	if (user && copy_from_user(short_times, user, sizeof(short_times)) != 0)
		return -EFAULT;
	if (user)
		times = (struct times){
			{ .sec = short_times[0].sec, .nsec = short_times[0].nsec },
			{ .sec = short_times[1].sec, .nsec = short_times[1].nsec },
		};
	return change_any_times(dirfd, path, user ? &times : NULL, flags);
}

int32_t sys_futimesat(int dirfd, const char __user *path, const struct timeval __user *user)
{
	struct timeval short_times[2];
	struct times times;

	if (user && copy_from_user(short_times, user, sizeof(short_times)) != 0)
		return -EFAULT;
	if (!user)
		return change_any_times(dirfd, path, NULL, 0);
	for (int i = 0; i < 2; i++)
		if ((uint32_t)short_times[i].usec >= 1000000)
			return -EINVAL;
	times = (struct times){
		{ .sec = short_times[0].sec, .nsec = short_times[0].usec * 1000 },
		{ .sec = short_times[1].sec, .nsec = short_times[1].usec * 1000 },
	};
	return change_any_times(dirfd, path, &times, 0);
}

int32_t sys_utimes(const char __user *path, const struct timeval __user *user)
{
	return sys_futimesat(AT_FDCWD, path, user);
}

int32_t sys_utime(const char __user *path, const int32_t __user *user)
{
	int32_t seconds[2];
	struct times times;

	if (user && copy_from_user(seconds, user, sizeof(seconds)) != 0)
		return -EFAULT;
	if (user)
		times = (struct times){ { .sec = seconds[0] }, { .sec = seconds[1] } };
	return change_any_times(AT_FDCWD, path, user ? &times : NULL, 0);
}

/* ---- size ---- */

static int check_size_limit(uint64_t size)
{
	uint32_t limit = current->process->rlimits[RLIMIT_FSIZE].current;

	if (limit == RLIM_INFINITY || size <= limit)
		return 0;
	signal_self(SIGXFSZ);
	return -EFBIG;
}

static int truncate_inode(struct inode *inode, uint64_t size)
{
	int error = size > inode->pages.size ? check_size_limit(size) : 0;

	if (error)
		return error;
	inode_drop_setid(inode);
	return inode_resize(inode, size);
}

static int truncate_found(struct inode *inode, uint64_t size)
{
	int error;

	if (S_ISDIR(inode->mode))
		return -EISDIR;
	if (!S_ISREG(inode->mode))
		return -EINVAL;
	error = inode_permission(inode, W_OK);
	if (!error && (inode->flags & INODE_APPEND))
		error = -EPERM;
	if (!error)
		error = inode_get_write(inode);
	if (error)
		return error;
	error = truncate_inode(inode, size);
	inode_put_write(inode);
	return error;
}

static int32_t truncate_path(const char __user *path, int64_t size)
{
	struct dentry *dentry;
	int error;

	if (size < 0)
		return -EINVAL;
	dentry = user_path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	error = truncate_found(dentry->inode, (uint64_t)size);
	dentry_put(dentry);
	return error;
}

/* small: a call without 64-bit sizes, on a file opened without O_LARGEFILE. */
static int32_t truncate_fd(int fd, int64_t size, bool small)
{
	struct file *file;
	int error;

	if (size < 0)
		return -EINVAL;
	file = file_from_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (!S_ISREG(file->inode->mode) || !file_may_write(file))
		error = -EINVAL;
	else if (small && !(file->flags & O_LARGEFILE) && size > INT32_MAX)
		error = -EINVAL;
	else if (file->inode->flags & INODE_APPEND)
		error = -EPERM;
	else
		error = truncate_inode(file->inode, (uint64_t)size);
	file_put(file);
	return error;
}

static int64_t wide(uint32_t low, uint32_t high)
{
	return (int64_t)((uint64_t)high << 32 | low);
}

int32_t sys_truncate(const char __user *path, int32_t size)
{
	return truncate_path(path, size);
}

int32_t sys_truncate64(const char __user *path, uint32_t low, uint32_t high)
{
	return truncate_path(path, wide(low, high));
}

int32_t sys_ftruncate(int fd, int32_t size)
{
	return truncate_fd(fd, size, true);
}

int32_t sys_ftruncate64(int fd, uint32_t low, uint32_t high)
{
	return truncate_fd(fd, wide(low, high), false);
}
