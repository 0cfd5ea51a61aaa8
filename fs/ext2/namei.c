/*
 * Names: making, linking, removing and moving them.
 *
 * Each is one operation (order.c), in this shape: everything that is needed is got, which may
 * sleep and fail: places in directories, the blocks of the inode table; then everything is
 * changed, which can do neither. An operation that wants a commit first says -EAGAIN before it has
 * changed anything but, perhaps, made a directory larger or a new inode's content.
 *
 * A commit that must come first for the order of names (order.c: renames in rings) is asked for in
 * the same way. Since names is held over the operation and the commit, the second try finds
 * nothing in its way.
 *
 * Link counts on a disk may be wrong. None goes below 0 here, and a name whose inode has none left
 * is taken away all the same.
 */
#include "ext2.h"

#include <assert.h>
#include <string.h>

/* An inode with its block of the table, to be stored. */
struct storing {
	struct inode *inode; /* NULL: nothing */
	struct ext2_buffer *table;
	struct ext2_inode_disk *disk;
};

static int prepare(struct storing *storing, struct inode *inode)
{
	*storing = (struct storing){ .inode = inode };
	if (!inode)
		return 0;
	storing->table = ext2_table_get(ext2_of(inode->superblock), inode->number, &storing->disk);
	if (!IS_ERR(storing->table))
		return 0;
	storing->inode = NULL;
	return PTR_ERR(storing->table);
}

static void finish(struct storing *storing, bool store)
{
	if (!storing->inode)
		return;
	if (store)
		ext2_inode_store(storing->inode, storing->table, storing->disk, true);
	ext2_buffer_put(ext2_of(storing->inode->superblock), storing->table);
}

/* Several at once: all or none. */
static int prepare_all(struct storing *storing, struct inode *const *inodes, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int error = prepare(&storing[i], inodes[i]);

		if (!error)
			continue;
		while (i > 0)
			finish(&storing[--i], false);
		return error;
	}
	return 0;
}

static void finish_all(struct storing *storing, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		finish(&storing[i], true);
}

/* ---- finding ---- */

static struct inode *ext2_lookup(struct inode *directory, const struct name *name)
{
	struct ext2_place place;
	uint32_t number;
	int error = ext2_dir_find(directory, name, &place);

	if (error)
		return ERR_PTR(error);
	number = place.entry->inode;
	ext2_dir_put(directory, &place);
	return ext2_inode_get(ext2_of(directory->superblock), number);
}

/* ---- making ---- */

/* The inode has a name from now on, perhaps its first. */
static void named(struct inode *inode)
{
	struct ext2_inode *own = ext2_inode_of(inode);

	if (inode->nlink == 0) {
		ext2_nameless_leave(own);
		own->created = own->fs->commit;
	}
	own->named = own->fs->commit;
}

static int make_content(struct inode *directory, struct inode *inode, const char *target)
{
	if (S_ISDIR(inode->mode))
		return ext2_dir_make(inode, directory);
	if (target)
		return ext2_link_make(inode, target);
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		ext2_device_encode(inode->device, ext2_inode_of(inode)->block);
	return 0;
}

/* In an operation: content, name and links of a new inode. */
static int make_named(struct inode *directory, const struct name *name, struct inode *inode,
		      const char *target)
{
	struct inode *const both[] = { inode, directory };
	struct storing storing[2];
	struct ext2_place place;
	int error = make_content(directory, inode, target);

	if (error || !name)
		return error;
	error = ext2_dir_room(directory, name, &place);
	if (error)
		return error;
	error = prepare_all(storing, both, 2);
	if (!error) {
		ext2_dir_insert(directory, name, &place, inode);
		named(inode);
		inode->nlink = S_ISDIR(inode->mode) ? 2 : 1;
		if (S_ISDIR(inode->mode))
			directory->nlink++;
		finish_all(storing, 2);
	}
	ext2_dir_put(directory, &place);
	return error;
}

static struct inode *ext2_create(struct inode *directory, const struct name *name, mode_t mode,
				 dev_t device, const char *target)
{
	struct ext2 *fs = ext2_of(directory->superblock);
	struct inode *inode;
	unsigned tries = 0;
	int error;

	if (S_ISDIR(mode) && directory->nlink >= EXT2_LINK_MAX)
		return ERR_PTR(-EMLINK);
	if (target && strlen(target) >= fs->geometry.block_size)
		return ERR_PTR(-ENAMETOOLONG);
	inode = ext2_inode_new(directory, mode);
	if (IS_ERR(inode))
		return inode;
	inode->device = S_ISCHR(mode) || S_ISBLK(mode) ? device : 0;
	do {
		ext2_begin(fs);
		error = make_named(directory, name, inode, target);
		ext2_end(fs);
	} while (ext2_again(fs, &error, &tries));
	inode_ready(inode);
	error = ext2_commit_if_synchronous(directory, error);
	if (!error)
		return inode;
	inode_put(inode);
	return ERR_PTR(error);
}

static int link_in_operation(struct inode *directory, const struct name *name, struct inode *inode)
{
	struct inode *const both[] = { inode, directory };
	struct storing storing[2];
	struct ext2_place place;
	int error = ext2_dir_room(directory, name, &place);

	if (error)
		return error;
	error = prepare_all(storing, both, 2);
	if (!error) {
		ext2_dir_insert(directory, name, &place, inode);
		named(inode);
		place.buffer->arrivals = !ext2_is_new(ext2_inode_of(inode)) ||
					 place.buffer->arrivals;
		inode->nlink++;
		inode_changed(inode);
		finish_all(storing, 2);
	}
	ext2_dir_put(directory, &place);
	return error;
}

static int ext2_link(struct inode *directory, const struct name *name, struct inode *inode)
{
	struct ext2 *fs = ext2_of(directory->superblock);
	unsigned tries = 0;
	int error;

	if (inode->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	do {
		ext2_begin(fs);
		error = link_in_operation(directory, name, inode);
		ext2_end(fs);
	} while (ext2_again(fs, &error, &tries));
	return ext2_commit_if_synchronous(directory, error);
}

/* ---- removing ---- */

/* Will the inode have no links when it has lost a name? */
static bool is_last(const struct inode *inode)
{
	return S_ISDIR(inode->mode) || inode->nlink <= 1;
}

static void lose_link(struct inode *inode)
{
	inode->nlink = is_last(inode) ? 0 : inode->nlink - 1;
	inode_changed(inode);
}

/* A directory in it has gone, or has gone elsewhere: one ".." fewer. */
static void lose_child(struct inode *directory)
{
	if (directory->nlink > 1)
		directory->nlink--;
}

/* Before an inode loses a name: room among those without. In an operation; undone by `undo`. */
static int enter_if_last(struct inode *inode)
{
	return is_last(inode) && inode->nlink ? ext2_nameless_enter(ext2_inode_of(inode)) : 0;
}

static void undo_enter(struct inode *inode)
{
	if (is_last(inode) && inode->nlink)
		ext2_nameless_leave(ext2_inode_of(inode));
}

/* The place of a name that leads to the inode: -EIO when it does not. */
static int find_own(struct inode *directory, const struct name *name, const struct inode *inode,
		    struct ext2_place *place)
{
	int error = ext2_dir_find(directory, name, place);

	if (!error && place->entry->inode != inode->number) {
		ext2_dir_put(directory, place);
		error = -ENOENT;
	}
	if (error == -ENOENT)
		error = ext2_error(ext2_of(directory->superblock),
				   "directory %u: a name of inode %u has gone", directory->number,
				   inode->number);
	return error;
}

static int unlink_in_operation(struct inode *directory, const struct name *name,
			       struct inode *inode)
{
	struct inode *const both[] = { inode, directory };
	struct storing storing[2];
	struct ext2_place place;
	int error = find_own(directory, name, inode, &place);

	if (error)
		return error;
	error = enter_if_last(inode);
	if (!error) {
		error = prepare_all(storing, both, 2);
		if (error)
			undo_enter(inode);
	}
	if (!error) {
		ext2_dir_remove(directory, &place, EXT2_NAMES);
		lose_link(inode);
		if (S_ISDIR(inode->mode))
			lose_child(directory);
		finish_all(storing, 2);
	}
	ext2_dir_put(directory, &place);
	return error;
}

/*
 * A name goes while another of the same file is not on the disk yet, and this one may be: that one
 * first.
 */
static int order_of_links(struct inode *inode)
{
	struct ext2_inode *own = ext2_inode_of(inode);

	if (is_last(inode) || ext2_is_new(own) || !ext2_has_new_name(own))
		return 0;
	return ext2_commit(own->fs);
}

static int must_be_empty(struct inode *inode)
{
	int empty = S_ISDIR(inode->mode) ? ext2_dir_is_empty(inode) : 1;

	return empty == 0 ? -ENOTEMPTY : MIN(empty, 0);
}

static int ext2_unlink(struct inode *directory, const struct name *name, struct inode *inode)
{
	struct ext2 *fs = ext2_of(directory->superblock);
	unsigned tries = 0;
	int error = must_be_empty(inode);

	if (!error)
		error = order_of_links(inode);
	if (error)
		return error;
	do {
		ext2_begin(fs);
		error = unlink_in_operation(directory, name, inode);
		ext2_end(fs);
	} while (ext2_again(fs, &error, &tries));
	return ext2_commit_if_synchronous(directory, error);
}

/* ---- moving ---- */

struct moving {
	struct inode *from, *to, *inode, *replaced; /* replaced: NULL, the name is free */
	const struct name *old_name, *new_name;
	struct ext2_place source, target, parent; /* parent: ".." of a directory that moves */
	struct storing storing[4];
};

static bool changes_parent(const struct moving *moving)
{
	return S_ISDIR(moving->inode->mode) && moving->from != moving->to;
}

/* Would the disk have to see this move both before and after another one? */
static bool goes_round(const struct moving *moving)
{
	if (moving->source.buffer == moving->target.buffer ||
	    ext2_is_new(ext2_inode_of(moving->inode)))
		return false;
	return moving->target.buffer->stage == EXT2_OLD_NAMES || moving->source.buffer->arrivals;
}

static int find_places(struct moving *moving)
{
	int error = find_own(moving->from, moving->old_name, moving->inode, &moving->source);

	if (error)
		return error;
	if (moving->replaced)
		error = find_own(moving->to, moving->new_name, moving->replaced, &moving->target);
	else
		error = ext2_dir_room(moving->to, moving->new_name, &moving->target);
	if (!error && changes_parent(moving))
		error = ext2_dir_find_parent(moving->inode, &moving->parent);
	if (!error && goes_round(moving))
		error = -EAGAIN;
	return error;
}

static int prepare_move(struct moving *moving)
{
	struct inode *const all[] = { moving->inode, moving->from,
				      moving->to != moving->from ? moving->to : NULL,
				      moving->replaced };
	int error = moving->replaced ? enter_if_last(moving->replaced) : 0;

	if (error)
		return error;
	error = prepare_all(moving->storing, all, 4);
	if (error && moving->replaced)
		undo_enter(moving->replaced);
	return error;
}

static void put_new_name(struct moving *moving)
{
	if (moving->replaced)
		ext2_dir_retarget(moving->to, &moving->target, moving->inode);
	else
		ext2_dir_insert(moving->to, moving->new_name, &moving->target, moving->inode);
	named(moving->inode);
}

static int take_old_name(struct moving *moving)
{
	bool same_block = moving->source.buffer == moving->target.buffer;
	bool in_order = !same_block && !ext2_is_new(ext2_inode_of(moving->inode));
	int error = 0;

	/* What came into its block may have moved the borders of entries. */
	if (same_block)
		error = ext2_dir_find_again(moving->from, moving->old_name, &moving->source);
	if (error || !moving->source.entry)
		return error ? error : -EIO;
	if (in_order)
		moving->target.buffer->arrivals = true;
	ext2_dir_remove(moving->from, &moving->source, in_order ? EXT2_OLD_NAMES : EXT2_NAMES);
	return 0;
}

static void count_links(struct moving *moving)
{
	if (moving->replaced)
		lose_link(moving->replaced);
	if (S_ISDIR(moving->inode->mode)) {
		if (moving->replaced || moving->from != moving->to)
			lose_child(moving->from);
		if (!moving->replaced && moving->from != moving->to)
			moving->to->nlink++;
	}
	if (moving->parent.buffer)
		ext2_dir_retarget(moving->inode, &moving->parent, moving->to);
	inode_changed(moving->inode);
}

static int move_in_operation(struct moving *moving)
{
	int error;

	moving->source.buffer = moving->target.buffer = moving->parent.buffer = NULL;
	error = find_places(moving);
	if (!error)
		error = prepare_move(moving);
	if (!error) {
		put_new_name(moving);
		error = take_old_name(moving);
		count_links(moving);
		finish_all(moving->storing, 4);
	}
	ext2_dir_put(moving->from, &moving->source);
	ext2_dir_put(moving->to, &moving->target);
	ext2_dir_put(moving->inode, &moving->parent);
	return error;
}

static int may_move(const struct moving *moving)
{
	/* Another name took the last link that the disk said it has. */
	if (moving->inode->nlink == 0)
		return ext2_error(ext2_of(moving->from->superblock),
				  "inode %u has a name and is deleted", moving->inode->number);
	if (!changes_parent(moving) || moving->replaced || moving->to->nlink < EXT2_LINK_MAX)
		return moving->replaced ? must_be_empty(moving->replaced) : 0;
	return -EMLINK;
}

/* What is on the disk goes into no directory that is not, and replaces no link's last that is. */
static int order_of_moves(const struct moving *moving)
{
	struct ext2 *fs = ext2_of(moving->from->superblock);
	int error = 0;

	if (!ext2_is_new(ext2_inode_of(moving->inode)) &&
	    ext2_has_new_name(ext2_inode_of(moving->to)))
		error = ext2_commit(fs);
	if (!error && moving->replaced)
		error = order_of_links(moving->replaced);
	return error;
}

static int ext2_rename(struct inode *from, const struct name *old_name, struct inode *to,
		       const struct name *new_name, struct inode *inode, struct inode *replaced,
		       bool exchange)
{
	struct moving moving = { .from = from,
				 .to = to,
				 .inode = inode,
				 .replaced = replaced,
				 .old_name = old_name,
				 .new_name = new_name };
	struct ext2 *fs = ext2_of(from->superblock);
	unsigned tries = 0;
	int error;

	/* As on Linux. */
	if (exchange)
		return -EINVAL;
	error = may_move(&moving);
	if (!error)
		error = order_of_moves(&moving);
	if (error)
		return error;
	do {
		ext2_begin(fs);
		error = move_in_operation(&moving);
		ext2_end(fs);
	} while (ext2_again(fs, &error, &tries));
	error = ext2_commit_if_synchronous(from, error);
	return ext2_commit_if_synchronous(to, error);
}

const struct inode_ops ext2_directory_ops = {
	.lookup = ext2_lookup,
	.create = ext2_create,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.rename = ext2_rename,
	.stat = ext2_stat,
};
