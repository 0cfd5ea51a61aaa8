/*
 * devpts: a directory of nodes that come and go with pseudo-terminals, and ptmx, which makes them.
 *
 * Every devpts that is mounted shows the same ones. Programs cannot make or remove names here.
 */
#include <devpts.h>
#include <vfs.h>

#include <assert.h>
#include <format.h>
#include <kheap.h>
#include <string.h>
#include <task.h>

struct devpts {
	bool has_uid, has_gid;
	uid_t uid;
	gid_t gid;
	mode_t mode, ptmx_mode;
};

static const struct super_ops devpts_super_ops;
/* Names are looked up among the dentries alone, and made by nobody but us. */
static const struct inode_ops devpts_inode_ops;
static uint32_t live[PTYS_MAX / 32]; /* the numbers in use */

/* ---- options ---- */

/* A number that ends with its option; false for what is none. */
static bool number_in(const char *text, size_t size, uint32_t base, uint32_t *value)
{
	*value = 0;
	for (size_t i = 0; i < size; i++) {
		uint32_t digit = (uint32_t)(text[i] - '0');

		if (digit >= base || *value > (UINT32_MAX - digit) / base)
			return false;
		*value = *value * base + digit;
	}
	return size > 0;
}

static int set_option(struct devpts *devpts, const char *option, size_t size)
{
	const char *equals = strchr(option, '=');
	size_t name = equals && equals < option + size ? (size_t)(equals - option) : size;
	const char *text = option + name + (name < size);
	size_t text_size = size - name - (name < size);
	uint32_t value;

	if (name == 11 && memcmp(option, "newinstance", 11) == 0)
		return 0;
	if (name == 3 && (memcmp(option, "uid", 3) == 0 || memcmp(option, "gid", 3) == 0 ||
			  memcmp(option, "max", 3) == 0)) {
		if (!number_in(text, text_size, 10, &value))
			return -EINVAL;
		if (option[0] == 'u') {
			devpts->has_uid = true;
			devpts->uid = value;
		} else if (option[0] == 'g') {
			devpts->has_gid = true;
			devpts->gid = value;
		}
		return 0;
	}
	if (!number_in(text, text_size, 8, &value))
		return -EINVAL;
	if (name == 4 && memcmp(option, "mode", 4) == 0)
		devpts->mode = value & 0777;
	else if (name == 8 && memcmp(option, "ptmxmode", 8) == 0)
		devpts->ptmx_mode = value & 0777;
	else
		return -EINVAL;
	return 0;
}

static int set_options(struct devpts *devpts, const char *options)
{
	int error = 0;

	while (options && *options && !error) {
		const char *comma = strchr(options, ',');
		size_t size = comma ? (size_t)(comma - options) : strlen(options);

		if (size)
			error = set_option(devpts, options, size);
		options += size + (comma ? 1 : 0);
	}
	return error;
}

/* ---- nodes ---- */

static int add_node(struct superblock *superblock, const char *text, mode_t mode, dev_t device,
		    uid_t uid, gid_t gid)
{
	struct name name = name_of(text);
	struct inode *inode = inode_create(superblock, S_IFCHR | mode);
	struct dentry *dentry;
	int error;

	if (!inode)
		return -ENOMEM;
	inode->ops = &devpts_inode_ops;
	inode->device = device;
	inode->uid = uid;
	inode->gid = gid;
	dentry = dentry_create(superblock->root, &name, inode);
	if (!dentry) {
		inode_put(inode);
		return -ENOMEM;
	}
	error = dentry_link(dentry);
	dentry_put(dentry);
	return error;
}

static struct dentry *find_in(const struct superblock *superblock, unsigned number)
{
	struct name name;
	char text[12];

	format(text, sizeof(text), "%u", number);
	name = name_of(text);
	return dentry_find(superblock->root, &name);
}

static int add_slave(struct superblock *superblock, unsigned number)
{
	const struct devpts *devpts = superblock->data;
	const struct credentials *cred = &current->process->cred;
	char text[12];

	format(text, sizeof(text), "%u", number);
	return add_node(superblock, text, devpts->mode, DEV(PTY_SLAVE_MAJOR, number),
			devpts->has_uid ? devpts->uid : cred->fsuid,
			devpts->has_gid ? devpts->gid : cred->fsgid);
}

static void remove_from(struct superblock *superblock, unsigned number)
{
	struct dentry *dentry = find_in(superblock, number);

	if (!dentry)
		return;
	dentry->inode->nlink = 0;
	dentry_unlink(dentry);
}

#define for_each_devpts(at) \
	list_for_each(at, &superblocks, link) \
		if (at->type == &devpts_type)

bool devpts_mounted(void)
{
	struct superblock *at;

	for_each_devpts(at) return true;
	return false;
}

int devpts_add(unsigned number)
{
	struct superblock *at;
	int error = 0;

	assert(number < PTYS_MAX && !(live[number / 32] & (1u << (number % 32))));
	for_each_devpts(at) if (!error) error = add_slave(at, number);
	live[number / 32] |= 1u << (number % 32);
	if (error)
		devpts_remove(number);
	return error;
}

void devpts_remove(unsigned number)
{
	struct superblock *at;

	assert(number < PTYS_MAX);
	live[number / 32] &= ~(1u << (number % 32));
	for_each_devpts(at) remove_from(at, number);
}

struct dentry *devpts_find(unsigned number)
{
	struct superblock *at;
	struct dentry *dentry;

	for_each_devpts(at)
	{
		dentry = find_in(at, number);
		if (!dentry)
			continue;
		dentry_get(dentry);
		return dentry;
	}
	return ERR_PTR(-EIO);
}

/* ---- the file system ---- */

static int fill(struct superblock *superblock)
{
	const struct devpts *devpts = superblock->data;
	int error = add_node(superblock, "ptmx", devpts->ptmx_mode, PTMX_DEVICE, 0, 0);

	for (unsigned number = 0; number < PTYS_MAX && !error; number++)
		if (live[number / 32] & (1u << (number % 32)))
			error = add_slave(superblock, number);
	return error;
}

static int make_root(struct superblock *superblock)
{
	struct name name = { "", 0, 0 };
	struct inode *inode = inode_create(superblock, S_IFDIR | 0755);

	if (!inode)
		return -ENOMEM;
	inode->ops = &devpts_inode_ops;
	inode->file_ops = &dir_ops;
	inode->nlink = 2;
	superblock->root = dentry_create(NULL, &name, inode);
	if (superblock->root)
		return 0;
	inode_put(inode);
	return -ENOMEM;
}

static int mount_devpts(struct superblock *superblock, const char *options)
{
	struct devpts *devpts = kzalloc(sizeof(*devpts));
	int error;

	if (!devpts)
		return -ENOMEM;
	devpts->mode = 0600;
	superblock->ops = &devpts_super_ops;
	superblock->data = devpts;
	error = set_options(devpts, options);
	if (!error)
		error = make_root(superblock);
	if (error) {
		kfree(devpts);
		return error;
	}
	error = fill(superblock);
	if (error) {
		dentry_drop_tree(superblock->root);
		dentry_put(superblock->root);
		kfree(devpts);
	}
	return error;
}

static int remount_devpts(struct superblock *superblock, uint32_t flags, const char *options)
{
	struct devpts *devpts = superblock->data, changed = *devpts;
	struct name ptmx = name_of("ptmx");
	int error = set_options(&changed, options);

	(void)flags;
	if (error)
		return error;
	*devpts = changed;
	dentry_find(superblock->root, &ptmx)->inode->mode = S_IFCHR | devpts->ptmx_mode;
	return 0;
}

static void release_devpts(struct superblock *superblock)
{
	kfree(superblock->data);
}

static const struct super_ops devpts_super_ops = {
	.release = release_devpts,
	.remount = remount_devpts,
};

struct filesystem devpts_type = {
	.name = "devpts", .mount = mount_devpts, .magic = DEVPTS_MAGIC, .pins_dentries = true
};
