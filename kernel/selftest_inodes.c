/*
 * Self-tests of inodes that are written while others want them written too, in a file system of one
 * inode whose disk takes its time.
 */
#include <selftest.h>

#include <abi/errno.h>
#include <assert.h>
#include <err.h>
#include <task.h>
#include <vfs.h>

#define PAUSES 20u

static unsigned nwrites, nended;
static int outcome; /* of the next writes */

static int slow_write_inode(struct inode *inode, bool wait)
{
	(void)wait;
	assert(inode->refs > 0 && !inode_is_dirty(inode));
	for (unsigned i = 0; i < PAUSES; i++)
		sched_yield();
	nwrites++;
	return outcome;
}

static const struct filesystem type = { .name = "selftest", .keeps_names = true };
static const struct super_ops super_ops = { .write_inode = slow_write_inode };
static const struct inode_ops inode_ops = { .lookup = NULL };

static struct inode *make_inode(struct superblock *superblock)
{
	struct inode *inode;
	bool is_new;

	*superblock = (struct superblock){ .type = &type, .ops = &super_ops };
	list_init(&superblock->dirty);
	inode = inode_find_or_new(superblock, 1, &is_new);
	assert(!IS_ERR(inode) && is_new);
	inode->mode = S_IFREG;
	inode->nlink = 1;
	inode->ops = &inode_ops;
	inode_ready(inode);
	return inode;
}

static void write_it(void *inode)
{
	EXPECT(inode_write(inode, true, false) == outcome);
	nended++;
}

/* A dirty inode that another task has just begun to write. */
static struct inode *begin(struct superblock *superblock, int with)
{
	struct inode *inode = make_inode(superblock);
	struct task *task;

	outcome = with;
	nwrites = nended = 0;
	inode_mark_dirty(inode);
	task = task_create_kernel("writer", write_it, inode);
	assert(task);
	while (inode_is_dirty(inode))
		sched_yield();
	EXPECT(nwrites == 0);
	return inode;
}

static void finish(struct superblock *superblock, struct inode *inode)
{
	while (nended == 0)
		sched_yield();
	EXPECT(!inode_is_dirty(inode));
	inode_put(inode);
	inodes_evict_all(superblock);
}

/* Who wants it written is told so when it is, not when it is on its way. */
SELFTEST(inode_write_waits_for_one_under_way)
{
	struct superblock superblock;
	struct inode *inode = begin(&superblock, 0);

	EXPECT(inode_write(inode, false, false) == 0);
	EXPECT(nwrites == 1);
	finish(&superblock, inode);
}

/* And when that one fails, it is tried again, and both are told how it went. */
SELFTEST(inode_write_under_way_fails)
{
	struct superblock superblock;
	struct inode *inode = begin(&superblock, -EIO);

	EXPECT(inode_write(inode, false, false) == -EIO);
	EXPECT(nwrites == 2);
	EXPECT(inode_is_dirty(inode));
	outcome = 0;
	EXPECT(inode_write(inode, false, false) == 0);
	finish(&superblock, inode);
}
