/*
 * Balanced binary search trees (AVL), intrusive, with an optional value kept
 * up to date in each node from its subtree ("augmented"). The caller does the
 * descent, since only it knows the key: find the parent and the side, then
 * tree_insert. No locking and no allocation of its own.
 */
#ifndef LOFT_TREE_H
#define LOFT_TREE_H

#include <types.h>

struct tree_node {
	struct tree_node *parent;
	struct tree_node *child[2]; /* 0: smaller keys, 1: larger keys */
	int height;		    /* of the subtree; a leaf has 1 */
};

struct tree {
	struct tree_node *root;
	/*
	 * Recomputes node's own augmented value from its fields and its children's; true when it has
	 * changed. May be NULL.
	 */
	bool (*update)(struct tree_node *node);
};

#define tree_entry(node, type, member) container_of(node, type, member)

/*
 * Links node below parent (NULL: as the root of an empty tree) on the given side, and
 * rebalances.
 */
void tree_insert(struct tree *tree, struct tree_node *node, struct tree_node *parent, int side);

/* The same between two neighbours in order; NULL for either where there is none. */
void tree_insert_between(struct tree *tree, struct tree_node *node, struct tree_node *before,
			 struct tree_node *behind);

/* Unlinks node and rebalances. */
void tree_remove(struct tree *tree, struct tree_node *node);

/* To be called after a change of node's fields: updates it and all its ancestors. */
void tree_updated(struct tree *tree, struct tree_node *node);

/* Smallest and largest node, or NULL when empty. */
struct tree_node *tree_first(const struct tree *tree);
struct tree_node *tree_last(const struct tree *tree);

/* In-order neighbours, or NULL at the end. */
struct tree_node *tree_next(const struct tree_node *node);
struct tree_node *tree_prev(const struct tree_node *node);

#endif
