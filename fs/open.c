/*
 * Opening by name: open(2) with the flags' full meaning, and the kernel's own opens (exec's among
 * them).
 *
 * With O_CREAT the walk ends at the parent, so that a missing last name can be made there; a link
 * in its place is followed and the walk goes on. Then rights, in Linux's order (its may_open), then
 * the file, then O_TRUNC.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>

#define OPEN_FLAGS_KNOWN \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_ASYNC | \
	 O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_SYNC | \
	 O_PATH | O_TMPFILE_BIT)

struct opening {
	uint32_t flags;
	mode_t mode; /* of what is made */
	bool created;
	bool for_exec;
};

/* What open(2) says to flags that do not go together; drops what is ignored. */
static int check_flags(struct opening *opening)
{
	uint32_t flags = opening->flags & OPEN_FLAGS_KNOWN;

	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
		return -EINVAL;
	if (flags & O_TMPFILE_BIT) {
		if (!(flags & O_DIRECTORY) || (flags & O_ACCMODE) == O_RDONLY)
			return -EINVAL;
		flags &= ~O_CREAT;
	}
	opening->flags = flags;
	opening->mode = S_IFREG | (opening->mode & S_IALLUGO);
	return 0;
}

static uint32_t rights_wanted(const struct opening *opening)
{
	static const uint32_t by_mode[] = { R_OK, W_OK, R_OK | W_OK, R_OK | W_OK };
	uint32_t rights = by_mode[opening->flags & O_ACCMODE];

	if (opening->for_exec)
		rights = X_OK;
	return opening->flags & O_TRUNC ? rights | W_OK : rights;
}

static int check_type(const struct opening *opening, const struct inode *inode, uint32_t rights)
{
	uint32_t mount_flags = inode->superblock ? inode->superblock->flags : 0;

	switch (inode->mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if (rights & W_OK)
			return -EISDIR;
		return opening->for_exec ? -EACCES : 0;
	case S_IFCHR:
	case S_IFBLK:
		if (mount_flags & MS_NODEV)
			return -EACCES;
		break;
	case S_IFREG:
		return opening->for_exec && (mount_flags & MS_NOEXEC) ? -EACCES : 0;
	}
	return opening->for_exec ? -EACCES : 0;
}

/* May current open what was found, in this way? */
static int may_open(const struct opening *opening, struct dentry *dentry)
{
	struct inode *inode = dentry->inode;
	uint32_t rights = rights_wanted(opening);
	int error;

	if (opening->flags & O_CREAT) {
		if (opening->flags & O_EXCL)
			return -EEXIST;
		if (S_ISDIR(inode->mode))
			return -EISDIR;
	}
	if ((opening->flags & O_DIRECTORY) && !S_ISDIR(inode->mode))
		return -ENOTDIR;
	if (opening->flags & O_PATH)
		return 0;
	error = check_type(opening, inode, rights);
	if (!error)
		error = inode_permission(inode, rights);
	if (!error && (inode->flags & INODE_APPEND) && (rights & W_OK) &&
	    ((opening->flags & O_TRUNC) || !(opening->flags & O_APPEND)))
		error = -EPERM;
	if (!error && (opening->flags & O_NOATIME) && !inode_is_mine(inode))
		error = -EPERM;
	return error;
}

static int truncate_opened(struct file *file)
{
	struct inode *inode = file->inode;
	int error = 0;

	if (!S_ISREG(inode->mode))
		return 0;
	if (!(file->flags & FILE_WRITER))
		error = inode_get_write(inode);
	if (error)
		return error;
	inode_drop_setid(inode);
	/* Files that the kernel makes up have nothing to cut. */
	if (inode->ops->resize)
		error = inode_resize(inode, 0);
	if (!(file->flags & FILE_WRITER))
		inode_put_write(inode);
	return error;
}

static int deny_writers(struct file *file)
{
	int error = inode_deny_write(file->inode);

	if (!error)
		file->flags |= FILE_RUNS;
	return error;
}

static struct file *open_found(const struct opening *opening, struct dentry *dentry)
{
	struct file *file;
	int error = opening->created ? 0 : may_open(opening, dentry);

	if (error)
		return ERR_PTR(error);
	file = file_open_dentry(dentry, opening->flags);
	if (IS_ERR(file))
		return file;
	if ((opening->flags & O_TRUNC) && !opening->created)
		error = truncate_opened(file);
	if (!error && opening->for_exec)
		error = deny_writers(file);
	if (!error)
		return file;
	file_put(file);
	return ERR_PTR(error);
}

/* ---- O_CREAT ---- */

/* Makes the last name of a walk, unless somebody has done so meanwhile. A reference. */
static struct dentry *make_last(struct opening *opening, struct walk *walk)
{
	struct dentry *child;

	names_lock(walk->at);
	child = walk_last(walk, true);
	if (PTR_ERR(child) == -ENOENT) {
		opening->created = true;
		child = make_child(walk->at, &walk->last, opening->mode, 0, NULL);
	}
	names_unlock(walk->at);
	return child;
}

/*
 * Where the parent walk stands: its last name found, made, or reached through a link. A reference.
 */
static struct dentry *find_or_make(struct opening *opening, struct walk *walk)
{
	struct dentry *child;

	while (walk->kind == LAST_NAME) {
		int error;

		if (walk->trailing_slash)
			return ERR_PTR(-EISDIR);
		child = walk_last(walk, false);
		if (PTR_ERR(child) == -ENOENT)
			child = make_last(opening, walk);
		if (IS_ERR(child) || !S_ISLNK(child->inode->mode) ||
		    (opening->flags & (O_EXCL | O_NOFOLLOW)))
			return IS_ERR(child) ? child : mount_follow(child);
		error = walk_follow_last(walk, child);
		dentry_put(child);
		if (error)
			return ERR_PTR(error);
	}
	/* "/", "." or "..": a directory in any case, and so none to be made. */
	dentry_get(walk->at);
	return walk->at;
}

static struct dentry *lookup_creating(struct opening *opening, int dirfd, const char *path)
{
	struct dentry *found;
	struct walk walk;
	int error = path_parent(&walk, dirfd, path);

	if (error)
		return ERR_PTR(error);
	found = find_or_make(opening, &walk);
	walk_end(&walk);
	return found;
}

/* O_TMPFILE: an inode without a name in the file system of a directory. */
static struct inode *create_nameless(const struct opening *opening, struct dentry *parent)
{
	struct inode *directory = parent->inode, *inode;
	int error = inode_permission(directory, W_OK | X_OK);

	if (error)
		return ERR_PTR(error);
	if (!directory->ops->create)
		return ERR_PTR(-EOPNOTSUPP);
	names_lock(parent);
	if (parent->flags & DENTRY_REMOVED)
		inode = ERR_PTR(-ENOENT);
	else
		inode = inode_make(directory, NULL, opening->mode & ~current_umask(), 0, NULL);
	names_unlock(parent);
	return inode;
}

static struct dentry *make_nameless(struct opening *opening, struct dentry *parent)
{
	struct inode *inode = create_nameless(opening, parent);
	struct name name = { "", 0, 0 };
	struct dentry *dentry;

	if (IS_ERR(inode))
		return (void *)inode;
	if (!(opening->flags & O_EXCL))
		inode->flags |= INODE_LINKABLE;
	opening->created = true;
	dentry = dentry_create(parent, &name, inode);
	if (!dentry) {
		inode_put(inode);
		return ERR_PTR(-ENOMEM);
	}
	dentry->flags |= DENTRY_REMOVED;
	return dentry;
}

static struct dentry *lookup_tmpfile(struct opening *opening, int dirfd, const char *path)
{
	struct dentry *parent = path_lookup(dirfd, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY), *made;

	if (IS_ERR(parent))
		return parent;
	made = make_nameless(opening, parent);
	dentry_put(parent);
	return made;
}

static struct file *open_path(struct opening *opening, int dirfd, const char *path)
{
	unsigned how = opening->flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct dentry *found;
	struct file *file;
	int error = check_flags(opening);

	if (error)
		return ERR_PTR(error);
	if (opening->flags & O_TMPFILE_BIT)
		found = lookup_tmpfile(opening, dirfd, path);
	else if (opening->flags & O_CREAT)
		found = lookup_creating(opening, dirfd, path);
	else
		found = path_lookup(dirfd, path, how);
	if (IS_ERR(found))
		return (void *)found;
	file = open_found(opening, found);
	dentry_put(found);
	return file;
}

/* ---- for the kernel ---- */

struct file *file_open(const char *path, uint32_t flags, mode_t mode)
{
	struct opening opening = { .flags = flags, .mode = mode };

	return open_path(&opening, AT_FDCWD, path);
}

struct file *file_open_exec(const char *path)
{
	struct opening opening = { .flags = O_RDONLY | O_LARGEFILE, .for_exec = true };

	return open_path(&opening, AT_FDCWD, path);
}

struct file *file_open_exec_at(int dirfd, const char *path, uint32_t at_flags)
{
	struct opening opening = { .flags = O_RDONLY | O_LARGEFILE, .for_exec = true };
	unsigned how = at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct dentry *found;
	struct file *file;

	if (at_flags & AT_EMPTY_PATH)
		how |= LOOKUP_EMPTY;
	found = path_lookup(dirfd, path, how);
	if (IS_ERR(found))
		return (void *)found;
	file = open_found(&opening, found);
	dentry_put(found);
	return file;
}

/* ---- system calls ---- */

int32_t sys_openat(int dirfd, const char __user *path, uint32_t flags, mode_t mode)
{
	struct opening opening = { .flags = flags, .mode = mode };
	char *text = path_from_user(path);
	struct file *file;
	int fd;

	if (IS_ERR(text))
		return PTR_ERR(text);
	file = open_path(&opening, dirfd, text);
	path_buffer_put(text);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = files_install(current->process->files, file, 0, flags & O_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}

int32_t sys_open(const char __user *path, uint32_t flags, mode_t mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

int32_t sys_creat(const char __user *path, mode_t mode)
{
	return sys_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
