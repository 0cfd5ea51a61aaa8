/*
 * Balanced binary search trees (AVL), intrusive. The caller does the descent, since only it knows
 * the key: find the parent and the side, then tree_insert. No locking and no allocation of its own.
 *
 * Nodes may have a value, and with it a bound: none of the values in the node's subtree is larger.
 * A search for a large one passes over what cannot have it. Who puts a node in, or makes a value
 * larger, first raises the bounds above; a value that becomes smaller, or goes, leaves bounds that
 * are larger than need be: who searches in vain may call `update` to lower them. So most changes
 * end where they began, even that of the largest value of all.
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
	/* Sets node's bound to the largest of its value and its children's bounds. May be NULL. */
	void (*update)(struct tree_node *node);
};

#define tree_entry(node, type, member) container_of(node, type, member)

/*
 * Links node, whose bound is its value, below parent (NULL: as the root of an empty tree) on the
 * given side, and rebalances.
 */
void tree_insert(struct tree *tree, struct tree_node *node, struct tree_node *parent, int side);

/* Unlinks node and rebalances. */
void tree_remove(struct tree *tree, struct tree_node *node);

/* Smallest and largest node, or NULL when empty. */
struct tree_node *tree_first(const struct tree *tree);
struct tree_node *tree_last(const struct tree *tree);

/* In-order neighbours, or NULL at the end. */
struct tree_node *tree_next(const struct tree_node *node);
struct tree_node *tree_prev(const struct tree_node *node);

#endif
