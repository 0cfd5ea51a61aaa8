/*
 * Names: making, linking and removing them.
 *
 * Each call walks to the parent of the last component, takes `names` of the file system there, looks
 * for the name, asks for the rights, lets the file system do its part, and then changes the tree of
 * dentries, which cannot fail. The walk may have slept before the lock was got: that the parent is
 * still a directory with a name is asked under it.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>
#include <kheap.h>
#include <string.h>
#include <uaccess.h>

/* May current make a name in the directory? */
static int may_make(struct dentry *parent, mode_t mode)
{
	struct inode *directory = parent->inode;
	int error;

	if (parent->flags & DENTRY_REMOVED)
		return -ENOENT;
	error = inode_permission(directory, W_OK | X_OK);
	if (error)
		return error;
	if (!directory->ops->create)
		return S_ISREG(mode) ? -EACCES : -EPERM;
	if ((S_ISCHR(mode) || S_ISBLK(mode)) && !cred_can(CAP_MKNOD))
		return -EPERM;
	return 0;
}

struct inode *inode_make(struct inode *directory, const struct name *name, mode_t mode,
			 dev_t device, const char *target)
{
	struct inode *inode;
	unsigned tries = 0;

	do {
		inode = directory->ops->create(directory, name, mode, device, target);
	} while (names_try_again(directory->superblock, PTR_ERR(inode), &tries));
	return inode;
}

struct dentry *make_child(struct dentry *parent, const struct name *name, mode_t mode, dev_t device,
			  const char *target)
{
	int error = may_make(parent, mode);
	struct dentry *dentry;
	struct inode *inode;

	assert(names_held(parent));
	if (error)
		return ERR_PTR(error);
	dentry = dentry_prepare(parent, name);
	if (IS_ERR(dentry))
		return dentry;
	inode = inode_make(parent->inode, name, target ? mode : mode & ~current_umask(), device,
			   target);
	if (IS_ERR(inode)) {
		dentry_put(dentry);
		return (void *)inode;
	}
	dentry_complete(dentry, inode);
	return dentry;
}

/*
 * The name at the end of a parent walk must be free: 0, -EEXIST, or why not. A slash may follow a
 * directory's.
 */
static int must_be_free(struct walk *walk, bool directory)
{
	struct dentry *child;

	if (walk->kind != LAST_NAME)
		return -EEXIST;
	child = walk_last(walk, true);
	if (!IS_ERR(child)) {
		dentry_put(child);
		return -EEXIST;
	}
	if (PTR_ERR(child) == -ENOENT)
		return walk->trailing_slash && !directory ? -ENOENT : 0;
	return PTR_ERR(child);
}

/* Makes what path names; target: a symbolic link's text. The new dentry, a reference, or ERR_PTR. */
static struct dentry *make_at(int dirfd, const char *path, mode_t mode, dev_t device,
			      const char *target)
{
	struct dentry *made;
	struct walk walk;
	int error = path_parent(&walk, dirfd, path);

	if (error)
		return ERR_PTR(error);
	names_lock(walk.at);
	error = must_be_free(&walk, S_ISDIR(mode));
	made = error ? ERR_PTR(error) : make_child(walk.at, &walk.last, mode, device, target);
	names_unlock(walk.at);
	walk_end(&walk);
	return made;
}

struct dentry *path_make(const char *path, mode_t mode)
{
	return make_at(AT_FDCWD, path, mode, 0, NULL);
}

static int make_path(int dirfd, const char *path, mode_t mode, dev_t device, const char *target)
{
	struct dentry *made = make_at(dirfd, path, mode, device, target);

	if (IS_ERR(made))
		return PTR_ERR(made);
	dentry_put(made);
	return 0;
}

int kernel_make(const char *path, mode_t mode, dev_t device, const char *target)
{
	return make_path(AT_FDCWD, path, mode, device, target);
}

static int make_user_path(int dirfd, const char __user *path, mode_t mode, dev_t device,
			  const char *target)
{
	char *text = path_from_user(path);
	int error;

	if (IS_ERR(text))
		return PTR_ERR(text);
	error = make_path(dirfd, text, mode, device, target);
	path_buffer_put(text);
	return error;
}

/* ---- hard links ---- */

static int link_child(struct dentry *parent, const struct name *name, struct inode *inode)
{
	struct inode *directory = parent->inode;
	int error = may_make(parent, S_IFREG);
	struct dentry *dentry;
	unsigned tries = 0;

	if (error)
		return error;
	if (directory->superblock != inode->superblock)
		return -EXDEV;
	if (S_ISDIR(inode->mode) || !directory->ops->link ||
	    (inode->flags & (INODE_IMMUTABLE | INODE_APPEND)))
		return -EPERM;
	dentry = dentry_prepare(parent, name);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	do {
		error = directory->ops->link(directory, name, inode);
	} while (names_try_again(directory->superblock, error, &tries));
	if (!error) {
		inode_get(inode);
		dentry_complete(dentry, inode);
	}
	dentry_put(dentry);
	return error;
}

int path_link(struct inode *inode, int dirfd, const char *path)
{
	struct walk walk;
	int error = path_parent(&walk, dirfd, path);

	if (error)
		return error;
	names_lock(walk.at);
	error = must_be_free(&walk, false);
	if (!error && inode->superblock != walk.at->inode->superblock)
		error = -EXDEV;
	else if (!error && inode->nlink == 0 && !(inode->flags & INODE_LINKABLE))
		error = -ENOENT;
	if (!error)
		error = link_child(walk.at, &walk.last, inode);
	if (!error)
		inode->flags &= ~INODE_LINKABLE;
	names_unlock(walk.at);
	walk_end(&walk);
	return error;
}

/* ---- removing ---- */

/* Of a device that is swapped to, a node is only one of its names. */
static bool is_swap_file(const struct inode *inode)
{
	return (inode->flags & INODE_SWAP) && !S_ISBLK(inode->mode);
}

int may_remove(struct dentry *parent, struct dentry *child, bool directory)
{
	int error = inode_permission(parent->inode, W_OK | X_OK);

	if (error)
		return error;
	if (inode_sticky(parent->inode, child->inode) || (parent->inode->flags & INODE_APPEND) ||
	    (child->inode->flags & (INODE_IMMUTABLE | INODE_APPEND)) || is_swap_file(child->inode))
		return -EPERM;
	if (directory && !S_ISDIR(child->inode->mode))
		return -ENOTDIR;
	if (!directory && S_ISDIR(child->inode->mode))
		return -EISDIR;
	if (!parent->inode->ops->unlink)
		return -EPERM;
	return child->mounted ? -EBUSY : 0;
}

static int remove_child(struct dentry *parent, struct dentry *child, bool directory)
{
	struct name name = { child->name, child->name_size, child->hash };
	int error = may_remove(parent, child, directory);
	unsigned tries = 0;

	if (error)
		return error;
	if (directory && dentry_has_pinned_children(child))
		return -ENOTEMPTY;
	do {
		error = parent->inode->ops->unlink(parent->inode, &name, child->inode);
	} while (names_try_again(parent->inode->superblock, error, &tries));
	if (!error)
		dentry_unlink(child);
	return error;
}

static int bad_last(enum last_kind kind, bool directory)
{
	if (!directory)
		return -EISDIR;
	switch (kind) {
	case LAST_DOT:
		return -EINVAL;
	case LAST_DOTDOT:
		return -ENOTEMPTY;
	default:
		return -EBUSY;
	}
}

/* names held. The child, a reference for the caller, in any case that it was found. */
static int remove_last_held(struct walk *walk, bool directory, struct dentry **child)
{
	struct dentry *found;
	int error = superblock_writable(walk->at->inode->superblock);

	if (error)
		return error;
	found = walk_last(walk, true);
	if (IS_ERR(found))
		return PTR_ERR(found);
	*child = found;
	if (walk->trailing_slash && !directory)
		return S_ISDIR(found->inode->mode) ? -EISDIR : -ENOTDIR;
	return remove_child(walk->at, found, directory);
}

static int remove_last(struct walk *walk, bool directory)
{
	struct dentry *child = NULL;
	int error;

	if (walk->kind != LAST_NAME)
		return bad_last(walk->kind, directory);
	names_lock(walk->at);
	error = remove_last_held(walk, directory, &child);
	names_unlock(walk->at);
	/* What the inode had on a disk is freed with its last reference, which takes time. */
	if (child)
		dentry_put(child);
	return error;
}

int path_remove(int dirfd, const char *path, bool directory)
{
	struct walk walk;
	int error = path_parent(&walk, dirfd, path);

	if (error)
		return error;
	error = remove_last(&walk, directory);
	walk_end(&walk);
	return error;
}

static int remove_user_path(int dirfd, const char __user *path, bool directory)
{
	char *text = path_from_user(path);
	int error;

	if (IS_ERR(text))
		return PTR_ERR(text);
	error = path_remove(dirfd, text, directory);
	path_buffer_put(text);
	return error;
}

/* ---- system calls ---- */

int32_t sys_mkdirat(int dirfd, const char __user *path, mode_t mode)
{
	return make_user_path(dirfd, path, S_IFDIR | (mode & 01777), 0, NULL);
}

int32_t sys_mkdir(const char __user *path, mode_t mode)
{
	return sys_mkdirat(AT_FDCWD, path, mode);
}

int32_t sys_mknodat(int dirfd, const char __user *path, mode_t mode, dev_t device)
{
	mode &= 0xffff;
	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	if (!S_ISCHR(mode) && !S_ISBLK(mode))
		device = 0;
	return make_user_path(dirfd, path, mode, device, NULL);
}

int32_t sys_mknod(const char __user *path, mode_t mode, dev_t device)
{
	return sys_mknodat(AT_FDCWD, path, mode, device);
}

int32_t sys_symlinkat(const char __user *target, int dirfd, const char __user *path)
{
	char *text = path_from_user(target);
	int error;

	if (IS_ERR(text))
		return PTR_ERR(text);
	error = make_user_path(dirfd, path, S_IFLNK | 0777, 0, text);
	path_buffer_put(text);
	return error;
}

int32_t sys_symlink(const char __user *target, const char __user *path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

int32_t sys_linkat(int from_fd, const char __user *from, int to_fd, const char __user *to,
		   uint32_t flags)
{
	unsigned how = flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0;
	struct dentry *dentry;
	char *text;
	int error;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		how |= LOOKUP_EMPTY;
	dentry = user_path_lookup(from_fd, from, how);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	text = path_from_user(to);
	error = IS_ERR(text) ? PTR_ERR(text) : path_link(dentry->inode, to_fd, text);
	if (!IS_ERR(text))
		path_buffer_put(text);
	dentry_put(dentry);
	return error;
}

int32_t sys_link(const char __user *from, const char __user *to)
{
	return sys_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int32_t sys_unlinkat(int dirfd, const char __user *path, uint32_t flags)
{
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return remove_user_path(dirfd, path, flags & AT_REMOVEDIR);
}

int32_t sys_unlink(const char __user *path)
{
	return remove_user_path(AT_FDCWD, path, false);
}

int32_t sys_rmdir(const char __user *path)
{
	return remove_user_path(AT_FDCWD, path, true);
}

/* The text of a link into a kernel buffer: its length. */
static ssize_t link_text(struct inode *inode, char *buffer, size_t size)
{
	const char *text;
	size_t length;
	int error;

	if (inode->ops->link_text)
		return inode->ops->link_text(inode, buffer, size);
	error = inode_target(inode, &text);
	if (error)
		return error;
	length = MIN(strlen(text), size);
	memcpy(buffer, text, length);
	return (ssize_t)length;
}

static ssize_t copy_link_text(struct inode *inode, char __user *to, size_t size)
{
	char *text = path_buffer_get();
	ssize_t length;

	if (!text)
		return -ENOMEM;
	inode_accessed(inode);
	length = link_text(inode, text, PATH_MAX);
	if (length > (ssize_t)size)
		length = (ssize_t)size;
	if (length >= 0 && copy_to_user(to, text, (size_t)length) != 0)
		length = -EFAULT;
	path_buffer_put(text);
	return length;
}

/* An empty path means the descriptor itself, if that is a link. */
static int32_t read_link(int dirfd, const char *path, char __user *to, size_t size)
{
	struct dentry *dentry = path_lookup(dirfd, path, LOOKUP_EMPTY);
	ssize_t length;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (S_ISLNK(dentry->inode->mode))
		length = copy_link_text(dentry->inode, to, size);
	else
		length = *path ? -EINVAL : -ENOENT;
	dentry_put(dentry);
	return length;
}

int32_t sys_readlinkat(int dirfd, const char __user *path, char __user *to, int size)
{
	char *text;
	int32_t length;

	if (size <= 0)
		return -EINVAL;
	text = path_from_user_or_empty(path);
	if (IS_ERR(text))
		return PTR_ERR(text);
	length = read_link(dirfd, text, to, (size_t)size);
	path_buffer_put(text);
	return length;
}

int32_t sys_readlink(const char __user *path, char __user *to, int size)
{
	return sys_readlinkat(AT_FDCWD, path, to, size);
}
