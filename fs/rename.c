/*
 * rename(2) in all its cases.
 *
 * Both walks end at parents. Then, with `names` of their file system held, the two names are looked
 * up and every rule is checked in Linux's order before anything is changed. A directory must not
 * become part of itself: neither may the source be above the target's parent (-EINVAL), nor the
 * target above the source's (-ENOTEMPTY).
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>

struct renaming {
	struct walk from, to;
	struct dentry *source; /* a reference */
	struct dentry *target; /* what has the new name, a reference; NULL: it is free */
	bool exchange, keep;
};

/* Both walks done, may it be between these two places at all? */
static int check_places(const struct renaming *renaming)
{
	const struct superblock *superblock = renaming->from.at->inode->superblock;

	if (superblock != renaming->to.at->inode->superblock)
		return -EXDEV;
	if (renaming->from.kind != LAST_NAME)
		return -EBUSY;
	if (renaming->to.kind != LAST_NAME)
		return renaming->keep ? -EEXIST : -EBUSY;
	return superblock_writable(superblock);
}

static int find_both(struct renaming *renaming)
{
	struct dentry *found = walk_last(&renaming->from, true);

	if (IS_ERR(found))
		return PTR_ERR(found);
	renaming->source = found;
	found = walk_last(&renaming->to, true);
	if (IS_ERR(found))
		return PTR_ERR(found) == -ENOENT && !renaming->exchange ? 0 : PTR_ERR(found);
	renaming->target = found;
	return renaming->keep ? -EEXIST : 0;
}

/* Trailing slashes, and directories that would become part of themselves. */
static int check_shape(const struct renaming *renaming)
{
	const struct dentry *source = renaming->source, *target = renaming->target;
	bool from_directory = S_ISDIR(source->inode->mode);

	if (renaming->exchange && renaming->to.trailing_slash && !S_ISDIR(target->inode->mode))
		return -ENOTDIR;
	if (!from_directory &&
	    (renaming->from.trailing_slash || (!renaming->exchange && renaming->to.trailing_slash)))
		return -ENOTDIR;
	if (dentry_is_below(renaming->to.at, source))
		return -EINVAL;
	if (target && dentry_is_below(renaming->from.at, target))
		return renaming->exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int check_target_rights(const struct renaming *renaming, bool from_directory)
{
	struct dentry *target = renaming->target, *parent = renaming->to.at;

	if (!target) {
		if (parent->flags & DENTRY_REMOVED)
			return -ENOENT;
		return inode_permission(parent->inode, W_OK | X_OK);
	}
	return may_remove(parent, target,
			  renaming->exchange ? S_ISDIR(target->inode->mode) : from_directory);
}

/* A directory that gets another parent has its ".." written. */
static int check_moved(const struct renaming *renaming, struct dentry *moved)
{
	if (renaming->from.at == renaming->to.at || !moved || !S_ISDIR(moved->inode->mode))
		return 0;
	return inode_permission(moved->inode, W_OK);
}

static int check_rights(const struct renaming *renaming)
{
	bool from_directory = S_ISDIR(renaming->source->inode->mode);
	int error = may_remove(renaming->from.at, renaming->source, from_directory);

	if (!error)
		error = check_target_rights(renaming, from_directory);
	if (!error && !renaming->from.at->inode->ops->rename)
		error = -EPERM;
	if (!error)
		error = check_moved(renaming, renaming->source);
	if (!error && renaming->exchange)
		error = check_moved(renaming, renaming->target);
	if (!error && renaming->target && !renaming->exchange &&
	    dentry_has_pinned_children(renaming->target))
		error = -ENOTEMPTY;
	return error;
}

static int perform(struct renaming *renaming)
{
	struct dentry *source = renaming->source, *target = renaming->target;
	struct inode *directory = renaming->from.at->inode;
	unsigned tries = 0;
	char *room = NULL;
	int error = 0;

	if (!renaming->exchange)
		error = dentry_prepare_move(source, renaming->to.at, &renaming->to.last, &room);
	if (error)
		return error;
	do {
		error = directory->ops->rename(directory, &renaming->from.last,
					       renaming->to.at->inode, &renaming->to.last,
					       source->inode, target ? target->inode : NULL,
					       renaming->exchange);
	} while (names_try_again(directory->superblock, error, &tries));
	if (renaming->exchange) {
		if (!error)
			dentry_exchange(source, target);
		return error;
	}
	if (error) {
		dentry_cancel_move(source, room);
		return error;
	}
	if (target)
		dentry_unlink(target);
	dentry_move(source, renaming->to.at, &renaming->to.last, room);
	return 0;
}

static int rename_found(struct renaming *renaming)
{
	int error;

	names_lock(renaming->from.at);
	error = find_both(renaming);
	if (!error)
		error = check_shape(renaming);
	if (!error && renaming->target && renaming->target->inode == renaming->source->inode)
		error = 0;
	else if (!error)
		error = check_rights(renaming) ?: perform(renaming);
	names_unlock(renaming->from.at);
	/* What was replaced may be freed from its disk with this. */
	if (renaming->source)
		dentry_put(renaming->source);
	if (renaming->target)
		dentry_put(renaming->target);
	return error;
}

static int rename_paths(struct renaming *renaming, int from_fd, const char *from, int to_fd,
			const char *to)
{
	int error = path_parent(&renaming->from, from_fd, from);

	if (error)
		return error;
	error = path_parent(&renaming->to, to_fd, to);
	if (!error) {
		error = check_places(renaming);
		if (!error)
			error = rename_found(renaming);
		walk_end(&renaming->to);
	}
	walk_end(&renaming->from);
	return error;
}

int path_rename(int from_fd, const char *from, int to_fd, const char *to, uint32_t flags)
{
	struct renaming renaming = {
		.exchange = flags & RENAME_EXCHANGE,
		.keep = flags & RENAME_NOREPLACE,
	};

	if ((flags & ~(RENAME_EXCHANGE | RENAME_NOREPLACE)) || (renaming.exchange && renaming.keep))
		return -EINVAL;
	return rename_paths(&renaming, from_fd, from, to_fd, to);
}

/* ---- system calls ---- */

int32_t sys_renameat2(int from_fd, const char __user *from, int to_fd, const char __user *to,
		      uint32_t flags)
{
	char *from_text, *to_text;
	int error;

	if ((flags & ~(RENAME_EXCHANGE | RENAME_NOREPLACE)) ||
	    (flags & RENAME_EXCHANGE && flags & RENAME_NOREPLACE))
		return -EINVAL;
	from_text = path_from_user(from);
	if (IS_ERR(from_text))
		return PTR_ERR(from_text);
	to_text = path_from_user(to);
	if (!IS_ERR(to_text)) {
		error = path_rename(from_fd, from_text, to_fd, to_text, flags);
		path_buffer_put(to_text);
	} else {
		error = PTR_ERR(to_text);
	}
	path_buffer_put(from_text);
	return error;
}

int32_t sys_renameat(int from_fd, const char __user *from, int to_fd, const char __user *to)
{
	return sys_renameat2(from_fd, from, to_fd, to, 0);
}

int32_t sys_rename(const char __user *from, const char __user *to)
{
	return sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}
