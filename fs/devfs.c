/*
 * Character devices by number, and devtmpfs, the file system on /dev that shows them by name.
 *
 * A device node anywhere leads to the driver registered for its number; opening hands the file over
 * to that driver's operations. devtmpfs is an ordinary file system in memory that is filled with
 * the nodes registered so far, and gets those registered later; programs may add and remove nodes
 * in it as they like.
 */
#include <vfs.h>

#include <assert.h>
#include <block.h>
#include <format.h>
#include <kheap.h>
#include <log.h>
#include <string.h>

#include "devfs.h"

struct chardev {
	struct list link;
	dev_t device;
	const char *name; /* in /dev, may hold '/'; NULL: not shown */
	mode_t mode;
	const struct file_ops *ops;
	void *data;
};

static struct list chardevs = LIST_INIT(chardevs);

static struct chardev *find_chardev(dev_t device)
{
	struct chardev *chardev;

	list_for_each(chardev, &chardevs, link)
		if (chardev->device == device)
			return chardev;
	return NULL;
}

static int chardev_open(struct inode *inode, struct file *file)
{
	const struct chardev *chardev = find_chardev(inode->device);

	if (!chardev)
		return -ENXIO;
	file->ops = chardev->ops;
	file->data = chardev->data;
	return file->ops->open ? file->ops->open(inode, file) : 0;
}

const struct file_ops chardev_ops = { .open = chardev_open };

/* ---- nodes ---- */

/*
 * The directory named by the first size bytes of path below root, made if need be; with a
 * reference.
 */
static struct dentry *directory_below(struct dentry *root, const char *path)
{
	struct dentry *at = root;
	const char *slash;

	dentry_get(at);
	while ((slash = strchr(path, '/'))) {
		size_t size = (size_t)(slash - path);
		struct name name = { path, size, name_hash(path, size) };
		struct dentry *child = lookup_child_held(at, &name);

		if (PTR_ERR(child) == -ENOENT)
			child = make_child(at, &name, S_IFDIR | 0755, 0, NULL);
		dentry_put(at);
		if (IS_ERR(child))
			return child;
		at = child;
		path = slash + 1;
	}
	return at;
}

/* names held. The node, made or there already, with a reference. */
static struct dentry *make_node_held(struct dentry *root, const char *path, mode_t mode,
				     dev_t device, const char *target)
{
	const char *slash = strrchr(path, '/');
	struct name name = name_of(slash ? slash + 1 : path);
	struct dentry *parent = directory_below(root, path), *made;

	if (IS_ERR(parent))
		return parent;
	made = lookup_child_held(parent, &name);
	if (PTR_ERR(made) == -ENOENT)
		made = make_child(parent, &name, mode, device, target);
	dentry_put(parent);
	return made;
}

static int make_node(struct dentry *root, const char *path, mode_t mode, dev_t device,
		     const char *target)
{
	struct dentry *made;

	names_lock(root);
	made = make_node_held(root, path, mode, device, target);
	names_unlock(root);
	if (IS_ERR(made))
		return PTR_ERR(made);
	/* Whatever the maker's umask is, a device has the rights that its driver says. */
	made->inode->mode = mode;
	made->inode->uid = made->inode->gid = 0;
	dentry_put(made);
	return 0;
}

static int make_device(struct dentry *root, const struct chardev *chardev)
{
	struct name name = name_of(chardev->name);

	if (!strchr(chardev->name, '/') && dentry_find(root, &name))
		return 0;
	return make_node(root, chardev->name, S_IFCHR | chardev->mode, chardev->device, NULL);
}

int chardev_register(dev_t device, const char *name, mode_t mode, const struct file_ops *ops,
		     void *data)
{
	struct chardev *chardev;
	struct superblock *at;

	if (find_chardev(device))
		return -EBUSY;
	chardev = kalloc(sizeof(*chardev));
	if (!chardev)
		return -ENOMEM;
	*chardev = (struct chardev){
		.device = device, .name = name, .mode = mode, .ops = ops, .data = data
	};
	if (name) {
		chardev->name = kstrdup(name);
		if (!chardev->name) {
			kfree(chardev);
			return -ENOMEM;
		}
	}
	list_add_tail(&chardevs, &chardev->link);
	list_for_each(at, &superblocks, link)
		if (name && at->type == &devtmpfs_type && make_device(at->root, chardev) != 0)
			log_warning("dev: no memory for /dev/%s", name);
	return 0;
}

void chardev_unregister(dev_t device)
{
	struct chardev *chardev = find_chardev(device);

	if (!chardev)
		return;
	assert(!chardev->name);
	list_remove(&chardev->link);
	kfree(chardev);
}

/* ---- block devices ---- */

int devfs_add_block(const char *name, dev_t device)
{
	struct superblock *at;
	int error = 0;

	list_for_each(at, &superblocks, link)
		if (at->type == &devtmpfs_type && !error)
			error = make_node(at->root, name, S_IFBLK | 0600, device, NULL);
	return error;
}

static void remove_node(struct dentry *root, const char *text, dev_t device)
{
	struct name name = name_of(text);
	struct dentry *node;

	names_lock(root);
	node = dentry_find(root, &name);
	if (node && S_ISBLK(node->inode->mode) && node->inode->device == device &&
	    root->inode->ops->unlink(root->inode, &name, node->inode) == 0)
		dentry_unlink(node);
	names_unlock(root);
}

void devfs_remove_block(const char *name, dev_t device)
{
	struct superblock *at;

	list_for_each(at, &superblocks, link)
		if (at->type == &devtmpfs_type)
			remove_node(at->root, name, device);
}

static int fill_blocks(struct dentry *root)
{
	struct block_device *device = NULL;
	int error = 0;

	while (!error && (device = block_next(device)))
		error = make_node(root, device->name, S_IFBLK | 0600, device->device, NULL);
	return error;
}

/* ---- devtmpfs ---- */

static int fill(struct dentry *root)
{
	static const char *const links[][2] = {
		{ "fd", "/proc/self/fd" },
		{ "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" },
		{ "stderr", "/proc/self/fd/2" },
	};
	struct chardev *chardev;
	int error = 0;

	list_for_each(chardev, &chardevs, link)
		if (chardev->name && !error)
			error = make_device(root, chardev);
	if (!error)
		error = fill_blocks(root);
	for (size_t i = 0; i < ARRAY_SIZE(links) && !error; i++)
		error = make_node(root, links[i][0], S_IFLNK | 0777, 0, links[i][1]);
	return error;
}

static int mount_devtmpfs(struct superblock *superblock, const char *options)
{
	int error = tmpfs_type.mount(superblock, options);

	if (error)
		return error;
	superblock->root->inode->mode = S_IFDIR | 0755;
	error = fill(superblock->root);
	if (error) {
		dentry_drop_tree(superblock->root);
		dentry_put(superblock->root);
		superblock->ops->release(superblock);
	}
	return error;
}

struct filesystem devtmpfs_type = { .name = "devtmpfs",
				    .mount = mount_devtmpfs,
				    .magic = TMPFS_MAGIC,
				    .pins_dentries = true,
				    .single = true };

/* Group 5 is Debian's tty. */
static void mount_devpts(void)
{
	int error = kernel_make("/dev/pts", S_IFDIR | 0755, 0, NULL);
	struct dentry *at = path_lookup(AT_FDCWD, "/dev/pts", LOOKUP_FOLLOW | LOOKUP_DIRECTORY);

	if (!IS_ERR(at)) {
		error = mount_at("devpts", "devpts", at, MS_NOSUID | MS_NOEXEC,
				 "gid=5,mode=620,ptmxmode=666");
		dentry_put(at);
	}
	if (error)
		log_error("dev: cannot mount on /dev/pts: error %d", -error);
}

/* The directory is there even when the initramfs has none. */
void devfs_init(void)
{
	int error = kernel_make("/dev", S_IFDIR | 0755, 0, NULL);
	struct dentry *at;

	if (error && error != -EEXIST)
		log_error("dev: cannot make /dev: error %d", -error);
	at = path_lookup(AT_FDCWD, "/dev", LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	if (IS_ERR(at))
		return;
	error = mount_at("devtmpfs", "devtmpfs", at, MS_NOSUID, "");
	dentry_put(at);
	if (error)
		log_error("dev: cannot mount on /dev: error %d", -error);
	else
		mount_devpts();
}
