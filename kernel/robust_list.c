/*
 * Robust futexes: a thread tells where it keeps the list of the locks that it holds, and when it
 * ends holding some, they are marked and a sleeper of each is woken. The list is in the program's
 * memory and may be anything: it is followed for a bounded number of entries, and given up at the
 * first one that cannot be read.
 */
#include <futex.h>

#include <err.h>
#include <task.h>
#include <uaccess.h>

#include "futex_internal.h"

#define ROBUST_LIST_LIMIT 2048
#define ROBUST_PI 1u /* in the lowest bit of a list pointer: futex_exit_pi gives it on */

/*
 * A lock word that its owner leaves behind: 0, or -EFAULT. pending: it may have been about to unlock
 * it, and have got as far as the word but not to waking anybody.
 */
static int release_lock(uint32_t __user *word, bool pi, bool pending)
{
	uint32_t value, seen;

	if ((vaddr_t)word % 4 != 0)
		return -EFAULT;
	do {
		if (get_user(&value, word))
			return -EFAULT;
		if (pending && !pi && value == 0) {
			futex_wake(word, 1);
			return 0;
		}
		if ((value & FUTEX_TID_MASK) != (uint32_t)current->tid)
			return 0;
		if (cmpxchg_user(word, value, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return -EFAULT;
	} while (seen != value);
	if (!pi && (value & FUTEX_WAITERS))
		futex_wake(word, 1);
	return 0;
}

static uint32_t __user *lock_of(uint32_t entry, int32_t offset)
{
	return (uint32_t __user *)((entry & ~ROBUST_PI) + (uint32_t)offset);
}

void futex_exit_robust_list(struct task *task)
{
	struct robust_list_head head;
	uint32_t entry, next;

	if (!task->robust_list || copy_from_user(&head, task->robust_list, sizeof(head)))
		return;
	entry = head.list.next;
	for (unsigned n = 0; n < ROBUST_LIST_LIMIT; n++) {
		if ((entry & ~ROBUST_PI) == (uint32_t)task->robust_list)
			break;
		/* The next one first: once released the entry may be gone. */
		if (get_user(&next, (const uint32_t __user *)(entry & ~ROBUST_PI)))
			break;
		if (entry != head.pending &&
		    release_lock(lock_of(entry, head.futex_offset), entry & ROBUST_PI, false))
			return;
		entry = next;
	}
	if (head.pending & ~ROBUST_PI)
		(void)!release_lock(lock_of(head.pending, head.futex_offset),
				    head.pending & ROBUST_PI, true);
}

int32_t sys_set_robust_list(struct robust_list_head __user *head, uint32_t size)
{
	if (size != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	current->robust_list_size = size;
	return 0;
}

int32_t sys_get_robust_list(pid_t tid, uint32_t __user *head, uint32_t __user *size)
{
	struct task *task = tid ? task_find(tid) : current;

	if (!task)
		return -ESRCH;
	if (task->process != current->process && !current_is_root())
		return -EPERM;
	if (put_user(size, sizeof(struct robust_list_head)))
		return -EFAULT;
	return put_user(head, (uint32_t)task->robust_list);
}
