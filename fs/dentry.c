/*
 * Dentries: the tree of names.
 *
 * A directory keeps its children in two balanced trees: by name, for walks, and by order, the age
 * of the name, for getdents, whose position then survives that names come and go between two calls.
 * Neither a lookup nor going on from a position grows with the size of the directory by more than a
 * logarithm.
 *
 * References: whoever uses a dentry holds one; each child holds one to its parent, whether linked
 * or not, so that the way up never breaks; a pinned dentry holds one to itself while it is linked.
 */
#include <vfs.h>

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
	return dentry;
}

static void take_out(struct dentry *dentry)
{
	struct dentry *parent = dentry->parent;

	assert(dentry->flags & DENTRY_LINKED);
	tree_remove(&parent->names, &dentry->by_name);
	tree_remove(&parent->entries, &dentry->by_order);
	parent->nchildren--;
	dentry->flags &= ~DENTRY_LINKED;
}

void dentry_release(struct dentry *dentry)
{
	struct dentry *parent;

	/* A parent may go with its last child, and so on upwards. */
	do {
		parent = dentry->parent;
		assert(dentry->refs == 0 && dentry->nchildren == 0 && !dentry->mounted);
		if (dentry->flags & DENTRY_LINKED)
			take_out(dentry);
		inode_put(dentry->inode);
		free_name(dentry);
		kfree(dentry);
		if (parent == dentry)
			return;
		dentry = parent;
		assert(dentry->refs > 0);
	} while (--dentry->refs == 0);
}

struct dentry *dentry_find(struct dentry *parent, const struct name *name)
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
	put_in_by_order(parent, dentry, order);
	parent->nchildren++;
	dentry->flags |= DENTRY_LINKED;
	dentry->flags &= ~DENTRY_REMOVED;
}

int dentry_link(struct dentry *dentry)
{
	struct dentry *parent = dentry->parent;
	const struct superblock *superblock = parent->inode->superblock;

	assert(parent != dentry && !(dentry->flags & DENTRY_LINKED));
	if (parent->next_order > ORDER_LAST)
		return -ENOSPC;
	put_in(dentry, parent->next_order++);
	if (superblock->type->pins_dentries) {
		dentry->flags |= DENTRY_PINNED;
		dentry_get(dentry);
	}
	return 0;
}

void dentry_unlink(struct dentry *dentry)
{
	bool pinned = dentry->flags & DENTRY_PINNED;

	take_out(dentry);
	dentry->flags &= ~DENTRY_PINNED;
	dentry->flags |= DENTRY_REMOVED;
	if (pinned)
		dentry_put(dentry);
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
	assert(!dentry_find(parent, name) && parent->next_order <= ORDER_LAST);
	take_out(dentry);
	free_name(dentry);
	set_name(dentry, room, name);
	change_parent(dentry, parent);
	put_in(dentry, parent->next_order++);
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	/*
	 * Children know their parent, so places and names change hands, not what the dentries hold.
	 */
	struct dentry *parent_a = a->parent, *parent_b = b->parent;
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

/* The deepest first descendant: one without children. */
static struct dentry *leaf_of(struct dentry *dentry)
{
	while (dentry->nchildren)
		dentry = dentry_child_from(dentry, 0);
	return dentry;
}

void dentry_drop_tree(struct dentry *root)
{
	while (root->nchildren) {
		struct dentry *leaf = leaf_of(root);

		assert(leaf->refs == 1 && (leaf->flags & DENTRY_PINNED));
		dentry_unlink(leaf);
	}
}
