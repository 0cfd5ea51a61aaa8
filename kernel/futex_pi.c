/*
 * Locks with priority inheritance (FUTEX_LOCK_PI and its kin; Linux's futex documentation).
 *
 * The word holds the owner's number, so that a free lock is taken and left without the kernel.
 * Whoever finds it taken sets FUTEX_WAITERS and comes here; the owner then cannot leave it alone,
 * and gives it to the sleeper that came first: the word names the new owner before that one runs.
 * When an owner ends, the lock is given on just so, but it is the new owner that changes the word,
 * in its own memory, with FUTEX_OWNER_DIED for it to see.
 *
 * There are no priorities above the usual one to inherit here (all policies share the processor by
 * turns): what is left of priority inheritance is the handing over and the detection of deadlocks.
 *
 * A lock is known here while somebody sleeps for it or is about to take note of having it. Access
 * to the word may sleep: everything is looked up again afterwards. Not being preempted protects the
 * table.
 */
#include <futex.h>

#include <assert.h>
#include <err.h>
#include <kheap.h>
#include <task.h>
#include <uaccess.h>

#include "futex_internal.h"

#define BUCKETS 16u

struct futex_pi {
	struct list link; /* in a bucket */
	struct futex_key key;
	struct task *owner;  /* NULL: the last one ended, nobody slept: who comes takes it */
	struct list waiters; /* who came first is first */
	unsigned users;	     /* waiters, and new owners that have not taken note */
};

/* On the sleeper's stack. */
struct pi_waiter {
	struct list link;
	struct task *task;
	struct futex_pi *lock;
	bool owns;	 /* it has been given the lock, */
	bool owner_died; /* whose owner has ended: the word is to be written */
};

static struct list buckets[BUCKETS];
static unsigned nlocks;

static struct list *bucket_of(const struct futex_key *key)
{
	struct list *bucket = &buckets[futex_hash(key, BUCKETS)];

	if (!bucket->next)
		list_init(bucket);
	return bucket;
}

/* ---- the locks that are known ---- */

static struct futex_pi *find_lock(const struct futex_key *key)
{
	struct futex_pi *lock;

	list_for_each(lock, bucket_of(key), link)
		if (futex_same_key(&lock->key, key))
			return lock;
	return NULL;
}

static struct futex_pi *make_lock(const struct futex_key *key, struct task *owner)
{
	struct futex_pi *lock = kzalloc(sizeof(*lock));

	if (!lock)
		return NULL;
	lock->key = *key;
	lock->owner = owner;
	list_init(&lock->waiters);
	list_add_tail(bucket_of(key), &lock->link);
	nlocks++;
	return lock;
}

static void lock_put(struct futex_pi *lock)
{
	assert(lock->users > 0 && nlocks > 0);
	if (--lock->users > 0)
		return;
	assert(list_empty(&lock->waiters));
	list_remove(&lock->link);
	nlocks--;
	kfree(lock);
}

static struct pi_waiter *first_waiter(struct futex_pi *lock)
{
	return list_empty(&lock->waiters) ? NULL
					  : list_first(&lock->waiters, struct pi_waiter, link);
}

/* Ends the waiter's sleep as the owner. */
static void give_to(struct pi_waiter *waiter, bool owner_died)
{
	assert(!waiter->owns);
	list_remove(&waiter->link);
	waiter->owns = true;
	waiter->owner_died = owner_died;
	waiter->lock->owner = waiter->task;
	waiter->task->pi_lock = NULL;
	sched_wake(waiter->task);
}

/* Would waiting for owner be waiting for oneself? */
static bool is_deadlock(const struct task *owner)
{
	while (owner && owner != current)
		owner = owner->pi_lock ? owner->pi_lock->owner : NULL;
	return owner == current;
}

/* ---- the word ---- */

/*
 * Takes the lock if it is free: 1; 0: another has it; -EFAULT, -EDEADLK. One whose word names nobody
 * is not free while it is known: then a new owner has yet to write its number.
 */
static int take_if_free(uint32_t __user *word, const struct futex_key *key, uint32_t *value)
{
	uint32_t tid = (uint32_t)current->tid, seen;

	for (;;) {
		if (get_user(value, word))
			return -EFAULT;
		if ((*value & FUTEX_TID_MASK) == tid)
			return -EDEADLK;
		if ((*value & FUTEX_TID_MASK) || find_lock(key))
			return 0;
		if (cmpxchg_user(word, *value, (*value & FUTEX_OWNER_DIED) | tid, &seen))
			return -EFAULT;
		if (seen == *value)
			return 1;
	}
}

/* The owner must come to the kernel from now on. 0, -EAGAIN: the word has changed; -EFAULT. */
static int announce(uint32_t __user *word, uint32_t *value)
{
	uint32_t seen;

	if (cmpxchg_user(word, *value, *value | FUTEX_WAITERS, &seen))
		return -EFAULT;
	if (seen != *value)
		return -EAGAIN;
	*value |= FUTEX_WAITERS;
	return 0;
}

/* The word of a lock that was given on by an owner's end. */
static int write_owner(uint32_t __user *word)
{
	uint32_t mine = (uint32_t)current->tid | FUTEX_WAITERS | FUTEX_OWNER_DIED;
	uint32_t value, seen;

	do {
		if (get_user(&value, word) || cmpxchg_user(word, value, mine, &seen))
			return -EFAULT;
	} while (seen != value);
	return 0;
}

/* ---- locking ---- */

/*
 * The lock as the kernel knows it, made known if it is not, for a word that says `value`.
 * ERR_PTR(-ESRCH, -EINVAL, -EPERM, -ENOMEM). Does not sleep.
 */
static struct futex_pi *attach(const struct futex_key *key, uint32_t value)
{
	struct futex_pi *lock = find_lock(key);
	struct task *owner;

	if (lock) {
		pid_t known = lock->owner ? lock->owner->tid : 0;

		/* Its new owner may not have written the word yet. */
		if (!(value & FUTEX_OWNER_DIED) && lock->owner && !lock->owner->exiting &&
		    task_find((pid_t)(value & FUTEX_TID_MASK)) &&
		    (value & FUTEX_TID_MASK) != (uint32_t)known)
			return ERR_PTR(-EINVAL);
		return lock;
	}
	owner = task_find((pid_t)(value & FUTEX_TID_MASK));
	if (!owner || owner->exiting)
		return ERR_PTR(-ESRCH);
	if (owner->process == &kernel_process)
		return ERR_PTR(-EPERM);
	lock = make_lock(key, owner);
	return lock ? lock : ERR_PTR(-ENOMEM);
}

/* Sleeps until the lock is given to this task: 0, -EINTR, -ETIMEDOUT. */
static int wait_for(struct pi_waiter *waiter, uint64_t deadline)
{
	int error = 0;

	while (!error && !waiter->owns) {
		wait_prepare(WAIT_INTERRUPTIBLE);
		if (waiter->owns)
			break;
		error = wait_sleep(deadline);
	}
	wait_cancel();
	return waiter->owns ? 0 : error;
}

/* lock may be new, without users. */
static int sleep_for(uint32_t __user *word, struct futex_pi *lock, uint64_t deadline)
{
	struct pi_waiter waiter = { .task = current, .lock = lock };
	int error = is_deadlock(lock->owner) ? -EDEADLK : 0;

	lock->users++;
	if (!error) {
		list_add_tail(&lock->waiters, &waiter.link);
		current->pi_lock = lock;
		error = wait_for(&waiter, deadline);
		if (!waiter.owns)
			list_remove(&waiter.link);
		current->pi_lock = NULL;
	}
	if (waiter.owns && waiter.owner_died)
		error = write_owner(word);
	lock_put(lock);
	return error;
}

int32_t futex_lock_pi(uint32_t __user *word, bool private, uint64_t deadline)
{
	struct futex_pi *lock;
	struct futex_key key;
	uint32_t value;
	int error = futex_find_key(word, private, &key);

	while (!error) {
		error = take_if_free(word, &key, &value);
		if (error)
			return error > 0 ? 0 : error;
		error = announce(word, &value);
		if (error == -EAGAIN) {
			error = 0;
			continue;
		}
		if (error)
			break;
		lock = attach(&key, value);
		if (IS_ERR(lock))
			return PTR_ERR(lock);
		error = sleep_for(word, lock, deadline);
		return error == -EINTR ? -ERESTARTNOINTR : error;
	}
	return error;
}

int32_t futex_trylock_pi(uint32_t __user *word, bool private)
{
	struct futex_key key;
	uint32_t value;
	int error = futex_find_key(word, private, &key);

	if (error)
		return error;
	error = take_if_free(word, &key, &value);
	if (error)
		return error > 0 ? 0 : error;
	if (!find_lock(&key) && !task_find((pid_t)(value & FUTEX_TID_MASK)))
		return -ESRCH;
	return -EAGAIN;
}

/* ---- unlocking ---- */

/*
 * The word names who sleeps first, or nobody. If changing it slept, that one may have given up
 * meanwhile: then the next one, with what the word holds now. *value: what it held.
 */
static int hand_over(uint32_t __user *word, const struct futex_key *key, uint32_t value)
{
	for (;;) {
		struct futex_pi *lock = find_lock(key);
		struct pi_waiter *first = lock ? first_waiter(lock) : NULL;
		uint32_t next = first ? (uint32_t)first->task->tid | FUTEX_WAITERS : 0;
		uint32_t seen;

		if (cmpxchg_user(word, value, next, &seen))
			return -EFAULT;
		if (seen != value && (seen & FUTEX_TID_MASK) != (value & FUTEX_TID_MASK))
			return -EINVAL;
		if (seen != value) {
			value = seen; /* a new sleeper has announced itself */
			continue;
		}
		lock = find_lock(key);
		if (first != (lock ? first_waiter(lock) : NULL)) {
			value = next;
			continue;
		}
		if (first)
			give_to(first, false);
		return 0;
	}
}

int32_t futex_unlock_pi(uint32_t __user *word, bool private)
{
	struct futex_key key;
	uint32_t value;

	if ((vaddr_t)word % 4 != 0)
		return -EINVAL;
	if (get_user(&value, word))
		return -EFAULT;
	if ((value & FUTEX_TID_MASK) != (uint32_t)current->tid)
		return -EPERM;
	int error = futex_find_key(word, private, &key);

	return error ? error : hand_over(word, &key, value);
}

void futex_exit_pi(struct task *task)
{
	struct futex_pi *lock;

	for (unsigned i = 0; i < BUCKETS && nlocks > 0; i++) {
		if (!buckets[i].next)
			continue;
		list_for_each(lock, &buckets[i], link) {
			struct pi_waiter *first = first_waiter(lock);

			if (lock->owner != task)
				continue;
			lock->owner = NULL;
			if (first)
				give_to(first, true);
		}
	}
}
