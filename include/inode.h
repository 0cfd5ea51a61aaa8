/*
 * Inodes: the things that names lead to, and what a file system does with them.
 *
 * A file system in memory (ramfs, proc...) makes an inode with inode_create and loses it with its
 * last reference. One that keeps names (filesystem->keeps_names: its inodes lie on a disk) finds
 * them by number with inode_find_or_new: an inode is in memory once, in a tree of its superblock,
 * and stays there when nobody uses it, clean or dirty, with its pages, until memory is wanted, it
 * is unmounted, or its last name and its last user are gone.
 *
 * ---- Locks: what is held when an operation is called ----
 *
 *   names    superblock->names, a mutex. Who makes, removes or changes names in a file system holds
 *            it over the checks, the file system's operation and the change of the dentries; so
 *            does a lookup that must ask the file system, and getdents. Walking along names that
 *            are cached takes nothing. Whatever was found before the lock was waited for is looked
 *            up again.
 *   lock     inode->lock, a mutex: held over writes to one file's content and changes of its size.
 *   own      a file system's own mutexes (block maps, allocation): taken in its operations, and
 *            innermost; the page cache and the disk may be waited for under them.
 *
 * Order: mounting (fs/mount.c) -> names -> own; inode->lock -> mm->lock -> own. So: with names held
 * no user memory is touched, no inode->lock and no mm->lock taken; a task holds one names at most.
 * With an own mutex held none of the others is waited for.
 *
 * Every operation in the tables below may sleep and allocate where nothing else is said. None
 * touches user memory. Beyond the locks that are named, the caller holds references to all inodes
 * that it passes.
 */
#ifndef LOFT_INODE_H
#define LOFT_INODE_H

#include <abi/fcntl.h>
#include <abi/stat.h>
#include <assert.h>
#include <clock.h>
#include <err.h>
#include <fs.h>
#include <list.h>
#include <object.h>
#include <tree.h>
#include <types.h>
#include <wait.h>

struct dentry;
struct inode_locks;
struct name;
struct pipe;
struct superblock;

struct inode_ops {
	/*
	 * names held. The inode of a name, a reference for the caller, or ERR_PTR(-ENOENT, -EIO,
	 * -ENOMEM). Of file systems that keep names both answers are remembered. NULL: the dentries
	 * are all there is.
	 */
	struct inode *(*lookup)(struct inode *directory, const struct name *name);
	/*
	 * names held. A new inode of any type, linked under a name that is free (name NULL: without
	 * one, nlink 0: O_TMPFILE). mode is final; inode_new_owner is this operation's part, before
	 * the name can be found on a disk. device: of device nodes. target: a symbolic link's text,
	 * else NULL. The directory's times and link count are this operation's part too. A
	 * reference for the caller, or ERR_PTR(-ENOSPC, -ENOMEM, -EIO...). NULL: names cannot be
	 * made here (-EPERM).
	 */
	struct inode *(*create)(struct inode *directory, const struct name *name, mode_t mode,
				dev_t device, const char *target);
	/* names held. A second name, that is free: entry, nlink, times. -EMLINK, -ENOSPC... */
	int (*link)(struct inode *directory, const struct name *name, struct inode *inode);
	/*
	 * names held. Takes a name away: entry, link counts of both, times. -ENOTEMPTY for a
	 * directory that is not empty: only the file system knows. With nlink 0 the inode goes on
	 * until its last user is gone; then super_ops->evict frees it.
	 */
	int (*unlink)(struct inode *directory, const struct name *name, struct inode *inode);
	/*
	 * names held. Moves a name, within one file system; replaced (or NULL) had the new one and
	 * loses it (-ENOTEMPTY as above). With exchange both go on. That no directory gets below
	 * itself has been seen to. Entries, link counts, "..", times; all or nothing.
	 */
	int (*rename)(struct inode *from, const struct name *old_name, struct inode *to,
		      const struct name *new_name, struct inode *inode, struct inode *replaced,
		      bool exchange);
	/*
	 * lock held. Sets a regular file's size (object_truncate and what goes with it: blocks
	 * beyond it): -ENOSPC, -EFBIG. NULL: -EINVAL.
	 */
	int (*resize)(struct inode *inode, uint64_t size);
	/*
	 * No lock. NULL, or: brings a symbolic link's text, terminated, to inode->target, on the
	 * heap; called when that is NULL. -EIO, -ENOMEM. Two tasks may do so at a time: who is
	 * done second frees its own.
	 */
	int (*load_target)(struct inode *inode);
	/*
	 * No lock. A symbolic link that leads elsewhere than its text (/proc/PID/exe): the dentry, a
	 * reference for the caller.
	 */
	struct dentry *(*jump)(struct inode *inode);
	/* No lock. The text of a link with jump, into buffer; its length or -errno. */
	ssize_t (*link_text)(struct inode *inode, char *buffer, size_t size);
	/*
	 * Any locks; does not sleep. Brings mode, owner and times up to date before they are looked
	 * at. May be NULL.
	 */
	void (*refresh)(struct inode *inode);
	/*
	 * Any locks; does not sleep. NULL, or: corrects what stat says from the inode's fields
	 * (to->blocks, in units of 512 bytes; to->blksize).
	 */
	void (*stat)(struct inode *inode, struct stat64 *to);
};

#define INODE_VOLATILE 1u /* its dentries are made anew by each lookup (processes in /proc) */
#define INODE_FIXED 2u	  /* mode, owner and times cannot be set (-EPERM): /proc */
#define INODE_LINKABLE 4u /* made by O_TMPFILE: may get its first name */
/* What chattr shows, where a file system brings it from its disk: */
#define INODE_IMMUTABLE 8u    /* nothing about it changes (-EPERM) */
#define INODE_APPEND 16u      /* content is appended only, names are added only (-EPERM) */
#define INODE_SYNCHRONOUS 32u /* as if its file system were mounted -o sync */
#define INODE_NOATIME 128u    /* reading it does not change its atime */
#define INODE_SWAP 64u	      /* an area of swap: not written, cut or removed (-ETXTBSY, -EPERM) */
/* Of fs/inode_cache.c alone: */
#define INODE_CACHED 256u	/* in its superblock's tree */
#define INODE_NEW 512u		/* being filled; nobody else has it */
#define INODE_FREEING 1024u	/* being evicted; nobody has it */
#define INODE_UNUSED 2048u	/* without references, in the list of such */
#define INODE_DIRTY 4096u	/* attributes differ from those on the disk, and fdatasync minds */
#define INODE_DIRTY_TIMES 8192u /* as above, but times alone differ */
#define INODE_WRITING 16384u	/* write_inode is at it */

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
		char *target;	   /* symbolic link: the text, on the heap; goes with the inode */
		struct pipe *pipe; /* FIFO or pipe, while open */
		void *data;	   /* the file system's own, of other types */
	};
	void *own;		    /* of a file system that keeps names, for all types */
	struct dentry *directory;   /* there, of a directory: its one dentry in the tree, or NULL */
	struct tree_node by_number; /* in superblock->inodes */
	struct list unused_link;    /* in the list of unused ones, the longest unused first */
	struct list dirty_link;	    /* in superblock->dirty, the longest dirty first */
	uint32_t dirty_since;	    /* clock_stamp */
};

/*
 * A new inode, refs 1, nlink 1, owner root, all times now. NULL when memory is out. superblock may
 * be NULL. Not for file systems that keep names.
 */
__must_check struct inode *inode_create(struct superblock *superblock, mode_t mode);
/* For object_ops of a file system's own: what release is to be. */
void inode_release_pages(struct object *pages);
static inline void inode_get(struct inode *inode)
{
	assert(inode->refs > 0);
	inode->refs++;
}

/* Lets go an inode whose last holder has gone (refs is 0 already): for inode_put only. */
void inode_release(struct inode *inode);

/* May sleep when it was the last reference to an inode without names. */
static inline void inode_put(struct inode *inode)
{
	assert(inode->refs > 0);
	if (--inode->refs == 0)
		inode_release(inode);
}

/* ---- inodes by number (fs/inode_cache.c) ---- */

/*
 * The inode of a number, a reference for the caller; ERR_PTR(-ENOMEM). May sleep: one that is being
 * filled or evicted is waited for. *is_new: it was not there. Then it is cleared (refs 1, nlink 0,
 * mode 0, times 0) and the caller's alone to fill in: mode, ops, file_ops, nlink, owner, times,
 * pages.size and pages.ops (whose release must be inode_release_pages), own; and calls inode_ready,
 * or, having freed what own leads to, inode_failed, which also takes the reference.
 */
__must_check struct inode *inode_find_or_new(struct superblock *superblock, ino_t number,
					     bool *is_new);
void inode_ready(struct inode *inode);
void inode_failed(struct inode *inode);
/* The inode of a number if it is in memory and in use or unused, with a reference; NULL. */
__must_check struct inode *inode_find(struct superblock *superblock, ino_t number);

/*
 * Its attributes (size, blocks, mode, owner, links) differ from those on the disk, or times alone
 * do. They are written by sync, fsync, write-back and before it leaves memory, through
 * super_ops->write_inode. For all file systems; nothing where there is no write_inode. Do not sleep.
 */
void inode_mark_dirty(struct inode *inode);
void inode_mark_dirty_times(struct inode *inode);
static inline bool inode_is_dirty(const struct inode *inode)
{
	return inode->flags & (INODE_DIRTY | INODE_DIRTY_TIMES);
}
/*
 * For fsync: write_inode, if the attributes are dirty (times_too false: if more than times differ,
 * as fdatasync has it). A write_inode that is under way is waited for; what an earlier one brought to
 * the device's cache may be dirty there still. The caller has a reference. 0, -EIO...
 */
__must_check int inode_write(struct inode *inode, bool times_too, bool wait);
/*
 * For who writes all inodes of a file system that have been dirty for `age` ticks: 0 or the first
 * error. The file system stays meanwhile by the caller.
 */
int inodes_write_dirty(struct superblock *superblock, uint32_t age, bool wait);
/*
 * The inode with the lowest number above `number` that is in memory, not NEW or FREEING, with a
 * reference; NULL. For going through all of them.
 */
__must_check struct inode *inode_next(struct superblock *superblock, ino_t number);
/* Unmount: evicts all inodes; nobody uses any. May sleep. */
void inodes_evict_all(struct superblock *superblock);
/*
 * For the shrinkers: frees unused inodes, the longest unused first, up to `goal`; dirty ones and
 * those with pages that are dirty stay. How many. May sleep; no lock is held.
 */
unsigned inode_shrink(unsigned goal);
/* In memory, and unused among them: /proc/sys/fs/inode-nr. */
extern uint32_t inode_count, inode_unused_count;

/* ---- rights, times, sizes (fs/inode.c) ---- */

/*
 * Owner and mode of something current makes in directory: fsuid, fsgid or the directory's group
 * where that has S_ISGID.
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
#define CAP_LINUX_IMMUTABLE 9
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
/* A time as the inode's file system can keep it. */
uint64_t inode_kept_time(const struct inode *inode, uint64_t time);
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
/*
 * The text of a symbolic link without jump, brought in if need be: it stays while the caller has a
 * reference. -ENOENT (it is empty), -EIO, -ENOMEM. May sleep.
 */
__must_check int inode_target(struct inode *inode, const char **text);

#endif
