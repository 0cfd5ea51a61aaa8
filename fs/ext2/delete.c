/*
 * Inodes without links: noted as deleted on the disk, and freed.
 *
 * Such an inode has two lives more. Until a commit has taken its last name off the disk the table
 * keeps saying that it has one (order.c, rule 2); then a line in the table says that it is
 * deleted. When it leaves memory its blocks are freed, and its struct ext2_inode stays behind in
 * fs->nameless, without a struct inode, until the next commit has cleared it in the table and
 * frees its number. A name that leads to a number in there is a lie of the disk's.
 *
 * Protected by: operations and commits keep each other out (ext2.h).
 */
#include "ext2.h"

#include <assert.h>
#include <clock.h>
#include <kheap.h>
#include <string.h>

/* ---- those without links ---- */

int ext2_nameless_enter(struct ext2_inode *own)
{
	const void *there = radix_lookup(&own->fs->nameless, own->number);

	if (there == own)
		return 0;
	if (there)
		return ext2_error(own->fs, "inode %u is being deleted, and free in its bitmap",
				  own->number);
	own->gone_noted = false;
	return radix_insert(&own->fs->nameless, own->number, own);
}

void ext2_nameless_leave(struct ext2_inode *own)
{
	void *removed = radix_remove(&own->fs->nameless, own->number);

	assert(removed == own);
}

/* In the table: deleted, and without blocks if these are freed already. */
static int note(struct ext2_inode *own)
{
	struct ext2 *fs = own->fs;
	struct ext2_inode_disk *disk;
	struct ext2_buffer *table = ext2_table_get(fs, own->number, &disk);

	if (IS_ERR(table))
		return PTR_ERR(table);
	disk->links = 0;
	disk->dtime = (uint32_t)(inode_now() / NSEC_PER_SEC);
	if (!own->inode) {
		disk->size = disk->size_high = disk->sectors = disk->attributes = 0;
		memset(disk->block, 0, sizeof(disk->block));
	}
	ext2_buffer_dirty(fs, table, EXT2_INODES);
	ext2_buffer_put(fs, table);
	own->gone_noted = true;
	return 0;
}

int ext2_nameless_note(struct ext2 *fs)
{
	struct ext2_inode *own;
	uint32_t number = 0;
	int error = 0;

	assert(fs->committing == current);
	while (!error && (own = radix_next(&fs->nameless, &number))) {
		if (!own->gone_noted || !own->inode)
			error = note(own);
		number++;
		sched_give_way();
	}
	return error;
}

void ext2_nameless_release(struct ext2 *fs)
{
	struct ext2_inode *own;
	uint32_t number = 0;

	while ((own = radix_next(&fs->nameless, &number))) {
		number++;
		if (own->inode || ext2_number_free(fs, own->number, own->is_directory) != 0)
			continue;
		ext2_nameless_leave(own);
		kfree(own);
		sched_give_way();
	}
}

void ext2_nameless_drop(struct ext2 *fs)
{
	struct ext2_inode *own;
	uint32_t number = 0;

	while ((own = radix_next(&fs->nameless, &number))) {
		assert(!own->inode && own->window_first == own->window_end);
		ext2_nameless_leave(own);
		kfree(own);
	}
}

/* ---- leaving memory ---- */

/* One inode fewer has the block of attributes, which goes with the last. */
static int free_attributes(struct ext2_inode *own)
{
	struct ext2 *fs = own->fs;
	struct ext2_attributes_disk *head;
	struct ext2_buffer *buffer;
	int error = 0;

	if (!own->attributes)
		return 0;
	buffer = ext2_buffer_get(fs, own->attributes);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer) == -ENOMEM ? -EAGAIN : 0;
	head = (void *)buffer->data;
	if (head->magic != EXT2_ATTRIBUTES_MAGIC || head->refs == 0) {
		ext2_error(fs, "inode %u has attributes that are none", own->number);
	} else if (head->refs > 1) {
		head->refs--;
		ext2_buffer_dirty(fs, buffer, EXT2_MAPS);
	} else {
		error = ext2_block_free(fs, own->attributes);
	}
	ext2_buffer_put(fs, buffer);
	if (error == -EAGAIN)
		return error;
	own->attributes = 0;
	return 0;
}

static bool has_block_map(const struct ext2_inode *own)
{
	mode_t mode = own->inode->mode;

	return S_ISREG(mode) || S_ISDIR(mode) || (S_ISLNK(mode) && !own->is_short_link);
}

/* Frees all that a file has but its number. */
static int free_content(struct ext2_inode *own)
{
	int error = 0;

	mutex_lock(&own->blocks);
	if (has_block_map(own))
		error = ext2_map_cut(own, 0);
	if (!error)
		error = free_attributes(own);
	mutex_unlock(&own->blocks);
	return error;
}

static void delete (struct ext2_inode *own)
{
	struct ext2 *fs = own->fs;
	unsigned tries = 0;
	int error;

	do {
		ext2_begin(fs);
		error = free_content(own);
		if (error != -EAGAIN)
			own->inode = NULL;
		ext2_end(fs);
	} while (ext2_go_on(fs, &error, &tries));
	if (own->inode)
		ext2_notice(fs, LOG_WARNING, "blocks of inode %u stay taken until e2fsck runs",
			    own->number);
	own->inode = NULL;
	fs->free_inodes++;
}

void ext2_evict(struct inode *inode)
{
	struct ext2_inode *own = ext2_inode_of(inode);

	inode->own = NULL;
	/* None: mounting failed halfway. */
	if (!own)
		return;
	ext2_window_drop(own);
	if (inode->nlink > 0) {
		kfree(own);
	} else if (ext2_read_only(own->fs)) {
		/* A commit that is under way may have it in hand. */
		ext2_begin(own->fs);
		ext2_nameless_leave(own);
		ext2_end(own->fs);
		kfree(own);
	} else {
		delete (own);
	}
}
