/*
 * fs/ext2 on images with wrong bytes: errors, and nothing worse.
 */
#include "ext2_work.h"

/* Walks, reads, and changes things everywhere, whatever comes. */
static void poke(struct inode *directory, unsigned depth);

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
		cmocka_unit_test(wrong_images),
	};

	return cmocka_run_group_tests(tests, ext2_begin_all, ext2_end_all);
}
