/*
 * Random work on ext2 and on the model of it (ext2_model.h): what the tests of whole images share. To be
 * included once.
 *
 * How much a test does: UNIT_EXT2 in the environment multiplies it.
 */
#ifndef LOFT_EXT2_WORK_H
#define LOFT_EXT2_WORK_H

#include "ext2_model.h"

char *getenv(const char *name);
unsigned long strtoul(const char *text, char **end, int base);

static unsigned effort(void)
{
	const char *text = getenv("UNIT_EXT2");

	return text ? (unsigned)strtoul(text, NULL, 10) : 1;
}

/* ---- random work ---- */

static void random_name(char *name)
{
	unsigned length = unit_random() % 8 == 0 ? 10 + unit_random() % 50 : 1;

	for (unsigned i = 0; i < length; i++)
		name[i] = (char)('a' + unit_random() % 26);
	name[length] = '\0';
}

static bool is_failure(int error)
{
	if (!error)
		return false;
	if (error != -ENOSPC && error != -ENOMEM)
		fail_msg("error %d", error);
	assert_true(error == -ENOSPC || fail_one_in);
	return true;
}

static void do_create(mode_t type)
{
	struct node *directory = random_node(S_IFDIR), *node;
	struct inode *parent, *made;
	char text[64], target[200] = "";
	struct name name;
	unsigned which;

	random_name(text);
	if (child_named(directory, text, &which))
		return;
	node = node_new(type);
	if (!node)
		return;
	if (type == S_IFLNK) {
		uint32_t length = 1 + unit_random() % 190;

		memset(target, 'x', length);
		target[length] = '\0';
	}
	parent = inode_of(directory);
	if (IS_ERR(parent)) {
		node->used = false;
		is_failure(PTR_ERR(parent));
		return;
	}
	name = (struct name){ text, strlen(text), 0 };
	made = parent->ops->create(parent, &name, type | 0644, 0x0801,
				   type == S_IFLNK ? target : NULL);
	inode_put(parent);
	if (IS_ERR(made)) {
		is_failure(PTR_ERR(made));
		node->used = false;
		return;
	}
	node->number = made->number;
	strlcpy(node->target, target, sizeof(node->target));
	name_add(node, directory, text);
	inode_put(made);
}

static void do_write(void)
{
	struct node *node = random_node(S_IFREG);
	static uint8_t data[9000];
	uint32_t size = 1 + unit_random() % sizeof(data), seed = unit_random();
	uint64_t at = 0;
	struct inode *inode;
	ssize_t done;

	if (!node)
		return;
	if (unit_random() % 2)
		at = node->size;
	else if (unit_random() % 4)
		at = unit_random() % 300000;
	else
		at = 66000000 + unit_random() % 10000000;
	at = MIN(at, 90000000u);
	for (uint32_t i = 0; i < size; i++)
		data[i] = (uint8_t)(seed >> i % 25) | 1;
	/* The model has room for so many pages. */
	if (node->npages + size / MODEL_PAGE + 2 > NODE_PAGES)
		return;
	promise_end(node);
	inode = inode_of(node);
	if (IS_ERR(inode)) {
		is_failure(PTR_ERR(inode));
		return;
	}
	done = host_write(inode, at, data, size);
	inode_put(inode);
	if (done < 0) {
		is_failure((int)done);
		return;
	}
	for (uint32_t i = 0; i < (uint32_t)done; i++)
		node_page(node, (uint32_t)((at + i) / MODEL_PAGE),
			  true)[(at + i) % MODEL_PAGE] = data[i];
	node->size = MAX(node->size, at + (uint32_t)done);
}

static void do_truncate(void)
{
	struct node *node = random_node(S_IFREG);
	struct inode *inode;
	uint64_t size;
	int error;

	if (!node)
		return;
	size = unit_random() % 4 == 0 ? 0 : unit_random() % (uint32_t)(node->size + 5000);
	promise_end(node);
	inode = inode_of(node);
	if (IS_ERR(inode)) {
		is_failure(PTR_ERR(inode));
		return;
	}
	error = inode->ops->resize(inode, size);
	if (!is_failure(error))
		node_cut(node, size);
	else if (inode->pages.size == size)
		node_cut(node, size);
	inode_put(inode);
}

static void do_link(void)
{
	struct node *node = random_node(S_IFREG), *directory = random_node(S_IFDIR);
	struct inode *inode, *parent;
	struct name name;
	char text[64];
	unsigned which;

	random_name(text);
	if (!node || node->nnames == PLACES_MAX || child_named(directory, text, &which))
		return;
	inode = inode_of(node);
	parent = inode_of(directory);
	name = (struct name){ text, strlen(text), 0 };
	if (!IS_ERR(inode) && !IS_ERR(parent) &&
	    !is_failure(parent->ops->link(parent, &name, inode)))
		name_add(node, directory, text);
	if (!IS_ERR(inode))
		inode_put(inode);
	if (!IS_ERR(parent))
		inode_put(parent);
}

static void do_unlink(void)
{
	struct node *node = random_node(0);
	struct inode *inode, *parent;
	struct name name;
	unsigned which;
	char text[64];
	int error;

	if (!node || node == root_node)
		return;
	which = unit_random() % node->nnames;
	strlcpy(text, node->names[which].name, sizeof(text));
	name = (struct name){ text, strlen(text), 0 };
	if (node->nnames == 1)
		promise_end(node);
	inode = inode_of(node);
	parent = inode_of(node->names[which].directory);
	if (!IS_ERR(inode) && !IS_ERR(parent)) {
		error = parent->ops->unlink(parent, &name, inode);
		if (node->type == S_IFDIR && has_children(node))
			assert_true(error == -ENOTEMPTY || (error == -ENOMEM && fail_one_in));
		else if (!is_failure(error))
			name_remove(node, which);
	}
	if (!IS_ERR(inode))
		inode_put(inode);
	if (!IS_ERR(parent))
		inode_put(parent);
}

static void do_rename(void)
{
	struct node *node = random_node(0), *to = random_node(S_IFDIR), *replaced, *from;
	struct inode *inode, *from_inode, *to_inode, *old = NULL;
	unsigned which, other = 0;
	char text[64], old_text[64];
	struct name name, old_name;
	int error;

	if (!node || node == root_node || is_above(node, to))
		return;
	random_name(text);
	which = unit_random() % node->nnames;
	from = node->names[which].directory;
	strlcpy(old_text, node->names[which].name, sizeof(old_text));
	replaced = child_named(to, text, &other);
	if (replaced &&
	    (replaced == node || (replaced->type == S_IFDIR) != (node->type == S_IFDIR) ||
	     (replaced->type == S_IFDIR && is_above(replaced, from))))
		return;
	if (replaced && replaced->type == S_IFDIR && has_children(replaced))
		return;
	name = (struct name){ text, strlen(text), 0 };
	old_name = (struct name){ old_text, strlen(old_text), 0 };
	if (replaced && replaced->nnames == 1)
		promise_end(replaced);
	/* From when it may be found by the new name. */
	promise_place(node, to, text);
	inode = inode_of(node);
	from_inode = inode_of(from);
	to_inode = inode_of(to);
	if (replaced)
		old = inode_of(replaced);
	if (!IS_ERR(inode) && !IS_ERR(from_inode) && !IS_ERR(to_inode) && !IS_ERR(old)) {
		error = from_inode->ops->rename(from_inode, &old_name, to_inode, &name, inode, old,
						false);
		if (!is_failure(error)) {
			if (replaced)
				name_remove(replaced, other);
			node->names[which].directory = to;
			strlcpy(node->names[which].name, text, 64);
		}
	}
	if (!IS_ERR(inode))
		inode_put(inode);
	if (!IS_ERR(from_inode))
		inode_put(from_inode);
	if (!IS_ERR(to_inode))
		inode_put(to_inode);
	if (old && !IS_ERR(old))
		inode_put(old);
}

static void do_fsync(void)
{
	struct node *node = random_node(S_IFREG);
	struct file file = { 0 };
	struct inode *inode;
	int error;

	if (!node)
		return;
	inode = inode_of(node);
	if (IS_ERR(inode)) {
		is_failure(PTR_ERR(inode));
		return;
	}
	file.inode = inode;
	error = inode->file_ops->sync(&file, unit_random() % 2);
	if (!error)
		promise_make(node);
	else
		is_failure(error);
	inode_put(inode);
}

static void do_something(void)
{
	static const mode_t types[] = { S_IFREG, S_IFREG, S_IFREG, S_IFREG, S_IFREG,
					S_IFDIR, S_IFDIR, S_IFLNK, S_IFCHR, S_IFIFO };
	unsigned what = unit_random() % 100;

	host_now += NSEC_PER_SEC / 50;
	clock_stamp++;
	if (what < 22)
		do_create(types[unit_random() % ARRAY_SIZE(types)]);
	else if (what < 47)
		do_write();
	else if (what < 54)
		do_truncate();
	else if (what < 60)
		do_link();
	else if (what < 74)
		do_unlink();
	else if (what < 88)
		do_rename();
	else if (what < 94)
		do_fsync();
	else if (what < 96)
		host_evict_some(false);
	else if (what < 98)
		host_client->sync(false, unit_random() % 4 ? NSEC_PER_SEC : 0);
	else if (what < 99)
		host_sync();
}

static void model_begin(void)
{
	root_node = node_new(S_IFDIR);
	root_node->number = EXT2_ROOT_INODE;
}

static void model_end(void)
{
	for (unsigned i = 0; i < NODES_MAX; i++)
		if (nodes[i].used)
			node_free(&nodes[i]);
	for (int i = 0; i < npromises; i++)
		for (unsigned k = 0; k < promises[i].npages; k++)
			free(promises[i].data[k]);
	npromises = 0;
}

static const char *const kinds[] = {
	"-b 1024",
	"-b 2048",
	"-b 4096",
	"-b 1024 -r 0",
	"-b 4096 -r 0",
	"-b 1024 -g 1024 -N 512",
	"-b 1024 -O ^sparse_super,^resize_inode -I 128",
	"-b 4096 -O ^filetype,^dir_index,^ext_attr -I 256",
};

#define IMAGE_SIZE (8 * MB)

static inline void expect_clean(const char *kind)
{
	if (check_image(disk, "-fn", false) == 0)
		return;
	check_image(disk, "-fn", true);
	fail_msg("e2fsck is not content: %s", kind);
}

/* Sets up the world, for a main function of cmocka tests. */
static int ext2_begin_all(void **state)
{
	(void)state;
	host_setup();
	return 0;
}

static int ext2_end_all(void **state)
{
	char path[64];

	(void)state;
	image_path(path, sizeof(path));
	unlink(path);
	free(disk);
	free(frame_array);
	log_clear();
	free(events);
	return 0;
}

#endif
