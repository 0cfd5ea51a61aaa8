/*
 * What the rest of the kernel asks of the caches of names and inodes: to give memory back, to have
 * what is dirty written; and what the file systems of disks ask of the rest: memory for what they
 * have to read.
 */
#include "superblock.h"

#include <block.h>
#include <frame.h>
#include <reclaim.h>
#include <writeback.h>

#define TRIES 16u

/* What a disk has must be read into memory: programs do not expect to hear that there was none. */
bool names_try_again(const struct superblock *superblock, int error, unsigned *tries)
{
	if (likely(error != -ENOMEM) || !superblock->type->keeps_names || (*tries)++ == TRIES)
		return false;
	return reclaim_make_room() || frame_available();
}

static unsigned count_dentries(void)
{
	return dentry_unused_count;
}

static unsigned count_inodes(void)
{
	return inode_unused_count;
}

/* In this order: dentries hold inodes. */
static struct shrinker shrinkers[] = {
	{ .name = "dentries", .count = count_dentries, .shrink = dentry_shrink },
	{ .name = "inodes", .count = count_inodes, .shrink = inode_shrink },
};

static struct writeback_client client = { .sync = superblocks_sync };

void caches_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shrinkers); i++)
		shrinker_register(&shrinkers[i]);
	writeback_register(&client);
}

void caches_drop_names(void)
{
	while (dentry_shrink(UINT32_MAX))
		;
	inode_shrink(UINT32_MAX);
}

static void drop_pages_of_files(struct superblock *superblock)
{
	struct inode *inode;
	ino_t number = 0;

	while ((inode = inode_next(superblock, number))) {
		number = inode->number;
		object_drop_pages(&inode->pages, 0, UINT32_MAX);
		inode_put(inode);
	}
}

void caches_drop_pages(void)
{
	struct superblock *at = NULL;
	struct block_device *block = NULL;

	mounts_lock();
	while ((at = superblock_next(at)))
		if (at->block)
			drop_pages_of_files(at);
	mounts_unlock();
	while ((block = block_next(block)))
		if (block->pages)
			object_drop_pages(block->pages, 0, UINT32_MAX);
}
