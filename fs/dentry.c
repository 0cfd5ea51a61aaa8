/*
 * Dentries: the tree of names.
 *
 * A directory keeps its children in a balanced tree by name, for walks; pinned ones also by order,
 * the age of the name, for getdents, whose position then survives that names come and go between two
 * calls. Neither a lookup nor going on from a position grows with the size of the directory by more
 * than a logarithm.
 *
 * References: whoever uses a dentry holds one; each child holds one to its parent, whether linked
 * or not, so that the way up never breaks; a pinned dentry holds one to itself while it is linked.
 * A linked one without references is an unused one that is kept (dentry_cache.c).
 */
#include "dentry_cache.h"

#include <assert.h>
#include <kheap.h>
#include <string.h>

#define ORDER_FIRST 2u	       /* 0 and 1 are "." and ".." */
#define ORDER_LAST 0x7ffffffeu /* d_off of getdents is a signed 32-bit number */

uint32_t name_hash(const char *text, size_t size)
{
	uint32_t hash = NAME_HASH_FIRST;

	for (size_t i = 0; i < size; i++)
		hash = name_hash_step(hash, (uint8_t)text[i]);
	return hash;
}

struct name name_of(const char *text)
{
	size_t size = strlen(text);

	return (struct name){ .text = text, .size = size, .hash = name_hash(text, size) };
}

/* The order of the tree by name; not the alphabet's. */
static int compare(const struct name *name, const struct dentry *dentry)
{
	if (name->hash != dentry->hash)
		return name->hash < dentry->hash ? -1 : 1;
	if (name->size != dentry->name_size)
		return name->size < dentry->name_size ? -1 : 1;
	return memcmp(name->text, dentry->name, name->size);
}

static struct name own_name(const struct dentry *dentry)
{
	return (struct name){ dentry->name, dentry->name_size, dentry->hash };
}

/* Room for a name: the dentry's own where it fits. NULL when memory is out. */
static char *name_room(struct dentry *dentry, size_t size)
{
	return size < DENTRY_SHORT ? dentry->short_name : kalloc(size + 1);
}

static void set_name(struct dentry *dentry, char *room, const struct name *name)
{
	memmove(room, name->text, name->size);
	room[name->size] = '\0';
	dentry->name = room;
	dentry->name_size = name->size;
	dentry->hash = name->hash;
}

static void free_name(struct dentry *dentry)
{
	if (dentry->name != dentry->short_name)
		kfree(dentry->name);
}

struct dentry *dentry_create(struct dentry *parent, const struct name *name, struct inode *inode)
{
	struct dentry *dentry = kzalloc(sizeof(*dentry));
	char *room = dentry ? name_room(dentry, name->size) : NULL;

	assert(name->size <= NAME_MAX);
	if (!room) {
		kfree(dentry);
		return NULL;
	}
	dentry->refs = 1;
	dentry->inode = inode;
	dentry->next_order = ORDER_FIRST;
	set_name(dentry, room, name);
	dentry->parent = parent ? parent : dentry;
	if (parent)
		dentry_get(parent);
	dentry_count++;
	return dentry;
}

static void take_out(struct dentry *dentry)
{
	struct dentry *parent = dentry->parent;

	assert(dentry->flags & DENTRY_LINKED);
	tree_remove(&parent->names, &dentry->by_name);
	if (dentry->flags & DENTRY_PINNED)
		tree_remove(&parent->entries, &dentry->by_order);
	if (dentry->inode && dentry->inode->directory == dentry)
		dentry->inode->directory = NULL;
	parent->nchildren--;
	dentry->flags &= ~DENTRY_LINKED;
}

void dentry_release(struct dentry *dentry)
{
	struct dentry *parent;

	/* A parent may go with its last child, and so on upwards. */
	do {
		parent = dentry->parent;
		assert(dentry->refs == 0 && !dentry->mounted);
		if (dentry->flags & DENTRY_LINKED) {
			dentry_keep_unused(dentry);
			return;
		}
		assert(dentry->nchildren == 0);
		if (dentry->inode)
			inode_put(dentry->inode);
		free_name(dentry);
		kfree(dentry);
		dentry_count--;
		if (parent == dentry)
			return;
		dentry = parent;
		assert(dentry->refs > 0);
	} while (--dentry->refs == 0);
}

void dentry_drop_unused(struct dentry *dentry)
{
	assert(dentry->refs == 0 && dentry->nchildren == 0);
	dentry_forget_unused(dentry);
	take_out(dentry);
	dentry_release(dentry);
}

struct dentry *dentry_find_any(struct dentry *parent, const struct name *name)
{
	struct tree_node *node = parent->names.root;

	while (node) {
		struct dentry *dentry = tree_entry(node, struct dentry, by_name);
		int order = compare(name, dentry);

		if (order == 0)
			return dentry;
		node = node->child[order > 0];
	}
	return NULL;
}

struct dentry *dentry_find(struct dentry *parent, const struct name *name)
{
	struct dentry *dentry = dentry_find_any(parent, name);

	return dentry && dentry->inode ? dentry : NULL;
}

static void put_in_by_name(struct dentry *parent, struct dentry *dentry)
{
	struct name name = own_name(dentry);
	struct tree_node *above = NULL, *node = parent->names.root;
	int side = 0;

	while (node) {
		int order = compare(&name, tree_entry(node, struct dentry, by_name));

		assert(order != 0);
		above = node;
		side = order > 0;
		node = node->child[side];
	}
	tree_insert(&parent->names, &dentry->by_name, above, side);
}

/* order is larger than that of all others, or of one that has just left (dentry_exchange). */
static void put_in_by_order(struct dentry *parent, struct dentry *dentry, uint32_t order)
{
	struct tree_node *above = NULL, *node = parent->entries.root;
	int side = 0;

	while (node) {
		above = node;
		side = order > tree_entry(node, struct dentry, by_order)->order;
		node = node->child[side];
	}
	dentry->order = order;
	tree_insert(&parent->entries, &dentry->by_order, above, side);
}

static void put_in(struct dentry *dentry, uint32_t order)
{
	struct dentry *parent = dentry->parent;

	put_in_by_name(parent, dentry);
	if (dentry->flags & DENTRY_PINNED)
		put_in_by_order(parent, dentry, order);
	parent->nchildren++;
	dentry->flags |= DENTRY_LINKED;
	dentry->flags &= ~DENTRY_REMOVED;
}

static bool pins(const struct dentry *parent)
{
	return parent->inode->superblock->type->pins_dentries;
}

/* The order of the next child; only pinned ones have any. */
static uint32_t take_order(struct dentry *parent)
{
	return pins(parent) ? parent->next_order++ : 0;
}

int dentry_link(struct dentry *dentry)
{
	struct dentry *parent = dentry->parent;

	assert(parent != dentry && !(dentry->flags & DENTRY_LINKED) && dentry->inode);
	if (parent->next_order > ORDER_LAST)
		return -ENOSPC;
	if (pins(parent)) {
		dentry->flags |= DENTRY_PINNED;
		dentry_get(dentry);
	} else if (S_ISDIR(dentry->inode->mode)) {
		dentry->inode->directory = dentry;
	}
	put_in(dentry, take_order(parent));
	return 0;
}

struct dentry *dentry_prepare(struct dentry *parent, const struct name *name)
{
	struct dentry *dentry;

	if (parent->next_order > ORDER_LAST)
		return ERR_PTR(-ENOSPC);
	dentry = dentry_create(parent, name, NULL);
	return dentry ? dentry : ERR_PTR(-ENOMEM);
}

/* A negative dentry that has the name gives way. */
static void clear_name(struct dentry *parent, const struct name *name)
{
	struct dentry *there = dentry_find_any(parent, name);

	assert(!there || !there->inode);
	if (there)
		dentry_drop_unused(there);
}

void dentry_complete(struct dentry *dentry, struct inode *inode)
{
	struct name name = own_name(dentry);
	int error = 0;

	assert(!dentry->inode);
	clear_name(dentry->parent, &name);
	dentry->inode = inode;
	if (inode)
		error = dentry_link(dentry);
	else
		put_in(dentry, 0);
	assert(error == 0);
}

void dentry_unlink(struct dentry *dentry)
{
	bool pinned = dentry->flags & DENTRY_PINNED;

	take_out(dentry);
	dentry->flags &= ~DENTRY_PINNED;
	dentry->flags |= DENTRY_REMOVED;
	if (pinned)
		dentry_put(dentry);
	else
		dentry_drop_below(dentry);
}

static void change_parent(struct dentry *dentry, struct dentry *parent)
{
	struct dentry *old = dentry->parent;

	dentry_get(parent);
	dentry->parent = parent;
	dentry_put(old);
}

int dentry_prepare_move(struct dentry *dentry, const struct dentry *parent, const struct name *name,
			char **room)
{
	if (parent->next_order > ORDER_LAST)
		return -ENOSPC;
	*room = name_room(dentry, name->size);
	return *room ? 0 : -ENOMEM;
}

void dentry_cancel_move(struct dentry *dentry, char *room)
{
	if (room != dentry->short_name)
		kfree(room);
}

void dentry_move(struct dentry *dentry, struct dentry *parent, const struct name *name, char *room)
{
	struct dentry *directory = dentry->inode->directory;

	assert(parent->next_order <= ORDER_LAST);
	clear_name(parent, name);
	take_out(dentry);
	free_name(dentry);
	set_name(dentry, room, name);
	change_parent(dentry, parent);
	put_in(dentry, take_order(parent));
	dentry->inode->directory = directory;
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	/*
	 * Children know their parent, so places and names change hands, not what the dentries hold.
	 */
	struct dentry *parent_a = a->parent, *parent_b = b->parent;
	struct dentry *directory_a = a->inode->directory, *directory_b = b->inode->directory;
	uint32_t order_a = a->order, order_b = b->order;
	char name_a[NAME_MAX + 1], *heap_a = a->name != a->short_name ? a->name : NULL;
	struct name of_a = own_name(a), of_b = own_name(b);

	assert(a != b);
	take_out(a);
	take_out(b);
	memcpy(name_a, a->name, of_a.size + 1);
	of_a.text = name_a;
	set_name(a, b->name != b->short_name ? b->name : a->short_name, &of_b);
	set_name(b, heap_a ? heap_a : b->short_name, &of_a);
	dentry_get(parent_a);
	change_parent(a, parent_b);
	change_parent(b, parent_a);
	dentry_put(parent_a);
	put_in(a, order_b);
	put_in(b, order_a);
	a->inode->directory = directory_a;
	b->inode->directory = directory_b;
}

struct dentry *dentry_child_from(const struct dentry *parent, uint32_t order)
{
	struct tree_node *node = parent->entries.root;
	struct dentry *found = NULL;

	while (node) {
		struct dentry *dentry = tree_entry(node, struct dentry, by_order);

		if (dentry->order >= order)
			found = dentry;
		node = node->child[dentry->order < order];
	}
	return found;
}

bool dentry_has_pinned_children(const struct dentry *dentry)
{
	return dentry->nchildren && pins(dentry);
}

struct dentry *dentry_above(const struct dentry *dentry)
{
	while (dentry->parent == dentry) {
		const struct superblock *superblock = dentry->inode->superblock;

		if (!superblock || !superblock->covers)
			break;
		dentry = superblock->covers;
	}
	return dentry->parent;
}

bool dentry_is_below(const struct dentry *dentry, const struct dentry *top)
{
	while (dentry != top) {
		const struct dentry *above = dentry_above(dentry);

		if (above == dentry)
			return false;
		dentry = above;
	}
	return true;
}

/* Puts text in front of at; NULL when it does not fit or did not before. */
static char *prepend(const char *start, char *at, const char *text, size_t size)
{
	if (!at || (size_t)(at - start) < size)
		return NULL;
	return memcpy(at - size, text, size);
}

char *dentry_path(const struct dentry *dentry, const struct dentry *root, char *buffer, size_t size)
{
	static const char deleted[] = " (deleted)";
	char *at = buffer + size - 1, *end;

	assert(size > 1);
	*at = '\0';
	if (dentry->flags & DENTRY_REMOVED)
		at = prepend(buffer, at, deleted, sizeof(deleted) - 1);
	end = at;
	while (dentry != root) {
		const struct superblock *superblock = dentry->inode->superblock;

		if (dentry->parent != dentry) {
			at = prepend(buffer, at, dentry->name, dentry->name_size);
			at = prepend(buffer, at, "/", 1);
			dentry = dentry->parent;
		} else if (superblock && superblock->covers) {
			dentry = superblock->covers;
		} else {
			break;
		}
	}
	if (at == end)
		at = prepend(buffer, at, "/", 1);
	return at ? at : ERR_PTR(-ENAMETOOLONG);
}
