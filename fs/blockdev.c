/*
 * Block devices as files.
 *
 * A device's page cache is an object whose page i holds its sectors 8i to 8i + 7, each of which is a
 * block of its own: what file systems keep of themselves is in it, block by block, and only those
 * blocks that they, or a program that writes to the device, made dirty are written. It lives as long
 * as the device has users; with the last one it is written and emptied, so that what is read next
 * time is what the disk has then.
 *
 * Users are files, mounts and swap areas. One of them may claim the device for itself: mounts and
 * swap do, and so does open with O_EXCL. The others may use it all the same, as on Linux; it is claims
 * that exclude each other. One of a partition is one of the whole disk too.
 *
 * Protected by: the kernel not being preempted; `writing` makes writes follow one another.
 */
#include <blockdev.h>

#include <abi/blkdev.h>
#include <assert.h>
#include <block.h>
#include <clock.h>
#include <kheap.h>
#include <log.h>
#include <swap.h>
#include <uaccess.h>
#include <vfs.h>

#include "devfs.h"
#include "superblock.h"

struct blockdev {
	struct object pages;
	struct block_device *device;
	struct mutex writing;
	const void *holder;	      /* who claims it, or NULL */
	unsigned nclaims;	      /* by the holder */
	unsigned npartitions_claimed; /* of a whole disk */
	bool emptying;		      /* the last user has gone, and its pages go */
	struct wait_queue emptied;
	uint32_t block_size; /* BLKBSZSET: of interest to who asks */
};

static struct blockdev *blockdev_of(const struct block_device *device)
{
	return device->owner;
}

static struct blockdev *whole_of(const struct block_device *device)
{
	return device->disk->whole->owner;
}

/* The least that is written to it. */
static uint32_t sector_size(const struct block_device *device)
{
	return MAX(device->disk->block_size, SECTOR_SIZE);
}

/* ---- the page cache ---- */

/* Block by block as it lies there, in the disk's sectors. The last page may have fewer. */
static int map_blocks(struct object *object, uint32_t index, const struct block_range *create,
		      struct page_blocks *to)
{
	const struct blockdev *blockdev = object->owner;
	uint64_t first = (uint64_t)index * SECTORS_PER_PAGE;

	(void)create;
	to->device = blockdev->device;
	to->block_size = sector_size(blockdev->device);
	to->nblocks = PAGE_SIZE / to->block_size;
	for (unsigned i = 0; i < to->nblocks; i++) {
		uint64_t sector = first + i * (to->block_size / SECTOR_SIZE);

		to->sector[i] = sector < blockdev->device->nsectors ? sector : BLOCK_HOLE;
	}
	return 0;
}

static void release_pages(struct object *object)
{
	kfree(object->owner);
}

static const struct object_ops object_ops = {
	.map_blocks = map_blocks,
	.release = release_pages,
};

/* ---- users ---- */

/* What the last user has left goes before the next one begins. May sleep. */
static void wait_until_empty(struct blockdev *blockdev)
{
	if (blockdev->emptying)
		wait_event_uninterruptible(&blockdev->emptied, !blockdev->emptying);
}

static bool may_claim(const struct block_device *device, const void *holder)
{
	const struct blockdev *blockdev = blockdev_of(device), *whole = whole_of(device);

	if (blockdev->holder)
		return blockdev->holder == holder;
	if (block_is_partition(device))
		return !whole->holder;
	return blockdev->npartitions_claimed == 0;
}

int blockdev_use(struct block_device *device, const void *holder)
{
	struct blockdev *blockdev = blockdev_of(device);

	assert(blockdev && blockdev->device == device);
	/* Who waits is a user already: the device is not to go meanwhile. */
	device->users++;
	wait_until_empty(blockdev);
	if (holder && !may_claim(device, holder)) {
		blockdev_unuse(device, NULL);
		return -EBUSY;
	}
	if (holder) {
		blockdev->holder = holder;
		blockdev->nclaims++;
		whole_of(device)->npartitions_claimed += block_is_partition(device);
	}
	return 0;
}

int blockdev_sync(struct block_device *device)
{
	int error = object_write_back(device->pages, 0, UINT32_MAX, true);
	int flush_error = block_flush(device);

	return error ? error : flush_error;
}

/*
 * What the last user leaves. Others who came and went meanwhile may have made more of it.
 */
static void write_last(struct block_device *device)
{
	int error = 0;

	while (!error && device->users == 1) {
		error = blockdev_sync(device);
		if (!device->pages->ndirty)
			break;
	}
	if (error && device->users == 1)
		log_error("block: %s: its last user has gone, and what had been written to it "
			  "could not "
			  "be brought to the disk (error %d): it is lost",
			  device->name, -error);
}

void blockdev_unuse(struct block_device *device, const void *holder)
{
	struct blockdev *blockdev = blockdev_of(device);

	assert(device->users > 0);
	if (holder) {
		assert(blockdev->holder == holder && blockdev->nclaims > 0);
		if (--blockdev->nclaims == 0)
			blockdev->holder = NULL;
		whole_of(device)->npartitions_claimed -= block_is_partition(device);
	}
	/* It is in use until it is written; whoever comes meanwhile keeps the pages. */
	write_last(device);
	if (--device->users > 0)
		return;
	blockdev->emptying = true;
	object_remove_pages(device->pages, 0, UINT32_MAX);
	blockdev->emptying = false;
	wake_all(&blockdev->emptied);
}

/* ---- files ---- */

static int blockdev_open(struct inode *inode, struct file *file)
{
	struct block_device *device = block_find(inode->device);
	int error;

	if (!device || !device->pages)
		return -ENXIO;
	error = blockdev_use(device, file->flags & O_EXCL ? file : NULL);
	if (error)
		return error;
	if (file->flags & O_EXCL)
		file->flags |= FILE_CLAIMS;
	file->data = device;
	file->error_seen = object_error_sample(device->pages);
	return 0;
}

static void blockdev_release(struct file *file)
{
	blockdev_unuse(file->data, file->flags & FILE_CLAIMS ? file : NULL);
}

static struct object *blockdev_object(struct file *file)
{
	const struct block_device *device = file->data;

	return device->pages;
}

/* Limits as Linux has them: nothing to write beyond the end. */
static ssize_t blockdev_write(struct file *file, struct uio *io, loff_t *position)
{
	struct block_device *device = file->data;
	struct blockdev *blockdev = blockdev_of(device);
	size_t held_back = 0;
	ssize_t done;

	if (device->read_only)
		return -EPERM;
	/* Whichever node led here. */
	if (swap_area_find(device->pages) >= 0)
		return -ETXTBSY;
	if (io->left == 0)
		return 0;
	mutex_lock(&blockdev->writing);
	if ((file->flags & O_APPEND) || io->append)
		*position = (loff_t)device->pages->size;
	if ((uint64_t)*position >= device->pages->size) {
		mutex_unlock(&blockdev->writing);
		return -ENOSPC;
	}
	if (io->left > device->pages->size - (uint64_t)*position)
		held_back = io->left - (size_t)(device->pages->size - (uint64_t)*position);
	io->left -= held_back;
	done = file_cache_write(file, io, position);
	io->left += held_back;
	mutex_unlock(&blockdev->writing);
	return done > 0 ? file_write_synced(file, (uint64_t)*position - (uint64_t)done, done)
			: done;
}

static loff_t blockdev_seek(struct file *file, loff_t offset, int whence)
{
	uint64_t size = blockdev_object(file)->size;
	uint64_t base = whence == SEEK_CUR ? (uint64_t)file->position : 0;

	if (whence == SEEK_END)
		base = size;
	if ((whence == SEEK_DATA || whence == SEEK_HOLE) && (uint64_t)offset >= size)
		return -ENXIO;
	if (whence == SEEK_HOLE)
		offset = (loff_t)size;
	offset = (loff_t)(base + (uint64_t)offset);
	if (offset < 0 || (uint64_t)offset > size)
		return -EINVAL;
	file->position = offset;
	return offset;
}

static int blockdev_file_sync(struct file *file, bool data_only)
{
	(void)data_only;
	return blockdev_sync(file->data);
}

/* ---- requests ---- */

/* As drivers do that know of no cylinders: Linux's libata. */
static int get_geometry(const struct block_device *device, struct hd_geometry __user *to)
{
	struct hd_geometry geometry = { .heads = 255, .sectors = 63 };

	geometry.cylinders = (uint16_t)(device->disk->nsectors / (255 * 63));
	geometry.start = (uint32_t)device->start;
	return copy_to_user(to, &geometry, sizeof(geometry));
}

static int get_size64(const struct block_device *device, void __user *to)
{
	uint64_t size = device->nsectors << SECTOR_SHIFT;

	return copy_to_user(to, &size, sizeof(size));
}

static int get_short(uint16_t value, void __user *to)
{
	return copy_to_user(to, &value, sizeof(value));
}

static int set_block_size(struct block_device *device, const void __user *from)
{
	uint32_t size;

	if (!cred_can(CAP_SYS_ADMIN))
		return -EACCES;
	if (!from)
		return -EINVAL;
	if (get_user(&size, from))
		return -EFAULT;
	if (size < MAX(device->disk->block_size, SECTOR_SIZE) || size > PAGE_SIZE ||
	    (size & (size - 1)))
		return -EINVAL;
	blockdev_of(device)->block_size = size;
	return 0;
}

/* The file system that is mounted from it comes first: its files, and what it keeps of itself. */
static int flush_buffers(struct block_device *device)
{
	int error, device_error;

	if (!cred_can(CAP_SYS_ADMIN))
		return -EACCES;
	error = superblock_sync_device(device);
	device_error = blockdev_sync(device);
	object_drop_pages(device->pages, 0, UINT32_MAX);
	return error ? error : device_error;
}

static int set_read_only(struct block_device *device, const void __user *from)
{
	uint32_t read_only;

	if (!cred_can(CAP_SYS_ADMIN))
		return -EACCES;
	if (get_user(&read_only, from))
		return -EFAULT;
	device->read_only = read_only || device->disk->read_only;
	return 0;
}

/* What changes something. */
static int control(struct file *file, uint32_t command, void __user *argument)
{
	struct block_device *device = file->data;

	switch (command) {
	case BLKROSET:
		return set_read_only(device, argument);
	case BLKRRPART:
		return cred_can(CAP_SYS_ADMIN) ? block_reread_partitions(device) : -EACCES;
	case BLKFLSBUF:
		return flush_buffers(device);
	case BLKBSZSET:
		return set_block_size(device, argument);
	case BLKDISCARD:
	case BLKSECDISCARD:
	case BLKZEROOUT:
		return file_writable(file) ? -EOPNOTSUPP : -EBADF;
	case BLKRASET:
		return cred_can(CAP_SYS_ADMIN) ? 0 : -EACCES;
	default:
		return -ENOTTY;
	}
}

static int blockdev_ioctl(struct file *file, uint32_t command, uint32_t argument)
{
	struct block_device *device = file->data;
	void __user *to = (void __user *)argument;

	switch (command) {
	case BLKROGET:
		return put_user(to, device->read_only);
	case BLKGETSIZE:
		return device->nsectors > UINT32_MAX ? -EFBIG
						     : put_user(to, (uint32_t)device->nsectors);
	case BLKGETSIZE64:
		return get_size64(device, to);
	case BLKSSZGET:
	case BLKPBSZGET:
	case BLKIOMIN:
		return put_user(to, sector_size(device));
	case BLKIOOPT:
	case BLKALIGNOFF:
	case BLKDISCARDZEROES:
		return put_user(to, 0);
	case BLKBSZGET:
		return put_user(to, blockdev_of(device)->block_size);
	case BLKRAGET:
		return put_user(to, READAHEAD_PAGES_MAX * SECTORS_PER_PAGE);
	case BLKSECTGET:
		return get_short((uint16_t)MIN(BLOCK_SEGMENTS * SECTORS_PER_PAGE, UINT16_MAX), to);
	case BLKROTATIONAL:
		return get_short(1, to);
	case HDIO_GETGEO:
		return get_geometry(device, to);
	default:
		return control(file, command, to);
	}
}

const struct file_ops blockdev_ops = {
	.direct = true,
	.read = file_cache_read,
	.write = blockdev_write,
	.seek = blockdev_seek,
	.ioctl = blockdev_ioctl,
	.object = blockdev_object,
	.open = blockdev_open,
	.release = blockdev_release,
	.sync = blockdev_file_sync,
};

/* ---- devices come and go ---- */

/* As large as the device's size is a multiple of, up to a page: what Linux begins with. */
static uint32_t first_block_size(const struct block_device *device)
{
	uint64_t size = device->nsectors << SECTOR_SHIFT;
	uint32_t block_size = sector_size(device);

	while (block_size < PAGE_SIZE && !(size & block_size))
		block_size *= 2;
	return block_size;
}

static int blockdev_added(struct block_device *device)
{
	struct blockdev *blockdev = kzalloc(sizeof(*blockdev));

	if (!blockdev)
		return -ENOMEM;
	object_init(&blockdev->pages, &object_ops, blockdev);
	/* File systems use what they keep of themselves in place. */
	blockdev->pages.low_pages = true;
	blockdev->pages.size = device->nsectors << SECTOR_SHIFT;
	blockdev->pages.is_device = true;
	blockdev->device = device;
	blockdev->block_size = first_block_size(device);
	mutex_init(&blockdev->writing);
	wait_queue_init(&blockdev->emptied);
	device->pages = &blockdev->pages;
	device->owner = blockdev;
	if (devfs_add_block(device->name, device->device))
		log_warning("dev: no memory for /dev/%s", device->name);
	return 0;
}

static void blockdev_removed(struct block_device *device)
{
	struct object *pages = device->pages;

	wait_until_empty(blockdev_of(device));
	assert(device->users == 0 && pages->pages.count == 0);
	devfs_remove_block(device->name, device->device);
	device->pages = NULL;
	device->owner = NULL;
	object_put(pages);
}

static const struct block_listener listener = {
	.added = blockdev_added,
	.removed = blockdev_removed,
};

void blockdev_init(void)
{
	block_listen(&listener);
}
