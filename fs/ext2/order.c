/*
 * What is written when: so that a crash at any moment leaves what e2fsck repairs without losing
 * anything that fsync had promised.
 *
 * The promise: when fsync of a file returns, its content, its attributes and the name by which it
 * was last found are there after any crash, whatever else was under way, until somebody changes
 * that file or that name; a change by rename leaves one of the two names. Nothing is promised for
 * what was not fsynced, but that e2fsck makes a sound file system of it.
 *
 * ---- The rules ----
 *
 * e2fsck believes pointers: an inode that a name leads to, blocks that an inode or indirect block
 * names. It counts links, blocks and free space anew, so counts never matter. So:
 *   1. What is led to is on the disk before what leads to it.
 *   2. What leads to something is gone from the disk before that thing is cleared, or used again.
 *   3. A name that moves is on the disk in its new place before it goes from the old one.
 *
 * ---- How ----
 *
 * A change of metadata is an operation (ext2_begin .. ext2_end), which changes blocks in memory.
 * Nothing writes these but a commit. A commit waits for the operations under way, lets none begin,
 * and writes all dirty blocks in stages, with a flush of the disk's cache behind each:
 *
 *   EXT2_FRESH      bitmaps, group descriptors, the superblock; new indirect blocks, the first
 *                   content of new blocks of directories and of long symbolic links
 *   EXT2_MAPS       indirect blocks that were on the disk before
 *   EXT2_INODES     the inode table: new inodes, new sizes and pointers
 *   EXT2_NAMES      directories: new names, names gone for good
 *   EXT2_OLD_NAMES  directories that a name has moved away from
 *   then            the inodes that have no names any more, noted so in the table (INODES once
 *                   more), and, when that is on the disk,
 *   release         in memory: the blocks and inodes that were freed may be used
 *
 * Bitmaps come first, and a freed block or inode stays marked in its bitmap until what led to it
 * is gone from the disk. So on the disk whatever is in use is marked, always: even without e2fsck
 * a crash costs no more than space.
 *
 * Case by case:
 *   create, fsync   the inode, then the name; fsync commits everything, so also the directory, if
 *                   that is new, and its own name, up to the root, in the same order.
 *   a new directory's block, or one more of a directory   its content is FRESH, before the inode or
 *                   indirect block that leads to it: never is old rubbish read as names.
 *   unlink          the name goes in NAMES, the inode is cleared after it. Between the two e2fsck
 *                   finds an inode without a name and puts it into lost+found.
 *   unlink, create  the number is not used again before the release; neither are the blocks. So no
 *                   old name leads to the new file, no old pointer into it.
 *   unlinked, open  after the commit the table says: no links, deleted; e2fsck frees the blocks.
 *   truncate        pointers go in MAPS and INODES; the blocks are used again after the release. If
 *                   only MAPS got there, the file has its old size and zeros in what was cut off.
 *   rename          over another name in place: one store into one block, so the name leads to the
 *                   old file or to the new one, both of which are there: rule 2 for the old.
 *                   Within a block: one write. From block to block: rule 3, by the last two stages.
 *                   Until OLD_NAMES is written both names are there, and e2fsck counts two links.
 *   renames in rings   a block cannot be both before and after another one. A block that a name has
 *                   moved away from (OLD_NAMES) takes in none, and one that a name has moved to
 *                   (`arrivals`) lets none go, before a commit has come between: the operation
 *                   says -EAGAIN. The same before a name moves into a directory that is not on the
 *                   disk yet, and before a name is removed while another, newer one of the same
 *                   file is not there yet (link and unlink, as mail programs rename).
 *   a new file's rename   no order: nothing was promised.
 *
 * A write that fails leaves the block dirty and ends the commit: later stages wait, and so does
 * the release. The next commit tries again; fsync says -EIO, and errors= is honoured.
 *
 * ---- Why exclusive ----
 *
 * Letting operations go on beside a commit would need copies of the blocks as they were when it
 * began. Commits are short: some dozens of blocks, sorted and merged by the block layer, every
 * five seconds and at fsync; and fsyncs that wait for one at the same time share it. Reading needs
 * no operation, nor does writing back the pages of files: those wait for nobody.
 *
 * A write fault (map_blocks) is an operation while mm->lock is held; names are made with names
 * held. Commits take none of these, nor memory, so that they end.
 */
#include "ext2.h"

#include <assert.h>
#include <clock.h>
#include <writeback.h>

/* Dirty metadata is no older than this, as long as the disk answers. */
#define COMMIT_AGE (5 * NSEC_PER_SEC)
/* Nor is it more than a part of memory, or so many blocks. */
#define DIRTY_MAX 2048u
#define DIRTY_PART 64u

/* How long, and how often, memory is waited for. */
#define MEMORY_WAIT (NSEC_PER_SEC / 100)
#define MEMORY_TRIES 100u

static struct list mounted = LIST_INIT(mounted);
static struct mutex mounted_lock = { NULL, WAIT_QUEUE_INIT(mounted_lock.waiters) };

void ext2_order_init(struct ext2 *fs)
{
	mutex_init(&fs->commit_lock);
	wait_queue_init(&fs->changes);
	wait_queue_init(&fs->written);
	fs->commit = 1;
}

/* ---- operations ---- */

static bool too_much_dirty(const struct ext2 *fs)
{
	return fs->ndirty > MIN(DIRTY_MAX, frame_usable() / DIRTY_PART + 16) && !fs->write_error;
}

void ext2_begin(struct ext2 *fs)
{
	assert(fs->committing != current);
	/* One that fails says so, and is made again; here there is nobody to tell. */
	if (unlikely(too_much_dirty(fs)) && ext2_commit(fs) != 0)
		ext2_notice(fs, LOG_WARNING,
			    "%u blocks of metadata cannot be written, and wait in memory: a commit "
			    "failed",
			    fs->ndirty);
	wait_event_uninterruptible(&fs->changes, !fs->committing);
	fs->nactive++;
}

void ext2_end(struct ext2 *fs)
{
	assert(fs->nactive > 0);
	if (--fs->nactive == 0)
		wake_all(&fs->changes);
}

bool ext2_again(struct ext2 *fs, int *error, unsigned *tries)
{
	int failed;

	if (*error != -EAGAIN)
		return false;
	if (++*tries > 3) {
		*error = -ENOSPC;
		return false;
	}
	failed = ext2_commit(fs);
	if (failed)
		*error = failed;
	return !failed;
}

/* Others have a while to free memory. */
static void give_time(void)
{
	struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
	uint64_t deadline = clock_monotonic_ns() + MEMORY_WAIT;

	(void)wait_until(&nobody, false, WAIT_UNINTERRUPTIBLE, deadline);
}

bool ext2_go_on(struct ext2 *fs, int *error, unsigned *tries)
{
	int failed;

	if (*error != -EAGAIN)
		return false;
	if (++*tries > MEMORY_TRIES) {
		*error = -ENOMEM;
		return false;
	}
	failed = ext2_commit(fs);
	if (failed == -ENOMEM || *tries > 1)
		give_time();
	if (failed && failed != -ENOMEM)
		*error = failed;
	return *error == -EAGAIN;
}

/* ---- commits ---- */

static int write_stage(struct ext2 *fs, enum ext2_stage stage)
{
	uint32_t before = fs->ndirty;
	int error = ext2_buffers_write(fs, stage);

	if (error || fs->ndirty == before)
		return error;
	error = block_flush(fs->device);
	if (error)
		ext2_error(fs, "the disk's cache could not be flushed");
	return error;
}

static int write_in_order(struct ext2 *fs)
{
	static const enum ext2_stage stages[] = {
		EXT2_FRESH, EXT2_MAPS, EXT2_INODES, EXT2_NAMES, EXT2_OLD_NAMES,
	};
	int error = 0;

	if (fs->super_changed)
		ext2_buffer_dirty(fs, fs->super_buffer, EXT2_FRESH);
	fs->super_changed = false;
	for (unsigned i = 0; !error && fs->ndirty && i < ARRAY_SIZE(stages); i++)
		error = write_stage(fs, stages[i]);
	if (!error)
		error = ext2_nameless_note(fs);
	if (!error && fs->ndirty)
		error = write_stage(fs, EXT2_INODES);
	assert(error || fs->ndirty == 0);
	return error;
}

int ext2_commit(struct ext2 *fs)
{
	uint32_t number = fs->commit;
	int error = 0;

	assert(fs->committing != current);
	mutex_lock(&fs->commit_lock);
	/* One that was under way, or began meanwhile, has taken along all that was done before. */
	if (fs->commit == number) {
		fs->committing = current;
		wait_event_uninterruptible(&fs->changes, fs->nactive == 0);
		error = write_in_order(fs);
		if (!error) {
			fs->commit++;
			ext2_nameless_release(fs);
			ext2_blocks_release(fs);
		}
		fs->committing = NULL;
		wake_all(&fs->changes);
	} else {
		/* Its flush may have come before content that the caller has written. */
		error = block_flush(fs->device);
	}
	mutex_unlock(&fs->commit_lock);
	return error;
}

/* A release makes bitmaps dirty again, and nothing that would be released: twice is enough. */
int ext2_commit_all(struct ext2 *fs)
{
	int error = 0;

	if (!ext2_read_only(fs)) {
		ext2_begin(fs);
		ext2_super_store(fs);
		ext2_end(fs);
	}
	for (unsigned i = 0; !error && i < 3; i++) {
		error = ext2_commit(fs);
		if (!fs->ndirty)
			break;
	}
	return error;
}

/* ---- fsync ---- */

static bool must_commit(const struct ext2_inode *own, bool data_only)
{
	const struct ext2 *fs = own->fs;

	if (own->inode->nlink == 0)
		return false;
	if (ext2_is_new(own) || ext2_has_new_name(own))
		return true;
	return (data_only ? own->stored_data : own->stored) == fs->commit;
}

int ext2_inode_commit(struct inode *inode, bool data_only)
{
	struct ext2_inode *own = ext2_inode_of(inode);

	if (must_commit(own, data_only))
		return ext2_commit(own->fs);
	return block_flush(own->fs->device);
}

int ext2_commit_if_synchronous(struct inode *inode, int error)
{
	const struct ext2_inode *own = ext2_inode_of(inode);
	uint32_t mount = inode->superblock->flags;
	uint32_t wanted = EXT2_FLAG_SYNC;
	uint32_t options = MS_SYNCHRONOUS;

	if (own->is_directory) {
		wanted |= EXT2_FLAG_DIRSYNC;
		options |= MS_DIRSYNC;
	}
	if (error || (!(mount & options) && !(own->flags & wanted)))
		return error;
	return ext2_commit(own->fs);
}

/* ---- by age ---- */

static int sync_old(bool wait, uint64_t age)
{
	uint64_t now = clock_monotonic_ns();
	struct ext2 *fs;
	int error = 0;

	age = MIN(age, COMMIT_AGE);
	mutex_lock(&mounted_lock);
	list_for_each(fs, &mounted, link) {
		int failed = 0;

		/* Somebody sees to it, whose disk may be silent: the others do not wait for that. */
		if (!wait && fs->committing)
			continue;
		if ((fs->dirty_since && now - fs->dirty_since >= age) || fs->nleaving)
			failed = ext2_commit(fs);
		error = error ? error : failed;
	}
	mutex_unlock(&mounted_lock);
	return error;
}

void ext2_order_enter(struct ext2 *fs)
{
	mutex_lock(&mounted_lock);
	list_add_tail(&mounted, &fs->link);
	mutex_unlock(&mounted_lock);
}

void ext2_order_leave(struct ext2 *fs)
{
	mutex_lock(&mounted_lock);
	list_remove(&fs->link);
	mutex_unlock(&mounted_lock);
}

void ext2_order_register(void)
{
	static struct writeback_client client = { .sync = sync_old };

	writeback_register(&client);
}
