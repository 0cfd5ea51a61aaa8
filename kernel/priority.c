/*
 * Priorities and scheduling classes as programs ask for them. A nice value makes slices longer
 * or shorter (kernel/sched.c). There is one class, SCHED_OTHER; SCHED_BATCH and SCHED_IDLE are
 * taken and mean the same. One processor: affinity is its number and nothing else.
 */
#include <task.h>

#include <abi/capability.h>
#include <abi/sched.h>
#include <err.h>
#include <uaccess.h>

#define NICE_MIN (-20)
#define NICE_MAX 19

static bool may_change(const struct process *process)
{
	const struct credentials *mine = &current->process->cred;

	return mine->euid == process->cred.euid || mine->euid == process->cred.uid ||
	       credentials_has(mine, CAP_SYS_NICE);
}

/* RLIMIT_NICE 1..40 stands for nice 19..-20. */
static bool may_raise_to(const struct process *process, int nice)
{
	return nice >= process->nice || credentials_has(&current->process->cred, CAP_SYS_NICE) ||
	       20 - nice <= (int)MIN(process->rlimits[RLIMIT_NICE].current, 40u);
}

static int set_nice(struct process *process, int nice)
{
	if (!may_change(process))
		return -EPERM;
	if (!may_raise_to(process, nice))
		return -EACCES;
	process->nice = nice;
	return 0;
}

/* Does process belong to the ones that which and who name? */
static bool is_meant(const struct process *process, int which, int who)
{
	switch (which) {
	case PRIO_PROCESS:
		return process->pid == (who ? who : current->process->pid);
	case PRIO_PGRP:
		return process->pgid == (who ? who : current->process->pgid);
	default:
		return process->cred.uid == (who ? (uid_t)who : current->process->cred.uid);
	}
}

int32_t sys_getpriority(int which, int who)
{
	struct process *process;
	int32_t best = -ESRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	list_for_each(process, &all_processes, all_link)
		if (is_meant(process, which, who))
			best = MAX(best, 20 - process->nice); /* the library subtracts from 20 */
	return best;
}

int32_t sys_setpriority(int which, int who, int nice)
{
	struct process *process;
	int result = -ESRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	nice = MAX(NICE_MIN, MIN(nice, NICE_MAX));
	list_for_each(process, &all_processes, all_link) {
		int error;

		if (!is_meant(process, which, who))
			continue;
		error = set_nice(process, nice);
		if (error || result == -ESRCH)
			result = error;
	}
	return result;
}

int32_t sys_nice(int increment)
{
	struct process *process = current->process;
	int nice;

	increment = MAX(-40, MIN(increment, 40));
	nice = MAX(NICE_MIN, MIN(process->nice + increment, NICE_MAX));
	if (increment < 0 && !may_raise_to(process, nice))
		return -EPERM;
	process->nice = nice;
	return 0;
}

/* ---- classes ---- */

static struct process *find(pid_t pid)
{
	struct task *task = pid ? task_find(pid) : current;

	return task ? task->process : NULL;
}

static bool is_known(int policy)
{
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

int32_t sys_sched_getscheduler(pid_t pid)
{
	if (pid < 0)
		return -EINVAL;
	return find(pid) ? SCHED_OTHER : -ESRCH;
}

/* Real-time classes are for those who may raise priorities, and for nobody here. */
int32_t sys_sched_setscheduler(pid_t pid, int policy, const uint32_t __user *parameter)
{
	uint32_t priority;
	struct process *process;

	if (!parameter || pid < 0 || policy < 0)
		return -EINVAL;
	if (get_user(&priority, parameter))
		return -EFAULT;
	process = find(pid);
	if (!process)
		return -ESRCH;
	policy &= ~SCHED_RESET_ON_FORK;
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return priority < 1 || priority > 99 ? -EINVAL : -EPERM;
	if (!is_known(policy) || priority != 0)
		return -EINVAL;
	return may_change(process) ? 0 : -EPERM;
}

int32_t sys_sched_getparam(pid_t pid, uint32_t __user *parameter)
{
	if (!parameter || pid < 0)
		return -EINVAL;
	if (!find(pid))
		return -ESRCH;
	return put_user(parameter, 0);
}

int32_t sys_sched_setparam(pid_t pid, const uint32_t __user *parameter)
{
	return sys_sched_setscheduler(pid, SCHED_OTHER, parameter);
}

static int32_t priority_limit(int policy, int32_t realtime)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return realtime;
	return is_known(policy) ? 0 : -EINVAL;
}

int32_t sys_sched_get_priority_max(int policy)
{
	return priority_limit(policy, 99);
}

int32_t sys_sched_get_priority_min(int policy)
{
	return priority_limit(policy, 1);
}

int32_t sys_sched_getaffinity(pid_t pid, uint32_t size, uint32_t __user *mask)
{
	if (size < sizeof(*mask) || size % sizeof(*mask) != 0)
		return -EINVAL;
	if (pid < 0 || !find(pid))
		return -ESRCH;
	return put_user(mask, 1) ? -EFAULT : (int32_t)sizeof(*mask);
}

int32_t sys_sched_setaffinity(pid_t pid, uint32_t size, const uint32_t __user *mask)
{
	uint8_t first = 0;
	struct process *process;

	if (size > 0 && copy_from_user(&first, mask, 1))
		return -EFAULT;
	process = pid < 0 ? NULL : find(pid);
	if (!process)
		return -ESRCH;
	if (!may_change(process))
		return -EPERM;
	return first & 1 ? 0 : -EINVAL;
}
