/*
 * Futexes (futex(2)).
 *
 * A sleeper is entered under its key in a hash table: for private memory the address space and
 * the address, for shared memory the object and the offset in it, so that all who map it meet.
 * It is entered before the word is read and compared; a change and a wake after that find it,
 * so none is lost. Requeueing changes a sleeper's key without waking it. Who wakes takes the
 * sleeper out; one that finds itself out was woken.
 *
 * Reading the word may sleep (page fault); nothing else between entering and sleeping does.
 * Only tasks use the table: not being preempted protects it.
 */
#include "clock_internal.h"
#include "futex_internal.h"

#include <futex.h>

#include <assert.h>
#include <err.h>
#include <task.h>
#include <uaccess.h>

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_LOCK_PI 6
#define FUTEX_UNLOCK_PI 7
#define FUTEX_TRYLOCK_PI 8
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_LOCK_PI2 13
#define FUTEX_PRIVATE_FLAG 128
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_BITSET_ALL UINT32_MAX

#define BUCKETS 64

/* On the sleeper's stack. */
struct futex_sleeper {
	struct list link;
	struct task *task;
	struct futex_key key;
	uint32_t bitset;
	bool woken;
};

static struct list buckets[BUCKETS];

static struct list *bucket_of(const struct futex_key *key)
{
	struct list *bucket = &buckets[futex_hash(key, BUCKETS)];

	if (!bucket->next)
		list_init(bucket);
	return bucket;
}

int futex_find_key(uint32_t __user *word, bool private, struct futex_key *key)
{
	struct mm *mm = current->process->mm;
	vaddr_t address = (vaddr_t)word;
	const struct vma *vma;

	if (address % 4 != 0)
		return -EINVAL;
	if (!user_range_ok(word, 4))
		return -EFAULT;
	*key = (struct futex_key){ .owner = mm, .at = address };
	if (private)
		return 0;
	vma = mm_find(mm, address);
	if (!vma)
		return -EFAULT;
	/* Nobody could ever end a wait there; Linux says so too. */
	if (!vma->object && !(vma->flags & VMA_WRITE))
		return -EFAULT;
	if ((vma->flags & VMA_SHARED) && vma->object) {
		key->owner = vma->object;
		key->at = ((uint64_t)vma->page_offset << PAGE_SHIFT) + (address - vma->start);
	}
	return 0;
}

/* ---- sleepers ---- */

static void enter(struct futex_sleeper *sleeper, const struct futex_key *key, uint32_t bitset)
{
	*sleeper = (struct futex_sleeper){ .task = current, .key = *key, .bitset = bitset };
	list_add_tail(bucket_of(key), &sleeper->link);
}

static void wake_sleeper(struct futex_sleeper *sleeper)
{
	assert(!sleeper->woken && !list_empty(&sleeper->link));
	list_remove(&sleeper->link);
	sleeper->woken = true;
	sched_wake(sleeper->task);
}

/* How many were woken. */
static int32_t wake_key(const struct futex_key *key, uint32_t count, uint32_t bitset)
{
	struct futex_sleeper *sleeper, *after;
	int32_t woken = 0;

	list_for_each_safe(sleeper, after, bucket_of(key), link) {
		if ((uint32_t)woken >= count)
			break;
		if (!futex_same_key(&sleeper->key, key) || !(sleeper->bitset & bitset))
			continue;
		wake_sleeper(sleeper);
		woken++;
	}
	return woken;
}

static int32_t requeue_key(const struct futex_key *from, const struct futex_key *to, uint32_t count)
{
	struct futex_sleeper *sleeper, *after;
	int32_t moved = 0;

	list_for_each_safe(sleeper, after, bucket_of(from), link) {
		if ((uint32_t)moved >= count)
			break;
		if (!futex_same_key(&sleeper->key, from))
			continue;
		moved++;
		if (futex_same_key(from, to))
			continue;
		list_remove(&sleeper->link);
		sleeper->key = *to;
		list_add_tail(bucket_of(to), &sleeper->link);
	}
	return moved;
}

/* ---- operations ---- */

struct futex_wait {
	uint32_t __user *word;
	bool private;
	uint32_t value, bitset;
	uint64_t deadline; /* monotonic, or WAIT_FOREVER */
};

/* 0 when woken, -EAGAIN when the word differs, -ETIMEDOUT, -EINTR. */
static int sleep_on(const struct futex_wait *wait)
{
	struct futex_sleeper sleeper;
	struct futex_key key;
	uint32_t value;
	int error = futex_find_key(wait->word, wait->private, &key);

	if (error)
		return error;
	enter(&sleeper, &key, wait->bitset);
	error = get_user(&value, wait->word);
	if (!error && value != wait->value)
		error = -EAGAIN;
	while (!error && !sleeper.woken) {
		wait_prepare(WAIT_INTERRUPTIBLE);
		if (sleeper.woken)
			break;
		error = wait_sleep(wait->deadline);
	}
	wait_cancel();
	if (sleeper.woken)
		return 0;
	list_remove(&sleeper.link);
	return error;
}

static int32_t restart_wait(struct task *task)
{
	struct futex_wait wait = {
		.word = (uint32_t __user *)task->restart_arguments[0],
		.private = task->restart_arguments[1],
		.value = task->restart_arguments[2],
		.bitset = task->restart_arguments[3],
		.deadline = task->restart_deadline,
	};
	int error = sleep_on(&wait);

	return error == -EINTR ? -ERESTART_RESTARTBLOCK : error;
}

static int32_t futex_wait(const struct futex_wait *wait)
{
	int error;

	if (wait->bitset == 0)
		return -EINVAL;
	error = sleep_on(wait);
	if (error != -EINTR)
		return error;
	if (wait->deadline == WAIT_FOREVER)
		return -ERESTARTSYS;
	current->restart = restart_wait;
	current->restart_deadline = wait->deadline;
	current->restart_arguments[0] = (uint32_t)wait->word;
	current->restart_arguments[1] = wait->private;
	current->restart_arguments[2] = wait->value;
	current->restart_arguments[3] = wait->bitset;
	return -ERESTART_RESTARTBLOCK;
}

/* A count of 0 or less wakes one, as on Linux, whose loop tests after the first. */
static uint32_t at_least_one(uint32_t count)
{
	return (uint32_t)MAX((int32_t)count, 1);
}

static int32_t wake_word(uint32_t __user *word, bool private, uint32_t count, uint32_t bitset)
{
	struct futex_key key;
	int error = bitset ? futex_find_key(word, private, &key) : -EINVAL;

	return error ? error : wake_key(&key, at_least_one(count), bitset);
}

/* expected NULL: whatever the word holds. Woken and moved together. */
static int32_t requeue(uint32_t __user *word, uint32_t __user *word2, bool private, uint32_t nwake,
		       uint32_t nmove, const uint32_t *expected)
{
	struct futex_key from, to;
	uint32_t value;
	int error;
	int32_t woken;

	if ((int32_t)nwake < 0 || (int32_t)nmove < 0)
		return -EINVAL;
	error = futex_find_key(word, private, &from);
	if (!error)
		error = futex_find_key(word2, private, &to);
	if (!error && expected) {
		error = get_user(&value, word);
		if (!error && value != *expected)
			error = -EAGAIN;
	}
	if (error)
		return error;
	woken = wake_key(&from, nwake, FUTEX_BITSET_ALL);
	return woken + requeue_key(&from, &to, nmove);
}

/* FUTEX_WAKE_OP's little language: operation, comparison, two arguments of 12 bits with sign. */
#define WAKE_OP_ARGUMENT_IS_SHIFT 0x80000000u
#define WAKE_OP_LAST 4
#define WAKE_OP_COMPARE_LAST 5

static uint32_t operate(unsigned operation, uint32_t old, uint32_t argument)
{
	switch (operation) {
	case 0:
		return argument;
	case 1:
		return old + argument;
	case 2:
		return old | argument;
	case 3:
		return old & ~argument;
	default:
		return old ^ argument;
	}
}

static bool compare(unsigned comparison, int32_t old, int32_t with)
{
	switch (comparison) {
	case 0:
		return old == with;
	case 1:
		return old != with;
	case 2:
		return old < with;
	case 3:
		return old <= with;
	case 4:
		return old > with;
	default:
		return old >= with;
	}
}

/* Changes the word as code says; *holds: what code asks of the old value is so. */
static int apply_operation(uint32_t __user *word, uint32_t code, bool *holds)
{
	unsigned operation = (code >> 28) & 7, comparison = (code >> 24) & 15;
	uint32_t argument = (uint32_t)((int32_t)(code << 8) >> 20);
	uint32_t old, seen;

	if (code & WAKE_OP_ARGUMENT_IS_SHIFT)
		argument = 1u << (argument & 31);
	if (operation > WAKE_OP_LAST || comparison > WAKE_OP_COMPARE_LAST)
		return -ENOSYS;
	do {
		if (get_user(&old, word) ||
		    cmpxchg_user(word, old, operate(operation, old, argument), &seen))
			return -EFAULT;
	} while (seen != old);
	*holds = compare(comparison, (int32_t)old, (int32_t)(code << 20) >> 20);
	return 0;
}

static int32_t wake_operation(uint32_t __user *word, uint32_t __user *word2, bool private,
			      uint32_t count, uint32_t count2, uint32_t code)
{
	struct futex_key key, key2;
	bool wake_second;
	int32_t woken;
	int error = futex_find_key(word, private, &key);

	if (!error)
		error = futex_find_key(word2, private, &key2);
	if (!error)
		error = apply_operation(word2, code, &wake_second);
	if (error)
		return error;
	woken = wake_key(&key, at_least_one(count), FUTEX_BITSET_ALL);
	if (wake_second)
		woken += wake_key(&key2, at_least_one(count2), FUTEX_BITSET_ALL);
	return woken;
}

void futex_wake(uint32_t __user *word, unsigned count)
{
	struct futex_key key;

	/* Whichever way the sleepers named the word. */
	if (futex_find_key(word, true, &key) == 0)
		wake_key(&key, count, FUTEX_BITSET_ALL);
	if (futex_find_key(word, false, &key) == 0)
		wake_key(&key, count, FUTEX_BITSET_ALL);
}

/* ---- system calls ---- */

/* When FUTEX_WAIT ends: relative for it, absolute for FUTEX_WAIT_BITSET. */
static int get_deadline(const void __user *timeout, bool absolute, bool realtime, bool wide,
			uint64_t *deadline)
{
	int64_t sec;
	int32_t nsec;
	uint64_t ns;

	*deadline = WAIT_FOREVER;
	if (!timeout)
		return 0;
	if (timespec_get(&sec, &nsec, timeout, wide))
		return -EFAULT;
	if (!timespec_valid(sec, nsec))
		return -EINVAL;
	ns = timespec_to_ns(sec, nsec);
	if (!absolute)
		*deadline = clock_monotonic_ns() + ns;
	else
		*deadline = realtime ? clock_monotonic_from_realtime(ns) : ns;
	return 0;
}

struct futex_call {
	uint32_t __user *word, *word2;
	int operation;
	uint32_t value, value3;
	const void __user *timeout; /* or a second value */
	bool wide;
};

static int32_t call_wait(const struct futex_call *call, bool private, bool bitset, bool realtime)
{
	struct futex_wait wait = {
		.word = call->word,
		.private = private,
		.value = call->value,
		.bitset = bitset ? call->value3 : FUTEX_BITSET_ALL,
	};
	int error = get_deadline(call->timeout, bitset, realtime, call->wide, &wait.deadline);

	return error ? error : futex_wait(&wait);
}

/* The time is absolute, of FUTEX_LOCK_PI always on the wall clock. */
static int32_t call_lock_pi(const struct futex_call *call, bool private, bool realtime)
{
	uint64_t deadline;
	int error = get_deadline(call->timeout, true, realtime, call->wide, &deadline);

	return error ? error : futex_lock_pi(call->word, private, deadline);
}

static int32_t call_futex(const struct futex_call *call)
{
	int command = call->operation & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	bool private = call->operation & FUTEX_PRIVATE_FLAG;
	bool realtime = call->operation & FUTEX_CLOCK_REALTIME;
	uint32_t value2 = (uint32_t)call->timeout;

	if (realtime && command != FUTEX_WAIT_BITSET && command != FUTEX_LOCK_PI2)
		return -ENOSYS;
	switch (command) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return call_wait(call, private, command == FUTEX_WAIT_BITSET, realtime);
	case FUTEX_WAKE:
		return wake_word(call->word, private, call->value, FUTEX_BITSET_ALL);
	case FUTEX_WAKE_BITSET:
		return wake_word(call->word, private, call->value, call->value3);
	case FUTEX_REQUEUE:
		return requeue(call->word, call->word2, private, call->value, value2, NULL);
	case FUTEX_CMP_REQUEUE:
		return requeue(call->word, call->word2, private, call->value, value2,
			       &call->value3);
	case FUTEX_WAKE_OP:
		return wake_operation(call->word, call->word2, private, call->value, value2,
				      call->value3);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return call_lock_pi(call, private, realtime || command == FUTEX_LOCK_PI);
	case FUTEX_TRYLOCK_PI:
		return futex_trylock_pi(call->word, private);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(call->word, private);
	default:
		return -ENOSYS;
	}
}

int32_t sys_futex(uint32_t __user *word, int operation, uint32_t value, const void __user *timeout,
		  uint32_t __user *word2, uint32_t value3)
{
	struct futex_call call = { word, word2, operation, value, value3, timeout, false };

	return call_futex(&call);
}

int32_t sys_futex_time64(uint32_t __user *word, int operation, uint32_t value,
			 const void __user *timeout, uint32_t __user *word2, uint32_t value3)
{
	struct futex_call call = { word, word2, operation, value, value3, timeout, true };

	return call_futex(&call);
}
