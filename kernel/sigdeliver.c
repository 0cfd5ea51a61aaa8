/*
 * Acting on signals, on the way back to PL3: handlers, default actions, stops, and what becomes
 * of an interrupted system call.
 *
 * One signal after the other is taken; each with a handler gets its frame, the later ones on
 * top, so that the last one taken runs first. A system call that was interrupted has left one
 * of the ERESTART values in eax; whether it ends in EINTR or starts again is decided by the
 * first handler's SA_RESTART, or by there being none:
 *
 * 	value			no handler		handler without SA_RESTART	with
 * 	ERESTARTSYS		again			EINTR				again
 * 	ERESTARTNOINTR		again			again				again
 * 	ERESTARTNOHAND		again			EINTR				EINTR
 * 	ERESTART_RESTARTBLOCK	restart_syscall		EINTR				EINTR
 *
 * "Again" means: eax gets the call's number back and eip goes back over the two bytes of int
 * 0x80.
 */
#include <task.h>

#include <abi/wait.h>
#include <assert.h>
#include <err.h>
#include <rseq.h>

#define SYSCALL_VECTOR 0x80
#define SYSCALL_INSTRUCTION_SIZE 2
#define NR_RESTART_SYSCALL 0

/* ---- system calls again ---- */

static bool from_syscall(const struct trap_frame *frame)
{
	/* sigreturn sets the number to -1: eax is then the program's own. */
	return frame->vector == SYSCALL_VECTOR && (int32_t)frame->error >= 0;
}

static void call_again(struct trap_frame *frame, uint32_t number)
{
	frame->eax = number;
	frame->eip -= SYSCALL_INSTRUCTION_SIZE;
}

static void restart_without_handler(struct trap_frame *frame)
{
	if (!from_syscall(frame))
		return;
	switch (-(int32_t)frame->eax) {
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
		call_again(frame, frame->error);
		break;
	case ERESTART_RESTARTBLOCK:
		call_again(frame, NR_RESTART_SYSCALL);
		break;
	}
}

static void restart_with_handler(struct trap_frame *frame, const struct sigaction *action)
{
	if (!from_syscall(frame))
		return;
	switch (-(int32_t)frame->eax) {
	case ERESTARTSYS:
		if (action->flags & SA_RESTART)
			call_again(frame, frame->error);
		else
			frame->eax = (uint32_t)-EINTR;
		break;
	case ERESTARTNOINTR:
		call_again(frame, frame->error);
		break;
	case ERESTARTNOHAND:
	case ERESTART_RESTARTBLOCK:
		frame->eax = (uint32_t)-EINTR;
		break;
	}
}

/* ---- stops ---- */

/* The current task stops; the last one of its process to do so tells the parent. */
static void stop_here(void)
{
	struct process *process = current->process;
	uint32_t flags = irq_save();
	int signal = process->stopping;
	bool last = ++process->nstopped >= process->ntasks;

	assert(signal);
	if (last) {
		process->stopped = true;
		process->stop_report = WAIT_STATUS_STOPPED(signal);
	}
	current->state = TASK_STOPPED;
	irq_restore(flags);
	/* Telling does not sleep; SIGCONT from now on finds the task stopped or makes it run on. */
	if (last)
		process_notify_stop(process, CLD_STOPPED, signal);
	flags = irq_save();
	sched_block();
	/* SIGCONT has set all back; who is to end or wait for exec leaves the others stopped. */
	if (process->stopping && process->nstopped > 0)
		process->nstopped--;
	irq_restore(flags);
}

static void default_stop(int signal)
{
	struct process *process = current->process;
	struct task *task;
	uint32_t flags;

	if (signal != SIGSTOP && process_group_orphaned(process->pgid, NULL))
		return;
	flags = irq_save();
	process->stopping = signal;
	list_for_each(task, &process->tasks, process_link) {
		task->signalled = true;
		if (task->state == TASK_SLEEPING)
			sched_wake(task);
	}
	irq_restore(flags);
}

static void tell_continued(void)
{
	struct process *process = current->process;

	process->continued = false;
	process_notify_stop(process, CLD_CONTINUED, SIGCONT);
}

/* ---- one signal ---- */

static void default_action(int signal)
{
	sigset_t bit = SIGNAL_BIT(signal);

	if (bit & SIGNALS_IGNORED)
		return;
	if (current->process->unkillable && signal != SIGKILL)
		return;
	if (bit & SIGNALS_STOP)
		default_stop(signal);
	else
		process_exit(signal);
}

/* The mask that the handler's end restores: before sigsuspend changed it, if it did. */
static sigset_t mask_to_restore(void)
{
	return current->restore_blocked ? current->saved_blocked : current->blocked;
}

static void call_handler(struct trap_frame *frame, int signal, const struct siginfo *info)
{
	struct sigaction *kept = &current->process->actions->action[signal - 1];
	struct sigaction action = *kept;
	sigset_t during = current->blocked | action.mask;

	assert(action.handler != SIG_DFL && action.handler != SIG_IGN);
	assert(!(SIGNAL_BIT(signal) & SIGNALS_UNMASKABLE));
	restart_with_handler(frame, &action);
	if (action.flags & SA_RESETHAND)
		kept->handler = SIG_DFL;
	rseq_signal(frame);
	if (signal_push_frame(frame, signal, info, &action, mask_to_restore())) {
		/* No stack to run a handler on: the program is beyond help. */
		signal_force_fatal(SIGSEGV);
		return;
	}
	current->restore_blocked = false;
	if (!(action.flags & SA_NODEFER))
		during |= SIGNAL_BIT(signal);
	signal_set_blocked(during);
}

static void act_on(struct trap_frame *frame, int signal, const struct siginfo *info)
{
	uint32_t handler = current->process->actions->action[signal - 1].handler;

	if (handler == SIG_IGN)
		return;
	if (handler == SIG_DFL)
		default_action(signal);
	else
		call_handler(frame, signal, info);
}

/* Does not return when the current task is to end. */
static void end_if_told(void)
{
	struct process *process = current->process;

	if (process->exiting)
		task_exit(process->exit_status);
	if (process->exec_task && process->exec_task != current)
		task_exit(0);
	if ((current->pending.set | process->pending.set) & SIGNAL_BIT(SIGKILL))
		process_exit(SIGKILL);
}

void signal_deliver(struct trap_frame *frame)
{
	struct siginfo info;
	int signal;

	assert(irq_enabled() && frame == current->frame);
	for (;;) {
		end_if_told();
		if (current->process->continued)
			tell_continued();
		if (current->process->stopping) {
			stop_here();
			continue;
		}
		signal = signal_take(~current->blocked, &info);
		if (!signal)
			break;
		act_on(frame, signal, &info);
	}
	restart_without_handler(frame);
	if (current->restore_blocked) {
		current->restore_blocked = false;
		signal_set_blocked(current->saved_blocked);
	}
	rseq_resume(frame);
	signal_recalculate(current);
}
