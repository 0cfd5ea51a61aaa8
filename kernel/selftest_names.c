/*
 * Self-tests of names that sleep: many tasks make, look for, move and remove names in a file system
 * that gives the processor up at every step (selftest_slowfs.c), while its caches are shrunk.
 *
 * What is known of the outcome: each task has names of its own, which nobody else touches, so that
 * each operation on them must go as the task's own notes say; names that all touch are counted, plus
 * one for each that was made, minus one for each that was taken away, so that at the end the count
 * says which are there; and directories that come and go must never lose or keep anything. Once
 * more with a disk that errs: what fails with -EIO has changed nothing.
 */
#include "selftest_slowfs.h"

#include <selftest.h>

#include <assert.h>
#include <format.h>
#include <kheap.h>
#include <log.h>
#include <random.h>
#include <string.h>
#include <vfs.h>

#define FOLDER "/slow"
#define TASKS 10u
#define STEPS 300u
#define SHARED 6u /* names that all touch */
#define OWN 3u	  /* names of each task */
#define FIXED 3u  /* directories that stay */
#define FLEETING 3u

static struct wait_queue finished = WAIT_QUEUE_INIT(finished);
static unsigned running;
static bool erring; /* the disk */
static int shared_count[FIXED][SHARED];

/* What a task knows of its own names: the directory that has it, -1: none; the inode. */
struct notes {
	unsigned task;
	int place[OWN];
	ino_t number[OWN];
};

/* Did it fail as the disk may? Then nothing more is to be learned from it. */
static bool disk_erred(int error)
{
	return erring && error == -EIO;
}

static unsigned pick(unsigned count)
{
	return slowfs_random() % count;
}

/* ---- paths ---- */

struct path {
	char text[64];
};

static struct path own_path(const struct notes *notes, unsigned name, int directory)
{
	struct path path;

	format(path.text, sizeof(path.text), FOLDER "/d%d/own%u.%u", directory, notes->task, name);
	return path;
}

static struct path shared_path(unsigned directory, unsigned name)
{
	struct path path;

	format(path.text, sizeof(path.text), FOLDER "/d%u/all%u", directory, name);
	return path;
}

static struct path fleeting_path(const char *inside)
{
	struct path path;

	format(path.text, sizeof(path.text), FOLDER "/x%u%s", pick(FLEETING), inside);
	return path;
}

/* ---- names of one task ---- */

/* Where the name is there must be the inode that was made, elsewhere nothing. */
static void look_for_own(const struct notes *notes, unsigned name, int directory)
{
	struct path path = own_path(notes, name, directory);
	struct dentry *found = path_lookup(AT_FDCWD, path.text, 0);

	if (disk_erred(PTR_ERR(found)))
		return;
	if (notes->place[name] == directory)
		EXPECT(!IS_ERR(found) && found->inode->number == notes->number[name]);
	else
		EXPECT(PTR_ERR(found) == -ENOENT);
	if (!IS_ERR(found))
		dentry_put(found);
}

static void make_own(struct notes *notes, unsigned name, int directory)
{
	struct path path = own_path(notes, name, directory);
	struct file *file = file_open(path.text, O_CREAT | O_EXCL | O_LARGEFILE, 0600);

	if (PTR_ERR(file) == -ENOSPC || disk_erred(PTR_ERR(file)))
		return; /* the others have all the room */
	EXPECT(!IS_ERR(file));
	if (IS_ERR(file))
		return;
	notes->place[name] = directory;
	notes->number[name] = file_inode_number(file);
	file_put(file);
}

static void move_own(struct notes *notes, unsigned name, int directory)
{
	struct path from = own_path(notes, name, notes->place[name]);
	struct path to = own_path(notes, name, directory);

	int error = path_rename(AT_FDCWD, from.text, AT_FDCWD, to.text, 0);

	EXPECT(error == 0 || disk_erred(error));
	if (!error)
		notes->place[name] = directory;
}

static void remove_own(struct notes *notes, unsigned name)
{
	struct path path = own_path(notes, name, notes->place[name]);
	int error = path_remove(AT_FDCWD, path.text, false);

	EXPECT(error == 0 || disk_erred(error));
	if (!error)
		notes->place[name] = -1;
}

static void step_own(struct notes *notes)
{
	unsigned name = pick(OWN);
	int directory = (int)pick(FIXED);

	look_for_own(notes, name, directory);
	if (notes->place[name] < 0)
		make_own(notes, name, directory);
	else if (pick(3) == 0)
		remove_own(notes, name);
	else
		move_own(notes, name, directory);
}

/* ---- names of all ---- */

static void make_shared(unsigned directory, unsigned name)
{
	struct path path = shared_path(directory, name);
	struct file *file = file_open(path.text, O_CREAT | O_EXCL | O_LARGEFILE, 0600);

	if (IS_ERR(file)) {
		EXPECT(PTR_ERR(file) == -EEXIST || PTR_ERR(file) == -ENOSPC ||
		       disk_erred(PTR_ERR(file)));
		return;
	}
	shared_count[directory][name]++;
	file_put(file);
}

static void remove_shared(unsigned directory, unsigned name)
{
	struct path path = shared_path(directory, name);
	int error = path_remove(AT_FDCWD, path.text, false);

	EXPECT(error == 0 || error == -ENOENT || disk_erred(error));
	shared_count[directory][name] -= error == 0;
}

static void move_shared(unsigned directory, unsigned name)
{
	unsigned to_directory = pick(FIXED), to_name = pick(SHARED);
	struct path from = shared_path(directory, name), to = shared_path(to_directory, to_name);
	uint32_t flags = pick(2) ? RENAME_NOREPLACE : RENAME_EXCHANGE;
	int error = path_rename(AT_FDCWD, from.text, AT_FDCWD, to.text, flags);

	EXPECT(error == 0 || error == -ENOENT || error == -EEXIST || disk_erred(error));
	if (error || flags == RENAME_EXCHANGE)
		return;
	shared_count[directory][name]--;
	shared_count[to_directory][to_name]++;
}

static void link_shared(unsigned directory, unsigned name)
{
	unsigned to_directory = pick(FIXED), to_name = pick(SHARED);
	struct path from = shared_path(directory, name), to = shared_path(to_directory, to_name);
	struct dentry *dentry = path_lookup(AT_FDCWD, from.text, 0);
	int error;

	if (IS_ERR(dentry)) {
		EXPECT(PTR_ERR(dentry) == -ENOENT || disk_erred(PTR_ERR(dentry)));
		return;
	}
	error = path_link(dentry->inode, AT_FDCWD, to.text);
	EXPECT(error == 0 || error == -ENOENT || error == -EEXIST || error == -ENOSPC ||
	       disk_erred(error));
	shared_count[to_directory][to_name] += error == 0;
	dentry_put(dentry);
}

static void step_shared(void)
{
	static void (*const steps[])(unsigned, unsigned) = { make_shared, remove_shared,
							     move_shared, link_shared };

	steps[pick(ARRAY_SIZE(steps))](pick(FIXED), pick(SHARED));
}

/* ---- directories that come and go ---- */

static void step_fleeting(void)
{
	struct path directory = fleeting_path(""), below = fleeting_path("/y");
	struct path file = fleeting_path("/y/z"), other = fleeting_path("");
	int error = 0;

	switch (pick(6)) {
	case 0:
		error = kernel_make(directory.text, S_IFDIR | 0755, 0, NULL);
		break;
	case 1:
		error = kernel_make(below.text, S_IFDIR | 0755, 0, NULL);
		break;
	case 2:
		error = kernel_make(file.text, S_IFREG | 0644, 0, NULL);
		break;
	case 3:
		error = path_remove(AT_FDCWD, pick(2) ? directory.text : below.text, true);
		break;
	case 4:
		error = path_remove(AT_FDCWD, file.text, false);
		break;
	default:
		error = path_rename(AT_FDCWD, pick(2) ? below.text : directory.text, AT_FDCWD,
				    pick(2) ? below.text : other.text,
				    pick(2) ? RENAME_EXCHANGE : 0);
	}
	EXPECT(error == 0 || error == -ENOENT || error == -EEXIST || error == -ENOTEMPTY ||
	       error == -EINVAL || error == -ENOSPC || disk_erred(error));
}

/* ---- all at once ---- */

static void finish_one(void)
{
	running--;
	wake_all(&finished);
}

static void work(void *argument)
{
	struct notes notes = { .task = (unsigned)argument };

	for (unsigned i = 0; i < OWN; i++)
		notes.place[i] = -1;
	for (unsigned i = 0; i < STEPS; i++) {
		step_own(&notes);
		step_shared();
		step_fleeting();
	}
	for (unsigned i = 0; i < OWN; i++)
		while (notes.place[i] >= 0)
			remove_own(&notes, i);
	finish_one();
}

/* Takes what it can from the caches, and has dirty inodes written, while the others work. */
static void press(void *argument)
{
	(void)argument;
	while (running > 1) {
		dentry_shrink(pick(8));
		inode_shrink(pick(8));
		if (pick(4) == 0)
			EXPECT(superblocks_sync(false, 0) == 0);
		sched_yield();
	}
	finish_one();
}

static void run_all(void)
{
	running = TASKS + 1;
	for (unsigned i = 0; i < TASKS; i++)
		if (!task_create_kernel("names", work, (void *)i))
			finish_one();
	if (!task_create_kernel("press", press, NULL))
		finish_one();
	wait_event_uninterruptible(&finished, running == 0);
}

static void mount_slow(void)
{
	struct dentry *folder;

	slowfs_register();
	EXPECT(kernel_make(FOLDER, S_IFDIR | 0755, 0, NULL) == 0);
	folder = path_lookup(AT_FDCWD, FOLDER, LOOKUP_DIRECTORY);
	assert(!IS_ERR(folder));
	EXPECT(mount_at(SLOWFS_NAME, "slow", folder, 0, "") == 0);
	dentry_put(folder);
}

static void unmount_slow(uint32_t flags, int expected)
{
	struct dentry *root = path_lookup(AT_FDCWD, FOLDER, LOOKUP_DIRECTORY);
	struct superblock *superblock;

	assert(!IS_ERR(root));
	superblock = root->inode->superblock;
	dentry_put(root);
	EXPECT(mount_remove(superblock, flags) == expected);
}

static void remove_if_there(const char *path)
{
	int error = path_remove(AT_FDCWD, path, false);

	if (error == -EISDIR)
		error = path_remove(AT_FDCWD, path, true);
	EXPECT(error == 0 || error == -ENOENT || error == -ENOTDIR);
}

/* The fleeting directories may be in each other by now, always as "y". */
static void remove_fleeting(void)
{
	char text[PATH_MAX / 4];

	for (unsigned i = 0; i < FLEETING; i++) {
		size_t top = (size_t)format(text, sizeof(text), FOLDER "/x%u", i), size = top;
		struct dentry *found;

		while (!IS_ERR(found = path_lookup(AT_FDCWD, text, 0)) && size + 3 < sizeof(text)) {
			dentry_put(found);
			size += strlcpy(text + size, "/y", sizeof(text) - size);
		}
		for (; size >= top; size -= 2) {
			text[size] = '\0';
			strlcpy(text + size, "/z", sizeof(text) - size);
			remove_if_there(text);
			text[size] = '\0';
			remove_if_there(text);
		}
	}
}

/* The counts say which are there; those go. */
static void check_shared(void)
{
	for (unsigned i = 0; i < FIXED; i++)
		for (unsigned j = 0; j < SHARED; j++) {
			struct path path = shared_path(i, j);
			int error = path_remove(AT_FDCWD, path.text, false);

			EXPECT(error == (shared_count[i][j] ? 0 : -ENOENT));
			EXPECT(shared_count[i][j] == 0 || shared_count[i][j] == 1);
			shared_count[i][j] = 0;
		}
}

static void fixed_directories(bool make)
{
	char text[64];

	for (unsigned i = 0; i < FIXED; i++) {
		format(text, sizeof(text), FOLDER "/d%u", i);
		if (make)
			EXPECT(kernel_make(text, S_IFDIR | 0755, 0, NULL) == 0);
		else
			EXPECT(path_remove(AT_FDCWD, text, true) == 0);
	}
}

/* All of it, with a disk that fails one step in fail_share, 0: none. */
static void run_with(uint32_t fail_share)
{
	uint32_t objects, bytes, objects_after, bytes_after, seed;

	random_bytes(&seed, sizeof(seed));
	log_notice("# seed %u", seed);
	slowfs_seed(seed);
	slowfs_register();
	kheap_count(&objects, &bytes);
	mount_slow();
	fixed_directories(true);
	erring = fail_share != 0;
	slowfs_fail(fail_share);
	run_all();
	slowfs_fail(0);
	erring = false;
	/* What is found in the caches is what the disk says. */
	EXPECT(superblocks_sync(true, 0) == 0 && slowfs_check() == 0);
	unmount_slow(0, 0);
	EXPECT(path_remove(AT_FDCWD, FOLDER, true) == 0);
	mount_slow();
	check_shared();
	remove_fleeting();
	fixed_directories(false);
	unmount_slow(0, 0);
	EXPECT(path_remove(AT_FDCWD, FOLDER, true) == 0);
	EXPECT(slowfs_check() == 0 && slowfs_in_use() == 1);
	kheap_count(&objects_after, &bytes_after);
	EXPECT(objects == objects_after && bytes == bytes_after);
	EXPECT(slowfs_pauses() > TASKS * STEPS);
}

SELFTEST(names_that_sleep_are_as_noted)
{
	run_with(0);
}

SELFTEST(names_on_a_disk_that_errs_are_as_noted)
{
	run_with(20);
}

/* ---- what is kept, and for how long ---- */

SELFTEST(names_that_nobody_uses_are_kept)
{
	uint32_t dentries, inodes;
	struct dentry *found;

	mount_slow();
	EXPECT(kernel_make(FOLDER "/kept", S_IFREG | 0644, 0, NULL) == 0);
	dentries = dentry_unused_count;
	inodes = inode_count;
	EXPECT(PTR_ERR(path_lookup(AT_FDCWD, FOLDER "/none", 0)) == -ENOENT);
	EXPECT(dentry_unused_count == dentries + 1 && dentry_negative_count == 1);
	/* A name that was looked for in vain can be made. */
	EXPECT(kernel_make(FOLDER "/none", S_IFREG | 0644, 0, NULL) == 0);
	EXPECT(dentry_negative_count == 0 && inode_count == inodes + 1);
	EXPECT(dentry_shrink(1) == 1);
	found = path_lookup(AT_FDCWD, FOLDER "/kept", 0);
	EXPECT(!IS_ERR(found) && found->refs == 1);
	dentry_put(found);
	while (dentry_shrink(100))
		;
	/* They are dirty still, and stay. */
	EXPECT(inode_unused_count == 2 && inode_shrink(100) == 0);
	EXPECT(superblocks_sync(true, 0) == 0 && inode_shrink(100) == 2);
	EXPECT(path_remove(AT_FDCWD, FOLDER "/kept", false) == 0);
	EXPECT(path_remove(AT_FDCWD, FOLDER "/none", false) == 0);
	unmount_slow(0, 0);
	EXPECT(path_remove(AT_FDCWD, FOLDER, true) == 0 && slowfs_in_use() == 1);
}

SELFTEST(names_that_are_gone_are_freed_with_the_last_user)
{
	struct file *file;

	mount_slow();
	file = file_open(FOLDER "/open", O_CREAT | O_LARGEFILE, 0600);
	assert(!IS_ERR(file));
	unmount_slow(0, -EBUSY);
	EXPECT(path_remove(AT_FDCWD, FOLDER "/open", false) == 0);
	EXPECT(PTR_ERR(path_lookup(AT_FDCWD, FOLDER "/open", 0)) == -ENOENT);
	EXPECT(slowfs_in_use() == 2);
	unmount_slow(0, -EBUSY);
	/* Out of sight at once, unmounted with the last file. */
	unmount_slow(MNT_DETACH, 0);
	EXPECT(slowfs_in_use() == 2);
	file_put(file);
	EXPECT(slowfs_in_use() == 1);
	EXPECT(path_remove(AT_FDCWD, FOLDER, true) == 0);
}
