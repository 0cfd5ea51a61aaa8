/*
 * Files: the virtual file system as the rest of the kernel sees it.
 *
 * A path leads through dentries (names, cached, a tree with mounts grafted on) to an inode (the
 * thing itself), and opening it makes a file (a position and flags, shared by dup and fork).
 */
#ifndef LOFT_FS_H
#define LOFT_FS_H

#include <abi/stat.h>
#include <assert.h>
#include <object.h>
#include <readahead.h>
#include <types.h>
#include <uio.h>
#include <wait.h>

struct file;
struct inode;
struct dentry;
struct poll_table;
struct readdir_sink;

struct file_ops {
	/*
	 * At *position (file->position, or pread's), which they advance. Bytes, 0 at the end,
	 * -errno. May sleep. NULL: -EINVAL.
	 */
	ssize_t (*read)(struct file *file, struct uio *io, loff_t *position);
	ssize_t (*write)(struct file *file, struct uio *io, loff_t *position);
	/*
	 * NULL: an ordinary seekable file; set to file_no_seek for pipes and terminals (-ESPIPE).
	 */
	loff_t (*seek)(struct file *file, loff_t offset, int whence);
	int (*ioctl)(struct file *file, uint32_t command, uint32_t argument); /* NULL: -ENOTTY */
	/*
	 * Ready events (POLLIN...); enters table's waiters on its queues when table is not NULL.
	 * NULL: always ready.
	 */
	uint32_t (*poll)(struct file *file, struct poll_table *table);
	/* The object that a mapping of the file maps; NULL: -ENODEV. */
	struct object *(*object)(struct file *file);
	/* A region with VMA_COUNTED maps the file, or no longer does. Only for files that ask for it. */
	void (*mapped)(struct file *file);
	void (*unmapped)(struct file *file);
	/*
	 * Gives the sink the entries from file->position on, moving that behind each one taken, until
	 * the sink is full or there are no more: 0 or -EIO... (what was taken before counts). names of
	 * the file system is held (inode.h). A position stays right while other names come and go: an
	 * entry that is there all the time is given once.
	 */
	int (*readdir)(struct file *file, struct readdir_sink *sink);
	int (*open)(struct inode *inode, struct file *file);
	void (*release)(struct file *file); /* last close */
	/*
	 * fsync, fdatasync (data_only: what only times would lose need not be written): everything
	 * of the file is on the disk afterwards. 0 or the first error; those of earlier writes are
	 * the caller's part (object_error_check). May sleep. NULL: nothing to do for files and
	 * directories, -EINVAL for others.
	 */
	int (*sync)(struct file *file, bool data_only);
	bool direct; /* may be open with O_DIRECT: what is read and written passes by the cache */
};

struct file {
	uint32_t refs;
	const struct file_ops *ops;
	struct inode *inode;   /* never NULL */
	struct dentry *dentry; /* NULL for pipes and the like */
	uint32_t flags;	       /* O_* of abi/fcntl.h */
	loff_t position;
	void *data;	      /* of ops */
	struct list watchers; /* the items of epolls that watch it, by epoll_item.file_link */
	pid_t async_owner;    /* F_SETOWN: as asked; a group when negative */
	uint8_t async_signal; /* F_SETSIG */
	uint32_t error_seen;  /* of its object's failed writes (object_error_check) */
	struct readahead ahead;
};

/*
 * One directory entry at a time; next: the position behind it. Returns false when the sink is full
 * (then the same entry comes again later). Does not sleep.
 */
struct readdir_sink {
	bool (*add)(struct readdir_sink *sink, const char *name, size_t size, uint64_t inode_number,
		    unsigned type, loff_t next);
};

#define POLLIN 0x001u
#define POLLPRI 0x002u
#define POLLOUT 0x004u
#define POLLERR 0x008u
#define POLLHUP 0x010u
#define POLLNVAL 0x020u
#define POLLRDNORM 0x040u
#define POLLWRNORM 0x100u

/* Called by ops->poll for each queue whose wake may change the answer. */
void poll_wait(struct poll_table *table, struct wait_queue *queue);

/* The file is about to go: takes it out of the epolls that watch it. */
void epoll_forget(struct file *file);

/* ---- boot ---- */

/* Caches, the root in-memory file system, /proc and /dev file system types, vma_file_ops. */
void fs_init(void);
/*
 * Fills the root from the initramfs module (newc cpio); says clearly what is wrong with a bad
 * archive and keeps what came before; gives the module's frames back as it goes. -EINVAL (not an
 * archive), -ENOMEM, -ENODEV (no module).
 */
__must_check int initramfs_unpack(void);

/* ---- files in the kernel ---- */

static inline void file_get(struct file *file)
{
	assert(file->refs > 0);
	file->refs++;
}

/* Frees a file whose last holder has gone (refs is 0 already): for file_put only. May sleep. */
void file_release(struct file *file);

static inline void file_put(struct file *file)
{
	assert(file->refs > 0);
	if (--file->refs == 0)
		file_release(file);
}

/*
 * The open file of the current process's descriptor with a reference for the caller, or
 * ERR_PTR(-EBADF).
 */
__must_check struct file *file_from_fd(int fd);
/*
 * Opens a kernel-side path from the current process's root and directory (or the global root for
 * kernel tasks).
 */
__must_check struct file *file_open(const char *path, uint32_t flags, mode_t mode);
/* For exec: opens for execution: regular, executable by current, not on noexec. -EACCES... */
__must_check struct file *file_open_exec(const char *path);
/* The same from dirfd (AT_FDCWD...), with AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW: execveat. */
__must_check struct file *file_open_exec_at(int dirfd, const char *path, uint32_t at_flags);
/* Reads into kernel memory at offset: bytes, -errno. */
__must_check ssize_t file_read_kernel(struct file *file, void *to, size_t size, loff_t offset);
/* The object behind a file for mmap: -ENODEV, -EACCES. No reference is taken. */
__must_check struct object *file_mmap_object(struct file *file);
/* The file's operations of these names. */
void file_mapped(struct file *file);
void file_unmapped(struct file *file);
/* The pid of an open directory /proc/PID, whether or not the process is still there; else -1. */
pid_t file_process_directory(const struct file *file);
bool file_may_read(const struct file *file);
bool file_may_write(const struct file *file);
/* False where nothing may be mapped to execute: noexec mounts, /proc, pipes. */
bool file_may_execute(const struct file *file);
/*
 * Path of a file as /proc shows it ("/bin/sh", "pipe:[7]", "/tmp/x (deleted)"): into buffer;
 * returns buffer or a pointer in it.
 */
const char *file_path(const struct file *file, char *buffer, size_t size);
uint32_t file_inode_number(const struct file *file);
dev_t file_device(const struct file *file);
/* stat of the file, as stat64 needs it. */
void file_stat(const struct file *file, struct stat64 *to);
/* May exec of it raise rights by its set-id bits? Not where it is mounted nosuid. */
bool file_may_raise(const struct file *file);

/* ---- a process's share ---- */

struct files;
struct fs_context;
__must_check struct files *files_create(void);
__must_check struct files *files_copy(struct files *from); /* fork */
void files_get(struct files *files);			   /* CLONE_FILES */
void files_put(struct files *files);
void files_close_on_exec(struct files *files);
__must_check struct fs_context *fs_context_create(void); /* root and cwd "/", umask 022 */
__must_check struct fs_context *fs_context_copy(struct fs_context *from);
void fs_context_get(struct fs_context *fs);
void fs_context_put(struct fs_context *fs);
/*
 * Installs a file (reference taken over) at the lowest free descriptor >= from; the number or
 * -EMFILE, -ENOMEM.
 */
__must_check int files_install(struct files *files, struct file *file, int from,
			       bool close_on_exec);
/* The file at fd with a reference, or NULL: /proc/PID/fd. */
struct file *files_lookup(struct files *files, int fd);
int files_next_fd(struct files *files, int from); /* lowest open fd >= from, or -1 */
unsigned files_capacity(struct files *files);
bool files_close_on_exec_of(struct files *files, int fd);
/* Path of the working directory / root as /proc/PID/cwd shows it. */
const char *fs_context_cwd(struct fs_context *fs, char *buffer, size_t size);

/* ---- device nodes ---- */

#define DEV(major, minor) (((dev_t)(major) << 8) | (minor))
/*
 * Registers a character device: appears in /dev as name (NULL: not shown), opened through ops. name
 * may hold '/'. file->data is `data` when ops->open is called, which may change it.
 */
__must_check int chardev_register(dev_t device, const char *name, mode_t mode,
				  const struct file_ops *ops, void *data);
/* A device that was registered without a name: it cannot be opened any more. */
void chardev_unregister(dev_t device);
loff_t file_no_seek(struct file *file, loff_t offset, int whence);

/* lseek where there is nothing to seek in, and no harm in trying: always position 0. */
loff_t file_stay(struct file *file, loff_t offset, int whence);

/* A file with no path (pipe, socket): makes its inode. ERR_PTR(-ENOMEM/-ENFILE). */
__must_check struct file *file_create_anonymous(const struct file_ops *ops, void *data,
						uint32_t flags, mode_t type, const char *kind);
/*
 * The same with a descriptor of current's, close-on-exec if flags have O_CLOEXEC: its number,
 * -ENOMEM, -EMFILE. ops->release has given data back when it fails.
 */
__must_check int file_install_anonymous(const struct file_ops *ops, void *data, uint32_t flags,
					const char *kind);
/* A descriptor of current's for a file whose reference is taken over in any case; -EMFILE... */
__must_check int file_install(struct file *file, bool close_on_exec);

#endif
