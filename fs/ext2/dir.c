/*
 * Directories: finding names, making room for them, and reading them all.
 *
 * A directory is searched from front to back; the hashed index that some have is not used, and the
 * flag that says it is right is taken away when such a directory changes, as its nodes look like
 * room to whoever does not know of it. To find room, blocks that were seen to be full are skipped
 * (room_from).
 *
 * Positions of getdents are byte offsets. A call begins at the first entry at or behind its
 * position, found from the start of the block, as entries may have come and gone since.
 *
 * A directory may be as large as the disk says, and that may be a lie: between blocks others have
 * their turn, and who is to end does so (-EINTR).
 *
 * Protected by: superblock->names. What is found is a place: an entry in a block whose buffer is
 * held, good until the block changes.
 */
#include "ext2.h"

#include <abi/dirent.h>
#include <assert.h>

static struct ext2_dirblock dirblock_of(const struct ext2 *fs, struct ext2_buffer *buffer)
{
	return (struct ext2_dirblock){
		.data = buffer->data,
		.size = fs->geometry.block_size,
		.max_inode = fs->geometry.inodes_count,
		.types = fs->geometry.incompat & EXT2_INCOMPAT_FILETYPE,
	};
}

static int broken(const struct inode *directory, uint32_t logical, const char *problem)
{
	return ext2_error(ext2_of(directory->superblock), "directory %u, block %u: %s",
			  directory->number, logical, problem);
}

static uint32_t blocks_of(const struct inode *directory)
{
	const struct ext2 *fs = ext2_of(directory->superblock);

	return (uint32_t)(directory->pages.size >> fs->geometry.block_shift);
}

/* A block of the directory, a reference; ERR_PTR(-EINTR, -EIO, -ENOMEM). May sleep. */
static struct ext2_buffer *get_block(struct inode *directory, uint32_t logical)
{
	struct ext2_inode *own = ext2_inode_of(directory);
	uint32_t block;
	int error;

	if (sched_give_way())
		return ERR_PTR(-EINTR);
	mutex_lock(&own->blocks);
	error = ext2_map_find(own, logical, &block);
	mutex_unlock(&own->blocks);
	if (!error && !block)
		error = broken(directory, logical, "there is a hole");
	return error ? ERR_PTR(error) : ext2_buffer_get(own->fs, block);
}

void ext2_dir_put(struct inode *directory, struct ext2_place *place)
{
	if (place->buffer)
		ext2_buffer_put(ext2_of(directory->superblock), place->buffer);
	place->buffer = NULL;
}

/* ---- finding ---- */

/* place->entry becomes what `found` says about the block: 0, -EIO. */
static int settle(const struct inode *directory, struct ext2_place *place,
		  const struct ext2_dirblock *block, struct ext2_entry *found)
{
	place->entry = IS_ERR(found) ? NULL : found;
	return IS_ERR(found) ? broken(directory, place->logical, block->problem) : 0;
}

int ext2_dir_find_again(struct inode *directory, const struct name *name, struct ext2_place *place)
{
	struct ext2_dirblock block = dirblock_of(ext2_of(directory->superblock), place->buffer);

	return settle(directory, place, &block,
		      ext2_dirblock_find(&block, name->text, (unsigned)name->size, &place->before));
}

int ext2_dir_find(struct inode *directory, const struct name *name, struct ext2_place *place)
{
	uint32_t nblocks = blocks_of(directory);

	*place = (struct ext2_place){ 0 };
	for (; place->logical < nblocks; place->logical++) {
		int error;

		place->buffer = get_block(directory, place->logical);
		if (IS_ERR(place->buffer)) {
			error = PTR_ERR(place->buffer);
			place->buffer = NULL;
			return error;
		}
		error = ext2_dir_find_again(directory, name, place);
		if (!error && place->entry)
			return 0;
		ext2_dir_put(directory, place);
		if (error)
			return error;
	}
	return -ENOENT;
}

int ext2_dir_find_parent(struct inode *directory, struct ext2_place *place)
{
	struct name name = { .text = "..", .size = 2 };
	int error = ext2_dir_find(directory, &name, place);

	return error == -ENOENT ? broken(directory, 0, "there is no \"..\"") : error;
}

int ext2_dir_is_empty(struct inode *directory)
{
	struct ext2 *fs = ext2_of(directory->superblock);
	uint32_t nblocks = blocks_of(directory);
	int empty = 1;

	for (uint32_t logical = 0; empty == 1 && logical < nblocks; logical++) {
		struct ext2_buffer *buffer = get_block(directory, logical);
		struct ext2_dirblock block;

		if (IS_ERR(buffer))
			return PTR_ERR(buffer);
		block = dirblock_of(fs, buffer);
		empty = ext2_dirblock_empty(&block, directory->number);
		ext2_buffer_put(fs, buffer);
		if (empty < 0)
			return broken(directory, logical, block.problem);
	}
	return empty;
}

/* ---- room ---- */

/* One block more, all room. In an operation; the caller stores the inode. */
static int grow(struct inode *directory, struct ext2_place *place)
{
	struct ext2_inode *own = ext2_inode_of(directory);
	struct ext2 *fs = own->fs;
	struct ext2_dirblock block;
	uint32_t number;
	bool fresh;
	int error;

	place->logical = blocks_of(directory);
	if (directory->pages.size + fs->geometry.block_size > INT32_MAX)
		return -ENOSPC;
	mutex_lock(&own->blocks);
	error = ext2_map_make(own, place->logical, &number, &fresh);
	mutex_unlock(&own->blocks);
	if (error)
		return error;
	place->buffer = ext2_buffer_fresh(fs, number);
	if (IS_ERR(place->buffer)) {
		error = PTR_ERR(place->buffer);
		place->buffer = NULL;
		mutex_lock(&own->blocks);
		ext2_map_unmake(own, place->logical);
		mutex_unlock(&own->blocks);
		return error;
	}
	block = dirblock_of(fs, place->buffer);
	ext2_dirblock_clear(&block);
	place->entry = (void *)block.data;
	place->before = NULL;
	directory->pages.size += fs->geometry.block_size;
	inode_mark_dirty(directory);
	return 0;
}

/* Room in block place->logical: place->entry, NULL if there is none. */
static int find_room_in(struct inode *directory, const struct name *name, struct ext2_place *place)
{
	struct ext2_inode *own = ext2_inode_of(directory);
	struct ext2_dirblock block;
	int error;

	place->buffer = get_block(directory, place->logical);
	if (IS_ERR(place->buffer)) {
		error = PTR_ERR(place->buffer);
		place->buffer = NULL;
		return error;
	}
	block = dirblock_of(own->fs, place->buffer);
	error = settle(directory, place, &block, ext2_dirblock_room(&block, (unsigned)name->size));
	if (!error && place->entry)
		return 0;
	if (!error && own->room_from == place->logical && !ext2_dirblock_room(&block, 1))
		own->room_from++;
	ext2_dir_put(directory, place);
	return error;
}

int ext2_dir_room(struct inode *directory, const struct name *name, struct ext2_place *place)
{
	uint32_t nblocks = blocks_of(directory);

	*place = (struct ext2_place){ .logical = ext2_inode_of(directory)->room_from };
	assert(name->size > 0 && name->size <= EXT2_NAME_MAX);
	for (; place->logical < nblocks; place->logical++) {
		int error = find_room_in(directory, name, place);

		if (error || place->entry)
			return error;
	}
	return grow(directory, place);
}

/* ---- changing ---- */

static unsigned type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return EXT2_TYPE_REGULAR;
	case S_IFDIR:
		return EXT2_TYPE_DIRECTORY;
	case S_IFCHR:
		return EXT2_TYPE_CHARACTER;
	case S_IFBLK:
		return EXT2_TYPE_BLOCK;
	case S_IFIFO:
		return EXT2_TYPE_FIFO;
	case S_IFSOCK:
		return EXT2_TYPE_SOCKET;
	case S_IFLNK:
		return EXT2_TYPE_LINK;
	}
	return EXT2_TYPE_UNKNOWN;
}

static void changed(struct inode *directory, struct ext2_place *place, enum ext2_stage stage)
{
	struct ext2_inode *own = ext2_inode_of(directory);

	ext2_buffer_dirty(own->fs, place->buffer, stage);
	own->flags &= ~EXT2_FLAG_INDEX;
	inode_modified(directory);
}

void ext2_dir_insert(struct inode *directory, const struct name *name, struct ext2_place *place,
		     const struct inode *inode)
{
	struct ext2_dirblock block = dirblock_of(ext2_of(directory->superblock), place->buffer);

	place->entry = ext2_dirblock_insert(&block, place->entry, name->text, (unsigned)name->size,
					    inode->number, type_of(inode->mode));
	changed(directory, place, EXT2_NAMES);
}

void ext2_dir_remove(struct inode *directory, struct ext2_place *place, enum ext2_stage stage)
{
	struct ext2_inode *own = ext2_inode_of(directory);

	ext2_dirblock_remove(place->entry, place->before);
	own->room_from = MIN(own->room_from, place->logical);
	changed(directory, place, stage);
}

void ext2_dir_retarget(struct inode *directory, struct ext2_place *place, const struct inode *inode)
{
	struct ext2_dirblock block = dirblock_of(ext2_of(directory->superblock), place->buffer);

	ext2_dirblock_retarget(&block, place->entry, inode->number, type_of(inode->mode));
	changed(directory, place, EXT2_NAMES);
}

int ext2_dir_make(struct inode *inode, const struct inode *parent)
{
	struct ext2_place place = { 0 };
	struct ext2_dirblock block;
	int error = 0;

	/* It has been made, when what came afterwards is tried again. */
	if (inode->pages.size > 0)
		return 0;
	error = grow(inode, &place);
	if (error)
		return error;
	block = dirblock_of(ext2_of(inode->superblock), place.buffer);
	ext2_dirblock_begin(&block, inode->number, parent->number);
	ext2_dir_put(inode, &place);
	return 0;
}

/* ---- reading ---- */

static unsigned dirent_type(const struct ext2_dirblock *block, const struct ext2_entry *entry)
{
	static const uint8_t types[EXT2_TYPES] = {
		[EXT2_TYPE_REGULAR] = DT_OF_MODE(S_IFREG),
		[EXT2_TYPE_DIRECTORY] = DT_OF_MODE(S_IFDIR),
		[EXT2_TYPE_CHARACTER] = DT_OF_MODE(S_IFCHR),
		[EXT2_TYPE_BLOCK] = DT_OF_MODE(S_IFBLK),
		[EXT2_TYPE_FIFO] = DT_OF_MODE(S_IFIFO),
		[EXT2_TYPE_SOCKET] = DT_OF_MODE(S_IFSOCK),
		[EXT2_TYPE_LINK] = DT_OF_MODE(S_IFLNK),
	};

	return block->types && entry->type < EXT2_TYPES ? types[entry->type] : 0;
}

/* Gives the sink the entries of one block from file->position on: 1: go on, 0: it is full, -EIO. */
static int read_block(struct file *file, struct ext2_buffer *buffer, uint32_t logical,
		      struct readdir_sink *sink)
{
	struct ext2_dirblock block = dirblock_of(ext2_of(file->inode->superblock), buffer);
	loff_t start = (loff_t)logical * block.size;
	uint32_t at = 0, from = (uint32_t)(file->position - start);

	while (at < block.size) {
		uint32_t here = at;
		struct ext2_entry *entry = ext2_dirblock_next(&block, &at);

		if (IS_ERR(entry)) {
			file->position = start + block.size;
			return broken(file->inode, logical, block.problem);
		}
		if (here < from)
			continue;
		if (entry->inode && !sink->add(sink, entry->name, entry->name_size, entry->inode,
					       dirent_type(&block, entry), start + at))
			return 0;
		file->position = start + at;
	}
	return 1;
}

static int ext2_readdir(struct file *file, struct readdir_sink *sink)
{
	struct inode *directory = file->inode;
	struct ext2 *fs = ext2_of(directory->superblock);
	int result = 1;

	while (result == 1 && file->position < (loff_t)directory->pages.size) {
		uint32_t logical = (uint32_t)(file->position >> fs->geometry.block_shift);
		struct ext2_buffer *buffer = get_block(directory, logical);

		if (IS_ERR(buffer)) {
			/* The next call goes on behind what the disk cannot give. */
			if (PTR_ERR(buffer) == -EIO)
				file->position = ((loff_t)logical + 1) << fs->geometry.block_shift;
			return PTR_ERR(buffer);
		}
		result = read_block(file, buffer, logical, sink);
		ext2_buffer_put(fs, buffer);
	}
	return MIN(result, 0);
}

const struct file_ops ext2_directory_file_ops = {
	.read = dir_read,
	.readdir = ext2_readdir,
	.ioctl = ext2_flags_ioctl,
	.sync = ext2_sync_file,
};
