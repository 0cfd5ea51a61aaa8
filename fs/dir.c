/*
 * Directories: reading their entries, and the working and root directory.
 *
 * A position in a directory whose dentries are all there is is the order number of the next entry
 * (dentry.c), so it stays right while names come and go. Other file systems' are their own.
 *
 * The system calls give readdir a sink that puts records into a buffer of the kernel's, with `names`
 * of the file system held; what the buffer has goes to the user's memory when that is given back, and
 * so on until one of the two ends.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <abi/dirent.h>
#include <assert.h>
#include <string.h>
#include <uaccess.h>

/* ---- directories that are their dentries ---- */

ssize_t dir_read(struct file *file, struct uio *io, loff_t *position)
{
	(void)file;
	(void)io;
	(void)position;
	return -EISDIR;
}

/* "." and "..": false when the sink is full. */
static bool add_dots(struct file *file, struct readdir_sink *sink)
{
	const struct dentry *above = file->dentry == current_root() ? file->dentry
								    : dentry_above(file->dentry);

	if (file->position == 0) {
		if (!sink->add(sink, ".", 1, file->inode->number, DT_DIR, 1))
			return false;
		file->position = 1;
	}
	if (file->position == 1) {
		if (!sink->add(sink, "..", 2, above->inode->number, DT_DIR, 2))
			return false;
		file->position = 2;
	}
	return true;
}

static int dir_readdir(struct file *file, struct readdir_sink *sink)
{
	const struct dentry *at;

	if (!add_dots(file, sink))
		return 0;
	while (file->position <= UINT32_MAX) {
		at = dentry_child_from(file->dentry, (uint32_t)file->position);
		if (!at || !sink->add(sink, at->name, at->name_size, at->inode->number,
				      DT_OF_MODE(at->inode->mode), (loff_t)at->order + 1))
			break;
		file->position = (loff_t)at->order + 1;
	}
	return 0;
}

loff_t dir_seek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->position;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->position = offset;
	return offset;
}

const struct file_ops dir_ops = {
	.read = dir_read,
	.seek = dir_seek,
	.readdir = dir_readdir,
};

/* ---- getdents ---- */

/* What goes to the user, and the batch of it that is being made. */
struct user_sink {
	struct readdir_sink sink;
	char __user *to;
	uint32_t left, used;
	char *batch; /* of PATH_MAX bytes */
	uint32_t filled;
	bool full;    /* the batch; the user has room for more */
	bool cramped; /* not even one record has room with the user */
};

/* A record is put together in a small buffer, then copied. */
#define RECORD_MAX (sizeof(struct dirent64) + NAME_MAX + 9)

static bool put_record(struct user_sink *user, const char *record, uint32_t size)
{
	if (size > user->left - user->filled) {
		user->cramped = user->used + user->filled == 0;
		return false;
	}
	user->full = size > PATH_MAX - user->filled;
	if (user->full)
		return false;
	memcpy(user->batch + user->filled, record, size);
	user->filled += size;
	return true;
}

static bool add_dirent32(struct readdir_sink *sink, const char *name, size_t size,
			 uint64_t inode_number, unsigned type, loff_t next)
{
	char room[RECORD_MAX] __attribute__((aligned(8))) = { 0 };
	struct dirent32 *record = (struct dirent32 *)room;
	uint32_t total = ROUND_UP(offsetof(struct dirent32, name) + size + 2, 4);

	record->ino = (uint32_t)inode_number;
	record->offset = (uint32_t)next;
	record->size = (uint16_t)total;
	memcpy(record->name, name, size);
	room[total - 1] = (char)type;
	return put_record(container_of(sink, struct user_sink, sink), room, total);
}

static bool add_dirent64(struct readdir_sink *sink, const char *name, size_t size,
			 uint64_t inode_number, unsigned type, loff_t next)
{
	char room[RECORD_MAX] __attribute__((aligned(8))) = { 0 };
	struct dirent64 *record = (struct dirent64 *)room;
	uint32_t total = ROUND_UP(offsetof(struct dirent64, name) + size + 1, 8);

	record->ino = inode_number;
	record->offset = next;
	record->size = (uint16_t)total;
	record->type = (uint8_t)type;
	memcpy(record->name, name, size);
	return put_record(container_of(sink, struct user_sink, sink), room, total);
}

/* Makes a batch: readdir and what it needs. */
static int make_batch(struct file *file, struct user_sink *user)
{
	struct superblock *superblock = file->inode->superblock;
	unsigned tries = 0;
	int error;

	user->filled = 0;
	user->full = false;
	mutex_lock(&superblock->names);
	do {
		if (file->dentry->flags & DENTRY_REMOVED)
			error = -ENOENT;
		else
			error = file->ops->readdir(file, &user->sink);
	} while (names_try_again(superblock, error, &tries));
	mutex_unlock(&superblock->names);
	return error;
}

/* Hands batches to the user: 0 when there is no more, or no room for more; -EFAULT, -EIO... */
static int read_batches(struct file *file, struct user_sink *user)
{
	int error;

	do {
		loff_t start = file->position;

		error = make_batch(file, user);
		if (copy_to_user(user->to, user->batch, user->filled) != 0) {
			file->position = start;
			return -EFAULT;
		}
		user->to += user->filled;
		user->left -= user->filled;
		user->used += user->filled;
	} while (user->full && !error);
	return error ? error : user->cramped ? -EINVAL : 0;
}

static int32_t read_entries(int fd, struct user_sink *user)
{
	struct file *file = file_from_fd(fd);
	int error = -ENOTDIR;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (file->ops->readdir) {
		user->batch = path_buffer_get();
		error = user->batch ? read_batches(file, user) : -ENOMEM;
		if (user->batch)
			path_buffer_put(user->batch);
	}
	if (!error && !(file->flags & O_NOATIME))
		inode_accessed(file->inode);
	file_put(file);
	return user->used ? (int32_t)user->used : error;
}

int32_t sys_getdents(int fd, void __user *to, uint32_t size)
{
	struct user_sink user = { .sink.add = add_dirent32, .to = to, .left = size };

	return read_entries(fd, &user);
}

int32_t sys_getdents64(int fd, void __user *to, uint32_t size)
{
	struct user_sink user = { .sink.add = add_dirent64, .to = to, .left = size };

	return read_entries(fd, &user);
}

/* ---- working directory, root, umask ---- */

static int may_stand(struct dentry *dentry)
{
	if (!S_ISDIR(dentry->inode->mode))
		return -ENOTDIR;
	return inode_permission(dentry->inode, X_OK);
}

/* Puts dentry (a reference is taken over when it fits) in *place. */
static int change_place(struct dentry **place, struct dentry *dentry)
{
	struct dentry *left = dentry;
	int error = may_stand(dentry);

	if (!error) {
		left = *place;
		*place = dentry;
	}
	/* What is left behind may end with this, which may sleep. */
	dentry_put(left);
	mount_reap_detached();
	return error;
}

int32_t sys_chdir(const char __user *path)
{
	struct dentry *dentry = user_path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	return change_place(&current->process->fs->cwd, dentry);
}

int32_t sys_fchdir(int fd)
{
	struct file *file = file_from_fd_any(fd);
	struct dentry *dentry;

	if (IS_ERR(file))
		return PTR_ERR(file);
	dentry = S_ISDIR(file->inode->mode) ? file_dentry(file) : ERR_PTR(-ENOTDIR);
	file_put(file);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	return change_place(&current->process->fs->cwd, dentry);
}

int32_t sys_chroot(const char __user *path)
{
	struct dentry *dentry = user_path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	int error;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	error = may_stand(dentry);
	if (!error && !cred_can(CAP_SYS_CHROOT))
		error = -EPERM;
	if (error) {
		dentry_put(dentry);
		return error;
	}
	return change_place(&current->process->fs->root, dentry);
}

static int32_t copy_cwd(char *buffer, char __user *to, uint32_t size)
{
	static const char unreachable[] = "(unreachable)";
	struct dentry *cwd = current_cwd(), *root = current_root();
	size_t front = dentry_is_below(cwd, root) ? 0 : sizeof(unreachable) - 1;
	char *path = dentry_path(cwd, root, buffer + front, PATH_MAX - front);
	uint32_t length;

	if (IS_ERR(path))
		return PTR_ERR(path);
	if (front)
		path = memcpy(path - front, unreachable, front);
	length = strlen(path) + 1;
	if (length > size)
		return -ERANGE;
	return copy_to_user(to, path, length) != 0 ? -EFAULT : (int32_t)length;
}

int32_t sys_getcwd(char __user *to, uint32_t size)
{
	char *buffer;
	int32_t result;

	if (current_cwd()->flags & DENTRY_REMOVED)
		return -ENOENT;
	buffer = path_buffer_get();
	if (!buffer)
		return -ENOMEM;
	result = copy_cwd(buffer, to, size);
	path_buffer_put(buffer);
	return result;
}

int32_t sys_umask(mode_t mask)
{
	struct fs_context *fs = current->process->fs;
	mode_t old = fs->umask;

	fs->umask = mask & 0777;
	return (int32_t)old;
}
