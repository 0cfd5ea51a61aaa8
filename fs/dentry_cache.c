/*
 * Dentries that nobody uses: kept, in case somebody asks for the name again.
 *
 * Unused dentries are in one list for all file systems, the longest unused first: those of file
 * systems that keep names, positive and negative. Only they are: a child holds its parent, so a
 * directory is in the list only when nothing of what is below it is in memory. Being asked for takes
 * a dentry out of the list, being let go puts it at the end; a negative one, which is never held, is
 * moved to the end when it is met.
 *
 * Freeing a dentry lets go its inode, and so may sleep where that had no other name: whoever frees
 * several begins anew at the list's front each time.
 */
#include "dentry_cache.h"

#include <assert.h>

uint32_t dentry_count, dentry_unused_count, dentry_negative_count;
static struct list unused = LIST_INIT(unused);

void dentry_keep_unused(struct dentry *dentry)
{
	assert(dentry->refs == 0 && (dentry->flags & DENTRY_LINKED));
	assert(!(dentry->flags & (DENTRY_PINNED | DENTRY_UNUSED)));
	dentry->flags |= DENTRY_UNUSED;
	list_add_tail(&unused, &dentry->unused_link);
	dentry_unused_count++;
	dentry_negative_count += !dentry->inode;
}

void dentry_forget_unused(struct dentry *dentry)
{
	assert(dentry->flags & DENTRY_UNUSED);
	dentry->flags &= ~DENTRY_UNUSED;
	list_remove(&dentry->unused_link);
	dentry_unused_count--;
	dentry_negative_count -= !dentry->inode;
}

void dentry_reuse(struct dentry *dentry)
{
	assert(dentry->refs == 1);
	dentry_forget_unused(dentry);
}

unsigned dentry_shrink(unsigned goal)
{
	unsigned freed = 0;

	while (freed < goal && !list_empty(&unused)) {
		dentry_drop_unused(list_first(&unused, struct dentry, unused_link));
		freed++;
	}
	return freed;
}

static struct dentry *first_child(const struct dentry *dentry)
{
	return tree_entry(tree_first(&dentry->names), struct dentry, by_name);
}

struct dentry *dentry_next_in_tree(struct dentry *dentry, const struct dentry *top)
{
	if (dentry->nchildren)
		return first_child(dentry);
	while (dentry != top) {
		struct tree_node *sibling = tree_next(&dentry->by_name);

		if (sibling)
			return tree_entry(sibling, struct dentry, by_name);
		dentry = dentry->parent;
	}
	return NULL;
}

/* An unused dentry without children below top, NULL: there is none. */
static struct dentry *unused_leaf(struct dentry *top)
{
	struct dentry *at = top;

	while ((at = dentry_next_in_tree(at, top)))
		if (at->flags & DENTRY_UNUSED)
			return at;
	return NULL;
}

void dentry_drop_below(struct dentry *top)
{
	struct dentry *leaf;

	while (top->nchildren && (leaf = unused_leaf(top)))
		dentry_drop_unused(leaf);
}

/* The deepest first descendant: one without children. */
static struct dentry *leaf_of(struct dentry *dentry)
{
	while (dentry->nchildren)
		dentry = first_child(dentry);
	return dentry;
}

void dentry_drop_tree(struct dentry *root)
{
	while (root->nchildren) {
		struct dentry *leaf = leaf_of(root);

		if (leaf->flags & DENTRY_PINNED) {
			assert(leaf->refs == 1);
			dentry_unlink(leaf);
		} else {
			dentry_drop_unused(leaf);
		}
	}
}
