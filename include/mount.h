/*
 * File systems: what kinds there are, and those that are mounted.
 *
 * One superblock is mounted in one place, so that a dentry alone says where one is.
 *
 * Protected by: a mutex of fs/mount.c's over mounting, unmounting and remounting; looking needs
 * nothing, and holds across no sleep but by a reference to a dentry or inode of the file system:
 * what is in use is not unmounted, or if it is (umount -l) not freed.
 */
#ifndef LOFT_MOUNT_H
#define LOFT_MOUNT_H

#include <abi/statfs.h>
#include <inode.h>
#include <list.h>
#include <tree.h>
#include <types.h>
#include <wait.h>

struct block_device;
struct dentry;
struct superblock;

/* See inode.h for the locks. */
struct super_ops {
	/*
	 * Any locks but the file system's own. An inode leaves memory; nobody has it, nobody can
	 * find it, its pages are gone. nlink 0: its blocks and its number become free; else all of
	 * it was written. Frees inode->own. May be NULL.
	 */
	void (*evict)(struct inode *inode);
	/*
	 * Any locks but the file system's own. Writes the attributes to where they lie: into the
	 * cache of the block device; with wait, to the disk. The flags INODE_DIRTY* are cleared
	 * already; on failure they are set again. 0, -EIO. NULL: there is no such place.
	 */
	int (*write_inode)(struct inode *inode, bool wait);
	/*
	 * No lock. What the file system keeps of itself (superblock, group counts) into the cache of
	 * the block device; files' pages and inodes were written before; with wait they are on the
	 * disk, and afterwards the caller writes the device's dirty pages and flushes its disk. 0,
	 * -EIO. May be NULL.
	 */
	int (*sync)(struct superblock *superblock, bool wait);
	/* Any locks; may sleep. blocks... in units of bsize; ffree, fsid. May be NULL. */
	void (*statfs)(struct superblock *superblock, struct statfs64 *to);
	/*
	 * Unmounted: no inode is left, all was written, and is again afterwards: marks the file
	 * system clean, frees superblock->data. May be NULL.
	 */
	void (*release)(struct superblock *superblock);
	/*
	 * Options and flags (MS_RDONLY...) are to change; superblock->flags are still the old ones
	 * and become `flags` on success. options NULL: they stay. names held; to read-only: all was
	 * written and nobody writes; to writable: the device can be written. What this makes dirty
	 * is written afterwards. 0, -EINVAL, -EROFS. NULL: options are ignored.
	 */
	int (*remount)(struct superblock *superblock, uint32_t flags, const char *options);
	/* ",errors=remount-ro" and the like for /proc/mounts, into to. Does not sleep. May be NULL. */
	void (*show_options)(const struct superblock *superblock, char *to, size_t size);
};

struct filesystem {
	const char *name;
	/*
	 * Makes superblock->root (dentry_create without a parent, name of size 0) from "a,b=c"
	 * options; superblock->flags are those asked for, and MS_RDONLY may be added to them; with
	 * needs_device superblock->block is set. Nobody else sees the superblock. On failure nothing
	 * is left: no inode in memory. 0, -EINVAL (also: not such a file system), -ENOMEM, -EIO.
	 * May sleep.
	 */
	int (*mount)(struct superblock *superblock, const char *options);
	uint32_t magic;
	bool single;	   /* mounting it over itself is -EBUSY */
	bool needs_device; /* the source is a block device */
	bool pins_dentries;
	bool keeps_names; /* dentries and inodes that nobody uses stay: inode.h, dentry.h */
	bool no_programs; /* nothing on it may be mapped to execute, however it is mounted */
	struct list link;
};

struct superblock {
	struct list link; /* all mounted ones, by age */
	const struct filesystem *type;
	const struct super_ops *ops;
	dev_t device;		    /* st_dev */
	uint32_t flags;		    /* MS_* that were asked for */
	struct mutex names;	    /* inode.h */
	struct dentry *root;	    /* a reference */
	struct dentry *covers;	    /* where it is mounted, a reference; NULL: the first */
	char *source;		    /* as /proc/mounts shows it, on the heap */
	struct block_device *block; /* with needs_device */
	unsigned number;	    /* the mount's, in mountinfo */
	uint32_t nentered;	    /* how often a walk came over its mount point */
	bool expiring;		    /* umount2(MNT_EXPIRE) found it unused... */
	uint32_t expire_stamp;	    /* ...when nentered was this */
	ino_t next_inode;
	uint32_t ninodes;   /* in memory */
	struct tree inodes; /* keeps_names: by number */
	struct list dirty;  /* inodes with something to write, the longest dirty first */
	uint32_t nwriters;  /* files open for writing: no remount to read-only */
	bool closing;	    /* it is becoming read-only, and nothing is changed any more */
	/*
	 * What times it can keep: multiples of time_step ns (0: any), up to time_max (0: any).
	 * Inodes' times are set within these.
	 */
	uint32_t time_step;
	uint64_t time_max;
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

/*
 * Frees the file systems that were detached (umount -l) and that nobody uses any more; next to
 * nothing when there is none. For whoever gave up a file, a directory or a root that may have been
 * the last one in it.
 */
void mount_reap_detached(void);

extern struct dentry *fs_root; /* of the first file system */
extern struct list filesystems, superblocks;
void filesystem_register(struct filesystem *type);
/*
 * Mounts a new file system of a type on a directory. Kernel side: no rights are asked. source: with
 * needs_device a path. May sleep.
 */
__must_check int mount_at(const char *type, const char *source, struct dentry *at, uint32_t flags,
			  const char *options);
/* The same from a device that is known already, or NULL; source is for /proc/mounts alone. */
__must_check int mount_device_at(const char *type, const char *source, struct block_device *block,
				 struct dentry *at, uint32_t flags, const char *options);
/* Moves what has its root at `from` to the directory `to`: 0, -EINVAL, -ELOOP... */
__must_check int mount_move(struct dentry *from, struct dentry *to);
/*
 * Unmounts; MNT_DETACH: out of the tree now, freed when nobody uses it any more. -EBUSY, also for the
 * first root; -EINVAL.
 */
__must_check int mount_remove(struct superblock *superblock, uint32_t flags);
__must_check int mount_root(struct filesystem *type);
/* May something be changed in it? 0 or -EROFS. */
__must_check int superblock_writable(const struct superblock *superblock);
/*
 * "rw,nosuid,relatime": which options? All, as /proc/mounts has them, or in two parts, as mountinfo
 * has.
 */
#define OPTIONS_OF_MOUNT 1u
#define OPTIONS_OF_SUPERBLOCK 2u
#define OPTIONS_ALL 3u
void superblock_options(const struct superblock *superblock, unsigned which, char *to, size_t size);
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

/* ---- caches (fs/caches.c) ---- */

/*
 * A file system's operation ended with error, having changed nothing: is it worth trying again, after
 * memory has been made free? Only where that may be: the caller holds no lock but names. *tries
 * counts, from 0. May sleep.
 */
bool names_try_again(const struct superblock *superblock, int error, unsigned *tries);

/* Registers with reclaim and write-back. At boot. */
void caches_init(void);
/*
 * /proc/sys/vm/drop_caches: lets go all clean pages of files on disks and of disks that nobody maps
 * or holds; all unused dentries, and inodes without pages. May sleep.
 */
void caches_drop_pages(void);
void caches_drop_names(void);

/* ---- the root file system on a disk (fs/root.c) ---- */

/*
 * Mounts what root= on the command line names over the first file system, and moves /dev there,
 * unless that has the program init is to be (rdinit=, or /init). Panics, naming the partitions there
 * are, when it cannot be done. In the boot task.
 */
void root_mount_if_asked(void);
/* Did it? */
bool root_is_on_disk(void);

/* ---- writing (fs/superblock.c) ---- */

/*
 * Writes what is dirty: the pages of files, inodes, the file system's own, the block device's
 * pages; with wait the disk is flushed. The first error. May sleep; of locks mounts_lock is held, as
 * somebody else who writes has the inodes in hand that are dirty, and here they would be missed.
 */
int superblock_sync(struct superblock *superblock, bool wait);
/*
 * writeback_client's sync for all file systems: inodes that have been dirty for `age` ns; with age 0
 * also what the file systems keep of themselves, and their devices' pages; with wait the disks are
 * flushed. May sleep. Without wait nothing is done while mounts are changing, or somebody writes one of
 * them, as that may wait for a disk that is silent: others are not to wait for it too.
 */
int superblocks_sync(bool wait, uint64_t age);
/*
 * Before the power goes: writes everything and leaves what can be left so marked clean and
 * read-only. May sleep.
 */
void superblocks_shut_down(void);

#endif
