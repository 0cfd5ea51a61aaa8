/*
 * The file systems' side of files: what lies behind a path.
 *
 * An inode is a thing (file, directory, device...; inode.h), a dentry a name that leads to it
 * (dentry.h), a superblock a mounted file system (mount.h). Here are walking paths and opening what
 * they lead to. Which locks there are, and what is held when, is said in inode.h.
 */
#ifndef LOFT_VFS_H
#define LOFT_VFS_H

#include <abi/fcntl.h>
#include <abi/stat.h>
#include <abi/statfs.h>
#include <assert.h>
#include <clock.h>
#include <dentry.h>
#include <err.h>
#include <fs.h>
#include <inode.h>
#include <mount.h>
#include <object.h>
#include <task.h>
#include <types.h>
#include <wait.h>

/* ---- walking paths (fs/namei.c; texts: fs/path_text.c) ---- */

#define LOOKUP_FOLLOW 1u    /* a symbolic link at the end is followed */
#define LOOKUP_DIRECTORY 2u /* the end must be a directory */
#define LOOKUP_EMPTY 4u	    /* an empty path means the starting point itself */

/* LAST_ROOT: there is no last component; the walk stands on the end itself. */
enum last_kind { LAST_NAME, LAST_ROOT, LAST_DOT, LAST_DOTDOT };

/* A walk: to the end, or to the parent of the last name. */
struct walk {
	struct dentry *at; /* where it stands, a reference */
	const char *rest;  /* still to go */
	unsigned flags;
	unsigned depth, nlinks;
	bool trailing_slash;			 /* a slash stood behind the last name */
	enum last_kind kind;			 /* of the last component of a parent walk */
	struct name last;			 /* kind LAST_NAME */
	struct dentry *last_owner;		 /* whose text it is part of, or NULL */
	struct dentry *owners[SYMLINKS_MAX + 1]; /* whose text `rest` at each depth is part of */
	const char *pending[SYMLINKS_MAX + 1];
};

/*
 * Walks path from dirfd (AT_FDCWD: the working directory) to its end: a dentry with a reference, or
 * ERR_PTR.
 */
__must_check struct dentry *path_lookup(int dirfd, const char *path, unsigned flags);
/*
 * Walks to the parent of the last component, whose name is walk->last (a part of path). 0: walk_end
 * is due.
 */
__must_check int path_parent(struct walk *walk, int dirfd, const char *path);
/*
 * The child `last` of a parent walk, not followed: with a reference, or ERR_PTR(-ENOENT,
 * -EACCES...). names_held: names of the file system where the walk stands is.
 */
__must_check struct dentry *walk_last(struct walk *walk, bool names_held);
/*
 * Goes into a symbolic link that is the last component of a parent walk; again at a parent
 * afterwards.
 */
__must_check int walk_follow_last(struct walk *walk, struct dentry *link);
void walk_end(struct walk *walk);
/*
 * The child of a directory, asking the file system; with a reference or ERR_PTR. Rights are the
 * caller's part. The second with names held.
 */
__must_check struct dentry *lookup_child(struct dentry *parent, const struct name *name);
__must_check struct dentry *lookup_child_held(struct dentry *parent, const struct name *name);
/* Takes and gives back names of a directory's file system. */
static inline void names_lock(const struct dentry *directory)
{
	mutex_lock(&directory->inode->superblock->names);
}

static inline void names_unlock(const struct dentry *directory)
{
	mutex_unlock(&directory->inode->superblock->names);
}

static inline bool names_held(const struct dentry *directory)
{
	return mutex_is_mine(&directory->inode->superblock->names);
}
/* Steps onto what is mounted on a dentry; takes the reference over, gives one back. */
struct dentry *mount_follow(struct dentry *dentry);

/*
 * A user's path in a kernel buffer of PATH_MAX, to be given back: ERR_PTR(-EFAULT, -ENAMETOOLONG,
 * -ENOENT for "").
 */
__must_check char *path_from_user(const char __user *path);
__must_check char *path_from_user_or_empty(const char __user *path);
/* A buffer of PATH_MAX bytes; NULL when memory is out. */
__must_check char *path_buffer_get(void);
void path_buffer_put(char *buffer);
/* path_lookup of a user's path. */
__must_check struct dentry *user_path_lookup(int dirfd, const char __user *path, unsigned flags);

/* ---- files in memory that no path leads to (fs/memfd.c) ---- */

void memory_files_init(void);
/*
 * A new file, open for reading and writing, whose name /proc shows: of current, with a mode (of rights
 * alone). ERR_PTR(-ENOMEM).
 */
__must_check struct file *memory_file_create(const char *name, mode_t mode);
/* F_ADD_SEALS: 0, -EPERM, -EINVAL, -EBUSY (mapped for writing); F_GET_SEALS: the seals, -EINVAL. */
int32_t file_add_seals(struct file *file, uint32_t seals);
int32_t file_get_seals(const struct file *file);

/* ---- files (fs/file.c) ---- */

/* The largest size and position, as on i386 Linux: the page cache's index has 32 bits. */
#define FILE_SIZE_MAX ((uint64_t)UINT32_MAX << PAGE_SHIFT)

#define FILE_RUNS 0x80000000u	/* file->flags: opened by exec, keeps writers out */
#define FILE_WRITER 0x40000000u /* file->flags: counted in inode->writers */
#define FILE_CLAIMS 0x20000000u /* file->flags: of a block device, opened with O_EXCL */
#define FILE_FLAGS_ABI 0x1fffffffu

/* A file with ops NULL, refs 1; takes a reference to inode and dentry. NULL when memory is out. */
__must_check struct file *file_create(struct inode *inode, struct dentry *dentry, uint32_t flags);
/* Undoes file_create: the file was never opened. */
void file_free_unopened(struct file *file);
/* Sends current a signal for something it did itself: SIGPIPE, SIGXFSZ. */
void signal_self(int signal);
/*
 * Opens what dentry leads to: rights are the caller's part. ERR_PTR(-ENXIO, -ETXTBSY...). May sleep
 * (FIFOs).
 */
__must_check struct file *file_open_dentry(struct dentry *dentry, uint32_t flags);
/* Like file_from_fd, O_PATH files too. */
__must_check struct file *file_from_fd_any(int fd);
/* A dentry for a file, with a reference: for one without a name it is made. ERR_PTR(-ENOMEM). */
__must_check struct dentry *file_dentry(struct file *file);
/* file_may_read and file_may_write, for short: O_RDONLY 0, O_WRONLY 1, O_RDWR 2, neither 3. */
static inline bool file_readable(const struct file *file)
{
	return !(file->flags & (O_WRONLY | O_PATH));
}

static inline bool file_writable(const struct file *file)
{
	return ((file->flags + 1) & O_RDWR) && !(file->flags & O_PATH);
}

/* May it be read, or written, at all? 0, -EBADF (not opened so), -EINVAL (nothing of the kind). */
static inline int file_check_transfer(const struct file *file, bool writing)
{
	if (!(writing ? file_writable(file) : file_readable(file)))
		return -EBADF;
	return (writing ? !file->ops->write : !file->ops->read) ? -EINVAL : 0;
}

/*
 * Reads and writes at *position: limits are kept, atime and mtime seen to. file_check_transfer was
 * asked before. May sleep.
 */
static inline __must_check ssize_t file_read(struct file *file, struct uio *io, loff_t *position)
{
	ssize_t done;

	assert(file->ops->read);
	done = file->ops->read(file, io, position);
	if (done >= 0 && S_ISREG(file->inode->mode) && !(file->flags & O_NOATIME))
		inode_accessed(file->inode);
	return done;
}

/* A write to a file that has bytes of its own, rather than one that the kernel makes up. */
__must_check ssize_t file_write_content(struct file *file, struct uio *io, loff_t *position);

static inline __must_check ssize_t file_write(struct file *file, struct uio *io, loff_t *position)
{
	ssize_t done;

	assert(file->ops->write);
	if (S_ISREG(file->inode->mode) && file->inode->ops->resize)
		done = file_write_content(file, io, position);
	else
		done = file->ops->write(file, io, position);
	/* Sockets see to it themselves: not all of them raise it. */
	if (unlikely(done == -EPIPE) && !S_ISSOCK(file->inode->mode))
		signal_self(SIGPIPE);
	return done;
}

/* ---- files whose content is an object with blocks (fs/file_cache.c) ---- */

/*
 * file_ops->read and write through the page cache, with read-ahead; with O_DIRECT past it. The writer
 * keeps others, and truncation, away (inode->lock), and afterwards, without that lock, calls
 * file_write_synced. May sleep.
 */
__must_check ssize_t file_cache_read(struct file *file, struct uio *io, loff_t *position);
__must_check ssize_t file_cache_write(struct file *file, struct uio *io, loff_t *position);
/*
 * After done bytes were written at start: brings them to the disk if the file is open with O_SYNC or
 * O_DSYNC, or its inode or file system asks for it. done, or the error.
 */
__must_check ssize_t file_write_synced(struct file *file, uint64_t start, ssize_t done);
/* fsync or fdatasync: 0, -EIO..., each error of a write once; -EINVAL for what has no store. */
__must_check int file_sync(struct file *file, bool data_only);
/* Everything there is to write, of all file systems and block devices. wait: until it is there. */
int fs_sync_all(bool wait);

/* What files of FIFOs, device nodes and O_PATH begin with. */
extern const struct file_ops fifo_ops, chardev_ops, path_only_ops;
/* A directory: read is -EISDIR. dir_ops reads dentries; others bring a readdir. */
extern const struct file_ops dir_ops;
ssize_t dir_read(struct file *file, struct uio *io, loff_t *position);
/* To any position that is not negative; none is at the end. */
loff_t dir_seek(struct file *file, loff_t offset, int whence);
loff_t file_seek_default(struct file *file, loff_t offset, int whence);

/* ---- current's share ---- */

struct fs_context {
	uint32_t refs;
	mode_t umask;
	struct dentry *root, *cwd; /* references */
};
/* The root directory of current: fs_root for kernel tasks. No reference. */
struct dentry *current_root(void);
struct dentry *current_cwd(void);
mode_t current_umask(void);

/* fcntl's share of descriptors: F_DUPFD, and FD_CLOEXEC asked for (set < 0) or changed. */
int32_t file_duplicate(int fd, int from, bool close_on_exec);
int32_t file_close_on_exec(int fd, int set);

/* ---- names, by path: what the system calls and the kernel share (fs/link.c) ---- */

/* inode_ops->create, tried again when memory is short. names held. */
__must_check struct inode *inode_make(struct inode *directory, const struct name *name, mode_t mode,
				      dev_t device, const char *target);
/*
 * Makes anything by name in a parent directory, where the name is free; names held. umask is applied
 * to mode but for symbolic links. The dentry with a reference; ERR_PTR(-EACCES, -EROFS, -ENOENT: the
 * directory itself is gone...).
 */
__must_check struct dentry *make_child(struct dentry *parent, const struct name *name, mode_t mode,
				       dev_t device, const char *target);
/* May current take child, a directory or not as said, out of parent? names held. */
__must_check int may_remove(struct dentry *parent, struct dentry *child, bool directory);
/*
 * mknod, mkdir, symlink (target) from the kernel, path absolute from fs_root: rights are not asked.
 * 0 or -errno.
 */
__must_check int kernel_make(const char *path, mode_t mode, dev_t device, const char *target);
/* unlink and rmdir; link of an inode whose reference the caller has; renameat2. 0 or -errno. */
__must_check int path_remove(int dirfd, const char *path, bool directory);
__must_check int path_link(struct inode *inode, int dirfd, const char *path);
__must_check int path_rename(int from_fd, const char *from, int to_fd, const char *to,
			     uint32_t flags);
/* mknod for current, of something without a device number: the dentry, a reference; ERR_PTR. */
__must_check struct dentry *path_make(const char *path, mode_t mode);

/* ---- advisory locks (fs/locks.c) ---- */

/* close of any descriptor: the process's record locks on the inode go. */
void locks_close(struct inode *inode, struct files *owner);
/* The last close of an open file: flock and open-file-description locks go. */
void locks_release_file(struct file *file);
void locks_free(struct inode *inode);

/* ---- the file systems ---- */

extern struct filesystem ramfs_type, tmpfs_type, devtmpfs_type, devpts_type, proc_type;
extern const struct file_ops ramfs_file_ops;
/* ext2 becomes known. Once, while booting. */
void ext2_init(void);
/* /dev: its nodes, now and as they are registered. */
void devfs_init(void);
void memdev_init(void);
void proc_init(void);
/*
 * F_SETPIPE_SZ (the size it got) and F_GETPIPE_SZ: -EBADF for what is no pipe, -EBUSY, -EPERM,
 * -ENOMEM.
 */
int32_t pipe_set_size(struct file *file, uint32_t size);
int32_t pipe_get_size(struct file *file);

#endif
