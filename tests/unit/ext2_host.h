/*
 * A small world for fs/ext2 on the host: a disk (ext2_host_disk.h), inodes and mounting, so that the
 * whole file system runs in a unit test. To be included once.
 *
 * SOURCES: fs/ext2/geometry.c fs/ext2/bitmap.c fs/ext2/dirblock.c fs/ext2/buffer.c fs/ext2/order.c
 * fs/ext2/window.c fs/ext2/balloc.c fs/ext2/ialloc.c fs/ext2/map.c fs/ext2/truncate.c fs/ext2/inode.c
 * fs/ext2/delete.c fs/ext2/dir.c fs/ext2/symlink.c fs/ext2/namei.c fs/ext2/file.c
 * fs/ext2/super.c fs/ext2/options.c lib/radix.c lib/integer.c lib/string.c
 */
#ifndef LOFT_EXT2_HOST_H
#define LOFT_EXT2_HOST_H

#include "ext2_host_disk.h"

/* ---- inodes: all in one list, and nothing of rights ---- */

#define INODES_MAX 4096u
static struct inode *inodes[INODES_MAX];

static struct inode **slot_of(ino_t number)
{
	struct inode **free_slot = NULL;

	for (unsigned i = 0; i < INODES_MAX; i++) {
		if (inodes[i] && inodes[i]->number == number)
			return &inodes[i];
		if (!inodes[i] && !free_slot)
			free_slot = &inodes[i];
	}
	assert_non_null(free_slot);
	return free_slot;
}

struct inode *inode_find_or_new(struct superblock *superblock, ino_t number, bool *is_new)
{
	struct inode **slot = slot_of(number), *inode = *slot;

	*is_new = !inode;
	if (inode) {
		inode->refs++;
		return inode;
	}
	inode = kzalloc(sizeof(*inode));
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->refs = 1;
	inode->number = number;
	inode->superblock = superblock;
	inode->flags = INODE_NEW;
	list_init(&inode->dirty_link);
	mutex_init(&inode->lock);
	object_init(&inode->pages, NULL, inode);
	*slot = inode;
	return inode;
}

void inode_ready(struct inode *inode)
{
	assert_true(inode->flags & INODE_NEW);
	inode->flags &= ~INODE_NEW;
}

static void host_free_inode(struct inode *inode)
{
	*slot_of(inode->number) = NULL;
	if (S_ISLNK(inode->mode))
		free(inode->target);
	free(inode);
}

void inode_failed(struct inode *inode)
{
	assert_true((inode->flags & INODE_NEW) && !inode->own);
	host_free_inode(inode);
}

static void host_evict(struct inode *inode)
{
	object_remove_pages(&inode->pages, 0, UINT32_MAX);
	inode->superblock->ops->evict(inode);
	host_free_inode(inode);
}

/* Unused ones stay, until evict_some. */
void inode_release(struct inode *inode)
{
	if (inode->nlink == 0)
		host_evict(inode);
}

int inode_write(struct inode *inode, bool times_too, bool wait)
{
	uint32_t dirty = INODE_DIRTY | INODE_DIRTY_TIMES, how = inode->flags & dirty;
	int error;

	if (!(times_too ? how : how & INODE_DIRTY))
		return 0;
	inode->flags &= ~dirty;
	error = inode->superblock->ops->write_inode(inode, wait);
	if (error)
		inode->flags |= how;
	return error;
}

void inode_mark_dirty(struct inode *inode)
{
	inode->flags |= INODE_DIRTY;
}

void inode_mark_dirty_times(struct inode *inode)
{
	inode->flags |= INODE_DIRTY_TIMES;
}

void inode_set_modified(struct inode *inode)
{
	inode->mtime = inode->ctime = host_now;
	inode_mark_dirty_times(inode);
}

void inode_changed(struct inode *inode)
{
	inode->ctime = host_now;
	inode_mark_dirty(inode);
}

void inode_new_owner(struct inode *inode, const struct inode *directory, mode_t mode)
{
	(void)directory;
	inode->mode = mode;
}

bool cred_can(unsigned capability)
{
	(void)capability;
	return true;
}

bool cred_in_group(gid_t gid)
{
	(void)gid;
	return true;
}

bool inode_is_mine(const struct inode *inode)
{
	(void)inode;
	return true;
}

int superblock_writable(const struct superblock *superblock)
{
	return superblock->flags & MS_RDONLY ? -EROFS : 0;
}

void inode_release_pages(struct object *pages)
{
	(void)pages;
}

struct dentry *dentry_create(struct dentry *parent, const struct name *name, struct inode *inode)
{
	struct dentry *dentry = kzalloc(sizeof(*dentry));

	(void)parent;
	(void)name;
	if (dentry)
		dentry->inode = inode;
	return dentry;
}

static struct filesystem *host_type;

void filesystem_register(struct filesystem *type)
{
	host_type = type;
}

static struct writeback_client *host_client;

void writeback_register(struct writeback_client *client)
{
	host_client = client;
}

ssize_t dir_read(struct file *file, struct uio *io, loff_t *position)
{
	(void)file;
	(void)io;
	(void)position;
	return -EISDIR;
}

loff_t file_seek_default(struct file *file, loff_t offset, int whence)
{
	(void)file;
	(void)offset;
	(void)whence;
	return -EINVAL;
}

int get_user(uint32_t *to, const uint32_t __user *from)
{
	*to = *from;
	return 0;
}

int put_user(uint32_t __user *to, uint32_t value)
{
	*to = value;
	return 0;
}

/* ---- mounting ---- */

static struct superblock host_super;

static void host_setup(void)
{
	void *at = mmap((void *)0xc0000000u, ALL_PAGES * PAGE_SIZE, 3, 0x100032, -1, 0);

	assert_ptr_equal(at, (void *)0xc0000000u);
	frame_array = calloc(ALL_PAGES, sizeof(*frame_array));
	disk = malloc(DEVICE_PAGES * PAGE_SIZE);
	for (unsigned i = 0; i < FILE_PAGES; i++)
		spare[nspare++] = &frame_array[DEVICE_PAGES + i];
	only_task.process = &only_process;
	object_init(&device_pages, NULL, NULL);
	ext2_init();
}

/* What the device's cache knows is forgotten: another image. */
static void host_new_disk(uint32_t size)
{
	assert_true(size <= DEVICE_PAGES * PAGE_SIZE && size % PAGE_SIZE == 0);
	disk_size = size;
	host_device.nsectors = size / SECTOR_SIZE;
	for (unsigned i = 0; i < DEVICE_PAGES; i++) {
		assert_int_equal(frame_array[i].refs, 0);
		page_known[i] = false;
	}
}

static int host_mount(uint32_t flags, const char *options)
{
	host_super =
		(struct superblock){ .type = host_type, .block = &host_device, .flags = flags };
	mutex_init(&host_super.names);
	list_init(&host_super.dirty);
	return host_type->mount(&host_super, options);
}

static int host_sync(void)
{
	int error = 0;

	for (unsigned i = 0; i < INODES_MAX; i++) {
		if (!inodes[i])
			continue;
		object_write_back(&inodes[i]->pages, 0, UINT32_MAX, true);
		error = inode_write(inodes[i], true, false) ?: error;
	}
	return host_super.ops->sync(&host_super, true) ?: error;
}

/* Unused inodes that are clean leave memory, at random or (all) after all was written. */
static void host_evict_some(bool all)
{
	for (unsigned i = 0; i < INODES_MAX; i++) {
		struct inode *inode = inodes[i];

		if (!inode || inode->refs || (!all && unit_random() % 4))
			continue;
		object_write_back(&inode->pages, 0, UINT32_MAX, true);
		if (inode_write(inode, true, false) == 0)
			host_evict(inode);
	}
}

static void host_unmount(void)
{
	inode_put(host_super.root->inode);
	free(host_super.root);
	fail_one_in = 0;
	assert_int_equal(host_sync(), 0);
	host_evict_some(true);
	for (unsigned i = 0; i < INODES_MAX; i++)
		assert_null(inodes[i]);
	host_super.ops->release(&host_super);
}

/* ---- images in files, for the host's tools ---- */

static void image_path(char *to, size_t size)
{
	snprintf(to, size, "/tmp/loft-ext2-%d.img", getpid());
}

static int run(const char *text, ...)
{
	char command[512];
	va_list args;

	va_start(args, text);
	vsnprintf(command, sizeof(command), text, args);
	va_end(args);
	return system(command);
}

static void image_load(const char *path)
{
	int fd = open(path, 0);

	assert_true(fd >= 0);
	for (uint32_t at = 0; at < disk_size; at += 65536)
		assert_int_equal(read(fd, disk + at, MIN(65536, disk_size - at)),
				 MIN(65536, disk_size - at));
	close(fd);
}

static void image_save(const char *path, const uint8_t *from)
{
	int fd = open(path, 01101, 0600);

	assert_true(fd >= 0);
	for (uint32_t at = 0; at < disk_size; at += 65536)
		assert_int_equal(write(fd, from + at, MIN(65536, disk_size - at)),
				 MIN(65536, disk_size - at));
	close(fd);
}

/* A new file system of so many bytes; options for mke2fs. */
static void make_image(uint32_t size, const char *options)
{
	char path[64];

	image_path(path, sizeof(path));
	host_new_disk(size);
	unlink(path);
	assert_int_equal(run("PATH=$PATH:/usr/sbin:/sbin mke2fs -q -F -t ext2 %s %s %uk >/dev/null",
			     options, path, size / 1024),
			 0);
	image_load(path);
}

/* What e2fsck says: its exit status. flags: "-fn", "-fy". The image is read back. */
static int check_image(uint8_t *image, const char *flags, bool show)
{
	char path[64];
	int status, fd;

	image_path(path, sizeof(path));
	image_save(path, image);
	status = run("PATH=$PATH:/usr/sbin:/sbin e2fsck %s %s %s 2>&1", flags, path,
		     show ? "" : ">/dev/null");
	fd = open(path, 0);
	for (uint32_t at = 0; at < disk_size; at += 65536)
		assert_true(read(fd, image + at, MIN(65536, disk_size - at)) > 0);
	close(fd);
	return status >> 8;
}

#endif
