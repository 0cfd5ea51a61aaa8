/*
 * Inodes: lifetime, rights, times, size, and who may write while a program runs.
 *
 * An inode lives as long as somebody holds it: dentries and files; or, where its file system keeps
 * names, until its memory is wanted (inode_cache.c). Its content, the object of page-cache pages
 * inside it, may live a little longer, as long as something maps it; the memory of both goes with
 * the object's last reference.
 */
#include "inode_cache.h"

#include <assert.h>
#include <clock.h>
#include <kheap.h>
#include <string.h>

#define DAY_NS (24 * 3600 * NSEC_PER_SEC)

void inode_release_pages(struct object *object)
{
	kfree(object->owner);
}

static const struct object_ops pages_ops = { .release = inode_release_pages };

struct inode *inode_allocate(struct superblock *superblock)
{
	struct inode *inode = kzalloc(sizeof(*inode));

	if (!inode)
		return NULL;
	inode->refs = 1;
	inode->superblock = superblock;
	inode->modified_stamp = clock_stamp;
	inode_times_changed(inode);
	mutex_init(&inode->lock);
	list_init(&inode->unused_link);
	list_init(&inode->dirty_link);
	object_init(&inode->pages, &pages_ops, inode);
	if (superblock)
		superblock->ninodes++;
	inode_count++;
	return inode;
}

struct inode *inode_create(struct superblock *superblock, mode_t mode)
{
	static ino_t last_loose;
	struct inode *inode = inode_allocate(superblock);

	assert(!superblock || !superblock->type->keeps_names);
	if (!inode)
		return NULL;
	inode->mode = mode;
	inode->nlink = 1;
	inode->number = superblock ? ++superblock->next_inode : ++last_loose;
	inode->atime = inode->mtime = inode->ctime = inode->birth = inode_now();
	return inode;
}

void inode_free(struct inode *inode)
{
	assert(inode->refs == 0);
	/* Another may have the pages for a moment longer than there is a superblock: swapoff. */
	object_remove_pages(&inode->pages, 0, UINT32_MAX);
	if (inode->superblock)
		inode->superblock->ninodes--;
	inode_count--;
	if (S_ISLNK(inode->mode))
		kfree(inode->target);
	locks_free(inode);
	object_put(&inode->pages);
}

void inode_release(struct inode *inode)
{
	struct superblock *superblock = inode->superblock;

	assert(inode->refs == 0);
	assert(inode->writers == 0 && !inode->lock.owner);
	if (inode->flags & INODE_CACHED) {
		inode_let_go(inode);
		return;
	}
	if (superblock && superblock->ops->evict)
		superblock->ops->evict(inode);
	inode_free(inode);
}

/* ---- rights ---- */

static const struct credentials *cred(void)
{
	return &current->process->cred;
}

bool cred_can(unsigned capability)
{
	return current->process == &kernel_process || (cred()->effective & (1ull << capability));
}

bool cred_in_group(gid_t gid)
{
	const struct credentials *own = cred();

	if (gid == own->fsgid)
		return true;
	for (unsigned i = 0; i < own->ngroups; i++)
		if (own->groups[i] == gid)
			return true;
	return false;
}

bool inode_is_mine(const struct inode *inode)
{
	return inode->uid == cred()->fsuid || cred_can(CAP_FOWNER);
}

bool inode_sticky(const struct inode *directory, const struct inode *inode)
{
	if (!(directory->mode & S_ISVTX) || inode->uid == cred()->fsuid ||
	    directory->uid == cred()->fsuid)
		return false;
	return !cred_can(CAP_FOWNER);
}

/* What the mode bits give current: a mask of R_OK, W_OK, X_OK. */
static uint32_t mode_rights(const struct inode *inode)
{
	if (inode->uid == cred()->fsuid)
		return (inode->mode >> 6) & 7;
	if (cred_in_group(inode->gid))
		return (inode->mode >> 3) & 7;
	return inode->mode & 7;
}

/* The superuser passes all, but runs nothing that nobody may run. */
static bool overrides(const struct inode *inode, uint32_t mask)
{
	if (cred_can(CAP_DAC_OVERRIDE))
		return !(mask & X_OK) || S_ISDIR(inode->mode) || (inode->mode & 0111);
	if (!cred_can(CAP_DAC_READ_SEARCH))
		return false;
	return mask == R_OK || (S_ISDIR(inode->mode) && !(mask & W_OK));
}

int inode_permission(struct inode *inode, uint32_t mask)
{
	if (inode->ops && inode->ops->refresh)
		inode->ops->refresh(inode);
	if ((mask & W_OK) && inode->superblock &&
	    (S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISLNK(inode->mode))) {
		int error = superblock_writable(inode->superblock);

		if (error)
			return error;
		if (inode->flags & INODE_IMMUTABLE)
			return -EPERM;
	}
	if (!(mask & ~mode_rights(inode)) || overrides(inode, mask))
		return 0;
	return -EACCES;
}

void inode_new_owner(struct inode *inode, const struct inode *directory, mode_t mode)
{
	inode->uid = cred()->fsuid;
	inode->gid = cred()->fsgid;
	inode->mode = (inode->mode & S_IFMT) | (mode & S_IALLUGO);
	if (directory->mode & S_ISGID) {
		inode->gid = directory->gid;
		if (S_ISDIR(mode))
			inode->mode |= S_ISGID;
		else if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
			 !cred_in_group(inode->gid) && !cred_can(CAP_FSETID))
			inode->mode &= ~S_ISGID;
	}
}

void inode_drop_setid(struct inode *inode)
{
	mode_t drop = inode->mode & S_ISUID;

	if ((inode->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		drop |= S_ISGID;
	if (!drop || !S_ISREG(inode->mode) || cred_can(CAP_FSETID))
		return;
	inode->mode &= ~drop;
	inode_changed(inode);
}

/* ---- times ---- */

/* Files are stamped with the time of the last tick, as on Linux. */
uint64_t inode_now(void)
{
	return clock_realtime_coarse_ns();
}

uint64_t inode_kept_time(const struct inode *inode, uint64_t time)
{
	const struct superblock *superblock = inode->superblock;

	if (!superblock || !superblock->time_step)
		return time;
	time = MIN(time, superblock->time_max);
	return time - time % superblock->time_step;
}

void inode_set_modified(struct inode *inode)
{
	uint64_t now = inode_kept_time(inode, inode_now());

	inode->modified_stamp = clock_stamp;
	if (inode->mtime == now && inode->ctime == now)
		return;
	inode->mtime = inode->ctime = now;
	inode_times_changed(inode);
	inode_mark_dirty_times(inode);
}

void inode_changed(struct inode *inode)
{
	inode->ctime = inode_kept_time(inode, inode_now());
	inode_times_changed(inode);
	inode_mark_dirty(inode);
}

/* relatime: the access time is kept unless it would be newer than a change or a day old. */
static bool atime_will_do(struct inode *inode, uint64_t now)
{
	if (inode->superblock && (inode->superblock->flags & MS_STRICTATIME))
		return false;
	return inode->atime > inode->mtime && inode->atime > inode->ctime &&
	       now < inode->atime + DAY_NS;
}

void inode_set_accessed(struct inode *inode)
{
	uint32_t flags = inode->superblock ? inode->superblock->flags : 0;
	uint64_t now = inode_kept_time(inode, inode_now());

	inode->accessed_stamp = clock_stamp;
	if ((flags & (MS_NOATIME | MS_RDONLY)) || (inode->flags & INODE_NOATIME))
		return;
	if ((flags & MS_NODIRATIME) && S_ISDIR(inode->mode))
		return;
	if (!atime_will_do(inode, now) && inode->atime != now) {
		inode->atime = now;
		inode_mark_dirty_times(inode);
	}
	inode->atime_is_news = (flags & MS_STRICTATIME) || !atime_will_do(inode, now);
}

/* ---- size and writers ---- */

int inode_resize(struct inode *inode, uint64_t size)
{
	int error;

	if (!inode->ops || !inode->ops->resize)
		return -EINVAL;
	if (size > FILE_SIZE_MAX)
		return -EFBIG;
	mutex_lock(&inode->lock);
	error = inode->flags & INODE_SWAP && size <= inode->pages.size ? -ETXTBSY : 0;
	if (!error)
		error = inode->ops->resize(inode, size);
	if (!error) {
		inode_modified(inode);
		inode_mark_dirty(inode);
	}
	mutex_unlock(&inode->lock);
	return error;
}

int inode_get_write(struct inode *inode)
{
	if (inode->writers < 0)
		return -ETXTBSY;
	inode->writers++;
	if (inode->superblock)
		inode->superblock->nwriters++;
	return 0;
}

void inode_put_write(struct inode *inode)
{
	assert(inode->writers > 0);
	inode->writers--;
	if (inode->superblock)
		inode->superblock->nwriters--;
}

int inode_deny_write(struct inode *inode)
{
	if (inode->writers > 0)
		return -ETXTBSY;
	inode->writers--;
	return 0;
}

void inode_allow_write(struct inode *inode)
{
	assert(inode->writers < 0);
	inode->writers++;
}

/* ---- what stat says ---- */

static void split_time(uint64_t time, uint32_t *sec, uint32_t *nsec)
{
	*sec = (uint32_t)(time / NSEC_PER_SEC);
	*nsec = (uint32_t)(time % NSEC_PER_SEC);
}

void inode_stat(struct inode *inode, struct stat64 *to)
{
	if (inode->ops && inode->ops->refresh)
		inode->ops->refresh(inode);
	*to = (struct stat64){
		.dev = inode->superblock ? inode->superblock->device : pipe_device(),
		.short_ino = inode->number,
		.ino = inode->number,
		.mode = inode->mode,
		.nlink = inode->nlink,
		.uid = inode->uid,
		.gid = inode->gid,
		.rdev = inode->device,
		.size = (int64_t)inode->pages.size,
		.blksize = PAGE_SIZE,
		.blocks = (uint64_t)inode->pages.pages.count * (PAGE_SIZE / 512),
	};
	split_time(inode->atime, &to->atime, &to->atime_nsec);
	split_time(inode->mtime, &to->mtime, &to->mtime_nsec);
	split_time(inode->ctime, &to->ctime, &to->ctime_nsec);
	if (inode->ops && inode->ops->stat)
		inode->ops->stat(inode, to);
}
