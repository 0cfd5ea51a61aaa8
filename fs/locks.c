/*
 * Advisory locks: record locks of fcntl, those of open file descriptions, and flock.
 *
 * An inode that was ever locked has a list of locks sorted by where they start. Who owns a lock is
 * a pointer: a process's descriptor table for record locks, an open file for the other two. Record
 * locks of one owner never overlap: setting one cuts out its range of what the owner had there, and
 * joins neighbours of its own kind. flock locks are of another family and cover the whole file;
 * families do not see each other.
 *
 * Waiting record locks form a graph from process to process; one that would close a circle is
 * refused with -EDEADLK.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>
#include <kheap.h>
#include <uaccess.h>

#include "locks.h"

#define END_OF_ALL INT64_MAX
#define CIRCLE_MAX 10 /* processes in a circle that is found */

enum family { FAMILY_RECORD, FAMILY_FLOCK };

struct lock {
	struct list link;
	enum family family;
	int type;	    /* F_RDLCK or F_WRLCK; in a request F_UNLCK too */
	int64_t start, end; /* both within; END_OF_ALL: to the end however it grows */
	const void *owner;
	pid_t pid; /* for F_GETLK; -1: an open file's */
};

struct inode_locks {
	struct list held;
	struct wait_queue changed;
};

/* Processes that wait for a record lock, for the search for circles. */
struct waiting {
	struct list link;
	const struct lock *request;
	const struct inode_locks *locks;
};

static struct list all_waiting = LIST_INIT(all_waiting);

static struct inode_locks *locks_of(struct inode *inode)
{
	struct inode_locks *locks = inode->locks;

	if (locks)
		return locks;
	locks = kalloc(sizeof(*locks));
	if (!locks)
		return NULL;
	list_init(&locks->held);
	wait_queue_init(&locks->changed);
	inode->locks = locks;
	return locks;
}

static void drop(struct lock *lock)
{
	list_remove(&lock->link);
	kfree(lock);
}

void locks_free(struct inode *inode)
{
	struct inode_locks *locks = inode->locks;
	struct lock *at, *after;

	if (!locks)
		return;
	/* What is left was asked for by a process that has another table by now. */
	list_for_each_safe(at, after, &locks->held, link)
		drop(at);
	kfree(locks);
	inode->locks = NULL;
}

static bool overlap(const struct lock *a, const struct lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* The first lock of another that request cannot be beside, or NULL. */
static struct lock *find_conflict(const struct inode_locks *locks, const struct lock *request)
{
	struct lock *lock;

	list_for_each(lock, &locks->held, link) {
		if (lock->family != request->family || lock->owner == request->owner)
			continue;
		if (overlap(lock, request) && (lock->type == F_WRLCK || request->type == F_WRLCK))
			return lock;
	}
	return NULL;
}

/* ---- changing what an owner has ---- */

static struct lock *copy_of(const struct lock *from)
{
	struct lock *lock = kalloc(sizeof(*lock));

	if (lock)
		*lock = *from;
	return lock;
}

static void insert_sorted(struct inode_locks *locks, struct lock *lock)
{
	struct lock *at;

	list_for_each(at, &locks->held, link)
		if (at->start > lock->start)
			break;
	list_add_tail(&at->link, &lock->link);
}

/*
 * Takes [start, end] out of one lock of the same owner; the part behind it, if there is one,
 * becomes *spare.
 */
static void cut(struct inode_locks *locks, struct lock *lock, const struct lock *request,
		struct lock **spare)
{
	bool front = lock->start<request->start, behind = lock->end> request->end;

	if (front && behind) {
		struct lock *rest = *spare;

		*spare = NULL;
		rest->start = request->end + 1;
		rest->end = lock->end;
		rest->type = lock->type;
		lock->end = request->start - 1;
		insert_sorted(locks, rest);
	} else if (front) {
		lock->end = request->start - 1;
	} else if (behind) {
		lock->start = request->end + 1;
		list_remove(&lock->link);
		insert_sorted(locks, lock);
	} else {
		drop(lock);
	}
}

/* Takes over neighbours and overlapped locks of the same owner and type into added. */
static void join(struct inode_locks *locks, struct lock *added)
{
	struct lock *at, *after;

	list_for_each_safe(at, after, &locks->held, link) {
		if (at->family != added->family || at->owner != added->owner ||
		    at->type != added->type)
			continue;
		if ((at->end == END_OF_ALL || at->end + 1 >= added->start) &&
		    (added->end == END_OF_ALL || added->end + 1 >= at->start)) {
			added->start = MIN(added->start, at->start);
			added->end = MAX(added->end, at->end);
			drop(at);
		}
	}
}

/* Linux's words for want of memory: fcntl says it of locks, flock of memory. */
static int no_memory(const struct lock *request)
{
	return request->family == FAMILY_RECORD ? -ENOLCK : -ENOMEM;
}

/*
 * Gives the owner what it asks for; nothing of another is in the way. Without memory nothing has
 * changed.
 */
static int apply(struct inode_locks *locks, const struct lock *request)
{
	struct lock *added = request->type == F_UNLCK ? NULL : copy_of(request);
	struct lock *spare = copy_of(request), *at, *after;

	if (!spare || (request->type != F_UNLCK && !added)) {
		kfree(added);
		kfree(spare);
		return no_memory(request);
	}
	list_for_each_safe(at, after, &locks->held, link)
		if (at->family == request->family && at->owner == request->owner &&
		    overlap(at, request))
			cut(locks, at, request, &spare);
	if (added) {
		join(locks, added);
		insert_sorted(locks, added);
	}
	kfree(spare);
	wake_all(&locks->changed);
	return 0;
}

/* ---- waiting ---- */

/*
 * Whom the owner waits for at this moment, or NULL. Who was woken and has not run yet is still in
 * the list: so what it asks for is held against the locks of now.
 */
static const void *waits_for(const void *owner)
{
	struct waiting *at;

	list_for_each(at, &all_waiting, link) {
		const struct lock *blocker;

		if (at->request->owner != owner)
			continue;
		blocker = find_conflict(at->locks, at->request);
		if (blocker)
			return blocker->owner;
	}
	return NULL;
}

/*
 * Would waiting for `blocker` close a circle back to owner? Threads of one owner can make circles
 * among others that go past it, so the search ends after some steps, as Linux's does.
 */
static bool closes_circle(const void *owner, const void *blocker)
{
	for (unsigned steps = 0; blocker && steps < CIRCLE_MAX; steps++) {
		if (blocker == owner)
			return true;
		blocker = waits_for(blocker);
	}
	return false;
}

static int wait_for_change(struct inode_locks *locks, const struct lock *request)
{
	struct waiting waiting = { .request = request, .locks = locks };
	struct waiter waiter;
	int error;

	if (request->family == FAMILY_RECORD && request->pid >= 0)
		list_add(&all_waiting, &waiting.link);
	else
		list_init(&waiting.link);
	wait_enter(&locks->changed, &waiter);
	wait_prepare(WAIT_INTERRUPTIBLE);
	error = wait_sleep(WAIT_FOREVER);
	wait_leave(&waiter);
	list_remove(&waiting.link);
	return error == -EINTR ? -ERESTARTSYS : 0;
}

/*
 * The caller holds a reference to the file, and so the inode and its list stay while this sleeps.
 */
static int set_lock(struct inode *inode, const struct lock *request, bool wait)
{
	struct inode_locks *locks = locks_of(inode);
	const void *waited_for = NULL;
	struct lock *blocker;

	if (!locks)
		return no_memory(request);
	while (request->type != F_UNLCK && (blocker = find_conflict(locks, request))) {
		int error;

		if (!wait)
			return -EAGAIN;
		/* Circles are looked for once for each owner that is in the way. */
		if (request->family == FAMILY_RECORD && request->pid >= 0 &&
		    blocker->owner != waited_for && closes_circle(request->owner, blocker->owner))
			return -EDEADLK;
		waited_for = blocker->owner;
		error = wait_for_change(locks, request);
		if (error)
			return error;
	}
	return apply(locks, request);
}

static void drop_owner(struct inode *inode, const void *owner)
{
	struct lock *at, *after;

	list_for_each_safe(at, after, &inode->locks->held, link)
		if (at->owner == owner)
			drop(at);
	wake_all(&inode->locks->changed);
}

void locks_close(struct inode *inode, struct files *owner)
{
	drop_owner(inode, owner);
}

void locks_release_file(struct file *file)
{
	drop_owner(file->inode, file);
}

/* ---- fcntl ---- */

/* The range that a struct flock64 means for a file: -EINVAL, -EOVERFLOW. */
static int resolve_range(const struct file *file, const struct flock64 *from, struct lock *to)
{
	int64_t start = from->start, end;

	switch (from->whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		if (__builtin_add_overflow(start, file->position, &start))
			return -EOVERFLOW;
		break;
	case SEEK_END:
		if (__builtin_add_overflow(start, (int64_t)file->inode->pages.size, &start))
			return -EOVERFLOW;
		break;
	default:
		return -EINVAL;
	}
	if (from->length > 0) {
		if (start < 0)
			return -EINVAL;
		if (__builtin_add_overflow(start, from->length - 1, &end))
			return -EOVERFLOW;
	} else if (from->length < 0) {
		end = start - 1;
		if (__builtin_add_overflow(start, from->length, &start))
			return -EINVAL;
	} else {
		end = END_OF_ALL;
	}
	to->start = start;
	to->end = end;
	return start < 0 ? -EINVAL : 0;
}

static int make_request(struct file *file, const struct flock64 *from, bool by_file,
			struct lock *request)
{
	*request = (struct lock){
		.family = FAMILY_RECORD,
		.type = from->type,
		.owner = by_file ? (const void *)file : current->process->files,
		.pid = by_file ? -1 : current->process->pid,
	};
	if (from->type != F_RDLCK && from->type != F_WRLCK && from->type != F_UNLCK)
		return -EINVAL;
	if (by_file && from->pid != 0)
		return -EINVAL;
	return resolve_range(file, from, request);
}

int lock_set(struct file *file, const struct flock64 *from, bool by_file, bool wait)
{
	struct lock request;
	int error = make_request(file, from, by_file, &request);

	if (error)
		return error;
	if ((request.type == F_RDLCK && !file_may_read(file)) ||
	    (request.type == F_WRLCK && !file_may_write(file)))
		return -EBADF;
	return set_lock(file->inode, &request, wait);
}

int lock_query(struct file *file, struct flock64 *range, bool by_file)
{
	struct lock request, *blocker = NULL;
	int error = make_request(file, range, by_file, &request);

	if (error)
		return error;
	if (file->inode->locks && request.type != F_UNLCK)
		blocker = find_conflict(file->inode->locks, &request);
	if (!blocker) {
		range->type = F_UNLCK;
		return 0;
	}
	range->type = (int16_t)blocker->type;
	range->whence = SEEK_SET;
	range->start = blocker->start;
	range->length = blocker->end == END_OF_ALL ? 0 : blocker->end - blocker->start + 1;
	range->pid = blocker->pid;
	return 0;
}

/* ---- flock ---- */

static void drop_other_kind(struct inode *inode, const struct lock *request)
{
	struct lock *at, *after;
	bool dropped = false;

	list_for_each_safe(at, after, &inode->locks->held, link) {
		if (at->family != FAMILY_FLOCK || at->owner != request->owner ||
		    at->type == request->type)
			continue;
		drop(at);
		dropped = true;
	}
	if (dropped)
		wake_all(&inode->locks->changed);
}

int32_t sys_flock(int fd, uint32_t operation)
{
	struct lock request = { .family = FAMILY_FLOCK, .end = END_OF_ALL, .pid = -1 };
	struct file *file;
	int error;

	switch (operation & ~(uint32_t)LOCK_NB) {
	case LOCK_SH:
		request.type = F_RDLCK;
		break;
	case LOCK_EX:
		request.type = F_WRLCK;
		break;
	case LOCK_UN:
		request.type = F_UNLCK;
		break;
	default:
		return -EINVAL;
	}
	file = file_from_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	request.owner = file;
	/* A change of kind is not atomic: what is held goes first, as on Linux. */
	if (request.type != F_UNLCK && file->inode->locks)
		drop_other_kind(file->inode, &request);
	error = set_lock(file->inode, &request, !(operation & LOCK_NB));
	file_put(file);
	return error;
}
