/*
 * Fills the root from the initramfs: the first module, one or more newc archives one behind the other.
 *
 * What an entry says is made as it comes. A bad entry costs that entry and is said; a bad header
 * ends the work, since where the next one would be is not known, and what came before it stays. The
 * module's frames are given back on the way, so that a file is in memory twice only in part.
 *
 * Two things have to be remembered to the end: inodes with several names (the data comes with any
 * one of them), and the times of directories, which making their entries changes.
 */
#include "newc.h"

#include <assert.h>
#include <boot.h>
#include <kheap.h>
#include <layout.h>
#include <log.h>
#include <string.h>
#include <vfs.h>

#define COPY_STEP (64u * KB)
#define NSEC 1000000000ull

struct unpacking {
	paddr_t at, end;   /* what is left of the module */
	paddr_t released;  /* below it, its frames are given back */
	struct list links; /* struct remembered: inodes with several names */
	struct list directories;
	unsigned nentries, nbad;
};

/* An inode and what is still to be done with it. */
struct remembered {
	struct list link;
	struct inode *inode;	 /* a reference */
	struct newc_entry entry; /* its name and data are gone when others look */
};

static int remember(struct list *list, struct inode *inode, const struct newc_entry *entry)
{
	struct remembered *it = kalloc(sizeof(*it));

	if (!it)
		return -ENOMEM;
	inode_get(inode);
	it->inode = inode;
	it->entry = *entry;
	list_add_tail(list, &it->link);
	return 0;
}

static void forget_all(struct list *list)
{
	struct remembered *at, *after;

	list_for_each_safe(at, after, list, link) {
		list_remove(&at->link);
		inode_put(at->inode);
		kfree(at);
	}
}

static struct inode *find_linked(const struct unpacking *work, const struct newc_entry *entry)
{
	struct remembered *at;

	if (entry->nlink < 2 || S_ISDIR(entry->mode))
		return NULL;
	list_for_each(at, &work->links, link)
		if (at->entry.ino == entry->ino && at->entry.dev_major == entry->dev_major &&
		    at->entry.dev_minor == entry->dev_minor)
			return at->inode;
	return NULL;
}

/* ---- one entry ---- */

static void set_attributes(struct inode *inode, const struct newc_entry *entry)
{
	inode->mode = (inode->mode & S_IFMT) | (entry->mode & S_IALLUGO);
	inode->uid = entry->uid;
	inode->gid = entry->gid;
	inode->atime = inode->mtime = inode->ctime = entry->mtime * NSEC;
	inode->modified_stamp = clock_stamp - 1;
}

static void release_up_to(struct unpacking *work, paddr_t end)
{
	end = ROUND_DOWN(end, PAGE_SIZE);
	if (end <= work->released)
		return;
	frame_release_boot(work->released, end);
	work->released = end;
}

static int write_data(struct unpacking *work, struct inode *inode, const struct newc_entry *entry)
{
	int error = inode_resize(inode, entry->size);

	for (uint32_t at = 0; at < entry->size && !error;) {
		struct iovec vec;
		struct uio io;
		ssize_t done;

		uio_init(&io, &vec, (void *)(entry->data + at), MIN(entry->size - at, COPY_STEP),
			 true);
		done = object_write(&inode->pages, at, &io);
		if (done <= 0) {
			error = done < 0 ? (int)done : -EIO;
			break;
		}
		at += (uint32_t)done;
		release_up_to(work, virt_to_paddr(entry->data + at));
	}
	return error;
}

/*
 * Takes a name out of the way that is there already: a later entry replaces an earlier one.
 * Directories stay.
 */
static int clear_name(const char *path, const struct newc_entry *entry)
{
	int error = path_remove(AT_FDCWD, path, false);

	if (error == -EISDIR)
		return S_ISDIR(entry->mode) ? -EEXIST : -EISDIR;
	return error == -ENOENT ? 0 : error;
}

/* The text of a symbolic link is its data, without an end. */
static int make_symlink(const char *path, const struct newc_entry *entry)
{
	char *target;
	int error;

	if (entry->size == 0 || entry->size >= PATH_MAX)
		return -EINVAL;
	target = kalloc(entry->size + 1);
	if (!target)
		return -ENOMEM;
	memcpy(target, entry->data, entry->size);
	target[entry->size] = '\0';
	error = strlen(target) == entry->size ? kernel_make(path, entry->mode, 0, target) : -EINVAL;
	kfree(target);
	return error;
}

static int make_inode(const char *path, const struct newc_entry *entry)
{
	dev_t device = DEV(entry->rdev_major & 0xfff, entry->rdev_minor & 0xff);

	switch (entry->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFIFO:
	case S_IFSOCK:
		return kernel_make(path, entry->mode, 0, NULL);
	case S_IFCHR:
	case S_IFBLK:
		return kernel_make(path, entry->mode, device, NULL);
	case S_IFLNK:
		return make_symlink(path, entry);
	default:
		return -EINVAL;
	}
}

/* What the new (or, for a directory, old) inode still lacks. */
static int finish_inode(struct unpacking *work, struct inode *inode, const struct newc_entry *entry)
{
	int error = 0;

	if (S_ISREG(entry->mode) && entry->size)
		error = write_data(work, inode, entry);
	set_attributes(inode, entry);
	if (!error && S_ISDIR(entry->mode))
		error = remember(&work->directories, inode, entry);
	else if (!error && entry->nlink > 1 && !find_linked(work, entry))
		error = remember(&work->links, inode, entry);
	return error;
}

static int make_entry(struct unpacking *work, const char *path, const struct newc_entry *entry)
{
	struct inode *linked = find_linked(work, entry);
	struct dentry *dentry;
	int error = clear_name(path, entry);

	if (error && error != -EEXIST)
		return error;
	if (!error)
		error = linked ? path_link(linked, AT_FDCWD, path) : make_inode(path, entry);
	else
		error = 0;
	if (error)
		return error;
	dentry = path_lookup(AT_FDCWD, path, 0);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	error = finish_inode(work, dentry->inode, entry);
	dentry_put(dentry);
	return error;
}

/* The entry's name as an absolute path in `path`; false for the root itself, which is there already. */
static bool absolute_path(const char *name, char *path)
{
	const char *component;
	size_t size, used = 0;

	while ((size = newc_component(&name, &component))) {
		path[used++] = '/';
		memcpy(path + used, component, size);
		used += size;
	}
	path[used] = '\0';
	return used > 0;
}

static void unpack_entry(struct unpacking *work, const struct newc_entry *entry, char *path)
{
	int error;

	work->nentries++;
	if (newc_escapes(entry->name)) {
		log_error("initramfs: %s leads out of the root, left out", entry->name);
		work->nbad++;
		return;
	}
	if (!absolute_path(entry->name, path)) {
		set_attributes(fs_root->inode, entry);
		return;
	}
	error = make_entry(work, path, entry);
	if (error) {
		log_error("initramfs: %s cannot be made, error %d", path, -error);
		work->nbad++;
	}
}

/* ---- the archive ---- */

/* Zeros may stand before archives, between them, and behind the last, as on Linux. */
static void skip_zeros(struct unpacking *work)
{
	while (work->at < work->end && *(const uint8_t *)paddr_to_virt(work->at) == 0)
		work->at++;
}

static enum newc_result unpack_all(struct unpacking *work, char *path)
{
	skip_zeros(work);
	while (work->at < work->end) {
		struct newc_entry entry;
		enum newc_result result = newc_parse(paddr_to_virt(work->at), work->end - work->at,
						     &entry);

		if (result != NEWC_OK)
			return result;
		work->at += entry.total;
		if (strcmp(entry.name, NEWC_TRAILER) == 0) {
			forget_all(&work->links);
			skip_zeros(work);
		} else {
			unpack_entry(work, &entry, path);
			if (work->at == work->end)
				return NEWC_CUT; /* no trailer */
		}
		release_up_to(work, work->at);
	}
	return NEWC_OK;
}

static int unpack_module(struct unpacking *work)
{
	paddr_t start = work->at;
	enum newc_result result;
	struct remembered *at;
	char *path = path_buffer_get();

	if (!path)
		return -ENOMEM;
	result = unpack_all(work, path);
	if (result != NEWC_OK)
		log_error("initramfs: byte %u of %u: %s", work->at - start, work->end - start,
			  newc_result_name(result));
	list_for_each(at, &work->directories, link)
		set_attributes(at->inode, &at->entry);
	forget_all(&work->links);
	forget_all(&work->directories);
	path_buffer_put(path);
	log_info("initramfs: %u entries, %u KB", work->nentries, (work->end - start) / KB);
	return result == NEWC_OK && work->nbad == 0 ? 0 : -EINVAL;
}

int initramfs_unpack(void)
{
	const struct boot_range *module = &boot_info.modules[0];
	struct unpacking work = { .at = module->start, .end = module->end };

	if (boot_info.nmodules == 0) {
		log_error("initramfs: the boot loader brought no module");
		return -ENODEV;
	}
	if (module->end > frame_low_end()) {
		log_error("initramfs: the module ends at 0x%x, above the direct map", module->end);
		return -EINVAL;
	}
	work.released = ROUND_UP(module->start, PAGE_SIZE);
	list_init(&work.links);
	list_init(&work.directories);
	return unpack_module(&work);
}
