/*
 * Files: their pages, their size, and what programs do with open ones.
 *
 * Content goes through the page cache, which asks map_blocks where a page's blocks lie, and for
 * new ones before a page becomes dirty: so there is room for all that is dirty. A write() gets the
 * blocks that it touches; a write through a mapping those of its page that lie below the file's
 * end.
 *
 * Cutting a file off: first the page in which the new end lies is brought in and its rest zeroed
 * and written some time, then pages go, then blocks; what is written back meanwhile is waited for
 * by the cache before the blocks are free.
 */
#include "ext2.h"

#include <abi/ioctls.h>
#include <assert.h>
#include <ledger.h>
#include <log.h>
#include <uaccess.h>

/* ---- blocks of pages ---- */

static unsigned blocks_per_page(const struct ext2 *fs)
{
	return PAGE_SIZE >> fs->geometry.block_shift;
}

static void set_block(const struct ext2 *fs, struct page_blocks *to, unsigned i, uint32_t block)
{
	if (block)
		to->sector[i] = (uint64_t)block << (fs->geometry.block_shift - SECTOR_SHIFT);
	else
		to->sector[i] = BLOCK_HOLE;
}

/* The page's blocks as they are. own->blocks held. */
static int find_blocks(struct ext2_inode *own, uint32_t index, struct page_blocks *to)
{
	for (unsigned i = 0; i < to->nblocks; i++) {
		uint64_t logical = (uint64_t)index * to->nblocks + i;
		uint32_t block = 0;
		int error = 0;

		if (logical << own->fs->geometry.block_shift < own->fs->geometry.max_size)
			error = ext2_map_find(own, (uint32_t)logical, &block);
		if (error)
			return error;
		set_block(own->fs, to, i, block);
	}
	return 0;
}

/* Gives back the blocks that this call took. In the operation that took them. */
static void unmake_blocks(struct ext2_inode *own, uint32_t index, struct page_blocks *to)
{
	for (unsigned i = to->nblocks; i-- > 0;)
		if (to->fresh & (1u << i))
			ext2_map_unmake(own, index * to->nblocks + i);
	to->fresh = 0;
}

/* Blocks for the holes in bytes from..to of the page. In an operation; own->blocks held. */
static int make_blocks(struct ext2_inode *own, uint32_t index, unsigned from, unsigned end,
		       struct page_blocks *to)
{
	unsigned shift = own->fs->geometry.block_shift;

	for (unsigned i = from >> shift; i < (end + (1u << shift) - 1) >> shift; i++) {
		uint64_t logical = (uint64_t)index * to->nblocks + i;
		uint32_t block;
		bool fresh;
		int error = -EFBIG;

		if (logical << shift < own->fs->geometry.max_size)
			error = ext2_map_make(own, (uint32_t)logical, &block, &fresh);
		if (error)
			return error;
		set_block(own->fs, to, i, block);
		if (fresh)
			to->fresh |= (uint8_t)(1u << i);
	}
	return 0;
}

/* The part of the page that a write through a mapping may get blocks for: its end. */
static unsigned end_below_size(const struct object *object, uint32_t index, unsigned end)
{
	uint64_t start = (uint64_t)index << PAGE_SHIFT;

	if (object->size <= start)
		return 0;
	return (unsigned)MIN((uint64_t)end, object->size - start);
}

static int map_in_operation(struct object *object, uint32_t index, const struct block_range *create,
			    struct page_blocks *to)
{
	struct inode *inode = object->owner;
	struct ext2_inode *own = ext2_inode_of(inode);
	struct ext2_inode_disk *disk;
	struct ext2_buffer *table = ext2_table_get(own->fs, own->number, &disk);
	unsigned end = create->to;
	int error;

	if (IS_ERR(table))
		return PTR_ERR(table);
	mutex_lock(&own->blocks);
	if (!create->extends)
		end = end_below_size(object, index, end);
	error = find_blocks(own, index, to);
	if (!error)
		error = make_blocks(own, index, create->from, end, to);
	if (error)
		unmake_blocks(own, index, to);
	/* Also then: indirect blocks may have stayed. */
	ext2_inode_store(inode, table, disk, true);
	mutex_unlock(&own->blocks);
	ext2_buffer_put(own->fs, table);
	return error;
}

/* Are there holes that are to get blocks? If not, no operation is needed. */
static bool lacks_blocks(const struct object *object, uint32_t index,
			 const struct block_range *create, const struct page_blocks *to)
{
	unsigned end = create->extends ? create->to : end_below_size(object, index, create->to);

	for (unsigned i = create->from / to->block_size; i * to->block_size < end; i++)
		if (to->sector[i] == BLOCK_HOLE)
			return true;
	return false;
}

static int ext2_map_blocks(struct object *object, uint32_t index, const struct block_range *create,
			   struct page_blocks *to)
{
	struct ext2_inode *own = ext2_inode_of(object->owner);
	struct ext2 *fs = own->fs;
	unsigned tries = 0;
	int error;

	if (create && ext2_read_only(fs))
		return -EROFS;
	to->device = fs->device;
	to->nblocks = blocks_per_page(fs);
	to->block_size = fs->geometry.block_size;
	to->fresh = 0;
	mutex_lock(&own->blocks);
	error = find_blocks(own, index, to);
	mutex_unlock(&own->blocks);
	if (error || !create || !lacks_blocks(object, index, create, to))
		return error;
	do {
		ext2_begin(fs);
		error = map_in_operation(object, index, create, to);
		ext2_end(fs);
	} while (ext2_again(fs, &error, &tries));
	return error;
}

static void ext2_mapping_written(struct object *object)
{
	inode_modified(object->owner);
}

const struct object_ops ext2_object_ops = {
	.map_blocks = ext2_map_blocks,
	.mapping_written = ext2_mapping_written,
	.release = inode_release_pages,
};

/* ---- size ---- */

/* Frees the blocks from the new end on; commits in between when memory is out. */
static int cut_blocks(struct inode *inode, uint64_t size)
{
	struct ext2_inode *own = ext2_inode_of(inode);
	struct ext2 *fs = own->fs;
	uint64_t from = (size + fs->geometry.block_size - 1) >> fs->geometry.block_shift;
	unsigned tries = 0;
	int error;

	do {
		ext2_begin(fs);
		mutex_lock(&own->blocks);
		error = ext2_map_cut(own, from);
		mutex_unlock(&own->blocks);
		if (ext2_inode_update(inode) != 0)
			inode_mark_dirty(inode);
		ext2_end(fs);
	} while (ext2_go_on(fs, &error, &tries));
	return error;
}

/* The page in which a new end lies, when part of it stays. */
struct tail {
	struct frame *frame; /* a reference, declared; NULL: there is no such page */
	bool has_block;	     /* the end lies in a block, not in a hole */
};

static int get_tail(struct object *pages, uint64_t size, struct tail *tail)
{
	uint32_t index = (uint32_t)(size >> PAGE_SHIFT);
	struct page_blocks blocks;
	struct frame *frame;
	int error;

	tail->frame = NULL;
	if (!(size & PAGE_MASK) || size >= pages->size)
		return 0;
	error = ext2_map_blocks(pages, index, NULL, &blocks);
	if (error)
		return error;
	tail->has_block = blocks.sector[(size & PAGE_MASK) / blocks.block_size] != BLOCK_HOLE;
	frame = object_get_page(pages, index);
	if (IS_ERR(frame))
		return PTR_ERR(frame);
	ledger_hold(frame);
	tail->frame = frame;
	return 0;
}

/* What was cut off has become zeros in memory; so it will on the disk. */
static void put_tail(struct tail *tail, uint64_t size)
{
	if (!tail->frame)
		return;
	if (tail->has_block)
		object_mark_dirty_range(tail->frame, 0, (unsigned)size & PAGE_MASK);
	ledger_release(tail->frame);
	frame_put(tail->frame);
}

static int ext2_resize(struct inode *inode, uint64_t size)
{
	const struct ext2 *fs = ext2_of(inode->superblock);
	uint64_t old_size = inode->pages.size;
	struct tail tail;
	int error;

	if (size > fs->geometry.max_size)
		return -EFBIG;
	error = get_tail(&inode->pages, size, &tail);
	if (error)
		return error;
	error = object_truncate(&inode->pages, size);
	put_tail(&tail, size);
	if (error)
		return error;
	inode_mark_dirty(inode);
	error = size < old_size ? cut_blocks(inode, size) : 0;
	return ext2_commit_if_synchronous(inode, error);
}

const struct inode_ops ext2_file_inode_ops = {
	.resize = ext2_resize,
	.stat = ext2_stat,
};

/* ---- open files ---- */

/*
 * A write was to reach up to end and did not: the blocks that it got beyond the file's end are
 * given back. Nothing is written to them, as write-back cuts off what lies there.
 */
static void give_back_beyond(struct inode *inode, uint64_t end)
{
	int error = end > inode->pages.size ? cut_blocks(inode, inode->pages.size) : 0;

	if (error)
		log_error("ext2: %s: inode %u keeps blocks beyond its end: error %d",
			  inode->superblock->source, inode->number, -error);
}

/* The caller holds the inode's lock. */
static ssize_t ext2_write(struct file *file, struct uio *io, loff_t *position)
{
	struct inode *inode = file->inode;
	const struct ext2 *fs = ext2_of(inode->superblock);
	uint64_t old_size = inode->pages.size, limit = fs->geometry.max_size;
	size_t held_back = 0;
	uint64_t end;
	ssize_t done;

	if ((uint64_t)*position >= limit)
		return -EFBIG;
	if (io->left > limit - (uint64_t)*position)
		held_back = io->left - (size_t)(limit - (uint64_t)*position);
	io->left -= held_back;
	end = (uint64_t)*position + io->left;
	done = file_cache_write(file, io, position);
	if (io->left)
		give_back_beyond(inode, end);
	io->left += held_back;
	if (inode->pages.size != old_size)
		inode_mark_dirty(inode);
	return done;
}

static struct object *ext2_object(struct file *file)
{
	return &file->inode->pages;
}

/* SEEK_DATA and SEEK_HOLE; the end is a hole. */
static loff_t seek_content(struct inode *inode, uint64_t from, bool hole)
{
	struct ext2_inode *own = ext2_inode_of(inode);
	unsigned shift = own->fs->geometry.block_shift;
	uint64_t size = inode->pages.size;
	uint32_t end = (uint32_t)((size + (1u << shift) - 1) >> shift), at;
	int error;

	if (from >= size)
		return -ENXIO;
	at = (uint32_t)(from >> shift);
	mutex_lock(&own->blocks);
	error = ext2_map_seek(own, &at, end, hole);
	mutex_unlock(&own->blocks);
	if (error)
		return error;
	if (at >= end)
		return hole ? (loff_t)size : -ENXIO;
	return (loff_t)MIN(MAX((uint64_t)at << shift, from), size);
}

static loff_t ext2_seek(struct file *file, loff_t offset, int whence)
{
	loff_t found;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return file_seek_default(file, offset, whence);
	if (offset < 0)
		return -ENXIO;
	found = seek_content(file->inode, (uint64_t)offset, whence == SEEK_HOLE);
	if (found >= 0)
		file->position = found;
	return found;
}

int ext2_sync_file(struct file *file, bool data_only)
{
	struct inode *inode = file->inode;
	int error = 0, failed;

	if (S_ISREG(inode->mode))
		error = object_write_back(&inode->pages, 0, UINT32_MAX, true);
	failed = inode_write(inode, !data_only, false);
	if (!failed)
		failed = ext2_inode_commit(inode, data_only);
	return error ? error : failed;
}

/* ---- chattr and its kin ---- */

/* Attributes of the file system's own have changed: copied to the table. */
static int store_own(struct inode *inode)
{
	struct ext2 *fs = ext2_of(inode->superblock);
	int error;

	inode_changed(inode);
	ext2_begin(fs);
	error = ext2_inode_update(inode);
	ext2_end(fs);
	return ext2_commit_if_synchronous(inode, error);
}

static int set_flags(struct inode *inode, uint32_t __user *from)
{
	struct ext2_inode *own = ext2_inode_of(inode);
	uint32_t flags;

	if (get_user(&flags, from) != 0)
		return -EFAULT;
	if (superblock_writable(inode->superblock))
		return -EROFS;
	if (!inode_is_mine(inode))
		return -EPERM;
	if (((own->flags ^ flags) & (EXT2_FLAG_IMMUTABLE | EXT2_FLAG_APPEND)) &&
	    !cred_can(CAP_LINUX_IMMUTABLE))
		return -EPERM;
	own->flags = (own->flags & ~EXT2_FLAGS_CHANGEABLE) | (flags & EXT2_FLAGS_CHANGEABLE);
	ext2_flags_apply(inode);
	return store_own(inode);
}

static int set_generation(struct inode *inode, uint32_t __user *from)
{
	uint32_t generation;

	if (!inode_is_mine(inode))
		return -EPERM;
	if (superblock_writable(inode->superblock))
		return -EROFS;
	if (get_user(&generation, from) != 0)
		return -EFAULT;
	ext2_inode_of(inode)->generation = generation;
	return store_own(inode);
}

int ext2_flags_ioctl(struct file *file, uint32_t command, uint32_t argument)
{
	struct inode *inode = file->inode;
	struct ext2_inode *own = ext2_inode_of(inode);
	uint32_t __user *at = (uint32_t __user *)argument;

	switch (command) {
	case FS_IOC_GETFLAGS:
		return put_user(at, own->flags & EXT2_FLAGS_VISIBLE);
	case FS_IOC_SETFLAGS:
		return set_flags(inode, at);
	case FS_IOC_GETVERSION:
		return put_user(at, own->generation);
	case FS_IOC_SETVERSION:
		return set_generation(inode, at);
	}
	return -ENOTTY;
}

/* What is written next need not be a continuation; and it may be long until then. */
static void ext2_release(struct file *file)
{
	if (file_writable(file))
		ext2_window_drop(ext2_inode_of(file->inode));
}

const struct file_ops ext2_file_ops = {
	.direct = true,
	.release = ext2_release,
	.read = file_cache_read,
	.write = ext2_write,
	.seek = ext2_seek,
	.ioctl = ext2_flags_ioctl,
	.object = ext2_object,
	.sync = ext2_sync_file,
};
