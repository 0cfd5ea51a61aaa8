/*
 * fs/ext2 as a whole, on images made by mke2fs and judged by e2fsck: random work beside a model of
 * what must come out, with memory that runs out, with crashes at any moment, and on images that are
 * wrong. How much: UNIT_EXT2 in the environment multiplies it.
 *
 * SOURCES: fs/ext2/geometry.c fs/ext2/bitmap.c fs/ext2/dirblock.c fs/ext2/buffer.c fs/ext2/order.c
 * fs/ext2/balloc.c fs/ext2/ialloc.c fs/ext2/map.c fs/ext2/truncate.c fs/ext2/inode.c
 * fs/ext2/delete.c fs/ext2/dir.c
 * fs/ext2/symlink.c fs/ext2/namei.c fs/ext2/file.c fs/ext2/super.c fs/ext2/options.c lib/radix.c
 * lib/integer.c lib/string.c
 */
#include "ext2_host.h"

char *getenv(const char *name);
unsigned long strtoul(const char *text, char **end, int base);

static unsigned effort(void)
{
	const char *text = getenv("UNIT_EXT2");

	return text ? (unsigned)strtoul(text, NULL, 10) : 1;
}

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
static void compare_all(void)
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

static void random_work(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		make_image(k % 3 ? IMAGE_SIZE : 3 * MB, kinds[k]);
		assert_int_equal(host_mount(0, ""), 0);
		model_begin();
		for (unsigned i = 0; i < 2000 * effort(); i++) {
			do_something();
			if (i % 500 == 0)
				compare_all();
		}
		compare_all();
		host_unmount();
		if (check_image(disk, "-fn", false) != 0) {
			check_image(disk, "-fn", true);
			fail_msg("e2fsck is not content: %s", kinds[k]);
		}
		/* What was written is there when all of memory is new. */
		assert_int_equal(host_mount(MS_RDONLY, ""), 0);
		compare_all();
		host_unmount();
		model_end();
	}
}

static void memory_runs_out(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		make_image(IMAGE_SIZE, kinds[k]);
		assert_int_equal(host_mount(0, ""), 0);
		model_begin();
		quiet_log = true;
		for (unsigned i = 0; i < 2000 * effort(); i++) {
			fail_one_in = 20;
			do_something();
			fail_one_in = 0;
		}
		compare_all();
		host_unmount();
		quiet_log = false;
		if (check_image(disk, "-fn", false) != 0) {
			check_image(disk, "-fn", true);
			fail_msg("e2fsck is not content: %s", kinds[k]);
		}
		model_end();
	}
}

/* ---- crashes ---- */

static uint8_t *base_image, *crashed;

/* The disk as a crash behind event `at` leaves it. */
static void crash_image(unsigned at)
{
	unsigned flushed = 0;

	memcpy(disk, base_image, disk_size);
	for (unsigned i = 0; i < at; i++)
		if (!events[i].size)
			flushed = i;
	for (unsigned i = 0; i < at; i++)
		if (events[i].size && (i < flushed || unit_random() % 2))
			memcpy(disk + events[i].place, events[i].data, events[i].size);
}

static bool promise_kept(const struct promise *promise)
{
	bool found = false;

	for (unsigned i = 0; !found && i < promise->nplaces; i++) {
		const struct place *place = &promise->places[i];
		struct name name = { place->name, strlen(place->name), 0 };
		struct inode *directory, *inode;

		directory = ext2_inode_get(ext2_of(&host_super), place->directory);
		if (IS_ERR(directory))
			continue;
		inode = S_ISDIR(directory->mode) ? directory->ops->lookup(directory, &name)
						 : ERR_PTR(-ENOENT);
		if (!IS_ERR(inode)) {
			found = S_ISREG(inode->mode) &&
				content_is(inode, promise->size, promise->npages, promise->index,
					   (uint8_t *const *)promise->data);
			inode_put(inode);
		}
		inode_put(directory);
	}
	return found;
}

static void check_crash(unsigned at, const char *kind)
{
	int status;

	crash_image(at);
	memcpy(crashed, disk, disk_size);
	status = check_image(disk, "-fy", false);
	assert_true(status == 0 || status == 1);
	host_new_disk(disk_size);
	quiet_log = true;
	assert_int_equal(host_mount(MS_RDONLY, ""), 0);
	for (int i = 0; i < npromises; i++) {
		if (at < promises[i].from || at >= promises[i].until || promise_kept(&promises[i]))
			continue;
		host_unmount();
		memcpy(disk, crashed, disk_size);
		check_image(disk, "-fy", true);
		fail_msg("%s: after event %u of %u: %s of %u, promised at %u, is lost", kind, at,
			 nevents, promises[i].places[0].name, promises[i].places[0].directory,
			 promises[i].from);
	}
	host_unmount();
	quiet_log = false;
}

static void crashes(void **state)
{
	(void)state;
	promises = calloc(PROMISES_MAX, sizeof(*promises));
	base_image = malloc(DEVICE_PAGES * PAGE_SIZE);
	crashed = malloc(DEVICE_PAGES * PAGE_SIZE);
	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		make_image(3 * MB, kinds[k]);
		assert_int_equal(host_mount(0, ""), 0);
		model_begin();
		for (unsigned i = 0; i < 200; i++)
			do_something();
		host_sync();
		memcpy(base_image, disk, disk_size);
		logging = true;
		for (unsigned i = 0; i < 800; i++)
			do_something();
		logging = false;
		host_unmount();
		for (unsigned i = 0; i < 12 * effort(); i++)
			check_crash(unit_random() % (nevents + 1), kinds[k]);
		log_clear();
		model_end();
	}
	free(promises);
	promises = NULL;
	free(base_image);
	free(crashed);
}

/* ---- images that are wrong ---- */

/* Walks, reads, and changes things everywhere, whatever comes. */
static void poke(struct inode *directory, unsigned depth);

static bool poke_entry(struct readdir_sink *sink, const char *name, size_t size, uint64_t number,
		       unsigned type, loff_t next);

struct poking {
	struct readdir_sink sink;
	unsigned count;
	char names[64][256];
};

static bool poke_entry(struct readdir_sink *sink, const char *name, size_t size, uint64_t number,
		       unsigned type, loff_t next)
{
	struct poking *poking = container_of(sink, struct poking, sink);

	(void)number;
	(void)type;
	(void)next;
	if (poking->count == ARRAY_SIZE(poking->names))
		return false;
	memcpy(poking->names[poking->count], name, size);
	poking->names[poking->count++][size] = '\0';
	return true;
}

static unsigned pokes;

static void poke_file(struct inode *inode)
{
	struct page_blocks blocks;

	for (unsigned i = 0; i < 20; i++)
		inode->pages.ops->map_blocks(&inode->pages, unit_random() % 20000, NULL, &blocks);
	host_write(inode, unit_random() % 100000, (const uint8_t *)"abc", 3);
	if (unit_random() % 3 == 0)
		inode->ops->resize(inode, unit_random() % 50000);
}

static void poke_child(struct inode *directory, const char *text, unsigned depth)
{
	struct name name = { text, strlen(text), 0 }, other = { "other", 5, 0 };
	struct inode *inode;

	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return;
	inode = directory->ops->lookup(directory, &name);
	if (IS_ERR(inode))
		return;
	if (S_ISREG(inode->mode))
		poke_file(inode);
	if (S_ISLNK(inode->mode) && !inode->target && inode->ops->load_target(inode) == 0)
		assert_non_null(inode->target);
	if (S_ISDIR(inode->mode) && depth < 6)
		poke(inode, depth + 1);
	if (unit_random() % 4 == 0)
		directory->ops->rename(directory, &name, directory, &other, inode, NULL, false);
	else if (unit_random() % 4 == 0)
		directory->ops->unlink(directory, &name, inode);
	inode_put(inode);
}

static void poke(struct inode *directory, unsigned depth)
{
	struct poking *poking = malloc(sizeof(*poking));
	struct file file = { .inode = directory };
	struct name name = { "new", 3, 0 };
	struct inode *made;

	*poking = (struct poking){ .sink.add = poke_entry };
	for (unsigned i = 0; i < 3; i++)
		directory->file_ops->readdir(&file, &poking->sink);
	for (unsigned i = 0; i < poking->count && pokes < 400; i++, pokes++)
		poke_child(directory, poking->names[i], depth);
	free(poking);
	made = directory->ops->create(directory, &name, unit_random() % 2 ? S_IFREG : S_IFDIR, 0,
				      NULL);
	if (!IS_ERR(made))
		inode_put(made);
}

/* A byte of metadata, for the most part: the first blocks, or what is not 0. */
static void corrupt(void)
{
	unsigned count = 1 + unit_random() % 40;

	while (count > 0) {
		uint32_t at = unit_random() % disk_size;

		if (unit_random() % 8 == 0)
			at = 1024 + unit_random() % 8192;
		if (!disk[at] && unit_random() % 64)
			continue;
		disk[at] = (uint8_t)unit_random();
		count--;
	}
}

static void give_up_pages(void)
{
	for (unsigned i = 0; i < INODES_MAX; i++)
		if (inodes[i])
			object_remove_pages(&inodes[i]->pages, 0, UINT32_MAX);
}

static void wrong_images(void **state)
{
	uint8_t *good = malloc(DEVICE_PAGES * PAGE_SIZE);

	(void)state;
	quiet_log = true;
	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		make_image(3 * MB, kinds[k]);
		assert_int_equal(host_mount(0, ""), 0);
		model_begin();
		for (unsigned i = 0; i < 500; i++)
			do_something();
		host_unmount();
		model_end();
		memcpy(good, disk, disk_size);
		for (unsigned i = 0; i < 30 * effort(); i++) {
			memcpy(disk, good, disk_size);
			corrupt();
			host_new_disk(disk_size);
			if (host_mount(0, "errors=continue") != 0)
				continue;
			pokes = 0;
			poke(host_super.root->inode, 0);
			host_sync();
			give_up_pages();
			host_unmount();
		}
	}
	free(good);
	quiet_log = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_work),
		cmocka_unit_test(memory_runs_out),
		cmocka_unit_test(crashes),
		cmocka_unit_test(wrong_images),
	};
	char path[64];
	int failed;

	host_setup();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	image_path(path, sizeof(path));
	unlink(path);
	free(disk);
	free(frame_array);
	free(events);
	return failed;
}
