/*
 * Waiting for several files at once: what poll.c and select.c share.
 */
#ifndef LOFT_POLL_INTERNAL_H
#define LOFT_POLL_INTERNAL_H

#include <abi/signal.h>
#include <abi/time.h>
#include <vfs.h>

/* Who polls a file, as poll_wait sees it: enters a queue in the way of poll, or of epoll. */
struct poll_table {
	bool failed; /* there was no memory for another place */
	void (*enter)(struct poll_table *table, struct wait_queue *queue);
};

/* Sleeps until scan reports anything, a signal comes, or the deadline passes. */
struct polling {
	/*
	 * Counts what is ready; table is NULL when the queues have been entered already. Does not
	 * sleep.
	 */
	int (*scan)(struct polling *polling, struct poll_table *table);
	uint64_t deadline; /* clock_monotonic_ns() time; WAIT_FOREVER; 0: does not wait */
};

/* What scan counted (0: time is up), -EINTR, -ENOMEM. May sleep. */
int poll_run(struct polling *polling);

/* The ready events of a file. */
uint32_t poll_file(struct file *file, struct poll_table *table);
/* Can it be waited for at all, or is it always ready? */
static inline bool poll_able(const struct file *file)
{
	return file->ops->poll;
}

/* Deadlines from relative times; negative or odd ones are -EINVAL. */
__must_check int deadline_from_timespec(const struct timespec64 *time, uint64_t *deadline);
/* Time left until deadline, none when it has passed. */
struct timespec64 deadline_left(uint64_t deadline);

/* Swaps in the signal mask of pselect and ppoll: none when mask is NULL. -EFAULT, -EINVAL. */
__must_check int poll_set_mask(const sigset_t __user *mask, uint32_t size);
/* Puts the old one back: at once, or, when a signal ended the wait, after its handler. */
void poll_restore_mask(bool masked, bool interrupted);

#endif
