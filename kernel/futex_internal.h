/*
 * What the files about futexes share: futex.c (sleeping and waking), futex_pi.c (locks that the
 * kernel hands over), robust_list.c (what a task leaves behind).
 */
#ifndef LOFT_KERNEL_FUTEX_INTERNAL_H
#define LOFT_KERNEL_FUTEX_INTERNAL_H

#include <types.h>

/* In a lock word: others sleep for it; its owner ended; the owner's number. */
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu

/* owner: the mm or the object; at: the address, or the offset in the object. */
struct futex_key {
	const void *owner;
	uint64_t at;
};

static inline bool futex_same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->owner == b->owner && a->at == b->at;
}

/* A number below `buckets`, a power of two up to 4096, to find a key by. */
static inline unsigned futex_hash(const struct futex_key *key, unsigned buckets)
{
	uint32_t hash = ((uint32_t)key->owner >> 5) + (uint32_t)(key->at >> 2) * 0x9e3779b1u;

	return (hash >> 20) & (buckets - 1);
}

/* -EINVAL for a word that is not aligned, -EFAULT for one that is not mapped. */
__must_check int futex_find_key(uint32_t __user *word, bool private, struct futex_key *key);

/*
 * FUTEX_LOCK_PI until deadline, FUTEX_TRYLOCK_PI, FUTEX_UNLOCK_PI: 0, or -EDEADLK, -EAGAIN, -EPERM,
 * -ESRCH (nobody has the owner's number), -EINVAL (the word is not what the kernel knows of the
 * lock), -ETIMEDOUT, -ERESTARTNOINTR, -EFAULT, -ENOMEM.
 */
int32_t futex_lock_pi(uint32_t __user *word, bool private, uint64_t deadline);
int32_t futex_trylock_pi(uint32_t __user *word, bool private);
int32_t futex_unlock_pi(uint32_t __user *word, bool private);

#endif
