/*
 * Self-tests of files: names and their trees, what is left when everything is deleted, links,
 * renames, unmounting. They run in a kernel task, below a folder of their own on the root.
 */
#include <selftest.h>

#include <assert.h>
#include <format.h>
#include <kheap.h>
#include <string.h>
#include <vfs.h>

#define FOLDER "/selftest"

/* What is in use: heap objects and free frames. */
struct usage {
	uint32_t objects, bytes, free;
};

static struct usage usage_now(void)
{
	struct frame_counts counts;
	struct usage usage;

	kheap_count(&usage.objects, &usage.bytes);
	frame_count(&counts);
	usage.free = counts.free_low + counts.free_high;
	return usage;
}

/* The folder of a test, empty; with a reference. */
static struct dentry *folder_make(void)
{
	struct dentry *folder;

	EXPECT(kernel_make(FOLDER, S_IFDIR | 0755, 0, NULL) == 0);
	folder = path_lookup(AT_FDCWD, FOLDER, LOOKUP_DIRECTORY);
	assert(!IS_ERR(folder));
	return folder;
}

static void remove(struct dentry *parent, struct dentry *child)
{
	struct name name = { child->name, child->name_size, child->hash };

	names_lock(parent);
	EXPECT(parent->inode->ops->unlink(parent->inode, &name, child->inode) == 0);
	dentry_unlink(child);
	names_unlock(parent);
}

/* Removes what is in the folder, one level deep, and the folder itself. */
static void folder_remove(struct dentry *folder)
{
	while (folder->nchildren)
		remove(folder, dentry_child_from(folder, 0));
	remove(folder->parent, folder);
	dentry_put(folder);
}

static struct dentry *child_make(struct dentry *parent, const char *text, mode_t mode)
{
	struct name name = name_of(text);
	struct dentry *made;

	names_lock(parent);
	made = make_child(parent, &name, mode, 0, NULL);
	names_unlock(parent);
	assert(!IS_ERR(made));
	return made;
}

static ssize_t write_all(struct file *file, const char *text, size_t size)
{
	struct iovec vec;
	struct uio io;

	uio_init(&io, &vec, (void *)text, size, true);
	return file_write(file, &io, &file->position);
}

SELFTEST(fs_thousand_names_leave_nothing)
{
	struct usage before = usage_now(), after;
	struct dentry *folder = folder_make();
	char text[300];

	for (unsigned i = 0; i < 1000; i++) {
		/* Short names lie in the dentry, long ones on the heap. */
		format(text, sizeof(text), "%0*u", i % 2 ? 5 : 200, i);
		dentry_put(child_make(folder, text, S_IFREG | 0644));
	}
	EXPECT(folder->nchildren == 1000);
	for (unsigned i = 0; i < 1000; i++) {
		format(text, sizeof(text), "%0*u", i % 2 ? 5 : 200, i);
		struct name name = name_of(text);
		struct dentry *found = dentry_find(folder, &name);

		EXPECT(found && found->order == i + 2 && dentry_child_from(folder, i + 2) == found);
	}
	folder_remove(folder);
	after = usage_now();
	EXPECT(after.objects == before.objects && after.bytes == before.bytes);
}

SELFTEST(fs_content_goes_with_the_last_holder)
{
	struct usage before = usage_now(), during, after;
	struct dentry *folder = folder_make();
	struct file *file = file_open(FOLDER "/file", O_RDWR | O_CREAT | O_LARGEFILE, 0644);
	static const char page[PAGE_SIZE] = "page";
	char text[4];

	assert(!IS_ERR(file));
	for (unsigned i = 0; i < 16; i++)
		EXPECT(write_all(file, page, sizeof(page)) == PAGE_SIZE);
	folder_remove(folder);
	during = usage_now();
	EXPECT(during.free + 16 <= before.free);
	EXPECT(file_read_kernel(file, text, 4, 15 * PAGE_SIZE) == 4);
	EXPECT(memcmp(text, "page", 4) == 0);
	file_put(file);
	after = usage_now();
	EXPECT(after.objects == before.objects && after.bytes == before.bytes);
	EXPECT(after.free == before.free || after.free == before.free - 1);
}

SELFTEST(fs_programs_keep_writers_out)
{
	struct dentry *folder = folder_make();
	struct file *runs, *writes;

	dentry_put(child_make(folder, "program", S_IFREG | 0755));
	runs = file_open_exec(FOLDER "/program");
	assert(!IS_ERR(runs));
	EXPECT(PTR_ERR(file_open(FOLDER "/program", O_WRONLY, 0)) == -ETXTBSY);
	file_put(runs);
	writes = file_open(FOLDER "/program", O_WRONLY, 0);
	EXPECT(!IS_ERR(writes));
	EXPECT(PTR_ERR(file_open_exec(FOLDER "/program")) == -ETXTBSY);
	file_put(writes);
	folder_remove(folder);
}

SELFTEST(fs_links_are_followed_forty_times)
{
	struct usage before = usage_now(), after;
	struct dentry *folder = folder_make(), *found;
	char path[40], target[40];

	dentry_put(child_make(folder, "end", S_IFREG | 0644));
	for (unsigned i = 0; i <= 40; i++) {
		format(path, sizeof(path), FOLDER "/%u", i);
		format(target, sizeof(target), i ? "%u" : "end", i - 1);
		EXPECT(kernel_make(path, S_IFLNK | 0777, 0, target) == 0);
	}
	found = path_lookup(AT_FDCWD, FOLDER "/39", LOOKUP_FOLLOW);
	EXPECT(!IS_ERR(found) && strcmp(found->name, "end") == 0);
	dentry_put(found);
	EXPECT(PTR_ERR(path_lookup(AT_FDCWD, FOLDER "/40", LOOKUP_FOLLOW)) == -ELOOP);
	EXPECT(PTR_ERR(path_lookup(AT_FDCWD, FOLDER "/39/x", 0)) == -ENOTDIR);
	folder_remove(folder);
	after = usage_now();
	EXPECT(after.objects == before.objects && after.bytes == before.bytes);
}

SELFTEST(fs_exchange_keeps_names_and_content_apart)
{
	struct dentry *folder = folder_make();
	struct dentry *a = child_make(folder, "a", S_IFREG | 0644);
	struct dentry *b = child_make(folder, "a name that does not lie in the dentry",
				      S_IFDIR | 0755);
	struct dentry *inside = child_make(b, "inside", S_IFREG | 0644);
	struct name short_name = name_of("a");
	char path[80];

	dentry_exchange(a, b);
	EXPECT(dentry_find(folder, &short_name) == b && b->nchildren == 1);
	EXPECT(strcmp(dentry_path(inside, fs_root, path, sizeof(path)), FOLDER "/a/inside") == 0);
	EXPECT(dentry_is_below(inside, b) && !dentry_is_below(inside, a));
	remove(b, inside);
	EXPECT(strcmp(dentry_path(inside, fs_root, path, sizeof(path)),
		      FOLDER "/a/inside (deleted)") == 0);
	EXPECT(PTR_ERR(dentry_path(inside, fs_root, path, 12)) == -ENAMETOOLONG);
	dentry_put(inside);
	dentry_put(a);
	dentry_put(b);
	folder_remove(folder);
}

/* A folder lost below a mount would be a leak: the mount keeps what it covers. */
SELFTEST(fs_mount_covers_and_uncovers)
{
	struct usage before = usage_now(), after;
	struct dentry *folder = folder_make(), *over;
	struct superblock *mounted;

	EXPECT(mount_at("tmpfs", "test", folder, 0, "size=64k") == 0);
	over = path_lookup(AT_FDCWD, FOLDER, LOOKUP_DIRECTORY);
	assert(!IS_ERR(over));
	EXPECT(over != folder && folder->mounted == over->inode->superblock);
	EXPECT(dentry_above(over) == fs_root);
	dentry_put(child_make(over, "deep", S_IFDIR | 0755));
	EXPECT(kernel_make(FOLDER "/deep/er", S_IFREG | 0644, 0, NULL) == 0);
	mounted = folder->mounted;
	EXPECT(mount_remove(mounted, 0) == -EBUSY);
	dentry_put(over);
	EXPECT(mount_remove(mounted, 0) == 0 && !folder->mounted);
	folder_remove(folder);
	after = usage_now();
	EXPECT(after.objects == before.objects && after.bytes == before.bytes);
}
