/*
 * Radix tree with 16 slots a node (a node is then 76 bytes: a page cache of a few pages stays
 * small).
 *
 * Invariants: height is at most what the largest index since the tree was last empty needed;
 * each node has at least one entry below it; `used` counts a node's non-NULL slots. A node at
 * level 0 holds entries, above that nodes one level lower. insert builds the missing nodes from
 * the top down and takes them away again when one cannot be had, so that a failure changes
 * nothing. A slot of a node above level 0 has a tag exactly when a slot of the node in it has; so
 * the entries with a tag are found without a look at the others.
 */
#include <radix.h>

#include <abi/errno.h>
#include <assert.h>
#include <kheap.h>

#define RADIX_BITS RADIX_GROUP_BITS
#define RADIX_SLOTS (1u << RADIX_BITS)
#define RADIX_LEVELS (32 / RADIX_BITS)

struct radix_node {
	struct radix_node *parent; /* NULL at the root */
	uint16_t used;
	uint16_t tags[RADIX_TAGS]; /* a bit for each slot */
	void *slots[RADIX_SLOTS];
};

static unsigned slot_at(uint32_t index, unsigned level)
{
	return (index >> (level * RADIX_BITS)) & (RADIX_SLOTS - 1);
}

/* True when a tree of this height has a place for index. */
static bool height_holds(unsigned height, uint32_t index)
{
	if (height == 0)
		return false;
	return height >= RADIX_LEVELS || index >> (height * RADIX_BITS) == 0;
}

static struct radix_node *node_make(struct radix_node *parent)
{
	struct radix_node *node = kzalloc(sizeof(*node));

	if (node)
		node->parent = parent;
	return node;
}

/* The node at level 0 that has the slot of index, or NULL. */
static struct radix_node *leaf_of(const struct radix *radix, uint32_t index)
{
	struct radix_node *node = radix->root;

	if (!height_holds(radix->height, index))
		return NULL;
	for (unsigned level = radix->height - 1; node && level > 0; level--)
		node = node->slots[slot_at(index, level)];
	return node;
}

/* What leaf_of would find, in fewer steps: every read and every fault of a file comes here. */
void *radix_lookup(const struct radix *radix, uint32_t index)
{
	const struct radix_node *node = radix->root;
	unsigned shift;

	if (!node)
		return NULL;
	shift = (radix->height - 1) * RADIX_BITS;
	if (index >> shift >= RADIX_SLOTS)
		return NULL;
	for (; shift > 0; shift -= RADIX_BITS) {
		node = node->slots[(index >> shift) & (RADIX_SLOTS - 1)];
		if (!node)
			return NULL;
	}
	return node->slots[index & (RADIX_SLOTS - 1)];
}

void *const *radix_group(const struct radix *radix, uint32_t index)
{
	const struct radix_node *node = leaf_of(radix, index);

	return node ? node->slots : NULL;
}

/*
 * Takes away the empty node at `level` and its ancestors that become empty by it; index lies
 * below all of them.
 */
static void prune(struct radix *radix, struct radix_node *node, uint32_t index, unsigned level)
{
	while (node && node->used == 0) {
		struct radix_node *parent = node->parent;

		kfree(node);
		level++;
		if (parent) {
			assert(parent->slots[slot_at(index, level)] == node);
			parent->slots[slot_at(index, level)] = NULL;
			parent->used--;
		} else {
			radix->root = NULL;
			radix->height = 0;
		}
		node = parent;
	}
}

/* Lowers the tree while its root only has what a lower tree could hold. */
static void shrink(struct radix *radix)
{
	while (radix->height > 1 && radix->root->used == 1 && radix->root->slots[0]) {
		struct radix_node *root = radix->root;

		radix->root = root->slots[0];
		radix->root->parent = NULL;
		radix->height--;
		kfree(root);
	}
}

/* Levels that a tree needs to have a place for index. */
static unsigned height_for(uint32_t index)
{
	unsigned height = 1;

	while (!height_holds(height, index))
		height++;
	return height;
}

/* Raises the tree until it has a place for index; -ENOMEM may leave it too high, for shrink. */
static int grow(struct radix *radix, uint32_t index)
{
	unsigned needed = height_for(index);

	while (!radix->root || radix->height < needed) {
		struct radix_node *root = node_make(NULL);

		if (!root)
			return -ENOMEM;
		if (radix->root) {
			root->slots[0] = radix->root;
			root->used = 1;
			for (unsigned tag = 0; tag < RADIX_TAGS; tag++)
				root->tags[tag] = radix->root->tags[tag] != 0;
			radix->root->parent = root;
			radix->height++;
		} else {
			radix->height = needed;
		}
		radix->root = root;
	}
	return 0;
}

/*
 * The child below node (which is at `level`) on the way to index, made if missing; NULL when
 * memory is out.
 */
static struct radix_node *child_make(struct radix_node *node, uint32_t index, unsigned level)
{
	void **slot = &node->slots[slot_at(index, level)];

	if (!*slot) {
		*slot = node_make(node);
		if (*slot)
			node->used++;
	}
	return *slot;
}

int radix_insert(struct radix *radix, uint32_t index, void *entry)
{
	struct radix_node *node;

	assert(entry);
	if (grow(radix, index)) {
		shrink(radix);
		return -ENOMEM;
	}
	node = radix->root;
	for (unsigned level = radix->height - 1; level > 0; level--) {
		struct radix_node *child = child_make(node, index, level);

		if (!child) {
			prune(radix, node, index, level);
			shrink(radix);
			return -ENOMEM;
		}
		node = child;
	}
	assert(!node->slots[slot_at(index, 0)]);
	node->slots[slot_at(index, 0)] = entry;
	node->used++;
	radix->count++;
	return 0;
}

void *radix_replace(struct radix *radix, uint32_t index, void *entry)
{
	struct radix_node *node = leaf_of(radix, index);
	void *old;

	assert(entry && node);
	old = node->slots[slot_at(index, 0)];
	assert(old);
	node->slots[slot_at(index, 0)] = entry;
	return old;
}

/* ---- tags ---- */

static bool slot_tagged(const struct radix_node *node, unsigned slot, enum radix_tag tag)
{
	return node->tags[tag] >> slot & 1;
}

void radix_tag_set(struct radix *radix, uint32_t index, enum radix_tag tag)
{
	struct radix_node *node = leaf_of(radix, index);

	assert(tag < RADIX_TAGS && node && node->slots[slot_at(index, 0)]);
	for (unsigned level = 0; node; level++, node = node->parent) {
		unsigned slot = slot_at(index, level);

		if (slot_tagged(node, slot, tag))
			return;
		node->tags[tag] |= (uint16_t)(1u << slot);
	}
}

void radix_tag_clear(struct radix *radix, uint32_t index, enum radix_tag tag)
{
	struct radix_node *node = leaf_of(radix, index);

	assert(tag < RADIX_TAGS && node && node->slots[slot_at(index, 0)]);
	for (unsigned level = 0; node; level++, node = node->parent) {
		node->tags[tag] &= (uint16_t) ~(1u << slot_at(index, level));
		if (node->tags[tag])
			return;
	}
}

bool radix_tagged(const struct radix *radix, uint32_t index, enum radix_tag tag)
{
	const struct radix_node *node = leaf_of(radix, index);

	return node && slot_tagged(node, slot_at(index, 0), tag);
}

/* ---- taking out, and one after the other ---- */

void *radix_remove(struct radix *radix, uint32_t index)
{
	struct radix_node *node = leaf_of(radix, index);
	void *entry = node ? node->slots[slot_at(index, 0)] : NULL;

	if (!entry)
		return NULL;
	for (unsigned tag = 0; tag < RADIX_TAGS; tag++)
		if (slot_tagged(node, slot_at(index, 0), tag))
			radix_tag_clear(radix, index, tag);
	node->slots[slot_at(index, 0)] = NULL;
	node->used--;
	radix->count--;
	prune(radix, node, index, 0);
	shrink(radix);
	return entry;
}

#define ANY_TAG RADIX_TAGS

/*
 * Moves *index on to the first used slot of node (one with the tag), which is at `level`, at or after
 * the one that it points to. False, with *index the first index behind the node (0 when there is
 * none), when the rest of the node has none.
 */
static bool next_used_slot(const struct radix_node *node, unsigned level, uint32_t *index,
			   enum radix_tag tag)
{
	uint32_t step = 1u << (level * RADIX_BITS);
	unsigned slot = slot_at(*index, level);

	while (tag == ANY_TAG ? !node->slots[slot] : !slot_tagged(node, slot, tag)) {
		*index = (*index & ~(step - 1)) + step;
		if (++slot == RADIX_SLOTS)
			return false;
	}
	return true;
}

static inline void *next_entry(const struct radix *radix, uint32_t *index, enum radix_tag tag)
{
	uint32_t at = *index;

	while (radix->root && height_holds(radix->height, at)) {
		const struct radix_node *node = radix->root;
		unsigned level = radix->height - 1;

		while (next_used_slot(node, level, &at, tag)) {
			if (level == 0) {
				*index = at;
				return node->slots[slot_at(at, 0)];
			}
			node = node->slots[slot_at(at, level)];
			level--;
		}
		/*
		 * Nothing in the rest of that node: again from the root, behind it, unless that
		 * was the end.
		 */
		if (at == 0)
			return NULL;
	}
	return NULL;
}

void *radix_next(const struct radix *radix, uint32_t *index)
{
	return next_entry(radix, index, ANY_TAG);
}

void *radix_next_tagged(const struct radix *radix, uint32_t *index, enum radix_tag tag)
{
	assert(tag < RADIX_TAGS);
	return next_entry(radix, index, tag);
}
