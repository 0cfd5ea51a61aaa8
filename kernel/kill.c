/*
 * Sending signals on behalf of programs: kill and its relatives, and who may.
 */
#include <task.h>

#include <abi/capability.h>
#include <err.h>
#include <uaccess.h>

/*
 * kill(2): the sender's real or effective user must be the target's real or saved one; within a
 * session anyone may continue anyone.
 */
bool process_may_signal(const struct process *target, int signal)
{
	const struct credentials *mine = &current->process->cred, *theirs = &target->cred;

	if (target == current->process || credentials_has(mine, CAP_KILL))
		return true;
	if (mine->euid == theirs->suid || mine->euid == theirs->uid || mine->uid == theirs->suid ||
	    mine->uid == theirs->uid)
		return true;
	return signal == SIGCONT && target->sid == current->process->sid;
}

/* Everything but the sending itself. */
static int check(const struct process *target, int signal)
{
	if (signal < 0 || signal > NSIG)
		return -EINVAL;
	return process_may_signal(target, signal) ? 0 : -EPERM;
}

int signal_send_checked(struct process *target, int signal, const struct siginfo *info)
{
	int error = check(target, signal);

	if (error || signal == 0)
		return error;
	return signal_queue_process(target, signal, info);
}

/* Success with any member is success. */
static int kill_group(pid_t pgid, int signal, const struct siginfo *info)
{
	struct pid *group = pid_find(pgid);
	struct process *member;
	int error = -ESRCH;
	bool sent = false;

	if (!group)
		return -ESRCH;
	list_for_each(member, &group->group, group_link) {
		error = signal_send_checked(member, signal, info);
		sent |= error == 0;
	}
	return sent ? 0 : error;
}

/* Everybody but process 1 and the sender; those it may not signal count as done. */
static int kill_all(int signal, const struct siginfo *info)
{
	struct process *process;
	bool any = false;
	int result = 0;

	list_for_each(process, &all_processes, all_link) {
		int error;

		if (process->pid == 1 || process == current->process)
			continue;
		any = true;
		error = signal_send_checked(process, signal, info);
		if (error != -EPERM)
			result = error;
	}
	return any ? result : -ESRCH;
}

int32_t sys_kill(pid_t pid, int signal)
{
	struct process *process;
	struct siginfo info;

	signal_info_user(&info, signal, SI_USER);
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid == -1)
		return kill_all(signal, &info);
	if (pid <= 0)
		return kill_group(pid ? -pid : current->process->pgid, signal, &info);
	process = process_find(pid);
	return process ? signal_send_checked(process, signal, &info) : -ESRCH;
}

/* tgid 0: any process's task. */
static int32_t send_to_task(pid_t tgid, pid_t tid, int signal, const struct siginfo *info)
{
	struct pid *pid = pid_find(tid);
	struct process *process;
	int error;

	if (!pid || (!pid->task && !pid->process))
		return -ESRCH;
	process = pid->task ? pid->task->process : pid->process;
	if (tgid && process->pid != tgid)
		return -ESRCH;
	error = check(process, signal);
	if (error || signal == 0 || !pid->task)
		return error; /* to a zombie: sent, and to no effect */
	return signal_queue_task(pid->task, signal, info);
}

int32_t sys_tkill(pid_t tid, int signal)
{
	struct siginfo info;

	if (tid <= 0)
		return -EINVAL;
	signal_info_user(&info, signal, SI_TKILL);
	return send_to_task(0, tid, signal, &info);
}

int32_t sys_tgkill(pid_t tgid, pid_t tid, int signal)
{
	struct siginfo info;

	if (tid <= 0 || tgid <= 0)
		return -EINVAL;
	signal_info_user(&info, signal, SI_TKILL);
	return send_to_task(tgid, tid, signal, &info);
}

/* Nobody may pretend to be the kernel, or kill(2), to others. */
static int get_info(struct siginfo *info, const struct siginfo __user *from, pid_t pid, int signal)
{
	if (copy_from_user(info, from, sizeof(*info)))
		return -EFAULT;
	if ((info->code >= 0 || info->code == SI_TKILL) && pid != current->process->pid)
		return -EPERM;
	info->signo = signal;
	return 0;
}

int32_t sys_rt_sigqueueinfo(pid_t pid, int signal, const struct siginfo __user *user_info)
{
	struct process *process;
	struct siginfo info;
	int error = get_info(&info, user_info, pid, signal);

	if (error)
		return error;
	process = process_find(pid);
	return process ? signal_send_checked(process, signal, &info) : -ESRCH;
}

int32_t sys_rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int signal,
			      const struct siginfo __user *user_info)
{
	struct siginfo info;
	int error;

	if (tid <= 0 || tgid <= 0)
		return -EINVAL;
	error = get_info(&info, user_info, tgid, signal);
	return error ? error : send_to_task(tgid, tid, signal, &info);
}
