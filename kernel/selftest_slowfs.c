/*
 * slowfs: names and inodes on a disk that is a table (selftest_slowfs.h). One can be mounted at a
 * time; what the disk has stays over an unmount.
 *
 * A record is an inode on the disk, an entry a name in a directory. What is in memory of an inode
 * goes to its record by write_inode alone, as on a real disk, so that forgotten dirty marks show.
 */
#include "selftest_slowfs.h"

#include <abi/dirent.h>
#include <assert.h>
#include <kheap.h>
#include <log.h>
#include <string.h>
#include <vfs.h>

#define RECORDS 128u /* number 0 is none, 1 the root */
#define ENTRIES 256u
#define NAME_SPACE 24u
#define ROOT 1u

struct record {
	bool in_use;
	mode_t mode;
	uint32_t nlink;
	bool in_memory; /* between the look at the disk and evict */
};

struct entry {
	ino_t directory; /* 0: free */
	ino_t number;
	char name[NAME_SPACE];
};

static struct record records[RECORDS];
static struct entry entries[ENTRIES];
static uint32_t random_state = 1;
static unsigned npauses;
static uint32_t fail_share;

static const struct inode_ops slow_inode_ops;
static const struct file_ops slow_dir_ops, slow_file_ops;

/* Marsaglia, "Xorshift RNGs", 2003. */
uint32_t slowfs_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

void slowfs_seed(uint32_t seed)
{
	random_state = seed | 1;
}

unsigned slowfs_pauses(void)
{
	return npauses;
}

static void pause(void)
{
	for (uint32_t i = slowfs_random() % 4; i > 0; i--) {
		npauses++;
		sched_yield();
	}
}

void slowfs_fail(uint32_t share)
{
	fail_share = share;
}

/* Asks the disk for something: 0 or -EIO. */
static int ask(void)
{
	pause();
	return fail_share && slowfs_random() % fail_share == 0 ? -EIO : 0;
}

/* ---- the disk ---- */

static struct entry *find_entry(ino_t directory, const struct name *name)
{
	for (struct entry *at = entries; at < entries + ENTRIES; at++)
		if (at->directory == directory && strlen(at->name) == name->size &&
		    memcmp(at->name, name->text, name->size) == 0)
			return at;
	return NULL;
}

static int add_entry(ino_t directory, const struct name *name, ino_t number)
{
	assert(!find_entry(directory, name));
	if (name->size >= NAME_SPACE)
		return -ENAMETOOLONG;
	for (struct entry *at = entries; at < entries + ENTRIES; at++) {
		if (at->directory)
			continue;
		at->directory = directory;
		at->number = number;
		memcpy(at->name, name->text, name->size);
		at->name[name->size] = '\0';
		return 0;
	}
	return -ENOSPC;
}

static bool is_empty(ino_t directory)
{
	for (const struct entry *at = entries; at < entries + ENTRIES; at++)
		if (at->directory == directory)
			return false;
	return true;
}

static ino_t allocate_record(mode_t mode)
{
	for (ino_t number = ROOT + 1; number < RECORDS; number++) {
		if (records[number].in_use)
			continue;
		assert(!records[number].in_memory);
		records[number] = (struct record){ .in_use = true, .mode = mode };
		return number;
	}
	return 0;
}

/* ---- inodes ---- */

static void set_operations(struct inode *inode)
{
	inode->ops = &slow_inode_ops;
	inode->file_ops = S_ISDIR(inode->mode) ? &slow_dir_ops : &slow_file_ops;
}

static struct inode *get_inode(struct superblock *superblock, ino_t number)
{
	bool is_new;
	struct inode *inode = inode_find_or_new(superblock, number, &is_new);

	if (IS_ERR(inode) || !is_new)
		return inode;
	assert(number < RECORDS && records[number].in_use && !records[number].in_memory);
	if (ask() != 0) {
		inode_failed(inode);
		return ERR_PTR(-EIO);
	}
	records[number].in_memory = true;
	inode->mode = records[number].mode;
	inode->nlink = records[number].nlink;
	set_operations(inode);
	pause();
	inode_ready(inode);
	return inode;
}

static void check_directory(const struct inode *directory)
{
	assert(mutex_is_mine(&directory->superblock->names));
	assert(S_ISDIR(directory->mode) && directory->nlink > 0 && directory->refs > 0);
	assert(records[directory->number].in_use && records[directory->number].in_memory);
}

static struct inode *slow_lookup(struct inode *directory, const struct name *name)
{
	const struct entry *entry;

	check_directory(directory);
	if (ask() != 0)
		return ERR_PTR(-EIO);
	entry = find_entry(directory->number, name);
	pause();
	return entry ? get_inode(directory->superblock, entry->number) : ERR_PTR(-ENOENT);
}

static void links_changed(struct inode *inode, int by)
{
	inode->nlink += (uint32_t)by;
	inode_changed(inode);
}

/* The new inode, nlink 0: its last reference frees it again. */
static struct inode *new_inode(struct inode *directory, mode_t mode)
{
	ino_t number = allocate_record(mode);
	struct inode *inode;
	bool is_new;

	if (!number)
		return ERR_PTR(-ENOSPC);
	inode = inode_find_or_new(directory->superblock, number, &is_new);
	if (IS_ERR(inode)) {
		records[number].in_use = false;
		return inode;
	}
	assert(is_new);
	if (ask() != 0) {
		records[number].in_use = false;
		inode_failed(inode);
		return ERR_PTR(-EIO);
	}
	records[number].in_memory = true;
	inode->mode = mode;
	inode_new_owner(inode, directory, mode);
	set_operations(inode);
	pause();
	inode_ready(inode);
	return inode;
}

static struct inode *slow_create(struct inode *directory, const struct name *name, mode_t mode,
				 dev_t device, const char *target)
{
	struct inode *inode;
	int error;

	(void)device;
	check_directory(directory);
	pause();
	if (target)
		return ERR_PTR(-EPERM);
	inode = new_inode(directory, mode);
	if (IS_ERR(inode) || !name)
		return inode;
	error = ask();
	if (!error)
		error = add_entry(directory->number, name, inode->number);
	if (error) {
		inode_put(inode);
		return ERR_PTR(error);
	}
	links_changed(inode, S_ISDIR(mode) ? 2 : 1);
	if (S_ISDIR(mode))
		links_changed(directory, 1);
	pause();
	return inode;
}

static int slow_link(struct inode *directory, const struct name *name, struct inode *inode)
{
	int error;

	check_directory(directory);
	error = ask();
	if (!error)
		error = add_entry(directory->number, name, inode->number);
	pause();
	if (!error)
		links_changed(inode, 1);
	return error;
}

/* The entry goes, and what it counted for. */
static void drop_entry(struct inode *directory, const struct name *name, struct inode *inode)
{
	struct entry *entry = find_entry(directory->number, name);

	assert(entry && entry->number == inode->number);
	entry->directory = 0;
	pause();
	links_changed(inode, S_ISDIR(inode->mode) ? -2 : -1);
	if (S_ISDIR(inode->mode))
		links_changed(directory, -1);
}

static int slow_unlink(struct inode *directory, const struct name *name, struct inode *inode)
{
	check_directory(directory);
	pause();
	if (S_ISDIR(inode->mode) && !is_empty(inode->number))
		return -ENOTEMPTY;
	if (ask() != 0)
		return -EIO;
	drop_entry(directory, name, inode);
	pause();
	return 0;
}

static int slow_rename(struct inode *from, const struct name *old_name, struct inode *to,
		       const struct name *new_name, struct inode *inode, struct inode *replaced,
		       bool exchange)
{
	struct entry *entry;
	int parents = S_ISDIR(inode->mode);

	check_directory(from);
	check_directory(to);
	if (ask() != 0)
		return -EIO;
	if (replaced && !exchange) {
		if (S_ISDIR(replaced->mode) && !is_empty(replaced->number))
			return -ENOTEMPTY;
		drop_entry(to, new_name, replaced);
	}
	pause();
	entry = find_entry(from->number, old_name);
	assert(entry && entry->number == inode->number);
	if (exchange) {
		struct entry *other = find_entry(to->number, new_name);

		assert(other && other->number == replaced->number);
		other->number = inode->number;
		entry->number = replaced->number;
		parents -= S_ISDIR(replaced->mode);
	} else {
		assert(new_name->size < NAME_SPACE && !find_entry(to->number, new_name));
		entry->directory = to->number;
		memcpy(entry->name, new_name->text, new_name->size);
		entry->name[new_name->size] = '\0';
	}
	pause();
	links_changed(from, -parents);
	links_changed(to, parents);
	return 0;
}

static const struct inode_ops slow_inode_ops = {
	.lookup = slow_lookup,
	.create = slow_create,
	.link = slow_link,
	.unlink = slow_unlink,
	.rename = slow_rename,
};

/* ---- directories ---- */

/* The position is that of an entry in the table. */
static int slow_readdir(struct file *file, struct readdir_sink *sink)
{
	check_directory(file->inode);
	for (; file->position < (loff_t)ENTRIES; file->position++) {
		const struct entry *at = &entries[file->position];

		pause();
		if (at->directory == file->inode->number &&
		    !sink->add(sink, at->name, strlen(at->name), at->number,
			       DT_OF_MODE(records[at->number].mode), file->position + 1))
			break;
	}
	return 0;
}

static const struct file_ops slow_dir_ops = { .read = dir_read, .readdir = slow_readdir };
static const struct file_ops slow_file_ops = { .read = NULL };

/* ---- the file system ---- */

static void slow_evict(struct inode *inode)
{
	struct record *record = &records[inode->number];

	assert(record->in_use && record->in_memory && inode->refs == 0);
	pause();
	if (inode->nlink == 0) {
		record->in_use = false;
		record->nlink = 0;
	} else {
		assert(record->nlink == inode->nlink && record->mode == inode->mode);
	}
	record->in_memory = false;
}

static int slow_write_inode(struct inode *inode, bool wait)
{
	(void)wait;
	assert(inode->refs > 0 && records[inode->number].in_memory);
	records[inode->number].mode = inode->mode;
	records[inode->number].nlink = inode->nlink;
	pause();
	return 0;
}

static const struct super_ops slow_super_ops = {
	.evict = slow_evict,
	.write_inode = slow_write_inode,
};

static int slow_mount(struct superblock *superblock, const char *options)
{
	struct name name = { "", 0, 0 };
	struct inode *inode;

	(void)options;
	superblock->ops = &slow_super_ops;
	if (!records[ROOT].in_use)
		records[ROOT] = (struct record){ true, S_IFDIR | 0755, 2, false };
	inode = get_inode(superblock, ROOT);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	superblock->root = dentry_create(NULL, &name, inode);
	if (superblock->root)
		return 0;
	inode_put(inode);
	inodes_evict_all(superblock);
	return -ENOMEM;
}

static struct filesystem slow_type = { .name = SLOWFS_NAME,
				       .mount = slow_mount,
				       .keeps_names = true };

void slowfs_register(void)
{
	static bool registered;

	if (!registered)
		filesystem_register(&slow_type);
	registered = true;
}

/* ---- looking it through ---- */

unsigned slowfs_in_use(void)
{
	unsigned count = 0;

	for (ino_t number = 0; number < RECORDS; number++)
		count += records[number].in_use;
	return count;
}

/* What the entries say the link count must be. */
static uint32_t links_of(ino_t number)
{
	uint32_t count = number == ROOT ? 2 : 0;

	for (const struct entry *at = entries; at < entries + ENTRIES; at++) {
		if (!at->directory)
			continue;
		if (at->number == number)
			count += S_ISDIR(records[number].mode) ? 2 : 1;
		if (at->directory == number && S_ISDIR(records[at->number].mode))
			count++;
	}
	return count;
}

unsigned slowfs_check(void)
{
	unsigned wrong = 0;

	for (ino_t number = ROOT; number < RECORDS; number++) {
		if (!records[number].in_use || records[number].nlink == links_of(number))
			continue;
		log_notice("# slowfs: inode %u has %u links, its count is %u", number,
			   links_of(number), records[number].nlink);
		wrong++;
	}
	for (const struct entry *at = entries; at < entries + ENTRIES; at++) {
		if (!at->directory)
			continue;
		if (records[at->directory].in_use && S_ISDIR(records[at->directory].mode) &&
		    records[at->number].in_use)
			continue;
		log_notice("# slowfs: %s in %u leads to %u", at->name, at->directory, at->number);
		wrong++;
	}
	return wrong;
}
