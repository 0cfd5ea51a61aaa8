/*
 * Walking paths.
 *
 * A walk stands on a dentry and has the rest of a string to go. A symbolic link puts the link's
 * text in front of the rest: what was left is kept on a small stack of (inode that owns the text,
 * position in it), so no path is ever copied or limited in length by being spliced. Forty links in
 * all, as Linux: then -ELOOP.
 *
 * A walk ends either at the end of the path (path_lookup), or at the parent of the last component
 * (path_parent), from where whoever creates, removes or renames goes on; open(O_CREAT) follows a
 * link there and walks on (walk_follow_last).
 *
 * Names that are cached are walked along without any lock, since nothing sleeps meanwhile. Where the
 * file system must be asked its `names` is taken, and the cache looked at again first. Over such a
 * sleep the walk keeps references to the dentries where it stands and whose texts it is reading, so
 * that no file system it is in is unmounted under it.
 *
 * Order of errors, as Linux has it, for each component: the place is no directory (-ENOTDIR), it
 * may not be searched (-EACCES), the name is too long (-ENAMETOOLONG), there is no such name
 * (-ENOENT).
 */
#include <vfs.h>

#include <assert.h>
#include <log.h>

/* ---- single steps ---- */

struct dentry *mount_follow(struct dentry *dentry)
{
	while (dentry->mounted) {
		struct dentry *root = dentry->mounted->root;

		dentry->mounted->nentered++;
		dentry_get(root);
		dentry_put(dentry);
		dentry = root;
	}
	return dentry;
}

/* What the cache says, with a reference: ERR_PTR(-ENOENT) for a negative one; NULL: nothing. */
static inline struct dentry *cached_child(struct dentry *parent, const struct name *name)
{
	struct dentry *dentry = dentry_find_any(parent, name);

	if (!dentry)
		return NULL;
	if (!dentry->inode)
		return ERR_PTR(-ENOENT);
	dentry_grab(dentry);
	return dentry;
}

/* A directory has one name on a disk. Another one: the disk's structure is broken. */
static bool is_second_name(const struct inode *inode)
{
	static uint64_t told_at;

	if (!inode || !inode->directory)
		return false;
	if (told_at && clock_coarse_ns() < told_at + NSEC_PER_SEC)
		return true;
	told_at = clock_coarse_ns();
	log_error("fs: %s: directory %u has two names", inode->superblock->source, inode->number);
	return true;
}

/* The dentry for what the file system said, NULL: there is no such name; the inode is taken over. */
static struct dentry *remember(struct dentry *parent, const struct name *name, struct inode *inode)
{
	struct dentry *dentry = is_second_name(inode) ? ERR_PTR(-EIO)
						      : dentry_prepare(parent, name);

	if (IS_ERR(dentry)) {
		if (!inode)
			return ERR_PTR(-ENOENT);
		inode_put(inode);
		return dentry;
	}
	if (inode && (inode->flags & INODE_VOLATILE))
		dentry->inode = inode;
	else
		dentry_complete(dentry, inode);
	if (inode)
		return dentry;
	dentry_put(dentry);
	return ERR_PTR(-ENOENT);
}

struct dentry *lookup_child_held(struct dentry *parent, const struct name *name)
{
	const struct superblock *superblock = parent->inode->superblock;
	struct dentry *dentry = cached_child(parent, name);
	struct inode *inode;
	unsigned tries = 0;

	assert(names_held(parent));
	if (dentry)
		return dentry;
	/* What is removed is empty, whatever its blocks say by now. */
	if (!parent->inode->ops->lookup || (parent->flags & DENTRY_REMOVED))
		return ERR_PTR(-ENOENT);
	do {
		inode = parent->inode->ops->lookup(parent->inode, name);
	} while (names_try_again(superblock, PTR_ERR(inode), &tries));
	if (PTR_ERR(inode) == -ENOENT && superblock->type->keeps_names)
		inode = NULL;
	return IS_ERR(inode) ? (void *)inode : remember(parent, name, inode);
}

struct dentry *lookup_child(struct dentry *parent, const struct name *name)
{
	struct dentry *dentry = cached_child(parent, name);

	if (likely(dentry))
		return dentry;
	if (!parent->inode->ops->lookup)
		return ERR_PTR(-ENOENT);
	names_lock(parent);
	dentry = lookup_child_held(parent, name);
	names_unlock(parent);
	return dentry;
}

static struct dentry *step_up(struct dentry *at)
{
	struct dentry *above = at == current_root() ? at : dentry_above(at);

	dentry_get(above);
	dentry_put(at);
	return mount_follow(above);
}

static void jump_to_root(struct walk *walk)
{
	struct dentry *root = current_root();

	dentry_get(root);
	dentry_put(walk->at);
	walk->at = root;
}

/* ---- links ---- */

/*
 * Goes on with text, which belongs to owner (a reference is taken over), and then with what is left
 * of the rest.
 */
static void push_text(struct walk *walk, const char *text, struct dentry *owner)
{
	if (*walk->rest) {
		walk->pending[walk->depth++] = walk->rest;
		assert(walk->depth <= SYMLINKS_MAX);
	} else if (walk->owners[walk->depth]) {
		dentry_put(walk->owners[walk->depth]);
	}
	walk->owners[walk->depth] = owner;
	walk->rest = text;
	if (*text == '/')
		jump_to_root(walk);
}

/* The text at this depth is used up: back to the one below. False at the bottom. */
static bool pop_text(struct walk *walk)
{
	if (walk->depth == 0)
		return false;
	if (walk->owners[walk->depth])
		dentry_put(walk->owners[walk->depth]);
	walk->depth--;
	walk->rest = walk->pending[walk->depth];
	return true;
}

int inode_target(struct inode *inode, const char **text)
{
	unsigned tries = 0;
	int error = 0;

	if (!inode->target && inode->ops->load_target) {
		do {
			error = inode->ops->load_target(inode);
		} while (names_try_again(inode->superblock, error, &tries));
	}
	*text = inode->target;
	return error ? error : inode->target && *inode->target ? 0 : -ENOENT;
}

/* The caller holds the link until this has taken its own reference. */
static int follow_link(struct walk *walk, struct dentry *link)
{
	struct inode *inode = link->inode;
	const char *text;
	int error;

	if (walk->nlinks++ >= SYMLINKS_MAX)
		return -ELOOP;
	inode_accessed(inode);
	if (inode->ops->jump) {
		struct dentry *to = inode->ops->jump(inode);

		if (IS_ERR(to))
			return PTR_ERR(to);
		dentry_put(walk->at);
		walk->at = to;
		return 0;
	}
	error = inode_target(inode, &text);
	if (error)
		return error;
	dentry_get(link);
	push_text(walk, text, link);
	return 0;
}

/* ---- the walk ---- */

static const char *skip_slashes(const char *text)
{
	while (*text == '/')
		text++;
	return text;
}

/* Is there another component to come? Slashes that end the path are used up and noted. */
static bool more_to_come(struct walk *walk)
{
	while (true) {
		const char *next = skip_slashes(walk->rest);

		if (*next) {
			walk->rest = next;
			walk->trailing_slash = false;
			return true;
		}
		if (next != walk->rest)
			walk->trailing_slash = true;
		walk->rest = next;
		if (!pop_text(walk))
			return false;
	}
}

/* The next component, of which there is one. */
static struct name take_component(struct walk *walk)
{
	const char *start = walk->rest, *end = start;
	uint32_t hash = NAME_HASH_FIRST;
	uint8_t byte;

	for (; (byte = (uint8_t)*end) != '\0' && byte != '/'; end++)
		hash = name_hash_step(hash, byte);
	walk->rest = end;
	return (struct name){ .text = start, .size = (size_t)(end - start), .hash = hash };
}

static enum last_kind kind_of(const struct name *name)
{
	if (name->text[0] != '.' || name->size > 2)
		return LAST_NAME;
	if (name->size == 1)
		return LAST_DOT;
	return name->text[1] == '.' ? LAST_DOTDOT : LAST_NAME;
}

static int may_search(struct inode *inode)
{
	if (!S_ISDIR(inode->mode))
		return -ENOTDIR;
	return inode_permission(inode, X_OK);
}

/*
 * Moves the walk into the child that it just looked up; a link is followed if `follow`. Takes the
 * reference over.
 */
static int enter(struct walk *walk, struct dentry *child, bool follow)
{
	int error;

	child = mount_follow(child);
	if (!S_ISLNK(child->inode->mode) || !follow) {
		dentry_put(walk->at);
		walk->at = child;
		return 0;
	}
	if (walk->trailing_slash)
		walk->flags |= LOOKUP_DIRECTORY;
	error = follow_link(walk, child);
	dentry_put(child);
	return error;
}

static int enter_name(struct walk *walk, const struct name *name, bool follow)
{
	struct dentry *child;

	if (name->size > NAME_MAX)
		return -ENAMETOOLONG;
	child = lookup_child(walk->at, name);
	if (IS_ERR(child))
		return PTR_ERR(child);
	return enter(walk, child, follow);
}

/* One component of a path that has more of them, or whose end is wanted too. */
static int walk_component(struct walk *walk, const struct name *name, bool more)
{
	switch (kind_of(name)) {
	case LAST_DOTDOT:
		walk->at = step_up(walk->at);
		return 0;
	case LAST_NAME:
		return enter_name(walk, name,
				  more || walk->trailing_slash || (walk->flags & LOOKUP_FOLLOW));
	default:
		return 0;
	}
}

/* The owner of the text that walk->last is part of; a reference moves. */
static void set_last_owner(struct walk *walk, struct dentry *owner)
{
	if (walk->last_owner)
		dentry_put(walk->last_owner);
	walk->last_owner = owner;
}

/*
 * Goes on until the path is used up, or, with to_parent, until its last component is in walk->kind
 * and walk->last.
 */
static int walk_on(struct walk *walk, bool to_parent)
{
	bool more = more_to_come(walk);

	walk->kind = LAST_ROOT;
	while (more) {
		int error = may_search(walk->at->inode);
		struct dentry *owner = walk->owners[walk->depth];
		unsigned nlinks = walk->nlinks;
		struct name name;

		if (error)
			return error;
		/* The look ahead may leave the text that the name is part of. */
		if (owner)
			dentry_get(owner);
		set_last_owner(walk, owner);
		name = take_component(walk);
		more = more_to_come(walk);
		if (!more && to_parent) {
			walk->kind = kind_of(&name);
			walk->last = name;
			return 0;
		}
		error = walk_component(walk, &name, more);
		if (error)
			return error;
		/* A link's text comes before what the look ahead saw. */
		if (walk->nlinks != nlinks)
			more = more_to_come(walk);
	}
	return 0;
}

/* ---- from a starting point ---- */

/* Where a relative path begins, with a reference. */
static struct dentry *starting_point(int dirfd, bool any_type)
{
	struct dentry *dentry;
	struct file *file;

	if (dirfd == AT_FDCWD) {
		dentry = current_cwd();
		dentry_get(dentry);
		return dentry;
	}
	file = file_from_fd_any(dirfd);
	if (IS_ERR(file))
		return (void *)file;
	if (any_type || S_ISDIR(file->inode->mode))
		dentry = file_dentry(file);
	else
		dentry = ERR_PTR(-ENOTDIR);
	file_put(file);
	return dentry;
}

static int walk_begin(struct walk *walk, int dirfd, const char *path, unsigned flags)
{
	struct dentry *at;

	if (!*path && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	if (*path == '/') {
		at = current_root();
		dentry_get(at);
	} else {
		at = starting_point(dirfd, !*path);
		if (IS_ERR(at))
			return PTR_ERR(at);
	}
	walk->at = at;
	walk->rest = path;
	walk->flags = flags;
	walk->depth = walk->nlinks = 0;
	walk->trailing_slash = false;
	walk->owners[0] = walk->last_owner = NULL;
	return 0;
}

void walk_end(struct walk *walk)
{
	set_last_owner(walk, NULL);
	while (pop_text(walk))
		;
	if (walk->owners[0])
		dentry_put(walk->owners[0]);
	dentry_put(walk->at);
}

struct dentry *path_lookup(int dirfd, const char *path, unsigned flags)
{
	struct walk walk;
	struct dentry *found;
	int error = walk_begin(&walk, dirfd, path, flags);

	if (error)
		return ERR_PTR(error);
	error = walk_on(&walk, false);
	if (!error && (walk.trailing_slash || (walk.flags & LOOKUP_DIRECTORY)) &&
	    !S_ISDIR(walk.at->inode->mode))
		error = -ENOTDIR;
	found = error ? ERR_PTR(error) : walk.at;
	if (!error)
		dentry_get(found);
	walk_end(&walk);
	return found;
}

int path_parent(struct walk *walk, int dirfd, const char *path)
{
	int error = walk_begin(walk, dirfd, path, 0);

	if (error)
		return error;
	error = walk_on(walk, true);
	if (error)
		walk_end(walk);
	return error;
}

struct dentry *walk_last(struct walk *walk, bool held)
{
	assert(walk->kind == LAST_NAME);
	if (walk->last.size > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	return held ? lookup_child_held(walk->at, &walk->last)
		    : lookup_child(walk->at, &walk->last);
}

int walk_follow_last(struct walk *walk, struct dentry *link)
{
	int error = follow_link(walk, link);

	return error ? error : walk_on(walk, true);
}

struct dentry *user_path_lookup(int dirfd, const char __user *path, unsigned flags)
{
	char *text = flags & LOOKUP_EMPTY ? path_from_user_or_empty(path) : path_from_user(path);
	struct dentry *found;

	if (IS_ERR(text))
		return (void *)text;
	found = path_lookup(dirfd, text, flags);
	path_buffer_put(text);
	return found;
}
