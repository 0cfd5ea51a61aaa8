/*
 * The file systems' side of files: what lies behind a path.
 *
 * An inode is a thing (file, directory, device...), a dentry a name that leads to it, a superblock
 * a mounted file system. Dentries form the tree that paths walk; each holds its inode and its
 * parent. A file system whose directories live in memory alone (ramfs, tmpfs, devtmpfs) pins its
 * dentries: they are the directory. Others are asked by lookup, and their dentries live while
 * somebody uses them. One superblock is mounted in one place, so that a dentry alone says where one
 * is.
 *
 * Protected by: the kernel not being preempted. No function here that only walks or changes names
 * sleeps, so each name operation is atomic. inode->lock (a mutex) makes writes to one file, which
 * do sleep, follow one another.
 */
#ifndef LOFT_VFS_H
#define LOFT_VFS_H

#include <abi/fcntl.h>
#include <abi/stat.h>
#include <abi/statfs.h>
#include <assert.h>
#include <clock.h>
#include <err.h>
#include <fs.h>
#include <object.h>
#include <task.h>
#include <tree.h>
#include <types.h>
#include <wait.h>

struct pipe;
struct inode_locks;
struct superblock;

/* One component of a path; not terminated. */
struct name {
	const char *text;
	size_t size;   /* 1..NAME_MAX */
	uint32_t hash; /* name_hash(text, size) */
};

struct inode_ops {
	/*
	 * The inode of a name, a reference for the caller, or ERR_PTR(-ENOENT...). NULL: the
	 * dentries are all there is.
	 */
	struct inode *(*lookup)(struct inode *directory, const struct name *name);
	/*
	 * A new inode of any type under a name that is free (name NULL: without one, O_TMPFILE).
	 * target: a symbolic link's text, else NULL. A reference for the caller, or
	 * ERR_PTR(-ENOSPC, -ENOMEM...). NULL: names cannot be made here (-EPERM). Ownership and
	 * final mode are the caller's part (inode_new_owner).
	 */
	struct inode *(*create)(struct inode *directory, const struct name *name, mode_t mode,
				dev_t device, const char *target);
	/* A second name for an inode. */
	int (*link)(struct inode *directory, const struct name *name, struct inode *inode);
	/* Takes a name away; an inode that is a directory is empty. */
	int (*unlink)(struct inode *directory, const struct name *name, struct inode *inode);
	/* Moves a name; replaced (or NULL) had the new one. With exchange both go on. */
	int (*rename)(struct inode *from, const struct name *old_name, struct inode *to,
		      const struct name *new_name, struct inode *inode, struct inode *replaced,
		      bool exchange);
	/*
	 * Sets a regular file's size (object_truncate and what goes with it): -ENOSPC, -EFBIG.
	 * NULL: -EINVAL.
	 */
	int (*resize)(struct inode *inode, uint64_t size);
	/*
	 * A symbolic link that leads elsewhere than its text (/proc/PID/exe): the dentry, a
	 * reference for the caller.
	 */
	struct dentry *(*jump)(struct inode *inode);
	/* The text of a link with jump, into buffer; its length or -errno. */
	ssize_t (*link_text)(struct inode *inode, char *buffer, size_t size);
	/* Brings mode, owner and times up to date before they are looked at. May be NULL. */
	void (*refresh)(struct inode *inode);
};

#define INODE_VOLATILE 1u /* its dentries are made anew by each lookup (processes in /proc) */
#define INODE_LINKABLE 4u /* made by O_TMPFILE: may get its first name */
#define INODE_FIXED 2u	  /* mode, owner and times cannot be set (-EPERM): /proc */

struct inode {
	uint32_t refs;
	ino_t number;
	struct superblock *superblock; /* NULL for pipes and the like */
	const struct inode_ops *ops;
	const struct file_ops *file_ops; /* of files opened on it; devices, FIFOs: their own */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint32_t nlink;
	dev_t device;		 /* of device nodes */
	uint32_t flags;		 /* INODE_* */
	int32_t writers;	 /* open for writing; negative: programs that run from it */
	bool atime_is_news;	 /* a read may have to change it: see inode_accessed */
	uint32_t accessed_stamp; /* clock_stamp when that was last looked at */
	uint32_t modified_stamp; /* clock_stamp when mtime and ctime were last set by a write */
	uint64_t atime, mtime, ctime, birth; /* nanoseconds since 1970 */
	struct mutex lock;		     /* held over writes and truncations */
	struct object pages;		     /* content; its size is the file's for all types */
	const char *kind;	   /* "pipe" of one that has no name anywhere, else NULL */
	struct inode_locks *locks; /* advisory locks, NULL: none ever */
	union {
		char *target;	   /* symbolic link: the text, on the heap */
		struct pipe *pipe; /* FIFO or pipe, while open */
		void *data;	   /* the file system's own */
	};
};

#define DENTRY_PINNED 1u  /* holds a reference of its own: it is the directory entry */
#define DENTRY_LINKED 2u  /* in its parent's trees */
#define DENTRY_REMOVED 4u /* its name is gone */

#define DENTRY_SHORT 20

struct dentry {
	uint32_t refs;
	uint32_t flags;		    /* DENTRY_* */
	struct dentry *parent;	    /* a reference; itself for a root */
	struct inode *inode;	    /* a reference; never NULL */
	struct superblock *mounted; /* what is mounted on it, or NULL */
	struct tree_node by_name;   /* in parent->names, by hash, size and bytes */
	struct tree_node by_order;  /* in parent->entries, by order */
	struct tree names, entries; /* the children */
	uint32_t nchildren;
	uint32_t order;	     /* age among its siblings: the position in getdents */
	uint32_t next_order; /* of the next child */
	uint32_t hash;
	uint32_t name_size;
	char *name; /* terminated: short_name, or on the heap */
	char short_name[DENTRY_SHORT];
};

struct super_ops {
	/*
	 * The last reference to an inode is gone: frees what the file system keeps with it. May be
	 * NULL.
	 */
	void (*evict)(struct inode *inode);
	void (*statfs)(struct superblock *superblock, struct statfs64 *to);
	/* Unmounted: frees superblock->data. May be NULL. */
	void (*release)(struct superblock *superblock);
	/* NULL: options are ignored. */
	int (*remount)(struct superblock *superblock, const char *options);
};

struct filesystem {
	const char *name;
	/* Makes superblock->root from "a,b=c" options. 0, -EINVAL, -ENOMEM. */
	int (*mount)(struct superblock *superblock, const char *options);
	uint32_t magic;
	bool single; /* mounting it over itself is -EBUSY */
	bool pins_dentries;
	bool no_programs; /* nothing on it may be mapped to execute, however it is mounted */
	struct list link;
};

struct superblock {
	struct list link; /* all mounted ones, by age */
	const struct filesystem *type;
	const struct super_ops *ops;
	dev_t device;	       /* st_dev */
	uint32_t flags;	       /* MS_* that were asked for */
	struct dentry *root;   /* a reference */
	struct dentry *covers; /* where it is mounted, a reference; NULL: the first */
	char *source;	       /* as /proc/mounts shows it, on the heap */
	ino_t next_inode;
	uint32_t ninodes;
	void *data;
};

/*
 * Device numbers as programs write them: 8 bits of the minor, 12 of the major, the minor's other
 * 12.
 */
static inline uint32_t device_major(dev_t device)
{
	return (device >> 8) & 0xfff;
}

static inline uint32_t device_minor(dev_t device)
{
	return (device & 0xff) | ((device >> 12) & 0xfff00);
}

/* ---- inodes (fs/inode.c) ---- */

/*
 * A new inode, refs 1, nlink 1, owner root, all times now. NULL when memory is out. superblock may
 * be NULL.
 */
__must_check struct inode *inode_create(struct superblock *superblock, mode_t mode);
/* For object_ops of a file system's own: what release is to be. */
void inode_release_pages(struct object *pages);
static inline void inode_get(struct inode *inode)
{
	assert(inode->refs > 0);
	inode->refs++;
}

/* Evicts an inode whose last holder has gone (refs is 0 already): for inode_put only. */
void inode_release(struct inode *inode);

static inline void inode_put(struct inode *inode)
{
	assert(inode->refs > 0);
	if (--inode->refs == 0)
		inode_release(inode);
}

/*
 * Owner and mode of something current makes in directory: fsuid, fsgid or the directory's group,
 * umask applied.
 */
void inode_new_owner(struct inode *inode, const struct inode *directory, mode_t mode);
/* May current (fsuid, fsgid) do mask (R_OK|W_OK|X_OK) with it? 0, -EACCES, -EROFS. */
__must_check int inode_permission(struct inode *inode, uint32_t mask);
/* True when current owns it or is root. */
bool inode_is_mine(const struct inode *inode);
/* True when a directory's sticky bit keeps current from taking inode's name out of it. */
bool inode_sticky(const struct inode *directory, const struct inode *inode);
/* Is gid among current's groups? */
bool cred_in_group(gid_t gid);
/* Has current the capability (CAP_*)? Kernel tasks have all. */
bool cred_can(unsigned capability);
#define CAP_CHOWN 0
#define CAP_DAC_OVERRIDE 1
#define CAP_DAC_READ_SEARCH 2
#define CAP_FOWNER 3
#define CAP_FSETID 4
#define CAP_SYS_CHROOT 18
#define CAP_SYS_ADMIN 21
#define CAP_SYS_RESOURCE 24
#define CAP_MKNOD 27

/* Marks content or names changed: mtime and ctime now. Once a tick is enough. */
void inode_set_modified(struct inode *inode);
static inline void inode_modified(struct inode *inode)
{
	if (inode->modified_stamp != clock_stamp)
		inode_set_modified(inode);
}
void inode_changed(struct inode *inode); /* ctime alone */
/* The time that files are stamped with: of the last tick, nanoseconds since 1970. */
uint64_t inode_now(void);
/* A read: atime now, as relatime and the mount's flags have it. */
void inode_set_accessed(struct inode *inode);
static inline void inode_accessed(struct inode *inode)
{
	uint32_t since = clock_stamp - inode->accessed_stamp;

	/* Most reads find it newer than all changes, and so less than a day old, an hour ago. */
	if (since > 0 && (inode->atime_is_news || since > 3600 * HZ))
		inode_set_accessed(inode);
}
/* Time was set otherwise than by a read: the next read looks at atime in any case. */
static inline void inode_times_changed(struct inode *inode)
{
	inode->accessed_stamp = clock_stamp - 1;
	inode->atime_is_news = true;
}
/* After a write or chown by somebody who is not root: set-id bits go. */
void inode_drop_setid(struct inode *inode);
/* truncate: size in bytes. -EINVAL, -EFBIG, -ETXTBSY is the caller's. Takes the lock. May sleep. */
__must_check int inode_resize(struct inode *inode, uint64_t size);
/*
 * One more writer, -ETXTBSY while a program runs from it; one program more, -ETXTBSY while open for
 * writing.
 */
__must_check int inode_get_write(struct inode *inode);
void inode_put_write(struct inode *inode);
__must_check int inode_deny_write(struct inode *inode);
void inode_allow_write(struct inode *inode);
void inode_stat(struct inode *inode, struct stat64 *to);

/* ---- dentries (fs/dentry.c) ---- */

/*
 * Of no bytes, and of one more. Simple: names that have one hash cost a comparison more, no longer
 * way through the tree.
 */
#define NAME_HASH_FIRST 5381u
static inline uint32_t name_hash_step(uint32_t hash, uint8_t byte)
{
	return hash * 33 + byte;
}

uint32_t name_hash(const char *text, size_t size);
struct name name_of(const char *text);
/*
 * A dentry for inode (its reference is taken over), unlinked, refs 1. parent NULL: a root. NULL
 * when memory is out.
 */
__must_check struct dentry *dentry_create(struct dentry *parent, const struct name *name,
					  struct inode *inode);
static inline void dentry_get(struct dentry *dentry)
{
	assert(dentry->refs > 0);
	dentry->refs++;
}

/* Frees a dentry whose last holder has gone (refs is 0 already): for dentry_put only. */
void dentry_release(struct dentry *dentry);

static inline void dentry_put(struct dentry *dentry)
{
	assert(dentry->refs > 0);
	if (--dentry->refs == 0)
		dentry_release(dentry);
}

/* The linked child of that name without a reference, or NULL. */
struct dentry *dentry_find(struct dentry *parent, const struct name *name);
/*
 * Puts it among its parent's children; pinned where the file system pins. -ENOSPC when the
 * directory is worn out.
 */
__must_check int dentry_link(struct dentry *dentry);
/* Its name is gone; those who hold it go on. */
void dentry_unlink(struct dentry *dentry);
/*
 * Gives it another parent and name, in two steps. The first may fail, -ENOMEM or -ENOSPC, and its
 * *room is for one of the two others. The name must be free by the second.
 */
__must_check int dentry_prepare_move(struct dentry *dentry, const struct dentry *parent,
				     const struct name *name, char **room);
void dentry_cancel_move(struct dentry *dentry, char *room);
void dentry_move(struct dentry *dentry, struct dentry *parent, const struct name *name, char *room);
/* The two change places and names. */
void dentry_exchange(struct dentry *a, struct dentry *b);
/* The first child whose order is at least `order`, or NULL. */
struct dentry *dentry_child_from(const struct dentry *parent, uint32_t order);
/* True when dentry is top or below it (mounts included). */
bool dentry_is_below(const struct dentry *dentry, const struct dentry *top);
/* The dentry above, over mount points too; a root's is itself. No reference. */
struct dentry *dentry_above(const struct dentry *dentry);
/*
 * The path from root (from the top of the tree when dentry is not below root) into the end of
 * buffer; returns a pointer in it. " (deleted)" behind when its name is gone.
 * ERR_PTR(-ENAMETOOLONG).
 */
char *dentry_path(const struct dentry *dentry, const struct dentry *root, char *buffer,
		  size_t size);
/* Unmount: drops every pinned dentry below root. */
void dentry_drop_tree(struct dentry *root);

/* ---- walking paths (fs/namei.c) ---- */

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
	bool trailing_slash;			/* a slash stood behind the last name */
	enum last_kind kind;			/* of the last component of a parent walk */
	struct name last;			/* kind LAST_NAME */
	struct inode *last_owner;		/* whose text it is part of, or NULL */
	struct inode *owners[SYMLINKS_MAX + 1]; /* whose text `rest` at each depth is part of */
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
 * -EACCES...).
 */
__must_check struct dentry *walk_last(struct walk *walk);
/*
 * Goes into a symbolic link that is the last component of a parent walk; again at a parent
 * afterwards.
 */
__must_check int walk_follow_last(struct walk *walk, struct dentry *link);
void walk_end(struct walk *walk);
/*
 * The child of a directory, asking the file system; with a reference or ERR_PTR. Rights are the
 * caller's part.
 */
__must_check struct dentry *lookup_child(struct dentry *parent, const struct name *name);
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

/* ---- mounts (fs/mount.c) ---- */

/*
 * Frees the file systems that were detached (umount -l) and that nobody uses any more; next to nothing when there is none.
 * For whoever gave up a file, a directory or a root that may have been the last one in it.
 */
void mount_reap_detached(void);

extern struct dentry *fs_root; /* of the first file system */
extern struct list filesystems, superblocks;
void filesystem_register(struct filesystem *type);
/* Mounts a new file system of a type on a directory. Kernel side: no rights are asked. */
__must_check int mount_at(const char *type, const char *source, struct dentry *at, uint32_t flags,
			  const char *options);
/*
 * Unmounts; MNT_DETACH: out of the tree now, freed when nobody uses it any more. -EBUSY, also for the
 * first root; -EINVAL.
 */
__must_check int mount_remove(struct superblock *superblock, uint32_t flags);
__must_check int mount_root(struct filesystem *type);
/* May something be changed in it? 0 or -EROFS. */
__must_check int superblock_writable(const struct superblock *superblock);
/* "rw,nosuid,relatime" as /proc/mounts has it. */
void superblock_options(const struct superblock *superblock, char *to, size_t size);
void superblock_statfs(struct superblock *superblock, struct statfs64 *to);
/* The device number of the next file system that has no disk. */
dev_t anonymous_device(void);
/* st_dev of pipes and whatever else lies in no file system. */
dev_t pipe_device(void);

/*
 * A file system of a type that is mounted nowhere, for files of the kernel's own making. ERR_PTR.
 * Never freed.
 */
__must_check struct superblock *mount_internal(const struct filesystem *type, const char *options);

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
#define FILE_FLAGS_ABI 0x3fffffffu

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

	assert(file_check_transfer(file, false) == 0);
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

	assert(file_check_transfer(file, true) == 0);
	if (S_ISREG(file->inode->mode) && file->inode->ops->resize)
		done = file_write_content(file, io, position);
	else
		done = file->ops->write(file, io, position);
	/* Sockets see to it themselves: not all of them raise it. */
	if (unlikely(done == -EPIPE) && !S_ISSOCK(file->inode->mode))
		signal_self(SIGPIPE);
	return done;
}

/* What files of FIFOs, device nodes and O_PATH begin with. */
extern const struct file_ops fifo_ops, chardev_ops, path_only_ops;
/* A directory: read is -EISDIR. dir_ops reads dentries; others bring a readdir. */
extern const struct file_ops dir_ops;
ssize_t dir_read(struct file *file, struct uio *io, loff_t *position);
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

/*
 * Makes anything by name in a parent directory walk; the dentry with a reference.
 * ERR_PTR(-EEXIST...).
 */
__must_check struct dentry *make_child(struct dentry *parent, const struct name *name, mode_t mode,
				       dev_t device, const char *target);
/* May current take child, a directory or not as said, out of parent? */
__must_check int may_remove(struct dentry *parent, struct dentry *child, bool directory);
/*
 * mknod, mkdir, symlink (target) from the kernel, path absolute from fs_root: rights are not asked.
 * 0 or -errno.
 */
__must_check int kernel_make(const char *path, mode_t mode, dev_t device, const char *target);
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
