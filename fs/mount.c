/*
 * Mounting and unmounting: where each file system is in the tree of names, mount(2) and umount(2).
 *
 * A superblock is mounted in exactly one place and covers the dentry there; the first has no such
 * place and is the top of the tree. Unmounting asks whether somebody uses it. A file system
 * detached lazily, with all that is mounted on it, is kept in a list of its own until nobody does;
 * nothing more is mounted on it.
 *
 * A mutex is held over each change from the checks to the end, since making and freeing a file
 * system on a disk sleeps. Putting one on a directory also takes `names` of the file system there,
 * so that the directory is not removed at the same time. Whoever lets go something that may have
 * been the last thing used in a detached file system frees that (mount_reap_detached), unless the
 * mutex is taken: then its holder does before it gives it back.
 */
#include "superblock.h"

#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>
#include <block.h>
#include <blockdev.h>
#include <string.h>
#include <uaccess.h>

struct dentry *fs_root;
struct list filesystems = LIST_INIT(filesystems);
struct list superblocks = LIST_INIT(superblocks);
static struct list detached = LIST_INIT(detached);
static struct mutex mounting = { .waiters = WAIT_QUEUE_INIT(mounting.waiters) };

void filesystem_register(struct filesystem *type)
{
	list_add_tail(&filesystems, &type->link);
}

static struct filesystem *find_type(const char *name)
{
	struct filesystem *type;

	list_for_each(type, &filesystems, link)
		if (strcmp(type->name, name) == 0)
			return type;
	return NULL;
}

/* ---- one change at a time ---- */

static void reap_detached(void)
{
	struct superblock *at;
	bool freed;

	/* Freeing may sleep, and the list be another one afterwards. */
	do {
		freed = false;
		list_for_each(at, &detached, link) {
			if (superblock_busy(at))
				continue;
			superblock_free(at);
			freed = true;
			break;
		}
	} while (freed);
}

void mounts_lock(void)
{
	mutex_lock(&mounting);
}

bool mounts_try_lock(void)
{
	if (mounting.owner)
		return false;
	mounts_lock();
	return true;
}

void mounts_unlock(void)
{
	reap_detached();
	mutex_unlock(&mounting);
}

void mount_reap_detached(void)
{
	if (likely(list_empty(&detached)) || mounting.owner)
		return;
	mounts_lock();
	mounts_unlock();
}

struct superblock *superblock_next(const struct superblock *superblock)
{
	const struct list *link = superblock ? &superblock->link : &superblocks;

	assert(mutex_is_mine(&mounting));
	if (link->next == &superblocks)
		link = &detached;
	return link->next == &detached ? NULL : list_entry(link->next, struct superblock, link);
}

/* ---- the tree ---- */

static void attach(struct superblock *superblock, struct dentry *at)
{
	assert(!at->mounted);
	dentry_get(at);
	at->mounted = superblock;
	superblock->covers = at;
	list_remove(&superblock->link);
	list_add_tail(&superblocks, &superblock->link);
}

/* Takes it out of the tree of names; it stays usable for those who are in it. */
static void detach(struct superblock *superblock)
{
	struct dentry *at = superblock->covers;

	assert(at && at->mounted == superblock);
	at->mounted = NULL;
	superblock->covers = NULL;
	list_remove(&superblock->link);
	list_add_tail(&detached, &superblock->link);
	dentry_put(at);
}

/* The mount on this file system that was made last; NULL. */
static struct superblock *mounted_on(const struct superblock *superblock)
{
	struct superblock *at, *found = NULL;

	list_for_each(at, &superblocks, link)
		if (at->covers && at->covers->inode->superblock == superblock)
			found = at;
	return found;
}

/* Detaches it with all that is mounted on it and on that, the innermost first. */
static void detach_tree(struct superblock *top)
{
	struct superblock *at, *inner;

	do {
		for (at = top; (inner = mounted_on(at));)
			at = inner;
		detach(at);
	} while (at != top);
}

/* Is it in the tree of names? What was detached is not, nor are pipes. */
static bool is_attached(const struct superblock *superblock)
{
	return superblock && (superblock->covers || superblock->root == fs_root);
}

/* The root of what was mounted last in a place: what is seen there. */
static struct dentry *topmost(struct dentry *at)
{
	while (at->mounted)
		at = at->mounted->root;
	return at;
}

struct superblock *mount_internal(const struct filesystem *type, const char *options)
{
	struct superblock *superblock = superblock_create(type, type->name, NULL, 0, options);

	if (!IS_ERR(superblock))
		list_init(&superblock->link);
	return superblock;
}

int mount_root(struct filesystem *type)
{
	struct superblock *superblock = superblock_create(type, type->name, NULL, 0, "");

	if (IS_ERR(superblock))
		return PTR_ERR(superblock);
	assert(!fs_root);
	fs_root = superblock->root;
	list_add_tail(&superblocks, &superblock->link);
	return 0;
}

/* May something be mounted on it? Asked again with names held. */
static int check_place(const struct dentry *at, const struct filesystem *type)
{
	if (!S_ISDIR(at->inode->mode))
		return -ENOTDIR;
	if (at->flags & DENTRY_REMOVED)
		return -ENOENT;
	if (at->inode->flags & INODE_VOLATILE || !is_attached(at->inode->superblock))
		return -EINVAL;
	if (type->single && at->parent == at && at->inode->superblock->type == type)
		return -EBUSY;
	return 0;
}

/* Puts a new file system on a place, or frees it; mounting is held. */
static int attach_new(struct superblock *superblock, struct dentry *at)
{
	int error;

	/* Who goes through the list of devpts or devtmpfs must not miss one while this waits. */
	list_add_tail(&superblocks, &superblock->link);
	names_lock(at);
	error = check_place(at, superblock->type);
	if (!error)
		attach(superblock, at);
	names_unlock(at);
	if (error)
		superblock_free(superblock);
	return error;
}

static int mount_held(struct filesystem *type, const char *source, struct block_device *block,
		      struct dentry *at, uint32_t flags, const char *options)
{
	struct superblock *superblock;
	int error;

	/* Mounts do not change meanwhile, and so what is on top stays so. */
	at = topmost(at);
	error = check_place(at, type);
	if (error)
		return error;
	superblock = superblock_create(type, source, block, flags, options);
	return IS_ERR(superblock) ? PTR_ERR(superblock) : attach_new(superblock, at);
}

int mount_device_at(const char *type_name, const char *source, struct block_device *block,
		    struct dentry *at, uint32_t flags, const char *options)
{
	struct filesystem *type = find_type(type_name);
	int error;

	if (!type)
		return -ENODEV;
	mounts_lock();
	error = mount_held(type, source, block, at, flags, options);
	mounts_unlock();
	return error;
}

/* The block device of a node, which has one user more, as waiting for a mount is long. */
static struct block_device *use_device(const struct inode *inode)
{
	struct block_device *block = block_find(inode->device);
	int error;

	if (!block || !block->pages)
		return ERR_PTR(-ENXIO);
	error = blockdev_use(block, NULL);
	return error ? ERR_PTR(error) : block;
}

/*
 * The block device that a path leads to, to be given back with blockdev_unuse:
 * ERR_PTR(-ENOTBLK, -EACCES, -ENXIO, -ENOENT...).
 */
static struct block_device *device_at(const char *path)
{
	struct dentry *node = path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW);
	struct block_device *block;

	if (IS_ERR(node))
		return (void *)node;
	if (!S_ISBLK(node->inode->mode)) {
		block = ERR_PTR(-ENOTBLK);
	} else if (node->inode->superblock->flags & MS_NODEV) {
		block = ERR_PTR(-EACCES);
	} else {
		block = use_device(node->inode);
	}
	dentry_put(node);
	return block;
}

int mount_at(const char *type_name, const char *source, struct dentry *at, uint32_t flags,
	     const char *options)
{
	const struct filesystem *type = find_type(type_name);
	struct block_device *block = NULL;
	int error;

	if (type && type->needs_device)
		block = device_at(source);
	if (IS_ERR(block))
		return PTR_ERR(block);
	error = mount_device_at(type_name, source, block, at, flags, options);
	if (block)
		blockdev_unuse(block, NULL);
	return error;
}

/* ---- system calls ---- */

/* mounting is held. */
static int remount(struct dentry *at, uint32_t flags, const char *options)
{
	struct superblock *superblock = at->inode->superblock;

	if (at->parent != at || !superblock)
		return -EINVAL;
	if ((flags & MS_BIND) && !superblock->block)
		return superblock_change_flags(superblock, flags);
	/* What is on a disk is written and marked clean, or is not, in either case. */
	return superblock_remount(superblock, flags, flags & MS_BIND ? NULL : options);
}

/* mounting is held. */
static int move_mount(struct dentry *from, struct dentry *to)
{
	struct superblock *superblock = from->inode->superblock;
	int error = 0;

	if (from->parent != from || !superblock || !superblock->covers)
		return -EINVAL;
	to = topmost(to);
	names_lock(to);
	if (!is_attached(to->inode->superblock))
		error = -EINVAL;
	else if (to->flags & DENTRY_REMOVED)
		error = -ENOENT;
	else if (S_ISDIR(from->inode->mode) != S_ISDIR(to->inode->mode))
		error = -ENOTDIR;
	else if (dentry_is_below(to, from))
		error = -ELOOP;
	if (!error) {
		detach(superblock);
		attach(superblock, to);
	}
	names_unlock(to);
	return error;
}

int mount_move(struct dentry *from, struct dentry *to)
{
	int error;

	mounts_lock();
	error = move_mount(from, to);
	mounts_unlock();
	return error;
}

/* Kernel copies of mount's strings. */
struct mount_texts {
	char *source, *type, *options;
};

/* A user's string of up to a page; a NULL pointer is "". ERR_PTR(-EFAULT, -EINVAL). */
static char *copy_text(const char __user *text)
{
	char *copy = path_buffer_get();
	int length;

	if (!copy)
		return ERR_PTR(-ENOMEM);
	*copy = '\0';
	length = text ? strncpy_from_user(copy, text, PATH_MAX) : 0;
	if (length >= 0)
		return copy;
	path_buffer_put(copy);
	return ERR_PTR(length == -ENAMETOOLONG ? -EINVAL : length);
}

static void free_texts(struct mount_texts *texts)
{
	char *all[] = { texts->source, texts->type, texts->options };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] && !IS_ERR(all[i]))
			path_buffer_put(all[i]);
}

static int copy_texts(struct mount_texts *texts, const char __user *source, const char __user *type,
		      const char __user *options)
{
	int error = 0;

	texts->source = texts->options = NULL;
	texts->type = copy_text(type);
	if (IS_ERR(texts->type))
		return PTR_ERR(texts->type);
	texts->source = copy_text(source);
	if (!IS_ERR(texts->source))
		texts->options = copy_text(options);
	if (IS_ERR(texts->source))
		error = PTR_ERR(texts->source);
	else if (IS_ERR(texts->options))
		error = PTR_ERR(texts->options);
	if (error)
		free_texts(texts);
	return error;
}

static int do_mount(const struct mount_texts *texts, struct dentry *at, uint32_t flags)
{
	struct dentry *from;
	int error;

	if (flags & MS_REMOUNT) {
		mounts_lock();
		error = remount(at, flags, texts->options);
		mounts_unlock();
		return error;
	}
	if (flags & MS_BIND)
		return -EINVAL;
	if (flags & (MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE))
		return flags & MS_PRIVATE ? 0 : -EINVAL;
	if (!(flags & MS_MOVE)) {
		if (!*texts->type)
			return -EINVAL;
		return mount_at(texts->type, *texts->source ? texts->source : "none", at, flags,
				texts->options);
	}
	from = path_lookup(AT_FDCWD, texts->source, LOOKUP_FOLLOW);
	if (IS_ERR(from))
		return PTR_ERR(from);
	error = mount_move(from, at);
	dentry_put(from);
	return error;
}

int32_t sys_mount(const char __user *source, const char __user *target, const char __user *type,
		  uint32_t flags, const char __user *options)
{
	struct mount_texts texts;
	struct dentry *at;
	int error = copy_texts(&texts, source, type, options);

	if (error)
		return error;
	if ((flags & MS_MAGIC_MASK) == MS_MAGIC_VALUE)
		flags &= ~MS_MAGIC_MASK;
	at = user_path_lookup(AT_FDCWD, target, LOOKUP_FOLLOW);
	error = IS_ERR(at) ? PTR_ERR(at) : 0;
	if (!error) {
		error = cred_can(CAP_SYS_ADMIN) ? do_mount(&texts, at, flags) : -EPERM;
		dentry_put(at);
	}
	free_texts(&texts);
	return error;
}

/*
 * MNT_EXPIRE: unmounted when it is found unused twice, and nobody came to it in between; the caller
 * has just walked there once.
 */
static int expire(struct superblock *superblock, uint32_t flags)
{
	if (flags & (MNT_FORCE | MNT_DETACH))
		return -EINVAL;
	if (superblock_busy(superblock))
		return -EBUSY;
	if (superblock->expiring && superblock->nentered == superblock->expire_stamp + 1)
		return 0;
	superblock->expiring = true;
	superblock->expire_stamp = superblock->nentered;
	return -EAGAIN;
}

/* mounting is held. */
static int remove_held(struct superblock *superblock, uint32_t flags)
{
	int error;

	if (superblock->root == fs_root && superblock->block && !(flags & ~UMOUNT_NOFOLLOW))
		return superblock_remount(superblock, superblock->flags | MS_RDONLY, NULL);
	if (!superblock->covers || superblock->root == fs_root)
		return flags & MNT_DETACH || !is_attached(superblock) ? -EINVAL : -EBUSY;
	error = flags & MNT_EXPIRE ? expire(superblock, flags) : 0;
	if (error)
		return error;
	if (!(flags & MNT_DETACH) && superblock_busy(superblock))
		return -EBUSY;
	detach_tree(superblock);
	return 0;
}

int mount_remove(struct superblock *superblock, uint32_t flags)
{
	int error;

	mounts_lock();
	error = remove_held(superblock, flags);
	mounts_unlock();
	return error;
}

/* The file system whose root is `at`, which is given back: what is left is others' use. */
static int remove_at(struct dentry *at, uint32_t flags)
{
	struct superblock *superblock = at->inode->superblock;
	bool is_root = superblock && at->parent == at && superblock->root == at;
	int error;

	mounts_lock();
	dentry_put(at);
	error = is_root ? remove_held(superblock, flags) : -EINVAL;
	mounts_unlock();
	return error;
}

int32_t sys_umount2(const char __user *target, uint32_t flags)
{
	struct dentry *at;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	if (!cred_can(CAP_SYS_ADMIN))
		return -EPERM;
	at = user_path_lookup(AT_FDCWD, target, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
	return IS_ERR(at) ? PTR_ERR(at) : remove_at(at, flags);
}

int32_t sys_umount(const char __user *target)
{
	return sys_umount2(target, 0);
}
