/*
 * lib/tree.c against a sorted array: random insertions and removals, with and without bounds.
 * SOURCES: lib/tree.c
 */
#include "unit.h"

#include <tree.h>

#define NITEMS 400
#define MAX_WEIGHT 1000u

struct item {
	struct tree_node node;
	uint32_t key;
	uint32_t weight;
	uint32_t bound; /* of the weights in the subtree */
	bool present;
};

static struct item items[NITEMS];

static struct item *item_of(struct tree_node *node)
{
	return tree_entry(node, struct item, node);
}

static uint32_t bound_of(struct tree_node *node)
{
	return node ? item_of(node)->bound : 0;
}

static uint32_t lowest_bound(struct tree_node *node)
{
	uint32_t left = bound_of(node->child[0]), right = bound_of(node->child[1]);

	return MAX(item_of(node)->weight, MAX(left, right));
}

static void update_bound(struct tree_node *node)
{
	item_of(node)->bound = lowest_bound(node);
}

static void raise_bounds(struct tree_node *node, uint32_t weight)
{
	for (; node && item_of(node)->bound < weight; node = node->parent)
		item_of(node)->bound = weight;
}

static void insert(struct tree *tree, struct item *item)
{
	struct tree_node *parent = NULL, *at = tree->root;
	int side = 0;

	while (at) {
		parent = at;
		side = item->key > item_of(at)->key;
		at = at->child[side];
	}
	item->bound = item->weight;
	raise_bounds(parent, item->weight);
	tree_insert(tree, &item->node, parent, side);
	item->present = true;
}

/* Links, heights, balance and bounds of a subtree; returns its height. */
static int check_node(const struct tree *tree, struct tree_node *node, struct tree_node *parent)
{
	int left, right;

	if (!node)
		return 0;
	assert_ptr_equal(node->parent, parent);
	left = check_node(tree, node->child[0], node);
	right = check_node(tree, node->child[1], node);
	assert_in_range(left - right + 1, 0, 2);
	assert_int_equal(node->height, 1 + (left > right ? left : right));
	if (tree->update)
		assert_in_range(item_of(node)->bound, lowest_bound(node), MAX_WEIGHT);
	return node->height;
}

/* The tree holds exactly the present items, in order, both ways. */
static void check_order(const struct tree *tree)
{
	struct tree_node *at = tree_first(tree), *before = NULL;

	for (unsigned i = 0; i < NITEMS; i++) {
		if (!items[i].present)
			continue;
		assert_ptr_equal(at, &items[i].node);
		assert_ptr_equal(tree_prev(at), before);
		before = at;
		at = tree_next(at);
	}
	assert_null(at);
	assert_ptr_equal(tree_last(tree), before);
}

static void run(struct tree *tree)
{
	for (unsigned i = 0; i < NITEMS; i++)
		items[i] = (struct item){ .key = i, .weight = unit_random() % MAX_WEIGHT };
	for (unsigned round = 0; round < 20000; round++) {
		/* Phases of growth and of decline, so that all sizes occur. */
		bool grow = unit_random() % 8 < (round / 1000 % 2 ? 2 : 6);
		struct item *item = &items[unit_random() % NITEMS];

		if (grow && !item->present) {
			insert(tree, item);
		} else if (!grow && item->present) {
			tree_remove(tree, &item->node);
			item->present = false;
		} else if (item->present) {
			item->weight = unit_random() % MAX_WEIGHT;
			raise_bounds(&item->node, item->weight);
		}
		check_node(tree, tree->root, NULL);
		if (round % 64 == 0)
			check_order(tree);
	}
	check_order(tree);
}

static void test_plain(void **state)
{
	struct tree tree = { 0 };

	(void)state;
	run(&tree);
}

static void test_bounds(void **state)
{
	struct tree tree = { .update = update_bound };

	(void)state;
	run(&tree);
}

static void test_ascending_insertion_stays_flat(void **state)
{
	struct tree tree = { 0 };

	(void)state;
	for (unsigned i = 0; i < NITEMS; i++) {
		items[i] = (struct item){ .key = i };
		insert(&tree, &items[i]);
	}
	/* 1.44 log2(400) */
	assert_true(tree.root->height <= 12);
	check_order(&tree);
}

static void test_empty(void **state)
{
	struct tree tree = { 0 };

	(void)state;
	assert_null(tree_first(&tree));
	assert_null(tree_last(&tree));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_ascending_insertion_stays_flat),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
