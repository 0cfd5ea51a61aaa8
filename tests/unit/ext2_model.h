/*
 * What must come out of random work on ext2: files, directories and links as they should be, what fsync
 * promised of them, and the comparison with what the file system has. To be included once; ext2_work.h
 * has the work.
 */
#ifndef LOFT_EXT2_MODEL_H
#define LOFT_EXT2_MODEL_H

#include "ext2_host.h"

/* ---- the model ---- */

#define MODEL_PAGE 4096u
#define NODE_PAGES 64u
#define NODES_MAX 300u
#define PLACES_MAX 8u

/* A name: in which directory, and what. Directories are known by their numbers. */
struct place {
	ino_t directory;
	char name[64];
};

struct node {
	bool used;
	mode_t type;
	ino_t number;
	uint64_t size;
	unsigned npages;
	uint32_t index[NODE_PAGES];
	uint8_t *data[NODE_PAGES];
	char target[200];
	unsigned nnames;
	struct {
		struct node *directory;
		char name[64];
	} names[PLACES_MAX];
	int promise; /* in promises, of the content as it is; -1: none */
};

static struct node nodes[NODES_MAX], *root_node;

/* What fsync promised: from event `from` on, until event `until`. */
struct promise {
	unsigned from, until;
	uint64_t size;
	unsigned npages;
	uint32_t index[NODE_PAGES];
	uint8_t *data[NODE_PAGES];
	unsigned nplaces;
	struct place places[32];
};
static struct promise *promises;
static int npromises;
#define PROMISES_MAX 4000

static struct node *node_new(mode_t type)
{
	for (unsigned i = 0; i < NODES_MAX; i++) {
		if (nodes[i].used)
			continue;
		nodes[i] = (struct node){ .used = true, .type = type, .promise = -1 };
		return &nodes[i];
	}
	return NULL;
}

static void node_free(struct node *node)
{
	while (node->npages > 0)
		free(node->data[--node->npages]);
	node->used = false;
}

static uint8_t *node_page(struct node *node, uint32_t index, bool make)
{
	for (unsigned i = 0; i < node->npages; i++)
		if (node->index[i] == index)
			return node->data[i];
	if (!make || node->npages == NODE_PAGES)
		return NULL;
	node->index[node->npages] = index;
	node->data[node->npages] = calloc(1, MODEL_PAGE);
	return node->data[node->npages++];
}

static void node_cut(struct node *node, uint64_t size)
{
	for (unsigned i = 0; i < node->npages; i++) {
		uint64_t start = (uint64_t)node->index[i] * MODEL_PAGE;

		if (start >= size) {
			free(node->data[i]);
			node->npages--;
			node->index[i] = node->index[node->npages];
			node->data[i] = node->data[node->npages];
			i--;
		} else if (start + MODEL_PAGE > size) {
			memset(node->data[i] + (size - start), 0, MODEL_PAGE - (size - start));
		}
	}
	node->size = size;
}

static struct node *random_node(mode_t type)
{
	for (unsigned tries = 0; tries < 200; tries++) {
		struct node *node = &nodes[unit_random() % NODES_MAX];

		if (node->used && (!type || node->type == type))
			return node;
	}
	return type == S_IFDIR ? root_node : NULL;
}

static struct node *child_named(const struct node *directory, const char *name, unsigned *which)
{
	for (unsigned i = 0; i < NODES_MAX; i++)
		for (unsigned k = 0; nodes[i].used && k < nodes[i].nnames; k++)
			if (nodes[i].names[k].directory == directory &&
			    strcmp(nodes[i].names[k].name, name) == 0) {
				*which = k;
				return &nodes[i];
			}
	return NULL;
}

static bool has_children(const struct node *directory)
{
	for (unsigned i = 0; i < NODES_MAX; i++)
		for (unsigned k = 0; nodes[i].used && k < nodes[i].nnames; k++)
			if (nodes[i].names[k].directory == directory)
				return true;
	return false;
}

static bool is_above(const struct node *above, const struct node *node)
{
	while (node != root_node) {
		if (node == above)
			return true;
		node = node->names[0].directory;
	}
	return above == root_node;
}

/* ---- promises ---- */

static void promise_end(struct node *node)
{
	if (node->promise >= 0)
		promises[node->promise].until = nevents;
	node->promise = -1;
}

static void promise_place(struct node *node, const struct node *directory, const char *name)
{
	struct promise *promise;

	if (node->promise < 0)
		return;
	promise = &promises[node->promise];
	if (promise->nplaces == ARRAY_SIZE(promise->places)) {
		promise_end(node);
		return;
	}
	promise->places[promise->nplaces].directory = directory->number;
	strlcpy(promise->places[promise->nplaces++].name, name, 64);
}

static void promise_make(struct node *node)
{
	struct promise *promise;

	promise_end(node);
	if (!logging || npromises == PROMISES_MAX || !node->nnames)
		return;
	node->promise = npromises++;
	promise = &promises[node->promise];
	*promise = (struct promise){
		.from = nevents, .until = UINT32_MAX, .size = node->size, .npages = node->npages
	};
	for (unsigned i = 0; i < node->npages; i++) {
		promise->index[i] = node->index[i];
		promise->data[i] = malloc(MODEL_PAGE);
		memcpy(promise->data[i], node->data[i], MODEL_PAGE);
	}
	for (unsigned i = 0; i < node->nnames; i++)
		promise_place(node, node->names[i].directory, node->names[i].name);
}

static void name_add(struct node *node, struct node *directory, const char *name)
{
	node->names[node->nnames].directory = directory;
	strlcpy(node->names[node->nnames++].name, name, 64);
	promise_place(node, directory, name);
}

static void name_remove(struct node *node, unsigned which)
{
	node->names[which] = node->names[--node->nnames];
	if (!node->nnames)
		node_free(node);
}

/* ---- the file system, by way of its operations ---- */

/* The inode of a node, found by its first name from the root on; a reference. */
static struct inode *inode_of(const struct node *node)
{
	struct inode *directory, *inode;
	struct name name;

	if (node == root_node) {
		inode_get(host_super.root->inode);
		return host_super.root->inode;
	}
	directory = inode_of(node->names[0].directory);
	if (IS_ERR(directory))
		return directory;
	name = (struct name){ node->names[0].name, strlen(node->names[0].name), 0 };
	inode = directory->ops->lookup(directory, &name);
	inode_put(directory);
	return inode;
}

static ssize_t host_write(struct inode *inode, uint64_t at, const uint8_t *data, uint32_t size)
{
	uint32_t done = 0;

	while (done < size) {
		uint32_t index = (uint32_t)((at + done) >> PAGE_SHIFT);
		unsigned from = (unsigned)(at + done) & PAGE_MASK;
		unsigned part = MIN(PAGE_SIZE - from, size - done);
		struct block_range range = { from, from + part, true };
		struct frame *frame = object_get_page(&inode->pages, index);
		struct page_blocks blocks;
		int error;

		if (IS_ERR(frame))
			return done ? (ssize_t)done : PTR_ERR(frame);
		error = inode->pages.ops->map_blocks(&inode->pages, index, &range, &blocks);
		if (!error) {
			/* In new blocks there is nothing to be seen of what was there. */
			memcpy((uint8_t *)frame_virt(frame) + from, data + done, part);
			object_mark_dirty_range(frame, 0, PAGE_SIZE);
			done += part;
			inode->pages.size = MAX(inode->pages.size, at + done);
			inode_mark_dirty(inode);
		}
		frame_put(frame);
		if (error)
			return done ? (ssize_t)done : error;
	}
	return (ssize_t)done;
}

static bool page_is(struct inode *inode, uint32_t index, const uint8_t *expected, uint64_t size)
{
	static const uint8_t zeros[MODEL_PAGE];
	struct frame *frame = object_get_page(&inode->pages, index);
	uint64_t start = (uint64_t)index * MODEL_PAGE;
	uint32_t part = (uint32_t)MIN((uint64_t)MODEL_PAGE, size > start ? size - start : 0);
	bool same;

	assert_false(IS_ERR(frame));
	same = memcmp(frame_virt(frame), expected ? expected : zeros, part) == 0;
	frame_put(frame);
	return same;
}

/* Is the content as it should be, also in holes? */
static bool content_is(struct inode *inode, uint64_t size, unsigned npages, const uint32_t *index,
		       uint8_t *const *data)
{
	uint32_t last = (uint32_t)(size / MODEL_PAGE);
	unsigned saved = fail_one_in;
	bool same = inode->pages.size == size;

	fail_one_in = 0;
	for (unsigned i = 0; same && i < npages; i++)
		same = page_is(inode, index[i], data[i], size);
	for (unsigned i = 0; same && i < 5; i++) {
		uint32_t hole = last < 5 ? i : unit_random() % last;
		bool known = false;

		for (unsigned k = 0; k < npages; k++)
			known = known || index[k] == hole;
		if (!known && hole <= last)
			same = page_is(inode, hole, NULL, size);
	}
	fail_one_in = saved;
	return same;
}

/* Every node is there, as it should be. */
static inline void compare_all(void)
{
	for (unsigned i = 0; i < NODES_MAX; i++) {
		struct node *node = &nodes[i];
		struct inode *inode;

		if (!node->used)
			continue;
		inode = inode_of(node);
		assert_false(IS_ERR(inode));
		assert_int_equal(inode->number, node->number);
		assert_int_equal(inode->mode & S_IFMT, node->type);
		if (node->type == S_IFREG) {
			assert_int_equal(inode->nlink, node->nnames);
			assert_true(content_is(inode, node->size, node->npages, node->index,
					       node->data));
		}
		if (node->type == S_IFLNK) {
			if (!inode->target)
				assert_int_equal(inode->ops->load_target(inode), 0);
			assert_string_equal(inode->target, node->target);
		}
		inode_put(inode);
	}
}

#endif
