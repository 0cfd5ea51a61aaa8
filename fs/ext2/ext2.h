/*
 * ext2 in memory: what its files share.
 *
 * Who does what, from the ground up:
 *   geometry.c, bitmap.c, dirblock.c   arithmetic and formats, pure (geometry.h)
 *   buffer.c      blocks of metadata, in the page cache of the block device
 *   order.c       which of them is written when, so that a crash loses nothing that was promised
 *   balloc.c, ialloc.c   which blocks and inodes are free
 *   window.c      which of the free blocks are kept for whom
 *   map.c, truncate.c    which blocks a file has
 *   inode.c       inodes, to and from the disk's table of them
 *   delete.c      inodes without links
 *   dir.c, namei.c, symlink.c, file.c, super.c   what the rest of the kernel calls (inode.h,
 *                 mount.h)
 *
 * ---- Protection ----
 *
 * The kernel is not preempted: what is done between two sleeps is done at once. Over sleeps:
 *   superblock->names   the content of all directories (inode.h)
 *   inode->lock         the size and content of one file
 *   ext2_inode.blocks   the block map of one inode, a mutex: taken here alone
 *   ext2.allocation     the bitmaps, a mutex: taken here alone, within the one above
 *   an operation        (ext2_begin .. ext2_end) no commit is under way, none begins: what is
 *                       changed in between reaches the disk in one commit. Outermost of ours: no
 *                       operation begins in another, none waits for what another task may hold
 *                       while it waits for a commit: names, inode->lock, mm->lock, an inode of the
 *                       cache.
 */
#ifndef LOFT_EXT2_H
#define LOFT_EXT2_H

#include <block.h>
#include <list.h>
#include <log.h>
#include <radix.h>
#include <vfs.h>
#include <wait.h>

#include "geometry.h"

struct ext2;

/* ---- blocks of metadata (buffer.c) ---- */

/*
 * When a commit writes a block: each stage is on the disk before the next one begins. See order.c.
 */
enum ext2_stage {
	EXT2_CLEAN,	/* as on disk */
	EXT2_FRESH,	/* bitmaps; blocks that nothing on the disk leads to as yet */
	EXT2_MAPS,	/* indirect blocks */
	EXT2_INODES,	/* the table of inodes */
	EXT2_NAMES,	/* directories */
	EXT2_OLD_NAMES, /* directories that lost a name whose new place is in EXT2_NAMES */
};

#define EXT2_RECENT 8

struct ext2_buffer {
	uint32_t block;
	uint32_t refs;
	struct frame *frame; /* the page of the device's cache: a reference, declared */
	uint8_t *data;	     /* the block in it */
	uint8_t stage;	     /* enum ext2_stage; not EXT2_CLEAN: stays in memory */
	bool arrivals;	     /* dirty, and a name that is on disk elsewhere has come into it */
	bool failed;	     /* its last write did */
	bool recent;	     /* one of those that stay, though nobody uses them */
};

/*
 * The block, read if it is not in memory, with a reference; ERR_PTR(-EIO, -ENOMEM). A number that
 * is no block of the file system's is -EIO, and said. May sleep.
 */
__must_check struct ext2_buffer *ext2_buffer_get(struct ext2 *fs, uint32_t block);
/* The same for a block just allocated: zeros, dirty and EXT2_FRESH. */
__must_check struct ext2_buffer *ext2_buffer_fresh(struct ext2 *fs, uint32_t block);
void ext2_buffer_put(struct ext2 *fs, struct ext2_buffer *buffer);
/*
 * Its data has changed or is about to, before the next sleep. In an operation (or a commit). A
 * stage that comes later than the block's own wins, but for EXT2_FRESH, which stays.
 */
void ext2_buffer_dirty(struct ext2 *fs, struct ext2_buffer *buffer, enum ext2_stage stage);
/* The block is free again: what is dirty in it need not be written. In an operation. */
void ext2_buffer_forget(struct ext2 *fs, uint32_t block);
/* Writes all blocks of a stage and waits: 0, or -EIO, and those that failed stay dirty. */
__must_check int ext2_buffers_write(struct ext2 *fs, enum ext2_stage stage);
/* Unmounted: what could not be written is lost, and said. No references are left. */
void ext2_buffers_drop(struct ext2 *fs);

/* ---- the file system ---- */

struct ext2_group {
	struct ext2_group_disk *disk; /* in its descriptor's block, which is kept */
	uint8_t *leaving;	      /* NULL, or blocks freed that wait for a commit: a bitmap */
	uint32_t nleaving;
};

struct ext2_options {
	bool minix_df;	     /* statfs counts all blocks */
	bool grpid;	     /* new inodes have their directory's group */
	bool nouid32;	     /* owners have 16 bits */
	uint8_t errors;	     /* EXT2_ERRORS_* */
	uint32_t superblock; /* sb=: in blocks of 1 KB; 1 */
	uid_t reserved_uid;
	gid_t reserved_gid;
};

struct ext2 {
	struct superblock *superblock;
	struct block_device *device;
	struct ext2_geometry geometry;
	struct ext2_options options;
	struct list link; /* in the list of mounted ones */

	struct ext2_buffer *super_buffer; /* kept */
	struct ext2_super_disk *super;	  /* in it */
	struct ext2_buffer **descriptors; /* kept: geometry.descriptor_blocks of them */
	struct ext2_group *groups;
	uint16_t mount_state; /* s_state as it was, and what errors added */
	uint32_t overhead;

	/* The bitmaps: */
	struct mutex allocation;
	uint64_t free_blocks; /* those that wait for a commit included */
	uint32_t free_inodes; /* likewise */
	uint32_t nleaving;    /* blocks that wait for a commit */
	uint32_t next_generation;
	struct list windows; /* inodes that have one, the oldest first (window.c) */
	uint32_t nwindows;

	/* Buffers: */
	struct radix buffers; /* by block */
	struct ext2_buffer *recent[EXT2_RECENT];
	uint32_t next_recent;
	uint32_t ndirty;
	uint32_t nwriting; /* requests under way */
	int write_error;
	struct wait_queue written;
	uint64_t dirty_since; /* clock_monotonic_ns() when the first became so; 0: none is */

	/* Operations and commits: */
	uint32_t commit; /* the number of the next one to end; 1, 2... */
	uint32_t nactive;
	struct task *committing; /* who does one, or NULL */
	struct wait_queue changes;
	struct mutex commit_lock;
	struct radix nameless; /* number -> struct ext2_inode: no links, the disk may not know */

	/* Log lines are few: */
	uint64_t log_since;
	uint32_t log_count;
	bool super_changed; /* in memory, by an error: the next commit writes it */
};

/* ---- inodes ---- */

struct ext2_inode {
	struct ext2 *fs;
	struct inode *inode; /* NULL: it has left memory, and waits for a commit to be free */
	uint32_t number;
	struct mutex blocks;	       /* the block map: block[], sectors, goals */
	uint32_t block[EXT2_POINTERS]; /* as on disk */
	uint32_t sectors;
	uint32_t flags; /* EXT2_FLAG_* */
	uint32_t generation;
	uint32_t attributes;		    /* block number or 0 */
	uint32_t last_logical, last_placed; /* where the last block was placed; 0: nowhere */
	uint32_t room_from;		    /* directory: no room for a name before this block */
	struct list window_link;	    /* in fs->windows, while it has a window: */
	uint32_t window_first, window_end;  /* blocks kept for it; none when they are equal */
	uint32_t window_size;		    /* how many were asked for */
	/* Numbers of commits; the current one: the disk does not know it yet. */
	uint32_t created, named; /* first name; last name */
	uint32_t stored;	 /* attributes copied to the table */
	uint32_t stored_data;	 /* attributes that fdatasync minds */
	bool is_directory, is_short_link;
	bool gone_noted; /* nlink 0 is in the table */
	bool placed;	 /* last_placed means something */
};

static inline struct ext2 *ext2_of(const struct superblock *superblock)
{
	return superblock->data;
}

static inline struct ext2_inode *ext2_inode_of(const struct inode *inode)
{
	return inode->own;
}

/* ---- errors (super.c) ---- */

/*
 * Something on the disk is wrong: a line in the log, and what errors= says. Returns -EIO. Does not
 * sleep.
 */
int ext2_error(struct ext2 *fs, const char *text, ...) __printf(2, 3);
/* The same for a notice: no more than a line. */
void ext2_notice(struct ext2 *fs, enum log_level level, const char *text, ...) __printf(3, 4);
bool ext2_read_only(const struct ext2 *fs);
/* Puts the counts into the superblock's block, which becomes dirty. In an operation or commit. */
void ext2_super_store(struct ext2 *fs);

/* ---- operations and commits (order.c) ---- */

void ext2_order_init(struct ext2 *fs);
/* Waits while a commit is under way; until ext2_end none begins. May sleep. */
void ext2_begin(struct ext2 *fs);
void ext2_end(struct ext2 *fs);
/*
 * For an operation that ended with -EAGAIN, as what it wants is there only after a commit (free
 * blocks, an order of names): commits, and true: try again. False: *error is the operation's
 * result (-EAGAIN has become -ENOSPC). *tries begins at 0. Outside of operations; may sleep.
 */
__must_check bool ext2_again(struct ext2 *fs, int *error, unsigned *tries);
/*
 * The same for work that must not be left half done, and stopped with -EAGAIN for want of memory:
 * with more patience, about a second of it, and then -ENOMEM.
 */
__must_check bool ext2_go_on(struct ext2 *fs, int *error, unsigned *tries);
/* Writes all that is dirty, in order, and lets what was freed be used. 0, -EIO, -ENOMEM. Sleeps. */
__must_check int ext2_commit(struct ext2 *fs);
/* Commits until nothing is dirty. With counts: the superblock, too. */
__must_check int ext2_commit_all(struct ext2 *fs);
/* fsync: what of the inode, its name included, is not on the disk gets there. 0, -EIO... */
__must_check int ext2_inode_commit(struct inode *inode, bool data_only);
/* The directory, or file system, wants its changes on the disk at once: after an operation. */
__must_check int ext2_commit_if_synchronous(struct inode *inode, int error);
/* Has the inode no name that is on the disk? */
static inline bool ext2_is_new(const struct ext2_inode *own)
{
	return own->created == own->fs->commit;
}
/* Has it a name that is not on the disk? */
static inline bool ext2_has_new_name(const struct ext2_inode *own)
{
	return own->named == own->fs->commit;
}
/* Enters the file system among those that are committed by age, and takes it out. Sleep. */
void ext2_order_enter(struct ext2 *fs);
void ext2_order_leave(struct ext2 *fs);
/* Write-back's client: once, while booting. */
void ext2_order_register(void);

/* ---- blocks (balloc.c): in operations ---- */

/*
 * Takes up to *count blocks that follow each other for an inode, from goal on if they are free there:
 * *first, *count. A file's come out of its window. -ENOSPC, -EAGAIN (see ext2_again), -EIO, -ENOMEM,
 * -EINTR.
 */
__must_check int ext2_blocks_take(struct ext2_inode *own, uint32_t goal, uint32_t *first,
				  uint32_t *count);
/* Gives back a block that was taken in this operation. Cannot fail but by -EIO, which is said. */
void ext2_block_untake(struct ext2 *fs, uint32_t block);
/*
 * Frees a block that something on the disk may lead to: it can be had again after a commit. 0;
 * -EAGAIN, and nothing happened, when there is no memory; -EIO: it cannot be a file's, or was
 * free.
 */
__must_check int ext2_block_free(struct ext2 *fs, uint32_t block);
/* Takes the last successful ext2_block_free of a block, in the same operation, back. */
void ext2_block_keep(struct ext2 *fs, uint32_t block);
/* The commit is done: what was freed before it is free. In a commit. */
void ext2_blocks_release(struct ext2 *fs);
/* May a file have this block? */
bool ext2_block_valid(const struct ext2 *fs, uint32_t block);
/* Unmounting: gives back what groups have in memory. */
void ext2_blocks_drop(struct ext2 *fs);

/* ---- windows (window.c): nothing sleeps ---- */

/*
 * Where a file's next block is best, in a group that begins with block `start` and has `end` blocks,
 * of which `bits` is the bitmap: from bit `from`, or in its window, or in a new window. A bit that is
 * 0 and nobody else's, or end: there is none.
 */
uint32_t ext2_window_place(struct ext2_inode *own, const uint8_t *bits, uint32_t start,
			   uint32_t from, uint32_t end);
/* The end of another's window that has the block; the block: none has. */
uint32_t ext2_window_behind(const struct ext2 *fs, const struct ext2_inode *own, uint32_t block);
/* Where the first of others' windows at or behind the block begins, at most end. */
uint32_t ext2_window_next(const struct ext2 *fs, const struct ext2_inode *own, uint32_t block,
			  uint32_t end);
/* The inode has none any more. */
void ext2_window_drop(struct ext2_inode *own);
/* Nor has any other: true if one had. */
bool ext2_windows_drop(struct ext2 *fs);

/* ---- numbers of inodes (ialloc.c): in operations ---- */

/* A free number for an inode of that mode in a directory: -ENOSPC, -EIO, -ENOMEM, -EINTR. */
__must_check int ext2_number_take(struct ext2 *fs, const struct inode *directory, mode_t mode,
				  uint32_t *number);
/* Gives it back; in a commit, or in the operation that took it. 0, -EIO, -ENOMEM. */
__must_check int ext2_number_free(struct ext2 *fs, uint32_t number, bool directory);

/* ---- block maps (map.c, truncate.c) ---- */

/* The block of a file's logical block, 0: a hole. -EIO, -ENOMEM. own->blocks held. */
__must_check int ext2_map_find(struct ext2_inode *own, uint32_t logical, uint32_t *block);
/*
 * The same, and a hole gets a block (*fresh). In an operation; own->blocks held; the caller stores
 * the inode (its table's block is got already). -ENOSPC, -EAGAIN...
 */
__must_check int ext2_map_make(struct ext2_inode *own, uint32_t logical, uint32_t *block,
			       bool *fresh);
/* Takes back what ext2_map_make made, in the same operation: a hole again. */
void ext2_map_unmake(struct ext2_inode *own, uint32_t logical);
/*
 * Frees all blocks from logical block `from` on. In an operation, own->blocks held. 0; -EAGAIN:
 * some are left, after a commit go on; -EIO: some are lost.
 */
__must_check int ext2_map_cut(struct ext2_inode *own, uint64_t from);
/*
 * Where content or a hole begins, from *at on and below end, in logical blocks; end. -EINTR: the task
 * is to end.
 */
__must_check int ext2_map_seek(struct ext2_inode *own, uint32_t *at, uint32_t end, bool hole);

/* ---- inodes (inode.c) ---- */

/* The inode of a number, a reference: ERR_PTR(-EIO, -ENOMEM). Outside of operations. May sleep. */
__must_check struct inode *ext2_inode_get(struct ext2 *fs, uint32_t number);
/*
 * A new inode without a name (nlink 0), with owner, mode and times, INODE_NEW; its number is
 * taken. ERR_PTR. Outside of operations: ext2_inode_given_up or inode_ready follows.
 */
__must_check struct inode *ext2_inode_new(struct inode *directory, mode_t mode);
/* The block of the table where it lies, and where in it. */
__must_check struct ext2_buffer *ext2_table_get(struct ext2 *fs, uint32_t number,
						struct ext2_inode_disk **disk);
/*
 * Copies the inode's attributes to the table's block (ext2_table_get). One without links is left
 * for the commit. In an operation, or a commit. data: more than times may have changed.
 */
void ext2_inode_store(struct inode *inode, struct ext2_buffer *table, struct ext2_inode_disk *disk,
		      bool data);
/* The same, got and put. */
__must_check int ext2_inode_update(struct inode *inode);
/* Enters it among those without links (delete.c), and takes it out: it has a name. */
__must_check int ext2_nameless_enter(struct ext2_inode *own);
void ext2_nameless_leave(struct ext2_inode *own);
/* In a commit, after the names: notes in the table what has no links. When that is written... */
__must_check int ext2_nameless_note(struct ext2 *fs);
/* ...frees the numbers of those that have left memory. */
void ext2_nameless_release(struct ext2 *fs);
/* Unmounting. */
void ext2_nameless_drop(struct ext2 *fs);
/* super_ops. */
void ext2_evict(struct inode *inode);
int ext2_write_inode(struct inode *inode, bool wait);
/* Flags of an inode as the rest of the kernel sees them. */
void ext2_flags_apply(struct inode *inode);
/* inode_ops.stat: blocks, and the size of one. */
void ext2_stat(struct inode *inode, struct stat64 *to);

/* ---- directories (dir.c): superblock->names held ---- */

/* Where a name is: held by the caller (ext2_dir_put). */
struct ext2_place {
	struct ext2_buffer *buffer;
	struct ext2_entry *entry, *before;
	uint32_t logical; /* the block of the directory */
};
/* 0, -ENOENT, -EIO, -ENOMEM; as all that looks through one: -EINTR, the task is to end. */
__must_check int ext2_dir_find(struct inode *directory, const struct name *name,
			       struct ext2_place *place);
/* The same name again in that place's block, after an insertion there. Does not sleep. */
__must_check int ext2_dir_find_again(struct inode *directory, const struct name *name,
				     struct ext2_place *place);
/* A place with room for the name; the directory grows when it must: in an operation. */
__must_check int ext2_dir_room(struct inode *directory, const struct name *name,
			       struct ext2_place *place);
void ext2_dir_put(struct inode *directory, struct ext2_place *place);
/* Do not fail or sleep; in an operation. The directory's times are changed. */
void ext2_dir_insert(struct inode *directory, const struct name *name, struct ext2_place *place,
		     const struct inode *inode);
void ext2_dir_remove(struct inode *directory, struct ext2_place *place, enum ext2_stage stage);
void ext2_dir_retarget(struct inode *directory, struct ext2_place *place,
		       const struct inode *inode);
/* Makes a new directory's first block. In an operation. -ENOSPC, -EAGAIN... */
__must_check int ext2_dir_make(struct inode *inode, const struct inode *parent);
/* 1: it is empty; 0: not; -EIO. */
__must_check int ext2_dir_is_empty(struct inode *directory);
/* Where ".." is: 0, -EIO. */
__must_check int ext2_dir_find_parent(struct inode *directory, struct ext2_place *place);

/* ---- symbolic links (symlink.c) ---- */

/* Puts the text where it belongs. In an operation. -ENAMETOOLONG, -ENOSPC, -EAGAIN... */
__must_check int ext2_link_make(struct inode *inode, const char *text);
/* inode_ops.load_target. */
int ext2_link_load(struct inode *inode);

/* ---- tables for the rest of the kernel ---- */

extern const struct inode_ops ext2_directory_ops, ext2_file_inode_ops, ext2_link_ops,
	ext2_special_ops;
extern const struct file_ops ext2_directory_file_ops, ext2_file_ops;
extern const struct object_ops ext2_object_ops;
int ext2_flags_ioctl(struct file *file, uint32_t command, uint32_t argument);
int ext2_sync_file(struct file *file, bool data_only);

#endif
