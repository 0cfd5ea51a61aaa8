/*
 * ramfs, and tmpfs with its options: files in memory alone.
 *
 * A directory is nothing but its pinned dentries, a file nothing but its page cache, which has no
 * backing store to be read from or written to. So there is little here: link counts, sizes and
 * times, and a limit on the pages that files have (option size=). In tmpfs each of these pages is
 * promised memory too (commit.h).
 */
#include <vfs.h>

#include <assert.h>
#include <kheap.h>
#include <string.h>

/* What an entry adds to the size of its directory, as Linux's tmpfs has it. */
#define ENTRY_SIZE 20u

struct ramfs {
	uint64_t max_pages; /* of all files; UINT64_MAX: no limit */
	uint64_t used_pages;
	uint32_t max_inodes;
	mode_t root_mode;
	uid_t uid;
	gid_t gid;
};

static const struct inode_ops ramfs_inode_ops;
static const struct super_ops ramfs_super_ops;

static uint64_t pages_of(uint64_t size)
{
	return (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* ---- room ---- */

static struct ramfs *ramfs_of(const struct object *pages)
{
	const struct inode *inode = pages->owner;

	return inode->superblock->data;
}

static int ramfs_charge(struct object *pages)
{
	struct ramfs *ramfs = ramfs_of(pages);

	if (ramfs->used_pages >= ramfs->max_pages)
		return -ENOSPC;
	ramfs->used_pages++;
	return 0;
}

static void ramfs_uncharge(struct object *pages)
{
	struct ramfs *ramfs = ramfs_of(pages);

	assert(ramfs->used_pages > 0);
	ramfs->used_pages--;
}

static const struct object_ops ramfs_object_ops = {
	.charge = ramfs_charge,
	.uncharge = ramfs_uncharge,
	.release = inode_release_pages,
};

static int ramfs_resize(struct inode *inode, uint64_t size)
{
	uint64_t old_size = inode->pages.size;

	if (size < old_size && (inode->pages.seals & F_SEAL_SHRINK))
		return -EPERM;
	if (size > old_size && (inode->pages.seals & F_SEAL_GROW))
		return -EPERM;
	return object_truncate(&inode->pages, size);
}

/* ---- names ---- */

static void entries_changed(struct inode *directory, int count)
{
	directory->pages.size += (int)ENTRY_SIZE * count;
	inode_modified(directory);
}

static struct inode *new_inode(struct superblock *superblock, mode_t mode)
{
	struct ramfs *ramfs = superblock->data;
	struct inode *inode;

	if (superblock->ninodes >= ramfs->max_inodes)
		return ERR_PTR(-ENOSPC);
	inode = inode_create(superblock, mode);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->ops = &ramfs_inode_ops;
	if (S_ISDIR(mode)) {
		inode->file_ops = &dir_ops;
		inode->nlink = 2;
		inode->pages.size = 2 * ENTRY_SIZE;
	} else if (S_ISREG(mode)) {
		inode->file_ops = &ramfs_file_ops;
		inode->pages.ops = &ramfs_object_ops;
		inode->pages.promises_pages = superblock->type == &tmpfs_type;
		inode->pages.seals = F_SEAL_SEAL;
	}
	return inode;
}

static struct inode *ramfs_create(struct inode *directory, const struct name *name, mode_t mode,
				  dev_t device, const char *target)
{
	struct inode *inode = new_inode(directory->superblock, mode);

	if (IS_ERR(inode))
		return inode;
	inode->device = device;
	inode_new_owner(inode, directory, mode);
	if (target) {
		inode->target = kstrdup(target);
		inode->pages.size = strlen(target);
	}
	if (target && !inode->target) {
		inode_put(inode);
		return ERR_PTR(-ENOMEM);
	}
	if (!name) {
		inode->nlink = 0;
		return inode;
	}
	if (S_ISDIR(mode))
		directory->nlink++;
	entries_changed(directory, 1);
	return inode;
}

static int ramfs_link(struct inode *directory, const struct name *name, struct inode *inode)
{
	(void)name;
	inode->nlink++;
	inode_changed(inode);
	entries_changed(directory, 1);
	return 0;
}

static int ramfs_unlink(struct inode *directory, const struct name *name, struct inode *inode)
{
	(void)name;
	if (S_ISDIR(inode->mode)) {
		assert(inode->nlink == 2);
		inode->nlink = 1;
		directory->nlink--;
	}
	inode->nlink--;
	inode_changed(inode);
	entries_changed(directory, -1);
	return 0;
}

static int ramfs_rename(struct inode *from, const struct name *old_name, struct inode *to,
			const struct name *new_name, struct inode *inode, struct inode *replaced,
			bool exchange)
{
	if (replaced && !exchange) {
		int error = ramfs_unlink(to, new_name, replaced);

		assert(error == 0);
	}
	(void)old_name;
	if (S_ISDIR(inode->mode) && from != to) {
		from->nlink--;
		to->nlink++;
	}
	if (exchange && S_ISDIR(replaced->mode) && from != to) {
		to->nlink--;
		from->nlink++;
	}
	entries_changed(from, exchange ? 0 : -1);
	entries_changed(to, exchange ? 0 : 1);
	inode_changed(inode);
	if (exchange)
		inode_changed(replaced);
	return 0;
}

static const struct inode_ops ramfs_inode_ops = {
	.create = ramfs_create,
	.link = ramfs_link,
	.unlink = ramfs_unlink,
	.rename = ramfs_rename,
	.resize = ramfs_resize,
};

/* ---- files ---- */

static ssize_t ramfs_read(struct file *file, struct uio *io, loff_t *position)
{
	ssize_t done = object_read(&file->inode->pages, (uint64_t)*position, io);

	if (done > 0)
		*position += done;
	return done;
}

/*
 * How many of size bytes at start the seals let be written. Where the file may not grow, a page's
 * share that would reach beyond its end is refused as a whole, as on Linux. -EPERM: none.
 */
static ssize_t sealed_size(const struct object *pages, uint64_t start, size_t size)
{
	uint64_t end = pages->size;

	if (pages->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (!(pages->seals & F_SEAL_GROW) || start + size <= end)
		return (ssize_t)size;
	end &= ~(uint64_t)PAGE_MASK;
	return end > start ? (ssize_t)(end - start) : -EPERM;
}

/* The caller holds the inode's lock. */
static ssize_t ramfs_write(struct file *file, struct uio *io, loff_t *position)
{
	struct object *pages = &file->inode->pages;
	ssize_t done = sealed_size(pages, (uint64_t)*position, io->left);
	size_t held_back;

	if (done < 0)
		return done;
	held_back = io->left - (size_t)done;
	io->left -= held_back;
	done = object_write(pages, (uint64_t)*position, io);
	io->left += held_back;
	if (done > 0)
		*position += done;
	return done;
}

static struct object *ramfs_object(struct file *file)
{
	return &file->inode->pages;
}

const struct file_ops ramfs_file_ops = {
	.read = ramfs_read,
	.write = ramfs_write,
	.object = ramfs_object,
};

/* ---- the file system ---- */

static void ramfs_statfs(struct superblock *superblock, struct statfs64 *to)
{
	const struct ramfs *ramfs = superblock->data;

	if (ramfs->max_pages == UINT64_MAX)
		return;
	to->blocks = ramfs->max_pages;
	to->bfree = ramfs->max_pages - MIN(ramfs->used_pages, ramfs->max_pages);
	to->bavail = to->bfree;
	to->files = ramfs->max_inodes;
	to->ffree = ramfs->max_inodes - superblock->ninodes;
}

static void ramfs_release(struct superblock *superblock)
{
	struct ramfs *ramfs = superblock->data;

	assert(ramfs->used_pages == 0);
	kfree(ramfs);
}

/* "64k", "10m", "1g" or "50%" of memory, in bytes; a plain number is bytes. */
static int parse_size(char *text, uint64_t *pages)
{
	size_t length = strlen(text);
	struct frame_counts counts;
	unsigned shift = 0;
	uint32_t value;
	int error;

	if (length == 0)
		return -EINVAL;
	switch (text[length - 1] | 0x20) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	}
	if (shift || text[length - 1] == '%') {
		bool percent = !shift;

		text[length - 1] = '\0';
		error = parse_u32(text, 10, &value);
		frame_count(&counts);
		*pages = percent ? (uint64_t)counts.total * value / 100
				 : pages_of((uint64_t)value << shift);
		return error;
	}
	error = parse_u32(text, 10, &value);
	*pages = pages_of(value);
	return error;
}

/* One "name=value". Unknown ones are an error in tmpfs alone. */
static int parse_option(struct ramfs *ramfs, char *name, char *value)
{
	int error;

	if (strcmp(name, "size") == 0 || strcmp(name, "nr_blocks") == 0) {
		error = parse_size(value, &ramfs->max_pages);
		if (!error && *name == 'n')
			ramfs->max_pages <<= PAGE_SHIFT;
		if (!error && !ramfs->max_pages)
			ramfs->max_pages = UINT64_MAX;
		return error;
	}
	if (strcmp(name, "mode") == 0) {
		error = parse_u32(value, 8, &ramfs->root_mode);
		ramfs->root_mode &= S_IALLUGO;
		return error;
	}
	if (strcmp(name, "uid") == 0)
		return parse_u32(value, 10, &ramfs->uid);
	if (strcmp(name, "gid") == 0)
		return parse_u32(value, 10, &ramfs->gid);
	if (strcmp(name, "nr_inodes") == 0) {
		error = parse_u32(value, 10, &ramfs->max_inodes);
		if (!error && !ramfs->max_inodes)
			ramfs->max_inodes = UINT32_MAX;
		return error;
	}
	return -ENOENT;
}

static int parse_options(struct ramfs *ramfs, const char *options, bool strict)
{
	char *copy = kstrdup(options), *at = copy;
	int error = copy ? 0 : -ENOMEM;

	while (!error && at && *at) {
		char *comma = strchr(at, ','), *value;

		if (comma)
			*comma = '\0';
		value = strchr(at, '=');
		if (value)
			*value++ = '\0';
		error = *at ? parse_option(ramfs, at, value ? value : at + strlen(at)) : 0;
		if (error)
			error = error == -ENOENT && !strict ? 0 : -EINVAL;
		at = comma ? comma + 1 : NULL;
	}
	kfree(copy);
	return error;
}

static int make_root(struct superblock *superblock)
{
	const struct ramfs *ramfs = superblock->data;
	struct inode *inode = new_inode(superblock, S_IFDIR | ramfs->root_mode);
	struct name name = { "", 0, 0 };

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->uid = ramfs->uid;
	inode->gid = ramfs->gid;
	superblock->root = dentry_create(NULL, &name, inode);
	if (superblock->root)
		return 0;
	inode_put(inode);
	return -ENOMEM;
}

static int mount_memory(struct superblock *superblock, const char *options,
			const struct ramfs *defaults, bool strict)
{
	struct ramfs *ramfs = kalloc(sizeof(*ramfs));
	int error;

	if (!ramfs)
		return -ENOMEM;
	*ramfs = *defaults;
	superblock->data = ramfs;
	superblock->ops = &ramfs_super_ops;
	error = parse_options(ramfs, options, strict);
	if (!error)
		error = make_root(superblock);
	if (error)
		kfree(ramfs);
	return error;
}

static int mount_ramfs(struct superblock *superblock, const char *options)
{
	static const struct ramfs defaults = { .max_pages = UINT64_MAX,
					       .max_inodes = UINT32_MAX,
					       .root_mode = 0755 };

	return mount_memory(superblock, options, &defaults, false);
}

/* Half of the memory, and as many inodes as there are pages in that. */
static int mount_tmpfs(struct superblock *superblock, const char *options)
{
	struct ramfs defaults = { .root_mode = 01777 };
	struct frame_counts counts;

	frame_count(&counts);
	defaults.max_pages = counts.total / 2;
	defaults.max_inodes = counts.total / 2;
	return mount_memory(superblock, options, &defaults, true);
}

static int remount_memory(struct superblock *superblock, uint32_t flags, const char *options)
{
	struct ramfs *ramfs = superblock->data, changed = *ramfs;
	int error = parse_options(&changed, options, superblock->type == &tmpfs_type);

	(void)flags;
	if (error || changed.used_pages > changed.max_pages)
		return error ? error : -EINVAL;
	*ramfs = changed;
	return 0;
}

static const struct super_ops ramfs_super_ops = {
	.statfs = ramfs_statfs,
	.release = ramfs_release,
	.remount = remount_memory,
};

struct filesystem ramfs_type = {
	.name = "ramfs", .mount = mount_ramfs, .magic = RAMFS_MAGIC, .pins_dentries = true
};
struct filesystem tmpfs_type = {
	.name = "tmpfs", .mount = mount_tmpfs, .magic = TMPFS_MAGIC, .pins_dentries = true
};
