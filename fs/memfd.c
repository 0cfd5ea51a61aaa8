/*
 * Files in memory that no path leads to: what memfd_create makes and System V shared memory maps;
 * and seals, by which who gives such a file away says what will no longer be done with it.
 *
 * All of them lie in one tmpfs without bounds that is mounted nowhere. Each has a name of its own
 * that is gone from the start, so that /proc shows it as "/NAME (deleted)"; its pages are promised
 * memory like those of any tmpfs.
 *
 * Seals are kept with the object, since mmap asks for them as write does. A file of tmpfs that was
 * not made to be sealed has F_SEAL_SEAL, other file systems' have no seals at all. Linux 6.1's
 * mm/memfd.c is what errors and their order follow.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>
#include <panic.h>
#include <string.h>
#include <uaccess.h>
#include <vma.h>

#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u
#define MFD_HUGETLB 4u
#define MFD_HUGE_SIZE (0x3fu << 26)

#define NAME_PREFIX "memfd:"
#define NAME_PREFIX_SIZE (sizeof(NAME_PREFIX) - 1)
#define NAME_SIZE_MAX (NAME_MAX - NAME_PREFIX_SIZE)

static struct superblock *nowhere;

void memory_files_init(void)
{
	nowhere = mount_internal(&tmpfs_type, "size=0,nr_inodes=0");
	if (IS_ERR(nowhere))
		panic("no memory for files in memory: error %d", -PTR_ERR(nowhere));
}

struct file *memory_file_create(const char *name_text, mode_t mode)
{
	struct inode *directory = nowhere->root->inode, *inode;
	struct name name = name_of(name_text);
	struct dentry *dentry;
	struct file *file;

	names_lock(nowhere->root);
	inode = directory->ops->create(directory, NULL, S_IFREG | mode, 0, NULL);
	names_unlock(nowhere->root);
	if (IS_ERR(inode))
		return (void *)inode;
	inode->uid = current->process->cred.fsuid;
	inode->gid = current->process->cred.fsgid;
	dentry = dentry_create(nowhere->root, &name, inode);
	if (!dentry) {
		inode_put(inode);
		return ERR_PTR(-ENOMEM);
	}
	dentry->flags |= DENTRY_REMOVED;
	file = file_open_dentry(dentry, O_RDWR | O_LARGEFILE);
	dentry_put(dentry);
	return file;
}

/* ---- seals ---- */

/* Is it mapped so that writing through the mapping is, or may become, possible? */
static bool mapped_for_writing(const struct object *object)
{
	const struct vma *vma;

	list_for_each(vma, &object->mappings, object_link)
		if ((vma->flags & VMA_SHARED) && file_writable(vma->file))
			return true;
	return false;
}

static bool has_seals(const struct inode *inode)
{
	return S_ISREG(inode->mode) && inode->superblock && inode->superblock->type == &tmpfs_type;
}

/* The inode's lock is held: nobody is in the middle of a write. */
static int add_seals(struct inode *inode, uint32_t seals)
{
	struct object *object = &inode->pages;

	if (!has_seals(inode))
		return -EINVAL;
	if (object->seals & F_SEAL_SEAL)
		return -EPERM;
	if ((seals & ~object->seals & F_SEAL_WRITE) && mapped_for_writing(object))
		return -EBUSY;
	object->seals |= (uint8_t)seals;
	return 0;
}

int32_t file_add_seals(struct file *file, uint32_t seals)
{
	int error;

	if (!file_writable(file))
		return -EPERM;
	if (seals & ~F_ALL_SEALS)
		return -EINVAL;
	mutex_lock(&file->inode->lock);
	error = add_seals(file->inode, seals);
	mutex_unlock(&file->inode->lock);
	return error;
}

int32_t file_get_seals(const struct file *file)
{
	return has_seals(file->inode) ? file->inode->pages.seals : -EINVAL;
}

/* ---- doorway ---- */

/* "memfd:" and the user's name; -EFAULT, -EINVAL (too long). */
static int copy_name(char *name, const char __user *from)
{
	ssize_t length = strnlen_user(from, NAME_SIZE_MAX + 1);
	int copied;

	if (length < 0)
		return (int)length;
	if (length > (ssize_t)NAME_SIZE_MAX)
		return -EINVAL;
	memcpy(name, NAME_PREFIX, NAME_PREFIX_SIZE);
	copied = strncpy_from_user(name + NAME_PREFIX_SIZE, from, NAME_SIZE_MAX + 1);
	return copied < 0 ? -EFAULT : 0;
}

int32_t sys_memfd_create(const char __user *from, uint32_t flags)
{
	uint32_t known = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	char name[NAME_MAX + 1];
	struct file *file;
	int32_t fd;
	int error;

	if (flags & MFD_HUGETLB)
		known |= MFD_HUGETLB | MFD_HUGE_SIZE;
	if (flags & ~known)
		return -EINVAL;
	error = copy_name(name, from);
	if (error)
		return error;
	if (flags & MFD_HUGETLB)
		return -ENOSYS; /* as of a Linux without huge pages */
	file = memory_file_create(name, 0777);
	if (IS_ERR(file))
		return PTR_ERR(file);
	file->inode->pages.transient = true;
	if (flags & MFD_ALLOW_SEALING)
		file->inode->pages.seals = 0;
	fd = files_install(current->process->files, file, 0, flags & MFD_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}
