/*
 * Mounted file systems: what kinds there are, where each is, and mount(2) and umount(2).
 *
 * A superblock is mounted in exactly one place and covers the dentry there; the first has no such
 * place and is the top of the tree. Unmounting asks whether somebody uses it: each of its linked
 * dentries must have no references but those of its children and its own pin. A file system
 * detached lazily, with all that is mounted on it, is kept in a list of its own until that is so;
 * nothing more is mounted on it.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>
#include <format.h>
#include <kheap.h>
#include <string.h>
#include <uaccess.h>

struct dentry *fs_root;
struct list filesystems = LIST_INIT(filesystems);
struct list superblocks = LIST_INIT(superblocks);
static struct list detached = LIST_INIT(detached);

#define FLAGS_KEPT \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS | MS_NOATIME | \
	 MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)

dev_t anonymous_device(void)
{
	static uint32_t last;

	last++;
	return (last & 0xff) | ((last & ~0xffu) << 12);
}

dev_t pipe_device(void)
{
	static dev_t device;

	if (!device)
		device = anonymous_device();
	return device;
}

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

int superblock_writable(const struct superblock *superblock)
{
	return superblock->flags & MS_RDONLY ? -EROFS : 0;
}

/* A file system made ready, mounted nowhere; ERR_PTR. */
static struct superblock *superblock_create(const struct filesystem *type, const char *source,
					    uint32_t flags, const char *options)
{
	struct superblock *superblock = kzalloc(sizeof(*superblock));
	int error = -ENOMEM;

	if (!superblock)
		return ERR_PTR(-ENOMEM);
	superblock->type = type;
	superblock->device = anonymous_device();
	superblock->flags = flags & FLAGS_KEPT & ~MS_RDONLY;
	superblock->source = kstrdup(source);
	if (superblock->source)
		error = type->mount(superblock, options);
	if (error) {
		kfree(superblock->source);
		kfree(superblock);
		return ERR_PTR(error);
	}
	superblock->flags |= flags & MS_RDONLY;
	return superblock;
}

static void superblock_free(struct superblock *superblock)
{
	dentry_drop_tree(superblock->root);
	assert(superblock->root->refs == 1);
	dentry_put(superblock->root);
	assert(superblock->ninodes == 0);
	if (superblock->ops->release)
		superblock->ops->release(superblock);
	list_remove(&superblock->link);
	kfree(superblock->source);
	kfree(superblock);
}

/* The next dentry of a subtree in an order that visits parents first, NULL after the last. */
static struct dentry *next_in_tree(struct dentry *dentry, const struct dentry *top)
{
	if (dentry->nchildren)
		return dentry_child_from(dentry, 0);
	while (dentry != top) {
		struct dentry *sibling = dentry_child_from(dentry->parent, dentry->order + 1);

		if (sibling)
			return sibling;
		dentry = dentry->parent;
	}
	return NULL;
}

/* Does anybody use it, beyond being mounted? */
static bool superblock_busy(const struct superblock *superblock)
{
	for (struct dentry *at = superblock->root; at; at = next_in_tree(at, superblock->root)) {
		bool held = at == superblock->root || (at->flags & DENTRY_PINNED);

		if (at->mounted || at->refs != at->nchildren + (held ? 1 : 0))
			return true;
	}
	return false;
}

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

void mount_reap_detached(void)
{
	struct superblock *at, *after;

	list_for_each_safe(at, after, &detached, link)
		if (!superblock_busy(at))
			superblock_free(at);
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
	struct superblock *superblock = superblock_create(type, type->name, 0, options);

	if (!IS_ERR(superblock))
		list_init(&superblock->link);
	return superblock;
}

int mount_root(struct filesystem *type)
{
	struct superblock *superblock = superblock_create(type, type->name, 0, "");

	if (IS_ERR(superblock))
		return PTR_ERR(superblock);
	assert(!fs_root);
	fs_root = superblock->root;
	list_add_tail(&superblocks, &superblock->link);
	return 0;
}

int mount_at(const char *type_name, const char *source, struct dentry *at, uint32_t flags,
	     const char *options)
{
	struct filesystem *type = find_type(type_name);
	struct superblock *superblock;

	if (!type)
		return -ENODEV;
	if (!S_ISDIR(at->inode->mode))
		return -ENOTDIR;
	if (at->flags & DENTRY_REMOVED)
		return -ENOENT;
	if (at->inode->flags & INODE_VOLATILE || !is_attached(at->inode->superblock))
		return -EINVAL;
	at = topmost(at);
	if (type->single && at->parent == at && at->inode->superblock->type == type)
		return -EBUSY;
	superblock = superblock_create(type, source, flags, options);
	if (IS_ERR(superblock))
		return PTR_ERR(superblock);
	list_init(&superblock->link);
	attach(superblock, at);
	return 0;
}

/* ---- what /proc/mounts and statfs say ---- */

void superblock_options(const struct superblock *superblock, char *to, size_t size)
{
	static const struct {
		uint32_t flag;
		const char *text;
	} words[] = {
		{ MS_SYNCHRONOUS, ",sync" }, { MS_NOSUID, ",nosuid" },
		{ MS_NODEV, ",nodev" },	     { MS_NOEXEC, ",noexec" },
		{ MS_NOATIME, ",noatime" },  { MS_NODIRATIME, ",nodiratime" },
	};
	size_t used = strlcpy(to, superblock->flags & MS_RDONLY ? "ro" : "rw", size);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (superblock->flags & words[i].flag)
			used += strlcpy(to + used, words[i].text, size - used);
	if (!(superblock->flags & (MS_NOATIME | MS_STRICTATIME)))
		strlcpy(to + used, ",relatime", size - used);
}

void superblock_statfs(struct superblock *superblock, struct statfs64 *to)
{
	*to = (struct statfs64){
		.type = superblock->type->magic,
		.bsize = PAGE_SIZE,
		.frsize = PAGE_SIZE,
		.namelen = NAME_MAX,
		.flags = ST_VALID | (superblock->flags & 15),
		.fsid = { superblock->device },
	};
	if (!(superblock->flags & (MS_NOATIME | MS_STRICTATIME)))
		to->flags |= ST_RELATIME;
	if (superblock->flags & MS_NOATIME)
		to->flags |= MS_NOATIME;
	if (superblock->ops->statfs)
		superblock->ops->statfs(superblock, to);
}

/* ---- system calls ---- */

static int remount(struct dentry *at, uint32_t flags, const char *options)
{
	struct superblock *superblock = at->inode->superblock;
	int error = 0;

	if (at->parent != at || !superblock)
		return -EINVAL;
	if (superblock->ops->remount && !(flags & MS_BIND))
		error = superblock->ops->remount(superblock, options);
	if (!error)
		superblock->flags = flags & FLAGS_KEPT;
	return error;
}

static int move_mount(struct dentry *from, struct dentry *to)
{
	struct superblock *superblock = from->inode->superblock;

	if (from->parent != from || !superblock || !superblock->covers)
		return -EINVAL;
	if (!is_attached(to->inode->superblock))
		return -EINVAL;
	to = topmost(to);
	if (S_ISDIR(from->inode->mode) != S_ISDIR(to->inode->mode))
		return -ENOTDIR;
	if (dentry_is_below(to, from))
		return -ELOOP;
	detach(superblock);
	attach(superblock, to);
	return 0;
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

	if (flags & MS_REMOUNT)
		return remount(at, flags, texts->options);
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
	error = move_mount(from, at);
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
		mount_reap_detached();
		error = cred_can(CAP_SYS_ADMIN) ? do_mount(&texts, at, flags) : -EPERM;
		dentry_put(at);
	}
	free_texts(&texts);
	return error;
}

int mount_remove(struct superblock *superblock, uint32_t flags)
{
	if (!superblock->covers)
		return flags & MNT_DETACH || !is_attached(superblock) ? -EINVAL : -EBUSY;
	if (flags & MNT_EXPIRE)
		return -EINVAL;
	if (!(flags & MNT_DETACH) && superblock_busy(superblock))
		return -EBUSY;
	detach_tree(superblock);
	mount_reap_detached();
	return 0;
}

int32_t sys_umount2(const char __user *target, uint32_t flags)
{
	struct superblock *superblock;
	struct dentry *at;
	bool is_root;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	if (!cred_can(CAP_SYS_ADMIN))
		return -EPERM;
	at = user_path_lookup(AT_FDCWD, target, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
	if (IS_ERR(at))
		return PTR_ERR(at);
	superblock = at->inode->superblock;
	is_root = superblock && at->parent == at && superblock->root == at;
	dentry_put(at);
	if (!is_root)
		return -EINVAL;
	/* The reference that the walk held is given back: what is left is others' use. */
	return mount_remove(superblock, flags);
}

int32_t sys_umount(const char __user *target)
{
	return sys_umount2(target, 0);
}
