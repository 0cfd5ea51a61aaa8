/*
 * AVL trees (Adelson-Velsky and Landis, 1962).
 *
 * Invariants, for each node: height is one more than its higher child's; the two children's
 * heights differ by at most one; parent and child links agree; the bound, if there are any, is
 * none too low (tree.h). insert and remove change the tree at one place and then walk from there
 * towards the root, where each step repairs one node by at most two rotations. The walk ends at a
 * subtree that is as high as it was: nothing above can tell that anything happened.
 */
#include <tree.h>

#include <assert.h>

static int height_of(const struct tree_node *node)
{
	return node ? node->height : 0;
}

/* How much higher the side 1 is than the side 0. */
static int lean_of(const struct tree_node *node)
{
	return height_of(node->child[1]) - height_of(node->child[0]);
}

static int side_of(const struct tree_node *parent, const struct tree_node *child)
{
	assert(parent->child[0] == child || parent->child[1] == child);
	return parent->child[1] == child;
}

/* Puts replacement (may be NULL) in the place that node has below parent, or at the root. */
static void replace_child(struct tree *tree, struct tree_node *parent, struct tree_node *node,
			  struct tree_node *replacement)
{
	if (parent)
		parent->child[side_of(parent, node)] = replacement;
	else
		tree->root = replacement;
	if (replacement)
		replacement->parent = parent;
}

/* Brings node up to date with its children. */
static inline void refresh(struct tree *tree, struct tree_node *node)
{
	node->height = 1 + MAX(height_of(node->child[0]), height_of(node->child[1]));
	if (tree->update)
		tree->update(node);
}

/*
 * Lifts node's child on `side` above node; returns it. For side 1:
 *
 *     node                riser
 *     /  \                /   \
 *    A   riser    ->   node    C
 *        /  \          /  \
 *       B    C        A    B
 */
static struct tree_node *rotate(struct tree *tree, struct tree_node *node, int side)
{
	struct tree_node *riser = node->child[side];
	struct tree_node *middle = riser->child[!side];

	replace_child(tree, node->parent, node, riser);
	node->child[side] = middle;
	if (middle)
		middle->parent = node;
	riser->child[!side] = node;
	node->parent = riser;
	refresh(tree, node);
	refresh(tree, riser);
	return riser;
}

/* Restores the balance of node, one of whose children is too high for the other. */
static struct tree_node *balance(struct tree *tree, struct tree_node *node)
{
	int lean = lean_of(node);
	int side = lean > 0;

	assert(lean == -2 || lean == 2);
	/*
	 * The higher child leaning the other way would only move the excess across: straighten
	 * it first.
	 */
	if (lean_of(node->child[side]) * lean < 0)
		rotate(tree, node->child[side], !side);
	return rotate(tree, node, side);
}

/* Restores the invariants from node, one of whose children may have become lower, upwards. */
static void shrink_upwards(struct tree *tree, struct tree_node *node)
{
	while (node) {
		int left = height_of(node->child[0]), right = height_of(node->child[1]);
		int before = node->height;

		if (left - right > 1 || right - left > 1)
			node = balance(tree, node);
		else
			node->height = 1 + MAX(left, right);
		if (node->height == before)
			return;
		node = node->parent;
	}
}

/*
 * node is new, or has become higher by one. Its parent does so too if node was not the lower child;
 * then the other one is as much lower as may be, or too low: a rotation makes up for that, and for
 * the growth.
 */
static void grow_upwards(struct tree *tree, struct tree_node *node)
{
	struct tree_node *parent = node->parent;

	for (; parent && parent->height == node->height; node = parent, parent = node->parent) {
		if (node->height - height_of(parent->child[parent->child[0] == node]) > 1) {
			balance(tree, parent);
			return;
		}
		parent->height++;
	}
}

void tree_insert(struct tree *tree, struct tree_node *node, struct tree_node *parent, int side)
{
	assert(side == 0 || side == 1);
	assert(parent ? !parent->child[side] : !tree->root);
	node->parent = parent;
	node->child[0] = NULL;
	node->child[1] = NULL;
	node->height = 1;
	if (parent)
		parent->child[side] = node;
	else
		tree->root = node;
	grow_upwards(tree, node);
}

/*
 * A node with two children gives its place to its in-order successor, which has no child 0.
 * Returns the lowest node whose subtree changed.
 */
static struct tree_node *replace_by_successor(struct tree *tree, struct tree_node *node,
					      struct tree_node *heir)
{
	struct tree_node *changed = heir->parent;

	assert(!heir->child[0]);
	if (changed == node) {
		changed = heir;
	} else {
		replace_child(tree, changed, heir, heir->child[1]);
		heir->child[1] = node->child[1];
		heir->child[1]->parent = heir;
	}
	heir->child[0] = node->child[0];
	heir->child[0]->parent = heir;
	heir->height = node->height;
	if (tree->update)
		tree->update(heir);
	replace_child(tree, node->parent, node, heir);
	return changed;
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
	struct tree_node *changed = node->parent;

	if (node->child[0] && node->child[1])
		changed = replace_by_successor(tree, node, tree_next(node));
	else
		replace_child(tree, changed, node, node->child[node->child[0] == NULL]);
	node->parent = NULL;
	node->child[0] = NULL;
	node->child[1] = NULL;
	shrink_upwards(tree, changed);
}

/* The outermost node of a subtree on one side. */
static struct tree_node *outermost(struct tree_node *node, int side)
{
	while (node && node->child[side])
		node = node->child[side];
	return node;
}

struct tree_node *tree_first(const struct tree *tree)
{
	return outermost(tree->root, 0);
}

struct tree_node *tree_last(const struct tree *tree)
{
	return outermost(tree->root, 1);
}

/*
 * The in-order neighbour on one side: below, or else the first ancestor that has node on its
 * other side.
 */
static struct tree_node *neighbour(const struct tree_node *node, int side)
{
	if (node->child[side])
		return outermost(node->child[side], !side);
	while (node->parent && node->parent->child[side] == node)
		node = node->parent;
	return node->parent;
}

struct tree_node *tree_next(const struct tree_node *node)
{
	return neighbour(node, 1);
}

struct tree_node *tree_prev(const struct tree_node *node)
{
	return neighbour(node, 0);
}
