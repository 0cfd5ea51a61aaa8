/*
 * Files, at boot: the root file system, the kinds there are, and what mm/ needs to know of files.
 */
#include <vfs.h>

#include <blockdev.h>
#include <mm.h>
#include <panic.h>
#include <writeback.h>

static int sync_for_mm(struct file *file)
{
	return file_sync(file, false);
}

static struct readahead *readahead_for_mm(struct file *file)
{
	return &file->ahead;
}

/* Through a mapping nothing is appended. */
static bool mapping_may_write(const struct file *file)
{
	return file_may_write(file) && !(file->inode->flags & INODE_APPEND);
}

static const struct vma_file_ops file_ops_for_mm = {
	.get = file_get,
	.put = file_put,
	.from_fd = file_from_fd,
	.may_read = file_may_read,
	.may_write = mapping_may_write,
	.may_execute = file_may_execute,
	.object = file_mmap_object,
	.mapped = file_mapped,
	.unmapped = file_unmapped,
	.sync = sync_for_mm,
	.readahead = readahead_for_mm,
};

void fs_init(void)
{
	int error;

	vma_file_ops = &file_ops_for_mm;
	filesystem_register(&ramfs_type);
	filesystem_register(&tmpfs_type);
	filesystem_register(&devtmpfs_type);
	filesystem_register(&devpts_type);
	ext2_init();
	proc_init();
	memory_files_init();
	caches_init();
	error = mount_root(&ramfs_type);
	if (error)
		panic("no memory for the root file system: error %d", -error);
	memdev_init();
	devfs_init();
	blockdev_init();
	writeback_init();
}
