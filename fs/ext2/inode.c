/*
 * Inodes: from the disk's table and back, and new ones.
 *
 * What the rest of the kernel changes in a struct inode (mode, owner, times, size) is copied to
 * the table's block by ext2_inode_store: at once where an operation changes pointers, links or
 * names, else when write-back, sync or fsync asks (super_ops.write_inode). The disk gets the block
 * in a commit.
 *
 * New inodes begin without links: one whose making fails ends as any other that has lost its name
 * (delete.c).
 */
#include "ext2.h"

#include <assert.h>
#include <clock.h>
#include <kheap.h>
#include <string.h>

#define TIME_LAST INT32_MAX /* a disk's times are signed seconds */

/* ---- the table ---- */

struct ext2_buffer *ext2_table_get(struct ext2 *fs, uint32_t number, struct ext2_inode_disk **disk)
{
	const struct ext2_geometry *geometry = &fs->geometry;
	uint32_t group = (number - 1) / geometry->inodes_per_group;
	uint32_t offset = (number - 1) % geometry->inodes_per_group * geometry->inode_size;
	struct ext2_buffer *table;

	assert(number >= 1 && number <= geometry->inodes_count);
	table = ext2_buffer_get(fs, fs->groups[group].disk->inode_table +
					    (offset >> geometry->block_shift));
	if (!IS_ERR(table))
		*disk = (void *)(table->data + (offset & (geometry->block_size - 1)));
	return table;
}

static uint64_t time_from(uint32_t seconds)
{
	/* Before 1970 the kernel has no times. */
	return (int32_t)seconds < 0 ? 0 : (uint64_t)seconds * NSEC_PER_SEC;
}

static uint32_t time_to(uint64_t time)
{
	return (uint32_t)MIN(time / NSEC_PER_SEC, (uint64_t)TIME_LAST);
}

/* ---- reading ---- */

static uint64_t size_of(const struct ext2 *fs, const struct ext2_inode_disk *disk)
{
	uint64_t size = disk->size;

	if (S_ISREG(disk->mode) && fs->geometry.revision >= EXT2_REVISION_DYNAMIC)
		size |= (uint64_t)disk->size_high << 32;
	return size;
}

/* Of a link whose text lies in the inode: nothing but attributes has blocks. */
static bool is_short_link(const struct ext2 *fs, const struct ext2_inode_disk *disk)
{
	uint32_t sectors = disk->attributes ? fs->geometry.block_size / SECTOR_SIZE : 0;

	return S_ISLNK(disk->mode) && disk->sectors == sectors;
}

static const char *judge_size(const struct ext2 *fs, const struct ext2_inode_disk *disk)
{
	const struct ext2_geometry *geometry = &fs->geometry;
	uint64_t size = size_of(fs, disk);

	if (S_ISREG(disk->mode))
		return size > geometry->max_size ? "is too large" : NULL;
	if (S_ISDIR(disk->mode)) {
		if (size == 0 || size & (geometry->block_size - 1) ||
		    size >> geometry->block_shift > geometry->blocks_count)
			return "is a directory of a size that cannot be";
	}
	if (S_ISLNK(disk->mode)) {
		uint32_t limit = is_short_link(fs, disk) ? EXT2_SHORT_LINK : geometry->block_size;

		if (size == 0 || size >= limit)
			return "is a link of a length that cannot be";
	}
	return NULL;
}

/* What is wrong with it, in words; NULL: nothing. */
static const char *judge(const struct ext2 *fs, const struct ext2_inode_disk *disk)
{
	switch (disk->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	default:
		return disk->links ? "is of no known type" : "has a name and is deleted";
	}
	if (disk->links == 0)
		return "has a name and is deleted";
	if (disk->attributes && !ext2_block_valid(fs, disk->attributes))
		return "has its attributes where they cannot be";
	return judge_size(fs, disk);
}

static void read_owner(const struct ext2 *fs, const struct ext2_inode_disk *disk,
		       struct inode *inode)
{
	inode->uid = disk->uid;
	inode->gid = disk->gid;
	if (fs->options.nouid32)
		return;
	inode->uid |= (uint32_t)disk->uid_high << 16;
	inode->gid |= (uint32_t)disk->gid_high << 16;
}

void ext2_flags_apply(struct inode *inode)
{
	uint32_t flags = ext2_inode_of(inode)->flags;

	inode->flags &= ~(INODE_IMMUTABLE | INODE_APPEND | INODE_SYNCHRONOUS | INODE_NOATIME);
	if (flags & EXT2_FLAG_IMMUTABLE)
		inode->flags |= INODE_IMMUTABLE;
	if (flags & EXT2_FLAG_APPEND)
		inode->flags |= INODE_APPEND;
	if (flags & EXT2_FLAG_SYNC)
		inode->flags |= INODE_SYNCHRONOUS;
	if (flags & EXT2_FLAG_NOATIME)
		inode->flags |= INODE_NOATIME;
}

/* Gives an inode, whose mode is set, what the kernel calls. */
static void set_operations(struct inode *inode)
{
	if (S_ISREG(inode->mode)) {
		inode->ops = &ext2_file_inode_ops;
		inode->file_ops = &ext2_file_ops;
		inode->pages.ops = &ext2_object_ops;
	} else if (S_ISDIR(inode->mode)) {
		inode->ops = &ext2_directory_ops;
		inode->file_ops = &ext2_directory_file_ops;
	} else {
		inode->ops = S_ISLNK(inode->mode) ? &ext2_link_ops : &ext2_special_ops;
	}
}

static void fill(struct ext2_inode *own, const struct ext2_inode_disk *disk)
{
	struct inode *inode = own->inode;

	inode->mode = disk->mode;
	inode->nlink = disk->links;
	read_owner(own->fs, disk, inode);
	inode->atime = time_from(disk->atime);
	inode->mtime = time_from(disk->mtime);
	inode->ctime = time_from(disk->ctime);
	inode->pages.size = size_of(own->fs, disk);
	memcpy(own->block, disk->block, sizeof(own->block));
	own->sectors = disk->sectors;
	own->flags = disk->flags;
	own->generation = disk->generation;
	own->attributes = disk->attributes;
	own->is_directory = S_ISDIR(disk->mode);
	own->is_short_link = is_short_link(own->fs, disk);
	if (S_ISCHR(disk->mode) || S_ISBLK(disk->mode))
		inode->device = ext2_device_decode(disk->block);
	set_operations(inode);
	ext2_flags_apply(inode);
}

/* Ties the file system's own part to an inode just made. -ENOMEM. */
static struct ext2_inode *attach(struct ext2 *fs, struct inode *inode)
{
	struct ext2_inode *own = kzalloc(sizeof(*own));

	if (!own)
		return NULL;
	own->fs = fs;
	own->inode = inode;
	own->number = inode->number;
	mutex_init(&own->blocks);
	inode->own = own;
	return own;
}

static void detach(struct inode *inode)
{
	kfree(inode->own);
	inode->own = NULL;
}

static int read_inode(struct ext2 *fs, struct inode *inode)
{
	struct ext2_inode_disk *disk;
	struct ext2_buffer *table;
	const char *problem;
	struct ext2_inode *own;

	if (radix_lookup(&fs->nameless, inode->number))
		return ext2_error(fs, "inode %u has a name and is deleted", inode->number);
	own = attach(fs, inode);
	if (!own)
		return -ENOMEM;
	table = ext2_table_get(fs, inode->number, &disk);
	if (IS_ERR(table)) {
		detach(inode);
		return PTR_ERR(table);
	}
	problem = judge(fs, disk);
	if (!problem)
		fill(own, disk);
	/* It may have left memory since it changed or got a name: who asks is to think that it did. */
	if (table->stage != EXT2_CLEAN)
		own->stored = own->stored_data = own->named = fs->commit;
	ext2_buffer_put(fs, table);
	if (!problem)
		return 0;
	detach(inode);
	return ext2_error(fs, "inode %u %s", inode->number, problem);
}

static bool is_number(const struct ext2 *fs, uint32_t number)
{
	if (number == EXT2_ROOT_INODE)
		return true;
	return number >= fs->geometry.first_inode && number <= fs->geometry.inodes_count;
}

struct inode *ext2_inode_get(struct ext2 *fs, uint32_t number)
{
	struct inode *inode;
	bool is_new;
	int error;

	if (!is_number(fs, number))
		return ERR_PTR(ext2_error(fs, "a name leads to inode %u, which cannot be", number));
	inode = inode_find_or_new(fs->superblock, number, &is_new);
	if (IS_ERR(inode))
		return inode;
	if (is_new) {
		error = read_inode(fs, inode);
		if (!error) {
			inode_ready(inode);
			return inode;
		}
		inode_failed(inode);
		return ERR_PTR(error);
	}
	if (inode->nlink > 0)
		return inode;
	inode_put(inode);
	return ERR_PTR(ext2_error(fs, "inode %u has a name and is deleted", number));
}

/* ---- writing ---- */

static void store_owner(const struct ext2 *fs, const struct inode *inode,
			struct ext2_inode_disk *disk)
{
	bool narrow = fs->options.nouid32;

	disk->uid = (uint16_t)(narrow ? MIN(inode->uid, 65534u) : inode->uid);
	disk->gid = (uint16_t)(narrow ? MIN(inode->gid, 65534u) : inode->gid);
	disk->uid_high = narrow ? 0 : (uint16_t)(inode->uid >> 16);
	disk->gid_high = narrow ? 0 : (uint16_t)(inode->gid >> 16);
}

/* The first file of 2 GB or more: says so in the superblock, whose revision must know of it. */
static void note_large_file(struct ext2 *fs)
{
	struct ext2_super_disk *super = fs->super;

	if (fs->geometry.ro_compat & EXT2_RO_LARGE_FILE)
		return;
	if (super->revision == EXT2_REVISION_OLD) {
		super->revision = EXT2_REVISION_DYNAMIC;
		super->first_inode = EXT2_FIRST_INODE_REV0;
		super->inode_size = EXT2_INODE_SIZE_REV0;
		super->compat = super->incompat = super->ro_compat = 0;
		fs->geometry.revision = EXT2_REVISION_DYNAMIC;
	}
	fs->geometry.ro_compat |= EXT2_RO_LARGE_FILE;
	super->ro_compat |= EXT2_RO_LARGE_FILE;
	ext2_buffer_dirty(fs, fs->super_buffer, EXT2_FRESH);
}

static void store_size(struct ext2 *fs, const struct inode *inode, struct ext2_inode_disk *disk)
{
	uint64_t size = inode->pages.size;

	if (S_ISREG(inode->mode) && size > INT32_MAX)
		note_large_file(fs);
	disk->size = (uint32_t)size;
	if (S_ISREG(inode->mode) && fs->geometry.revision >= EXT2_REVISION_DYNAMIC)
		disk->size_high = (uint32_t)(size >> 32);
}

void ext2_inode_store(struct inode *inode, struct ext2_buffer *table, struct ext2_inode_disk *disk,
		      bool data)
{
	struct ext2_inode *own = ext2_inode_of(inode);
	struct ext2 *fs = own->fs;

	/* The disk hears of it in a commit, once the name has gone. */
	if (inode->nlink == 0)
		return;
	disk->mode = (uint16_t)inode->mode;
	disk->links = (uint16_t)MIN(inode->nlink, EXT2_LINK_MAX);
	store_owner(fs, inode, disk);
	store_size(fs, inode, disk);
	disk->atime = time_to(inode->atime);
	disk->mtime = time_to(inode->mtime);
	disk->ctime = time_to(inode->ctime);
	disk->dtime = 0;
	memcpy(disk->block, own->block, sizeof(own->block));
	disk->sectors = own->sectors;
	disk->flags = own->flags;
	disk->generation = own->generation;
	disk->attributes = own->attributes;
	ext2_buffer_dirty(fs, table, EXT2_INODES);
	own->stored = fs->commit;
	if (data)
		own->stored_data = fs->commit;
}

int ext2_inode_update(struct inode *inode)
{
	struct ext2_inode *own = ext2_inode_of(inode);
	struct ext2_inode_disk *disk;
	struct ext2_buffer *table = ext2_table_get(own->fs, own->number, &disk);

	if (IS_ERR(table))
		return PTR_ERR(table);
	ext2_inode_store(inode, table, disk, true);
	ext2_buffer_put(own->fs, table);
	return 0;
}

int ext2_write_inode(struct inode *inode, bool wait)
{
	struct ext2_inode *own = ext2_inode_of(inode);
	int error;

	if (ext2_read_only(own->fs))
		return 0;
	ext2_begin(own->fs);
	error = ext2_inode_update(inode);
	ext2_end(own->fs);
	return error || !wait ? error : ext2_inode_commit(inode, false);
}

void ext2_stat(struct inode *inode, struct stat64 *to)
{
	const struct ext2_inode *own = ext2_inode_of(inode);

	to->blocks = own->sectors;
	to->blksize = own->fs->geometry.block_size;
}

/* ---- new ones ---- */

/* A number of the directory's file system, its bit set. */
static int take_number(struct inode *directory, mode_t mode, uint32_t *number)
{
	struct ext2 *fs = ext2_of(directory->superblock);
	unsigned tries = 0;
	int error;

	do {
		ext2_begin(fs);
		error = ext2_number_take(fs, directory, mode, number);
		ext2_end(fs);
	} while (ext2_again(fs, &error, &tries));
	return error;
}

static void give_number_back(struct ext2 *fs, uint32_t number, bool directory)
{
	ext2_begin(fs);
	if (ext2_number_free(fs, number, directory) != 0)
		ext2_notice(fs, LOG_WARNING, "inode %u stays taken until e2fsck runs", number);
	else
		fs->free_inodes++;
	ext2_end(fs);
}

/* Clears what the table had of the number's last owner. */
static int clear_table(struct ext2 *fs, uint32_t number)
{
	struct ext2_inode_disk *disk;
	struct ext2_buffer *table = ext2_table_get(fs, number, &disk);

	if (IS_ERR(table))
		return PTR_ERR(table);
	memset(disk, 0, fs->geometry.inode_size);
	ext2_buffer_dirty(fs, table, EXT2_INODES);
	ext2_buffer_put(fs, table);
	return 0;
}

static void set_up_new(struct inode *inode, const struct inode *directory, mode_t mode)
{
	struct ext2_inode *own = ext2_inode_of(inode);

	inode->mode = mode;
	inode_new_owner(inode, directory, mode);
	if (own->fs->options.grpid)
		inode->gid = directory->gid;
	inode->atime = inode->mtime = inode->ctime = inode_now() / NSEC_PER_SEC * NSEC_PER_SEC;
	inode->nlink = 0;
	own->is_directory = S_ISDIR(mode);
	own->flags = ext2_flags_for(mode, ext2_inode_of(directory)->flags);
	own->generation = own->fs->next_generation++;
	set_operations(inode);
	ext2_flags_apply(inode);
}

/* An inode of the cache for a number just taken. */
static struct inode *make_inode(struct ext2 *fs, uint32_t number)
{
	struct inode *inode;
	bool is_new;
	int error;

	inode = inode_find_or_new(fs->superblock, number, &is_new);
	if (IS_ERR(inode))
		return inode;
	if (!is_new) {
		inode_put(inode);
		return ERR_PTR(
			ext2_error(fs, "inode %u is in use, and free in its bitmap", number));
	}
	error = attach(fs, inode) ? ext2_nameless_enter(ext2_inode_of(inode)) : -ENOMEM;
	if (!error) {
		ext2_begin(fs);
		error = clear_table(fs, number);
		ext2_end(fs);
		if (error)
			ext2_nameless_leave(ext2_inode_of(inode));
	}
	if (!error)
		return inode;
	detach(inode);
	inode_failed(inode);
	return ERR_PTR(error);
}

struct inode *ext2_inode_new(struct inode *directory, mode_t mode)
{
	struct ext2 *fs = ext2_of(directory->superblock);
	struct inode *inode;
	uint32_t number;
	int error = take_number(directory, mode, &number);

	if (error)
		return ERR_PTR(error);
	inode = make_inode(fs, number);
	if (!IS_ERR(inode))
		set_up_new(inode, directory, mode);
	else if (PTR_ERR(inode) != -EIO)
		give_number_back(fs, number, S_ISDIR(mode));
	return inode;
}
