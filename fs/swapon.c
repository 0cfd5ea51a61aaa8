/*
 * swapon and swapoff as programs see them, and /proc/swaps. What is done with an area is mm's part
 * (include/swap.h); here paths become areas and files are kept from being changed.
 *
 * An area holds its file open. While it is in use its inode, or its device's, is marked INODE_SWAP:
 * nobody writes to it or cuts it; a file's name is not removed either, while a device's node may
 * go. Errors and their order are Linux's (mm/swapfile.c of 6.1), but that a read-only device is
 * refused whatever its driver: Linux's SCSI disks do so when they are opened to be written
 * (-EROFS), its other ones take what then cannot hold a page.
 */
#include <swap.h>

#include <abi/capability.h>
#include <abi/fcntl.h>
#include <abi/stat.h>
#include <abi/swap.h>
#include <block.h>
#include <blockdev.h>
#include <err.h>
#include <string.h>
#include <vfs.h>

#include "proc.h"
#include "superblock.h"

static struct file *open_path(const char __user *path)
{
	char *text = path_from_user(path);
	struct file *file;

	if (IS_ERR(text))
		return (void *)text;
	file = file_open(text, O_RDWR | O_LARGEFILE, 0);
	path_buffer_put(text);
	return file;
}

/* What a file or a device has its pages in; NULL: nothing that could be swapped to. */
static struct object *pages_of(struct inode *inode)
{
	if (S_ISBLK(inode->mode)) {
		const struct block_device *device = block_find(inode->device);

		return device ? device->pages : NULL;
	}
	return S_ISREG(inode->mode) && inode->pages.ops->map_blocks ? &inode->pages : NULL;
}

/* ---- swapon ---- */

/* Is a file system mounted from the device? */
static bool is_mounted(const struct block_device *device)
{
	struct superblock *at = NULL;

	mounts_lock();
	while ((at = superblock_next(at)))
		if (at->block == device)
			break;
	mounts_unlock();
	return at;
}

/* From here on nobody changes the file: who did so has ended. -EBUSY: it is swapped to already. */
static int mark(struct inode *inode)
{
	int error;

	mutex_lock(&inode->lock);
	error = inode->flags & INODE_SWAP ? -EBUSY : 0;
	inode->flags |= INODE_SWAP;
	mutex_unlock(&inode->lock);
	return error;
}

/* Begins the area; nobody changes the file meanwhile. */
static int begin_marked(struct file *file, struct swap_source *source, int priority)
{
	char *path = path_buffer_get();
	unsigned number;
	int error;

	if (!path)
		return -ENOMEM;
	source->name = file_path(file, path, PATH_MAX);
	if (IS_ERR(source->name))
		source->name = "?";
	error = mark(file->inode);
	if (!error) {
		error = swap_area_begin(source, priority, &number);
		if (error)
			file->inode->flags &= ~INODE_SWAP;
	}
	path_buffer_put(path);
	return error;
}

static int begin(struct file *file, int priority)
{
	struct inode *inode = file->inode;
	struct swap_source source = { .object = pages_of(inode), .owner = file };
	int error;

	if (S_ISBLK(inode->mode))
		source.device = block_find(inode->device);
	else if (!inode->nlink)
		return -ENOENT;
	if (source.device && is_mounted(source.device))
		return -EBUSY;
	if (source.device && source.device->read_only)
		return -EROFS;
	if (!source.object)
		return -EINVAL;
	if (inode->flags & INODE_SWAP || swap_area_find(source.object) >= 0)
		return -EBUSY;
	error = source.device ? blockdev_use(source.device, source.object) : 0;
	if (error)
		return error;
	error = begin_marked(file, &source, priority);
	if (error && source.device)
		blockdev_unuse(source.device, source.object);
	return error;
}

int32_t sys_swapon(const char __user *path, uint32_t flags)
{
	struct file *file;
	int error;

	if (flags & ~SWAP_FLAGS_VALID)
		return -EINVAL;
	if (!cred_can(CAP_SYS_ADMIN))
		return -EPERM;
	file = open_path(path);
	if (IS_ERR(file))
		return PTR_ERR(file);
	error = begin(file, flags & SWAP_FLAG_PREFER ? (int)(flags & SWAP_FLAG_PRIO_MASK) : -1);
	/* An area keeps it. */
	if (error)
		file_put(file);
	return error;
}

/* ---- swapoff ---- */

static int end(struct file *file)
{
	const struct object *object = pages_of(file->inode);
	int number = object ? swap_area_find(object) : -1, error;
	struct file *owner;

	if (number < 0)
		return -EINVAL;
	error = swap_area_end((unsigned)number, (void **)&owner);
	if (error)
		return error;
	if (S_ISBLK(owner->inode->mode))
		blockdev_unuse(block_find(owner->inode->device), object);
	owner->inode->flags &= ~INODE_SWAP;
	file_put(owner);
	return 0;
}

int32_t sys_swapoff(const char __user *path)
{
	struct file *file;
	int error;

	if (!cred_can(CAP_SYS_ADMIN))
		return -EPERM;
	file = open_path(path);
	if (IS_ERR(file))
		return PTR_ERR(file);
	error = end(file);
	file_put(file);
	return error;
}

/* ---- /proc/swaps ---- */

/* The area's path, with what would end the field as \ooo; how many characters that took. */
static int print_path(struct proc_text *text, const char *path)
{
	int length = 0;

	for (; *path; path++) {
		bool special = strchr(" \t\n\\", *path);

		if (special)
			proc_print(text, "\\%03o", (unsigned char)*path);
		else
			proc_append(text, path, 1);
		length += special ? 4 : 1;
	}
	return length;
}

static void print_area(struct proc_text *text, const struct swap_area_info *info, char *buffer)
{
	const uint32_t kb = info->npages * (PAGE_SIZE / KB);
	const uint32_t used = info->used_npages * (PAGE_SIZE / KB);
	const char *path = file_path(info->owner, buffer, PATH_MAX);
	int length = print_path(text, IS_ERR(path) ? "?" : path);

	proc_print(text, "%*s%s\t%u\t%s%u\t%s%d\n", length < 40 ? 40 - length : 1, " ",
		   info->is_file ? "file\t" : "partition", kb, kb < 10000000 ? "\t" : "", used,
		   used < 10000000 ? "\t" : "", info->priority);
}

int proc_show_swaps(struct proc_text *text, struct process *process)
{
	char *buffer = path_buffer_get();

	(void)process;
	if (!buffer)
		return -ENOMEM;
	proc_print(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	for (unsigned i = 0; i < SWAP_AREAS; i++) {
		struct swap_area_info info;

		if (swap_area_info(i, &info))
			print_area(text, &info, buffer);
	}
	path_buffer_put(buffer);
	return 0;
}
