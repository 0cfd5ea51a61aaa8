/*
 * Mounted file systems: making, using, writing, remounting and freeing them. Where they are in the
 * tree of names is mount.c's part.
 *
 * One is in use when one of its linked dentries has references beyond those of its children, its own
 * pin and its being a root. All that is in use in a file system is reached so: files and walks hold
 * dentries, and dentries without a name hold their parents. What is kept though nobody uses it
 * (dentry_cache.c, inode_cache.c) is no use.
 *
 * Freeing one that lies on a disk: dentries go, and with them the inodes without names; pages, then
 * inodes, then what the file system keeps of itself are written, so that what says "there is" is
 * written after what is there; inodes leave memory; the file system marks itself clean; the device's
 * pages are written and its disk flushed.
 */
#include "superblock.h"

#include <assert.h>
#include <block.h>
#include <blockdev.h>
#include <kheap.h>
#include <log.h>
#include <string.h>

#define FLAGS_KEPT \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS | MS_DIRSYNC | MS_NOATIME | \
	 MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)

dev_t anonymous_device(void)
{
	static uint32_t last;

	last++;
	return (last & 0xff) | ((last & ~0xffu) << 12);
}

dev_t pipe_device(void)
{
	static dev_t device;

	if (!device)
		device = anonymous_device();
	return device;
}

int superblock_writable(const struct superblock *superblock)
{
	return superblock->flags & MS_RDONLY || superblock->closing ? -EROFS : 0;
}

/* ---- making ---- */

/* Is a file system mounted from the device? */
static bool is_mounted(const struct block_device *block)
{
	struct superblock *at = NULL;

	while ((at = superblock_next(at)))
		if (at->block == block)
			return true;
	return false;
}

/* Ties the superblock to its device, which has one user more. */
static int take_device(struct superblock *superblock, struct block_device *block)
{
	int error;

	if (!block)
		return -ENOTBLK;
	if (is_mounted(block) || (block->pages && swap_area_find(block->pages) >= 0))
		return -EBUSY;
	if (block->read_only && !(superblock->flags & MS_RDONLY))
		return -EACCES;
	error = blockdev_use(block, superblock);
	if (error)
		return error;
	superblock->block = block;
	superblock->device = block->device;
	return 0;
}

static void free_memory(struct superblock *superblock)
{
	if (superblock->block)
		blockdev_unuse(superblock->block, superblock);
	kfree(superblock->source);
	kfree(superblock);
}

/* One in memory is filled as it is mounted, and becomes read-only only then. */
static int set_up(struct superblock *superblock, struct block_device *block, uint32_t flags,
		  const char *options)
{
	const struct filesystem *type = superblock->type;
	int error = 0;

	superblock->flags = flags & FLAGS_KEPT;
	if (type->needs_device)
		error = take_device(superblock, block);
	else
		superblock->flags &= ~MS_RDONLY;
	if (!error)
		error = type->mount(superblock, options);
	superblock->flags |= flags & MS_RDONLY;
	return error;
}

struct superblock *superblock_create(const struct filesystem *type, const char *source,
				     struct block_device *block, uint32_t flags,
				     const char *options)
{
	static unsigned last_number;
	struct superblock *superblock = kzalloc(sizeof(*superblock));
	int error = -ENOMEM;

	if (!superblock)
		return ERR_PTR(-ENOMEM);
	superblock->type = type;
	superblock->device = anonymous_device();
	superblock->number = ++last_number;
	mutex_init(&superblock->names);
	list_init(&superblock->dirty);
	superblock->source = kstrdup(source);
	if (superblock->source)
		error = set_up(superblock, block, flags, options);
	if (!error) {
		/* An entry of a broken disk that leads to it is found out. */
		superblock->root->inode->directory = superblock->root;
		return superblock;
	}
	assert(superblock->ninodes == 0);
	free_memory(superblock);
	return ERR_PTR(error);
}

/* ---- writing ---- */

static void keep_first(int *first_error, int error)
{
	if (!*first_error)
		*first_error = error;
}

/* The pages of all files. */
static int write_pages(struct superblock *superblock, bool wait)
{
	struct inode *inode;
	ino_t number = 0;
	int error = 0;

	while ((inode = inode_next(superblock, number))) {
		number = inode->number;
		if (inode->pages.ndirty || inode->pages.nwriteback)
			keep_first(&error, object_write_back(&inode->pages, 0, UINT32_MAX, wait));
		inode_put(inode);
	}
	return error;
}

static int write_device(struct superblock *superblock, bool wait)
{
	struct block_device *block = superblock->block;
	int error = 0;

	if (!block)
		return 0;
	if (block->pages)
		error = object_write_back(block->pages, 0, UINT32_MAX, wait);
	if (wait)
		keep_first(&error, block_flush(block));
	return error;
}

/* All but files' pages. */
static int write_inodes_and_itself(struct superblock *superblock, uint32_t age, bool wait)
{
	int error = inodes_write_dirty(superblock, age, false);

	if (age)
		return error;
	if (superblock->ops->sync)
		keep_first(&error, superblock->ops->sync(superblock, wait));
	keep_first(&error, write_device(superblock, wait));
	return error;
}

int superblock_sync(struct superblock *superblock, bool wait)
{
	int error = 0;

	if (!superblock->ops->write_inode)
		return 0;
	error = write_pages(superblock, wait);
	keep_first(&error, write_inodes_and_itself(superblock, 0, wait));
	return error;
}

int superblocks_sync(bool wait, uint64_t age)
{
	uint32_t ticks = (uint32_t)(age / (NSEC_PER_SEC / HZ));
	struct superblock *at = NULL;
	int error = 0;

	if (wait)
		mounts_lock();
	else if (!mounts_try_lock())
		return 0;
	while ((at = superblock_next(at)))
		if (at->ops->write_inode)
			keep_first(&error,
				   write_inodes_and_itself(at, age ? MAX(ticks, 1u) : 0, wait));
	mounts_unlock();
	return error;
}

int superblock_sync_device(const struct block_device *block)
{
	struct superblock *at = NULL;
	int error = 0;

	mounts_lock();
	while ((at = superblock_next(at)) && at->block != block)
		;
	if (at)
		error = superblock_sync(at, true);
	mounts_unlock();
	return error;
}

/* ---- being used, and the end ---- */

bool superblock_busy(const struct superblock *superblock)
{
	struct dentry *at = superblock->root;

	for (; at; at = dentry_next_in_tree(at, superblock->root)) {
		bool held = at == superblock->root || (at->flags & DENTRY_PINNED);

		if (at->mounted || at->refs != at->nchildren + (held ? 1 : 0))
			return true;
	}
	return false;
}

void superblock_free(struct superblock *superblock)
{
	int error;

	list_remove(&superblock->link);
	dentry_drop_tree(superblock->root);
	assert(superblock->root->refs == 1);
	superblock->root->inode->directory = NULL;
	dentry_put(superblock->root);
	error = superblock_sync(superblock, true);
	if (superblock->type->keeps_names)
		inodes_evict_all(superblock);
	assert(superblock->ninodes == 0);
	if (superblock->ops->release)
		superblock->ops->release(superblock);
	keep_first(&error, write_device(superblock, true));
	if (error)
		log_error("fs: %s: unmounted, but not all of it could be written (error %d): what "
			  "was "
			  "changed last is lost, e2fsck should look at it",
			  superblock->source, -error);
	free_memory(superblock);
}

/* ---- remounting ---- */

int superblock_change_flags(struct superblock *superblock, uint32_t flags)
{
	superblock->flags = flags & FLAGS_KEPT;
	return 0;
}

/* Is there a file without a name, which will have to be freed on the disk? */
static bool has_orphans(struct superblock *superblock)
{
	struct inode *inode;
	ino_t number = 0;
	bool found = false;

	while (!found && (inode = inode_next(superblock, number))) {
		number = inode->number;
		found = inode->nlink == 0;
		inode_put(inode);
	}
	return found;
}

/*
 * Writes all, when nobody can change any more what has been written: -EBUSY while somebody may.
 * superblock->closing is set.
 */
static int close_to_writers(struct superblock *superblock)
{
	if (superblock->nwriters || has_orphans(superblock))
		return -EBUSY;
	return superblock_sync(superblock, true);
}

/* names held: nothing in it changes while this does. */
static int remount_held(struct superblock *superblock, uint32_t flags, const char *options)
{
	int error = 0;

	superblock->closing = (flags & MS_RDONLY) && !(superblock->flags & MS_RDONLY);
	if (superblock->closing)
		error = close_to_writers(superblock);
	if (!error && superblock->ops->remount)
		error = superblock->ops->remount(superblock, flags & FLAGS_KEPT, options);
	if (!error)
		error = superblock_change_flags(superblock, flags);
	superblock->closing = false;
	return error;
}

int superblock_remount(struct superblock *superblock, uint32_t flags, const char *options)
{
	int error;

	if (!(flags & MS_RDONLY) && superblock->block && superblock->block->read_only)
		return -EACCES;
	error = flags & MS_RDONLY ? superblock_sync(superblock, true) : 0;
	if (error)
		return error;
	mutex_lock(&superblock->names);
	error = remount_held(superblock, flags, options);
	mutex_unlock(&superblock->names);
	/* That it is clean now, or in use, is for the disk to know at once. */
	return error ? error : superblock_sync(superblock, true);
}

void superblocks_shut_down(void)
{
	struct superblock *at = NULL;

	if (fs_sync_all(true) != 0)
		log_error("fs: not all files could be written before the end: what was changed "
			  "last in "
			  "them is lost");
	mounts_lock();
	while ((at = superblock_next(at))) {
		int error = superblock_sync(at, true);

		/* Who holds names over the end of the system does not keep others from it. */
		if (!at->block || (at->flags & MS_RDONLY) || at->names.owner)
			continue;
		if (!error && at->ops->remount)
			error = at->ops->remount(at, at->flags | MS_RDONLY, NULL);
		at->flags |= MS_RDONLY;
		keep_first(&error, superblock_sync(at, true));
		if (error)
			log_error("fs: %s: could not be brought to its end (error %d): what was "
				  "changed last is lost, e2fsck should look at it",
				  at->source, -error);
	}
	mounts_unlock();
}

/* ---- what /proc/mounts and statfs say ---- */

void superblock_options(const struct superblock *superblock, unsigned which, char *to, size_t size)
{
	static const struct {
		uint32_t flag;
		unsigned which;
		const char *text;
	} words[] = {
		{ MS_SYNCHRONOUS, OPTIONS_OF_SUPERBLOCK, ",sync" },
		{ MS_DIRSYNC, OPTIONS_OF_SUPERBLOCK, ",dirsync" },
		{ MS_NOSUID, OPTIONS_OF_MOUNT, ",nosuid" },
		{ MS_NODEV, OPTIONS_OF_MOUNT, ",nodev" },
		{ MS_NOEXEC, OPTIONS_OF_MOUNT, ",noexec" },
		{ MS_NOATIME, OPTIONS_OF_MOUNT, ",noatime" },
		{ MS_NODIRATIME, OPTIONS_OF_MOUNT, ",nodiratime" },
	};
	size_t used = strlcpy(to, superblock->flags & MS_RDONLY ? "ro" : "rw", size);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if ((superblock->flags & words[i].flag) && (which & words[i].which))
			used += strlcpy(to + used, words[i].text, size - used);
	if ((which & OPTIONS_OF_MOUNT) && !(superblock->flags & (MS_NOATIME | MS_STRICTATIME)))
		used += strlcpy(to + used, ",relatime", size - used);
	if ((which & OPTIONS_OF_SUPERBLOCK) && superblock->ops->show_options)
		superblock->ops->show_options(superblock, to + used, size - used);
}

void superblock_statfs(struct superblock *superblock, struct statfs64 *to)
{
	*to = (struct statfs64){
		.type = superblock->type->magic,
		.bsize = PAGE_SIZE,
		.frsize = PAGE_SIZE,
		.namelen = NAME_MAX,
		.flags = ST_VALID | (superblock->flags & 15),
		.fsid = { superblock->device },
	};
	if (!(superblock->flags & (MS_NOATIME | MS_STRICTATIME)))
		to->flags |= ST_RELATIME;
	if (superblock->flags & MS_NOATIME)
		to->flags |= MS_NOATIME;
	if (superblock->ops->statfs)
		superblock->ops->statfs(superblock, to);
}
