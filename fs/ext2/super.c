/*
 * Mounting ext2, and what concerns a file system as a whole: its state, its numbers, its errors.
 *
 * While it is mounted for writing the superblock on the disk does not say that it is valid; at
 * umount, or when it becomes read-only, it says what it said before, and that there were errors if
 * there were. A file system with incompatible features that are not known here is not mounted;
 * with unknown ones that allow reading it is mounted read-only.
 *
 * Whatever is found wrong on the disk comes to ext2_error: a line in the log, a few in five
 * seconds and no more, the mark in the superblock, and what errors= asks for.
 */
#include "ext2.h"

#include <assert.h>
#include <clock.h>
#include <format.h>
#include <kheap.h>
#include <ledger.h>
#include <panic.h>
#include <random.h>
#include <string.h>

#include "options.h"

/* Lines in the log, in so many seconds. */
#define LOG_LINES 10u
#define LOG_SECONDS 5u

static const struct super_ops ext2_super_ops;

bool ext2_read_only(const struct ext2 *fs)
{
	return fs->superblock->flags & MS_RDONLY;
}

/* ---- errors ---- */

/* May there be one line more? */
static bool may_log(struct ext2 *fs)
{
	uint64_t now = clock_monotonic_ns();

	if (now - fs->log_since > LOG_SECONDS * NSEC_PER_SEC) {
		if (fs->log_count > LOG_LINES)
			log_warning("ext2: %s: and %u more", fs->device->name,
				    fs->log_count - LOG_LINES);
		fs->log_since = now;
		fs->log_count = 0;
	}
	return ++fs->log_count <= LOG_LINES;
}

void ext2_notice(struct ext2 *fs, enum log_level level, const char *text, ...)
{
	char line[160];
	va_list args;

	if (!may_log(fs))
		return;
	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	log_print(level, "ext2: %s: %s", fs->device->name, line);
}

int ext2_error(struct ext2 *fs, const char *text, ...)
{
	char line[160];
	va_list args;

	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	if (may_log(fs))
		log_error("ext2: %s: error: %s", fs->device->name, line);
	if (ext2_read_only(fs) || !fs->super)
		return -EIO;
	fs->mount_state |= EXT2_STATE_ERRORS;
	fs->super->state |= EXT2_STATE_ERRORS;
	fs->super_changed = true;
	if (fs->options.errors == EXT2_ERRORS_PANIC)
		panic("ext2: %s: %s", fs->device->name, line);
	if (fs->options.errors == EXT2_ERRORS_READ_ONLY) {
		log_error("ext2: %s: is read-only from now on", fs->device->name);
		fs->superblock->flags |= MS_RDONLY;
	}
	return -EIO;
}

/* ---- the superblock ---- */

void ext2_super_store(struct ext2 *fs)
{
	fs->super->free_blocks = fs->super->free_inodes = 0;
	for (uint32_t group = 0; group < fs->geometry.ngroups; group++) {
		fs->super->free_blocks += fs->groups[group].disk->free_blocks;
		fs->super->free_inodes += fs->groups[group].disk->free_inodes;
	}
	fs->super->write_time = (uint32_t)(inode_now() / NSEC_PER_SEC);
	ext2_buffer_dirty(fs, fs->super_buffer, EXT2_FRESH);
}

/* Copies the superblock out of the device's cache. */
static int copy_super(struct ext2 *fs, struct ext2_super_disk *to)
{
	uint64_t place = (uint64_t)fs->options.superblock * EXT2_SUPER_SIZE;
	struct frame *frame;

	if (place + EXT2_SUPER_SIZE > fs->device->nsectors * SECTOR_SIZE)
		return -EINVAL;
	frame = object_get_page(fs->device->pages, (uint32_t)(place >> PAGE_SHIFT));
	if (IS_ERR(frame))
		return PTR_ERR(frame);
	memcpy(to, (uint8_t *)frame_virt(frame) + (place & PAGE_MASK), sizeof(*to));
	frame_put(frame);
	return 0;
}

static int check_features(struct ext2 *fs)
{
	const struct ext2_geometry *geometry = &fs->geometry;
	uint32_t unknown = geometry->incompat & ~EXT2_INCOMPAT_KNOWN;

	if (unknown) {
		ext2_notice(fs, LOG_ERR, "cannot be mounted: it has the feature %s (0x%x)",
			    ext2_incompat_name(unknown), unknown);
		return -EINVAL;
	}
	unknown = geometry->ro_compat & ~EXT2_RO_KNOWN;
	if (unknown && !ext2_read_only(fs)) {
		ext2_notice(fs, LOG_WARNING, "is mounted read-only: it has the feature %s (0x%x)",
			    ext2_ro_compat_name(unknown), unknown);
		fs->superblock->flags |= MS_RDONLY;
	}
	if (geometry->revision > EXT2_REVISION_DYNAMIC && !ext2_read_only(fs)) {
		ext2_notice(fs, LOG_WARNING, "is mounted read-only: its revision is %u",
			    geometry->revision);
		fs->superblock->flags |= MS_RDONLY;
	}
	return 0;
}

static void init_options(struct ext2 *fs, const struct ext2_super_disk *disk)
{
	fs->options.errors = EXT2_ERRORS_READ_ONLY;
	if (disk->errors == EXT2_ERRORS_CONTINUE || disk->errors == EXT2_ERRORS_PANIC)
		fs->options.errors = (uint8_t)disk->errors;
	fs->options.reserved_uid = disk->reserved_uid;
	fs->options.reserved_gid = disk->reserved_gid;
}

static int load_super(struct ext2 *fs, const char *options)
{
	struct ext2_super_disk *disk = kalloc(sizeof(*disk));
	const char *why = NULL;
	int error = disk ? 0 : -ENOMEM;

	fs->options.superblock = 1;
	/* Once for sb=; once more on top of what that superblock says. */
	if (!error)
		error = ext2_options_read(&fs->options, options);
	if (!error)
		error = copy_super(fs, disk);
	if (!error) {
		init_options(fs, disk);
		error = ext2_options_read(&fs->options, options);
	}
	if (!error)
		error = ext2_geometry_init(&fs->geometry, disk, fs->device->nsectors * SECTOR_SIZE,
					   &why);
	if (!error && fs->geometry.block_size < fs->device->disk->block_size) {
		why = "its blocks are smaller than the disk's sectors";
		error = -EINVAL;
	}
	if (why)
		ext2_notice(fs, LOG_ERR, "cannot be mounted: %s", why);
	kfree(disk);
	return error ? error : check_features(fs);
}

/* The superblock's block, and those of the descriptors behind it: kept while it is mounted. */
static int load_descriptors(struct ext2 *fs)
{
	const struct ext2_geometry *geometry = &fs->geometry;
	uint64_t place = (uint64_t)fs->options.superblock * EXT2_SUPER_SIZE;
	uint32_t block = (uint32_t)(place >> geometry->block_shift);

	fs->super_buffer = ext2_buffer_get(fs, block);
	if (IS_ERR(fs->super_buffer))
		return PTR_ERR(fs->super_buffer);
	fs->super = (void *)(fs->super_buffer->data + (place & (geometry->block_size - 1)));
	fs->descriptors = kzalloc(geometry->descriptor_blocks * sizeof(*fs->descriptors));
	fs->groups = kzalloc(geometry->ngroups * sizeof(*fs->groups));
	if (!fs->descriptors || !fs->groups)
		return -ENOMEM;
	for (uint32_t i = 0; i < geometry->descriptor_blocks; i++) {
		fs->descriptors[i] = ext2_buffer_get(fs, block + 1 + i);
		if (IS_ERR(fs->descriptors[i]))
			return PTR_ERR(fs->descriptors[i]);
	}
	return 0;
}

static int load_groups(struct ext2 *fs)
{
	const struct ext2_geometry *geometry = &fs->geometry;
	uint32_t per_block = geometry->descriptors_per_block;

	for (uint32_t group = 0; group < geometry->ngroups; group++) {
		uint8_t *descriptors = fs->descriptors[group / per_block]->data;
		struct ext2_group_disk *disk = (void *)descriptors;

		disk += group % per_block;
		if (!ext2_group_valid(geometry, group, disk)) {
			ext2_notice(fs, LOG_ERR,
				    "cannot be mounted: the descriptor of group %u "
				    "is wrong",
				    group);
			return -EINVAL;
		}
		fs->groups[group].disk = disk;
		fs->free_blocks += disk->free_blocks;
		fs->free_inodes += disk->free_inodes;
	}
	fs->overhead = ext2_overhead(geometry);
	return 0;
}

/* ---- mounting ---- */

static void advise(struct ext2 *fs)
{
	const struct ext2_super_disk *super = fs->super;
	uint32_t now = (uint32_t)(inode_now() / NSEC_PER_SEC);

	if (!(fs->mount_state & EXT2_STATE_VALID))
		ext2_notice(fs, LOG_WARNING, "was not unmounted: e2fsck should be run");
	else if (fs->mount_state & EXT2_STATE_ERRORS)
		ext2_notice(fs, LOG_WARNING, "has errors: e2fsck should be run");
	else if ((int16_t)super->max_mount_count > 0 &&
		 super->mount_count >= super->max_mount_count)
		ext2_notice(fs, LOG_NOTICE, "was mounted often: e2fsck should be run");
	else if (super->check_interval && super->last_check + super->check_interval <= now)
		ext2_notice(fs, LOG_NOTICE, "was not checked for long: e2fsck should be run");
}

/* From now on it is written to, and not valid until that ends. */
static int begin_writing(struct ext2 *fs)
{
	fs->mount_state = fs->super->state;
	advise(fs);
	ext2_begin(fs);
	fs->super->state &= (uint16_t)~EXT2_STATE_VALID;
	fs->super->mount_count++;
	fs->super->mount_time = (uint32_t)(inode_now() / NSEC_PER_SEC);
	ext2_super_store(fs);
	ext2_end(fs);
	return ext2_commit(fs);
}

/* All is written; the disk says so. */
static int end_writing(struct ext2 *fs)
{
	int error = ext2_commit_all(fs);

	if (error)
		return error;
	ext2_begin(fs);
	fs->super->state = fs->mount_state;
	ext2_super_store(fs);
	ext2_end(fs);
	return ext2_commit(fs);
}

static int make_root(struct ext2 *fs)
{
	struct inode *inode = ext2_inode_get(fs, EXT2_ROOT_INODE);
	struct name name = { "", 0, 0 };
	bool is_directory;

	if (IS_ERR(inode))
		return PTR_ERR(inode) == -EIO ? -EINVAL : PTR_ERR(inode);
	is_directory = S_ISDIR(inode->mode);
	if (is_directory)
		fs->superblock->root = dentry_create(NULL, &name, inode);
	if (fs->superblock->root)
		return 0;
	/* Nothing of it is to stay in memory: without links it leaves at once, and only that. */
	kfree(inode->own);
	inode->own = NULL;
	inode->nlink = 0;
	inode_put(inode);
	return is_directory ? -ENOMEM : -EINVAL;
}

/* Gives back all that is in memory; commits are over. */
static void unload(struct ext2 *fs)
{
	ext2_nameless_drop(fs);
	if (fs->groups)
		ext2_blocks_drop(fs);
	for (uint32_t i = 0; fs->descriptors && i < fs->geometry.descriptor_blocks; i++)
		if (fs->descriptors[i] && !IS_ERR(fs->descriptors[i]))
			ext2_buffer_put(fs, fs->descriptors[i]);
	if (fs->super_buffer && !IS_ERR(fs->super_buffer))
		ext2_buffer_put(fs, fs->super_buffer);
	fs->super = NULL;
	ext2_buffers_drop(fs);
	kfree(fs->descriptors);
	kfree(fs->groups);
	kfree(fs);
}

static int load(struct ext2 *fs, const char *options)
{
	int error = load_super(fs, options);

	if (!error)
		error = load_descriptors(fs);
	if (!error)
		error = load_groups(fs);
	if (!error)
		error = make_root(fs);
	return error;
}

static int ext2_mount(struct superblock *superblock, const char *options)
{
	struct ext2 *fs = kzalloc(sizeof(*fs));
	int error;

	if (!fs)
		return -ENOMEM;
	fs->superblock = superblock;
	fs->device = superblock->block;
	list_init(&fs->link);
	mutex_init(&fs->allocation);
	list_init(&fs->windows);
	ext2_order_init(fs);
	random_bytes(&fs->next_generation, sizeof(fs->next_generation));
	superblock->data = fs;
	superblock->ops = &ext2_super_ops;
	superblock->time_step = NSEC_PER_SEC;
	superblock->time_max = (uint64_t)INT32_MAX * NSEC_PER_SEC;
	error = fs->device->pages ? load(fs, options) : -EIO;
	if (error) {
		unload(fs);
		return error;
	}
	if (!ext2_read_only(fs) && begin_writing(fs) != 0) {
		ext2_notice(fs, LOG_ERR, "is mounted read-only: it cannot be written to");
		superblock->flags |= MS_RDONLY;
	}
	ext2_order_enter(fs);
	return 0;
}

static void ext2_release(struct superblock *superblock)
{
	struct ext2 *fs = ext2_of(superblock);
	int error = ext2_read_only(fs) ? ext2_commit_all(fs) : end_writing(fs);

	if (error)
		ext2_notice(fs, LOG_ERR, "could not be left clean: e2fsck should be run");
	ext2_order_leave(fs);
	superblock->data = NULL;
	unload(fs);
}

/* ---- remounting, writing, numbers ---- */

static int become_writable(struct ext2 *fs)
{
	uint32_t unknown = fs->geometry.ro_compat & ~EXT2_RO_KNOWN;
	int error;

	if (unknown) {
		ext2_notice(fs, LOG_ERR, "stays read-only: it has the feature %s (0x%x)",
			    ext2_ro_compat_name(unknown), unknown);
		return -EROFS;
	}
	error = begin_writing(fs);
	return error ? -EROFS : 0;
}

static int ext2_remount(struct superblock *superblock, uint32_t flags, const char *options)
{
	struct ext2 *fs = ext2_of(superblock);
	struct ext2_options changed = fs->options;
	int error = options ? ext2_options_read(&changed, options) : 0;

	if (error)
		return error;
	changed.superblock = fs->options.superblock;
	if ((flags & MS_RDONLY) && !ext2_read_only(fs))
		error = end_writing(fs);
	else if (!(flags & MS_RDONLY) && ext2_read_only(fs))
		error = become_writable(fs);
	if (!error)
		fs->options = changed;
	return error;
}

/* Without wait there is nothing to do: metadata is committed by age, or when it is waited for. */
static int ext2_sync(struct superblock *superblock, bool wait)
{
	return wait ? ext2_commit_all(ext2_of(superblock)) : 0;
}

static void ext2_statfs(struct superblock *superblock, struct statfs64 *to)
{
	const struct ext2 *fs = ext2_of(superblock);
	const struct ext2_super_disk *super = fs->super;
	const uint32_t *uuid = (const void *)super->uuid;

	to->bsize = to->frsize = fs->geometry.block_size;
	to->blocks = fs->geometry.blocks_count;
	if (!fs->options.minix_df)
		to->blocks -= MIN(fs->overhead, fs->geometry.blocks_count);
	to->bfree = fs->free_blocks;
	to->bavail = to->bfree - MIN(super->reserved_blocks, to->bfree);
	to->files = fs->geometry.inodes_count;
	to->ffree = fs->free_inodes;
	/* As on Linux: the halves of the UUID. */
	to->fsid[0] = uuid[0] ^ uuid[2];
	to->fsid[1] = uuid[1] ^ uuid[3];
	to->namelen = EXT2_NAME_MAX;
}

static void ext2_show_options(const struct superblock *superblock, char *to, size_t size)
{
	const struct ext2 *fs = ext2_of(superblock);

	ext2_options_show(&fs->options, fs->super, to, size);
}

static const struct super_ops ext2_super_ops = {
	.evict = ext2_evict,
	.write_inode = ext2_write_inode,
	.sync = ext2_sync,
	.statfs = ext2_statfs,
	.release = ext2_release,
	.remount = ext2_remount,
	.show_options = ext2_show_options,
};

static struct filesystem ext2_type = {
	.name = "ext2",
	.mount = ext2_mount,
	.magic = EXT2_SUPER_MAGIC,
	.needs_device = true,
	.keeps_names = true,
};

void ext2_init(void)
{
	filesystem_register(&ext2_type);
	ext2_order_register();
}
