/*
 * What a program says about signals: actions, masks, waiting for them.
 */
#include "clock_internal.h"

#include <task.h>

#include <err.h>
#include <uaccess.h>

#define SA_KNOWN \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | \
	 SA_RESETHAND | SA_EXPOSE_TAGBITS | SA_RESTORER)

/* ---- actions ---- */

static int set_action(int signal, const struct sigaction *set, struct sigaction *old)
{
	struct process *process = current->process;
	struct sigaction *action;
	struct task *task;

	if (signal < 1 || signal > NSIG || (set && (SIGNAL_BIT(signal) & SIGNALS_UNMASKABLE)))
		return -EINVAL;
	action = &process->actions->action[signal - 1];
	*old = *action;
	if (!set)
		return 0;
	*action = *set;
	action->flags &= SA_KNOWN;
	action->mask &= ~SIGNALS_UNMASKABLE;
	if (signal_action_ignores(process, signal)) { /* POSIX: forget it, even if blocked */
		signal_flush(&process->pending, SIGNAL_BIT(signal));
		list_for_each(task, &process->tasks, process_link)
			signal_flush(&task->pending, SIGNAL_BIT(signal));
	}
	return 0;
}

int32_t sys_rt_sigaction(int signal, const struct sigaction __user *action,
			 struct sigaction __user *old, uint32_t set_size)
{
	struct sigaction set, before;
	int error;

	if (set_size != sizeof(sigset_t))
		return -EINVAL;
	if (action && copy_from_user(&set, action, sizeof(set)))
		return -EFAULT;
	error = set_action(signal, action ? &set : NULL, &before);
	if (!error && old && copy_to_user(old, &before, sizeof(before)))
		return -EFAULT;
	return error;
}

int32_t sys_sigaction(int signal, const struct old_sigaction __user *action,
		      struct old_sigaction __user *old)
{
	struct old_sigaction given, told;
	struct sigaction set, before;
	int error;

	if (action) {
		if (copy_from_user(&given, action, sizeof(given)))
			return -EFAULT;
		set = (struct sigaction){ .handler = given.handler,
					  .flags = given.flags,
					  .restorer = given.restorer,
					  .mask = given.mask };
	}
	error = set_action(signal, action ? &set : NULL, &before);
	if (error || !old)
		return error;
	told = (struct old_sigaction){ .handler = before.handler,
				       .mask = (uint32_t)before.mask,
				       .flags = before.flags,
				       .restorer = before.restorer };
	return copy_to_user(old, &told, sizeof(told));
}

int32_t sys_signal(int signal, uint32_t handler)
{
	struct sigaction set = { .handler = handler, .flags = SA_RESETHAND | SA_NODEFER };
	struct sigaction before;
	int error = set_action(signal, &set, &before);

	return error ? error : (int32_t)before.handler;
}

/* ---- masks ---- */

static int change_mask(int how, sigset_t set)
{
	sigset_t blocked = current->blocked;

	switch (how) {
	case SIG_BLOCK:
		blocked |= set;
		break;
	case SIG_UNBLOCK:
		blocked &= ~set;
		break;
	case SIG_SETMASK:
		blocked = set;
		break;
	default:
		return -EINVAL;
	}
	signal_set_blocked(blocked);
	return 0;
}

int32_t sys_rt_sigprocmask(int how, const sigset_t __user *set, sigset_t __user *old,
			   uint32_t set_size)
{
	sigset_t before = current->blocked, given;
	int error;

	if (set_size != sizeof(sigset_t))
		return -EINVAL;
	if (set) {
		if (copy_from_user(&given, set, sizeof(given)))
			return -EFAULT;
		error = change_mask(how, given);
		if (error)
			return error;
	}
	return old ? copy_to_user(old, &before, sizeof(before)) : 0;
}

/* Signals above 32 are out of this call's reach. */
int32_t sys_sigprocmask(int how, const uint32_t __user *set, uint32_t __user *old)
{
	uint32_t before = (uint32_t)current->blocked, given;
	sigset_t high = current->blocked & ~(sigset_t)UINT32_MAX;
	int error;

	if (set) {
		if (get_user(&given, set))
			return -EFAULT;
		error = change_mask(how, how == SIG_SETMASK ? high | given : given);
		if (error)
			return error;
	}
	return old ? put_user(old, before) : 0;
}

int32_t sys_sgetmask(void)
{
	return (int32_t)current->blocked;
}

int32_t sys_ssetmask(uint32_t mask)
{
	uint32_t before = (uint32_t)current->blocked;

	signal_set_blocked(mask);
	return (int32_t)before;
}

static sigset_t pending_and_blocked(void)
{
	return (current->pending.set | current->process->pending.set) & current->blocked;
}

int32_t sys_rt_sigpending(sigset_t __user *set, uint32_t set_size)
{
	sigset_t pending = pending_and_blocked();

	if (set_size > sizeof(sigset_t))
		return -EINVAL;
	return copy_to_user(set, &pending, set_size);
}

int32_t sys_sigpending(uint32_t __user *set)
{
	return put_user(set, (uint32_t)pending_and_blocked());
}

/* ---- waiting ---- */

static int32_t sleep_until_signal(void)
{
	int error = 0;

	while (!error) {
		wait_prepare(WAIT_INTERRUPTIBLE);
		error = wait_sleep(WAIT_FOREVER);
	}
	return -ERESTARTNOHAND;
}

int32_t sys_pause(void)
{
	return sleep_until_signal();
}

/* The old mask comes back after the handler has run, in its frame; see signal_deliver. */
static int32_t suspend(sigset_t mask)
{
	current->saved_blocked = current->blocked;
	current->restore_blocked = true;
	signal_set_blocked(mask);
	return sleep_until_signal();
}

int32_t sys_rt_sigsuspend(const sigset_t __user *set, uint32_t set_size)
{
	sigset_t mask;

	if (set_size != sizeof(sigset_t))
		return -EINVAL;
	if (copy_from_user(&mask, set, sizeof(mask)))
		return -EFAULT;
	return suspend(mask);
}

int32_t sys_sigsuspend(int unused1, int unused2, uint32_t set)
{
	(void)unused1;
	(void)unused2;
	return suspend(set);
}

/* While it sleeps the task is open for what it waits for, though it blocks it. */
static int32_t wait_for_signal(sigset_t wanted, struct siginfo *info, uint64_t deadline)
{
	int signal, error;

	wanted &= ~SIGNALS_UNMASKABLE;
	signal = signal_take(wanted, info);
	if (signal)
		return signal;
	current->awaited = wanted;
	signal_recalculate(current);
	wait_prepare(WAIT_INTERRUPTIBLE);
	error = wait_sleep(deadline);
	current->awaited = 0;
	signal = signal_take(wanted, info);
	if (signal)
		return signal;
	return error == -EINTR ? -EINTR : -EAGAIN;
}

static int32_t timed_wait(const sigset_t __user *set, struct siginfo __user *user_info,
			  const void __user *timeout, uint32_t set_size, bool wide)
{
	uint64_t deadline = WAIT_FOREVER;
	struct siginfo info;
	sigset_t wanted;
	int32_t signal, nsec;
	int64_t sec;

	if (set_size != sizeof(sigset_t))
		return -EINVAL;
	if (copy_from_user(&wanted, set, sizeof(wanted)))
		return -EFAULT;
	if (timeout) {
		if (timespec_get(&sec, &nsec, timeout, wide))
			return -EFAULT;
		if (!timespec_valid(sec, nsec))
			return -EINVAL;
		deadline = clock_monotonic_ns() + timespec_to_ns(sec, nsec);
	}
	signal = wait_for_signal(wanted, &info, deadline);
	if (signal > 0 && user_info && copy_to_user(user_info, &info, sizeof(info)))
		return -EFAULT;
	return signal;
}

int32_t sys_rt_sigtimedwait(const sigset_t __user *set, struct siginfo __user *info,
			    const void __user *timeout, uint32_t set_size)
{
	return timed_wait(set, info, timeout, set_size, false);
}

int32_t sys_rt_sigtimedwait_time64(const sigset_t __user *set, struct siginfo __user *info,
				   const void __user *timeout, uint32_t set_size)
{
	return timed_wait(set, info, timeout, set_size, true);
}

/* Goes on with a call that a stop or a handler-less signal interrupted. */
int32_t sys_restart_syscall(void)
{
	return current->restart ? current->restart(current) : -EINTR;
}
