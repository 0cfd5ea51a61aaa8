/*
 * Inodes of file systems that keep names: found by number, kept while nobody uses them, written when
 * they are dirty.
 *
 * Each superblock has a tree of its inodes. An inode in it is in one of these states:
 *   NEW      being filled in by whoever asked first
 *   in use   it has references
 *   unused   it has none, but a name on the disk: in the list of unused ones, for all file systems,
 *            the longest unused first
 *   FREEING  it has none and leaves memory: its pages go, the file system takes back what it keeps,
 *            and what it has on the disk if there is no name left
 * Whoever looks for one that is NEW or FREEING waits until it is neither, and looks again: so there
 * is one inode for each number, and none is read from the disk before its predecessor has gone.
 *
 * Dirty ones are in their superblock's list, the longest dirty first. Being written takes an inode
 * out of it before write_inode is asked, so that what changes meanwhile makes it dirty again. One that
 * is not dirty may be on its way still (WRITING): fsync waits for that.
 */
#include "inode_cache.h"

#include <assert.h>
#include <kheap.h>
#include <log.h>

#define NOT_FOR_OTHERS (INODE_NEW | INODE_FREEING)
#define DIRTY_ANYHOW (INODE_DIRTY | INODE_DIRTY_TIMES)

uint32_t inode_count, inode_unused_count;
static struct list unused = LIST_INIT(unused);
static struct wait_queue settled = WAIT_QUEUE_INIT(settled); /* one was NEW, FREEING, WRITING */

/* ---- the tree ---- */

static struct inode *find(const struct superblock *superblock, ino_t number)
{
	struct tree_node *node = superblock->inodes.root;

	while (node) {
		struct inode *inode = tree_entry(node, struct inode, by_number);

		if (inode->number == number)
			return inode;
		node = node->child[number > inode->number];
	}
	return NULL;
}

static void enter(struct superblock *superblock, struct inode *inode)
{
	struct tree_node *above = NULL, *node = superblock->inodes.root;
	int side = 0;

	while (node) {
		above = node;
		side = inode->number > tree_entry(node, struct inode, by_number)->number;
		node = node->child[side];
	}
	tree_insert(&superblock->inodes, &inode->by_number, above, side);
	inode->flags |= INODE_CACHED;
}

static void leave(struct inode *inode)
{
	tree_remove(&inode->superblock->inodes, &inode->by_number);
	inode->flags &= ~INODE_CACHED;
	wake_all(&settled);
}

static void forget_unused(struct inode *inode)
{
	assert(inode->flags & INODE_UNUSED);
	inode->flags &= ~INODE_UNUSED;
	list_remove(&inode->unused_link);
	inode_unused_count--;
}

/* A reference to one that may have had none. */
static void grab(struct inode *inode)
{
	assert(!(inode->flags & NOT_FOR_OTHERS));
	if (inode->refs++ == 0)
		forget_unused(inode);
}

static bool is_unsettled(const struct superblock *superblock, ino_t number)
{
	const struct inode *inode = find(superblock, number);

	return inode && (inode->flags & NOT_FOR_OTHERS);
}

struct inode *inode_find(struct superblock *superblock, ino_t number)
{
	struct inode *inode = find(superblock, number);

	if (!inode || (inode->flags & NOT_FOR_OTHERS))
		return NULL;
	grab(inode);
	return inode;
}

struct inode *inode_find_or_new(struct superblock *superblock, ino_t number, bool *is_new)
{
	struct inode *inode;

	assert(superblock->type->keeps_names);
	if (is_unsettled(superblock, number))
		wait_event_uninterruptible(&settled, !is_unsettled(superblock, number));
	inode = inode_find(superblock, number);
	*is_new = !inode;
	if (inode)
		return inode;
	inode = inode_allocate(superblock);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->number = number;
	inode->flags = INODE_NEW;
	enter(superblock, inode);
	return inode;
}

void inode_ready(struct inode *inode)
{
	assert((inode->flags & INODE_NEW) && inode->refs == 1 && inode->ops);
	inode->flags &= ~INODE_NEW;
	inode_times_changed(inode);
	wake_all(&settled);
}

static void stop_being_dirty(struct inode *inode)
{
	inode->flags &= ~DIRTY_ANYHOW;
	list_remove(&inode->dirty_link);
}

void inode_failed(struct inode *inode)
{
	assert((inode->flags & INODE_NEW) && inode->refs == 1);
	stop_being_dirty(inode);
	inode->refs = 0;
	leave(inode);
	inode_free(inode);
}

struct inode *inode_next(struct superblock *superblock, ino_t number)
{
	struct tree_node *node = superblock->inodes.root;
	struct inode *found = NULL;

	while (node) {
		struct inode *inode = tree_entry(node, struct inode, by_number);

		if (inode->number > number && !(inode->flags & NOT_FOR_OTHERS))
			found = inode;
		node = node->child[inode->number <= number];
	}
	if (found)
		grab(found);
	return found;
}

/* ---- leaving memory ---- */

/* Nobody has it. Without a name it leaves the disk too, with one it is written already. */
static void evict(struct inode *inode)
{
	const struct super_ops *ops = inode->superblock->ops;

	assert(inode->refs == 0 && !(inode->flags & (NOT_FOR_OTHERS | INODE_UNUSED)));
	inode->flags |= INODE_FREEING;
	if (inode->nlink && inode_is_dirty(inode))
		log_error("fs: %s: inode %u: what changed is lost", inode->superblock->source,
			  inode->number);
	stop_being_dirty(inode);
	object_remove_pages(&inode->pages, 0, UINT32_MAX);
	if (ops->evict)
		ops->evict(inode);
	stop_being_dirty(inode);
	leave(inode);
	inode_free(inode);
}

void inode_let_go(struct inode *inode)
{
	if (inode->nlink == 0) {
		evict(inode);
		return;
	}
	assert(!(inode->flags & INODE_UNUSED));
	inode->flags |= INODE_UNUSED;
	list_add_tail(&unused, &inode->unused_link);
	inode_unused_count++;
}

/* Can it be evicted without anything being written? What has pages stays until these have gone. */
static bool is_dispensable(struct inode *inode)
{
	struct object *pages = &inode->pages;

	if (inode_is_dirty(inode) || pages->ndirty || pages->nwriteback)
		return false;
	return pages->pages.count == 0 && pages->refs == 1;
}

unsigned inode_shrink(unsigned goal)
{
	unsigned freed = 0;

	/* What cannot go is looked at once. */
	for (uint32_t left = inode_unused_count; left && freed < goal; left--) {
		struct inode *inode;

		if (list_empty(&unused))
			break;
		inode = list_first(&unused, struct inode, unused_link);
		forget_unused(inode);
		if (is_dispensable(inode)) {
			evict(inode);
			freed++;
		} else {
			inode_let_go(inode);
		}
	}
	return freed;
}

void inodes_evict_all(struct superblock *superblock)
{
	struct tree_node *node;

	while ((node = superblock->inodes.root)) {
		struct inode *inode = tree_entry(node, struct inode, by_number);

		forget_unused(inode);
		evict(inode);
	}
}

/* ---- dirty ones ---- */

static void mark(struct inode *inode, uint32_t how)
{
	struct superblock *superblock = inode->superblock;

	if (!superblock || !superblock->ops->write_inode || (inode->flags & INODE_FREEING))
		return;
	if (!inode_is_dirty(inode)) {
		inode->dirty_since = clock_stamp;
		list_add_tail(&superblock->dirty, &inode->dirty_link);
	}
	inode->flags |= how;
}

void inode_mark_dirty(struct inode *inode)
{
	mark(inode, INODE_DIRTY);
}

void inode_mark_dirty_times(struct inode *inode)
{
	mark(inode, INODE_DIRTY_TIMES);
}

int inode_write(struct inode *inode, bool times_too, bool wait)
{
	uint32_t how;
	int error;

	assert(inode->refs > 0);
	/* What another write took along is where the caller wants it when that write is over. */
	wait_event_uninterruptible(&settled, !(inode->flags & INODE_WRITING));
	how = inode->flags & DIRTY_ANYHOW;
	if (!(how & INODE_DIRTY) && !(times_too && how))
		return 0;
	stop_being_dirty(inode);
	inode->flags |= INODE_WRITING;
	error = inode->superblock->ops->write_inode(inode, wait);
	inode->flags &= ~INODE_WRITING;
	if (error)
		mark(inode, how);
	wake_all(&settled);
	return error;
}

int inodes_write_dirty(struct superblock *superblock, uint32_t age, bool wait)
{
	struct list batch = LIST_INIT(batch);
	uint32_t now = clock_stamp;
	int first_error = 0;

	/* What becomes dirty from here on, and what fails, is for the next time. */
	while (!list_empty(&superblock->dirty)) {
		struct list *at = superblock->dirty.next;

		list_remove(at);
		list_add_tail(&batch, at);
	}
	while (!list_empty(&batch)) {
		struct inode *inode = list_first(&batch, struct inode, dirty_link);
		int error;

		list_remove(&inode->dirty_link);
		list_add_tail(&superblock->dirty, &inode->dirty_link);
		if ((inode->flags & NOT_FOR_OTHERS) || now - inode->dirty_since < age)
			continue;
		grab(inode);
		error = inode_write(inode, true, wait);
		inode_put(inode);
		if (!first_error)
			first_error = error;
	}
	return first_error;
}
