/*
 * The stat family, access, and statfs.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <clock.h>
#include <string.h>
#include <uaccess.h>

static int stat_path(int dirfd, const char __user *path, uint32_t flags, struct stat64 *stat)
{
	unsigned how = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct dentry *dentry;

	if (flags & AT_EMPTY_PATH)
		how |= LOOKUP_EMPTY;
	dentry = user_path_lookup(dirfd, path, how);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	inode_stat(dentry->inode, stat);
	dentry_put(dentry);
	return 0;
}

static int stat_fd(int fd, struct stat64 *stat)
{
	struct file *file = file_from_fd_any(fd);

	if (IS_ERR(file))
		return PTR_ERR(file);
	inode_stat(file->inode, stat);
	file_put(file);
	return 0;
}

static uint16_t short_id(uint32_t id)
{
	return id > UINT16_MAX ? 65534 : (uint16_t)id;
}

static int32_t copy_old(struct old_stat __user *to, const struct stat64 *stat)
{
	struct old_stat old = {
		.dev = (uint32_t)stat->dev,
		.ino = (uint32_t)stat->ino,
		.mode = (uint16_t)stat->mode,
		.nlink = (uint16_t)stat->nlink,
		.uid = short_id(stat->uid),
		.gid = short_id(stat->gid),
		.rdev = (uint32_t)stat->rdev,
		.size = (uint32_t)stat->size,
		.blksize = stat->blksize,
		.blocks = (uint32_t)stat->blocks,
		.atime = stat->atime,
		.atime_nsec = stat->atime_nsec,
		.mtime = stat->mtime,
		.mtime_nsec = stat->mtime_nsec,
		.ctime = stat->ctime,
		.ctime_nsec = stat->ctime_nsec,
	};

	if (stat->size > INT32_MAX || stat->nlink > UINT16_MAX)
		return -EOVERFLOW;
	return copy_to_user(to, &old, sizeof(old));
}

int32_t sys_stat(const char __user *path, struct old_stat __user *to)
{
	struct stat64 stat;

	return stat_path(AT_FDCWD, path, 0, &stat) ?: copy_old(to, &stat);
}

int32_t sys_lstat(const char __user *path, struct old_stat __user *to)
{
	struct stat64 stat;

	return stat_path(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &stat) ?: copy_old(to, &stat);
}

int32_t sys_fstat(int fd, struct old_stat __user *to)
{
	struct stat64 stat;

	return stat_fd(fd, &stat) ?: copy_old(to, &stat);
}

int32_t sys_fstatat64(int dirfd, const char __user *path, struct stat64 __user *to, uint32_t flags)
{
	struct stat64 stat;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	return stat_path(dirfd, path, flags, &stat) ?: copy_to_user(to, &stat, sizeof(stat));
}

int32_t sys_stat64(const char __user *path, struct stat64 __user *to)
{
	return sys_fstatat64(AT_FDCWD, path, to, 0);
}

int32_t sys_lstat64(const char __user *path, struct stat64 __user *to)
{
	return sys_fstatat64(AT_FDCWD, path, to, AT_SYMLINK_NOFOLLOW);
}

int32_t sys_fstat64(int fd, struct stat64 __user *to)
{
	struct stat64 stat;

	return stat_fd(fd, &stat) ?: copy_to_user(to, &stat, sizeof(stat));
}

/* ---- statx ---- */

static struct statx_timestamp timestamp(uint64_t time)
{
	return (struct statx_timestamp){ .sec = (int64_t)(time / NSEC_PER_SEC),
					 .nsec = (uint32_t)(time % NSEC_PER_SEC) };
}

static void fill_statx(struct dentry *dentry, struct statx *to)
{
	struct inode *inode = dentry->inode;
	struct stat64 stat;

	inode_stat(inode, &stat);
	*to = (struct statx){
		.mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID,
		.blksize = stat.blksize,
		.nlink = stat.nlink,
		.uid = stat.uid,
		.gid = stat.gid,
		.mode = (uint16_t)stat.mode,
		.ino = stat.ino,
		.size = (uint64_t)stat.size,
		.blocks = stat.blocks,
		.attributes_mask = STATX_ATTR_MOUNT_ROOT,
		.atime = timestamp(inode->atime),
		.btime = timestamp(inode->birth),
		.ctime = timestamp(inode->ctime),
		.mtime = timestamp(inode->mtime),
		.rdev_major = device_major(inode->device),
		.rdev_minor = device_minor(inode->device),
		.dev_major = device_major((dev_t)stat.dev),
		.dev_minor = device_minor((dev_t)stat.dev),
		.mnt_id = (uint32_t)stat.dev,
	};
	if (inode->superblock && dentry == inode->superblock->root)
		to->attributes |= STATX_ATTR_MOUNT_ROOT;
}

int32_t sys_statx(int dirfd, const char __user *path, uint32_t flags, uint32_t mask,
		  struct statx __user *to)
{
	unsigned how = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct dentry *dentry;
	struct statx statx;

	if (mask & STATX_RESERVED)
		return -EINVAL;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		how |= LOOKUP_EMPTY;
	dentry = user_path_lookup(dirfd, path, how);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	fill_statx(dentry, &statx);
	dentry_put(dentry);
	return copy_to_user(to, &statx, sizeof(statx));
}

/* ---- access ---- */

/*
 * Root's rights are asked of the real user for a moment. Nothing in between sleeps but the copy of
 * the path.
 */
static void become_real(struct credentials *cred)
{
	cred->fsuid = cred->uid;
	cred->fsgid = cred->gid;
	cred->effective = cred->uid == 0 ? cred->permitted : 0;
}

static int check_access(struct dentry *dentry, uint32_t mode)
{
	struct inode *inode = dentry->inode;

	if ((mode & X_OK) && S_ISREG(inode->mode) && inode->superblock &&
	    (inode->superblock->flags & MS_NOEXEC))
		return -EACCES;
	return mode ? inode_permission(inode, mode) : 0;
}

static int access_path(int dirfd, const char *path, uint32_t mode, uint32_t flags)
{
	struct credentials *cred = &current->process->cred, saved = *cred;
	unsigned how = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct dentry *dentry;
	int error;

	if (flags & AT_EMPTY_PATH)
		how |= LOOKUP_EMPTY;
	if (!(flags & AT_EACCESS))
		become_real(cred);
	dentry = path_lookup(dirfd, path, how);
	error = IS_ERR(dentry) ? PTR_ERR(dentry) : check_access(dentry, mode);
	if (!IS_ERR(dentry))
		dentry_put(dentry);
	cred->fsuid = saved.fsuid;
	cred->fsgid = saved.fsgid;
	cred->effective = saved.effective;
	return error;
}

int32_t sys_faccessat2(int dirfd, const char __user *path, uint32_t mode, uint32_t flags)
{
	char *text;
	int error;

	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	text = flags & AT_EMPTY_PATH ? path_from_user_or_empty(path) : path_from_user(path);
	if (IS_ERR(text))
		return PTR_ERR(text);
	error = access_path(dirfd, text, mode, flags);
	path_buffer_put(text);
	return error;
}

int32_t sys_faccessat(int dirfd, const char __user *path, uint32_t mode)
{
	return sys_faccessat2(dirfd, path, mode, 0);
}

int32_t sys_access(const char __user *path, uint32_t mode)
{
	return sys_faccessat2(AT_FDCWD, path, mode, 0);
}

/* ---- statfs ---- */

static void statfs_inode(const struct inode *inode, struct statfs64 *to)
{
	if (inode->superblock)
		superblock_statfs(inode->superblock, to);
	else
		*to = (struct statfs64){ .type = PIPEFS_MAGIC,
					 .bsize = PAGE_SIZE,
					 .frsize = PAGE_SIZE,
					 .namelen = NAME_MAX,
					 .flags = ST_VALID };
}

static int statfs_path(const char __user *path, struct statfs64 *to)
{
	struct dentry *dentry = user_path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW);

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	statfs_inode(dentry->inode, to);
	dentry_put(dentry);
	return 0;
}

static int statfs_fd(int fd, struct statfs64 *to)
{
	struct file *file = file_from_fd_any(fd);

	if (IS_ERR(file))
		return PTR_ERR(file);
	statfs_inode(file->inode, to);
	file_put(file);
	return 0;
}

static bool too_large(uint64_t value)
{
	return value > UINT32_MAX;
}

static int32_t copy_short(struct statfs __user *to, const struct statfs64 *wide)
{
	struct statfs narrow = {
		.type = wide->type,
		.bsize = wide->bsize,
		.blocks = (uint32_t)wide->blocks,
		.bfree = (uint32_t)wide->bfree,
		.bavail = (uint32_t)wide->bavail,
		.files = (uint32_t)wide->files,
		.ffree = (uint32_t)wide->ffree,
		.fsid = { wide->fsid[0], wide->fsid[1] },
		.namelen = wide->namelen,
		.frsize = wide->frsize,
		.flags = wide->flags,
	};

	if (too_large(wide->blocks) || too_large(wide->bfree) || too_large(wide->bavail) ||
	    too_large(wide->files) || too_large(wide->ffree))
		return -EOVERFLOW;
	return copy_to_user(to, &narrow, sizeof(narrow));
}

int32_t sys_statfs(const char __user *path, struct statfs __user *to)
{
	struct statfs64 wide;

	return statfs_path(path, &wide) ?: copy_short(to, &wide);
}

int32_t sys_fstatfs(int fd, struct statfs __user *to)
{
	struct statfs64 wide;

	return statfs_fd(fd, &wide) ?: copy_short(to, &wide);
}

int32_t sys_statfs64(const char __user *path, uint32_t size, struct statfs64 __user *to)
{
	struct statfs64 wide;

	if (size != sizeof(wide))
		return -EINVAL;
	return statfs_path(path, &wide) ?: copy_to_user(to, &wide, sizeof(wide));
}

int32_t sys_fstatfs64(int fd, uint32_t size, struct statfs64 __user *to)
{
	struct statfs64 wide;

	if (size != sizeof(wide))
		return -EINVAL;
	return statfs_fd(fd, &wide) ?: copy_to_user(to, &wide, sizeof(wide));
}
