/*
 * Futexes: sleeping on a word of user memory, and what a task that ends leaves in such words.
 */
#ifndef LOFT_FUTEX_H
#define LOFT_FUTEX_H

#include <types.h>

struct task;

/* linux/futex.h: the list of locks that a thread holds, in its own memory. */
struct robust_list {
	uint32_t next;
};
struct robust_list_head {
	struct robust_list list;
	int32_t futex_offset; /* from a list entry to its lock word */
	uint32_t pending;     /* an entry about to be added or removed */
};

/*
 * Wakes up to count sleepers on a word, as FUTEX_WAKE does; a bad address wakes nobody. May
 * sleep.
 */
void futex_wake(uint32_t __user *word, unsigned count);
/*
 * The current task ends or leaves its memory: the locks that it still holds are marked with
 * FUTEX_OWNER_DIED and a sleeper of each is woken. The list may be anything: it is followed for
 * a bounded number of entries. May sleep.
 */
void futex_exit_robust_list(struct task *task);

/* task ends or leaves its memory: the locks of FUTEX_LOCK_PI that it holds go to who waits. */
void futex_exit_pi(struct task *task);

int32_t sys_futex(uint32_t __user *word, int operation, uint32_t value, const void __user *timeout,
		  uint32_t __user *word2, uint32_t value3);
int32_t sys_futex_time64(uint32_t __user *word, int operation, uint32_t value,
			 const void __user *timeout, uint32_t __user *word2, uint32_t value3);
int32_t sys_set_robust_list(struct robust_list_head __user *head, uint32_t size);
int32_t sys_get_robust_list(pid_t tid, uint32_t __user *head, uint32_t __user *size);

#endif
