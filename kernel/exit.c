/*
 * The end of tasks and processes.
 *
 * A task that ends cleans up what programs may watch (tid word, robust futexes, a vforking
 * parent), then leaves its process; the last one takes the process with it: memory, files,
 * terminal, children, and becomes a zombie that the parent is told of. From the moment that the
 * parent is told nothing may sleep: it could free the zombie while we stand on it.
 *
 * A whole process is ended by marking it (exiting) and waking every task, each of which ends
 * itself on its way to PL3.
 */
#include <task.h>

#include <abi/wait.h>
#include <assert.h>
#include <err.h>
#include <fault_trace.h>
#include <fs.h>
#include <futex.h>
#include <panic.h>
#include <pidfd.h>
#include <posix_timer.h>
#include <string.h>
#include <tty.h>
#include <uaccess.h>

/* ---- leaving memory ---- */

static void release_vfork_parent(struct task *task)
{
	struct vfork_done *vfork = task->vfork;

	if (!vfork)
		return;
	task->vfork = NULL;
	vfork->done = true;
	wake_all(&vfork->wait);
}

void task_release_mm(struct task *task)
{
	uint32_t __user *tid_word = task->clear_child_tid;

	assert(task == current);
	task->rseq = NULL;
	task->rseq_check = false;
	if (task->process->mm) {
		futex_exit_robust_list(task);
		futex_exit_pi(task);
		/* Somebody else must still be there to see it. */
		if (tid_word && task->process->mm->refs + task->process->ntasks > 2 &&
		    !put_user(tid_word, 0))
			futex_wake(tid_word, 1);
	}
	task->robust_list = NULL;
	task->clear_child_tid = NULL;
	release_vfork_parent(task);
}

void process_keep_counters(struct process *process, const struct mm *mm)
{
	if (mm->refs > 1)
		return; /* a vfork child's parent goes on counting there */
	process->past_faults_minor += mm->faults_minor;
	process->past_faults_major += mm->faults_major;
	process->peak_resident_pages = MAX(process->peak_resident_pages, mm->peak_resident);
}

static void drop_mm(struct process *process)
{
	struct mm *mm = process->mm;

	if (!mm)
		return;
	process_keep_counters(process, mm);
	process->mm = NULL;
	sched_use_mm(NULL);
	mm_put(mm);
}

static void drop_files(struct process *process)
{
	struct files *files = process->files;
	struct fs_context *fs = process->fs;

	process->files = NULL;
	process->fs = NULL;
	if (files)
		files_put(files);
	if (fs)
		fs_context_put(fs);
}

/* ---- family ---- */

/* Who takes care of a process's orphans: the nearest ancestor that asked for it, or process 1. */
static struct process *find_reaper(const struct process *process)
{
	struct process *reaper = process->parent;

	while (reaper && !reaper->subreaper && reaper->parent)
		reaper = reaper->parent;
	assert(reaper && !reaper->zombie);
	return reaper;
}

static void reparent(struct process *child, struct process *reaper)
{
	struct process *old = child->parent;

	list_remove(&child->sibling_link);
	child->parent = reaper;
	child->exit_signal = SIGCHLD;
	list_add_tail(&reaper->children, &child->sibling_link);
	if (child->parent_death_signal)
		signal_send_process(child, child->parent_death_signal, NULL);
	if (child->zombie && process_notify_end(child)) {
		process_free(child);
		return;
	}
	process_group_check_orphaned(child, old);
}

static void give_children_away(struct process *process)
{
	struct process *reaper;
	struct process *child, *after;

	if (list_empty(&process->children))
		return;
	reaper = find_reaper(process);
	list_for_each_safe(child, after, &process->children, sibling_link)
		reparent(child, reaper);
}

static void fill_child_info(struct siginfo *info, const struct process *child, int code, int status)
{
	memset(info, 0, sizeof(*info));
	info->signo = SIGCHLD;
	info->code = code;
	info->child.pid = child->pid;
	info->child.uid = child->cred.uid;
	info->child.status = status;
	info->child.utime = (int32_t)child->ticks_user;
	info->child.stime = (int32_t)child->ticks_system;
}

bool process_notify_end(struct process *process)
{
	struct process *parent = process->parent;
	const struct sigaction *action = &parent->actions->action[SIGCHLD - 1];
	int status = process->exit_status;
	bool ignored = false, unwanted = false;
	struct siginfo info;

	if (status & 0x7f)
		fill_child_info(&info, process, CLD_KILLED, status & 0x7f);
	else
		fill_child_info(&info, process, CLD_EXITED, (status >> 8) & 0xff);
	if (process->exit_signal == SIGCHLD) {
		ignored = action->handler == SIG_IGN;
		unwanted = ignored || (action->flags & SA_NOCLDWAIT);
	}
	info.signo = process->exit_signal;
	if (process->exit_signal > 0 && process->exit_signal <= NSIG && !ignored)
		signal_send_process(parent, process->exit_signal, &info);
	wake_all(&parent->child_wait);
	return unwanted;
}

void process_notify_stop(struct process *process, int code, int signal)
{
	struct process *parent = process->parent;
	const struct sigaction *action;
	struct siginfo info;

	if (!parent || !parent->actions)
		return;
	action = &parent->actions->action[SIGCHLD - 1];
	fill_child_info(&info, process, code, signal);
	if (action->handler != SIG_IGN && !(action->flags & SA_NOCLDSTOP))
		signal_send_process(parent, SIGCHLD, &info);
	wake_all(&parent->child_wait);
}

/* ---- the end ---- */

/* One task of several goes; others may have waited for just that. */
static __noreturn void leave_process(struct task *task)
{
	struct process *process = task->process;
	uint32_t flags = irq_save();

	(void)flags;
	signal_flush(&task->pending, ~0ull);
	task_detach(task);
	if (process->exec_task)
		sched_wake(process->exec_task);
	if (process->stopping && process->nstopped >= process->ntasks && !process->stopped) {
		process->stopped = true;
		process->stop_report = WAIT_STATUS_STOPPED(process->stopping);
		process_notify_stop(process, CLD_STOPPED, process->stopping);
	}
	sched_end();
}

static void become_zombie(struct task *task)
{
	struct process *process = task->process;
	struct signal_actions *actions = process->actions;

	assert(!irq_enabled() && !process->mm && !process->files && !process->fs);
	signal_flush(&task->pending, ~0ull);
	signal_flush(&process->pending, ~0ull);
	task_detach(task);
	assert(process->ntasks == 0 && list_empty(&process->children));
	task->process = &kernel_process;
	process->zombie = true;
	fault_trace_name_ends(process);
	process->actions = NULL;
	signal_actions_put(actions);
	pidfd_process_ended(process);
	if (process_notify_end(process))
		process_free(process);
}

static __noreturn void end_process(struct task *task)
{
	struct process *process = task->process;

	if (process->pid == 1)
		panic("process 1 (%s) has ended with status %x: nobody is left to take its place",
		      process->name, process->exit_status);
	timer_stop(&process->alarm);
	posix_timers_delete(process);
	drop_mm(process);
	drop_files(process);
	if (process->sid == process->pid)
		tty_process_exit(process);
	process->tty = NULL;
	irq_save();
	/* Nothing sleeps from here on. */
	give_children_away(process);
	process_group_check_orphaned(process, NULL);
	become_zombie(task);
	sched_end();
}

__noreturn void task_exit(int status)
{
	struct task *task = current;
	struct process *process = task->process;

	assert(!task->exiting && irq_enabled());
	task->exiting = true;
	if (!process->exiting && task->tid == process->pid)
		process->exit_status = status;
	task_release_mm(task);
	posix_timers_forget(task);
	/* Sleeps are over: who finds itself the last one now is. */
	if (process->ntasks > 1)
		leave_process(task);
	process->exiting = true;
	end_process(task);
}

/* Wakes every task but current so that it sees that it must end. */
static void wake_others(struct process *process)
{
	struct task *task;

	list_for_each(task, &process->tasks, process_link) {
		if (task == current)
			continue;
		task->signalled = true;
		if (task->state == TASK_STOPPED)
			sched_resume(task);
		else if (task->state != TASK_WAITING)
			sched_wake(task);
	}
}

__noreturn void process_exit(int status)
{
	struct process *process = current->process;

	if (!process->exiting) {
		process->exiting = true;
		process->exit_status = status;
		wake_others(process);
	}
	task_exit(process->exit_status);
}

int process_become_single(void)
{
	struct process *process = current->process;

	if (process->exiting || process->exec_task)
		return -EAGAIN;
	if (process->ntasks > 1) {
		process->exec_task = current;
		wake_others(process);
		do {
			wait_prepare(WAIT_KILLABLE);
			if (process->ntasks == 1 || wait_sleep(WAIT_FOREVER) == -EINTR)
				break;
		} while (process->ntasks > 1);
		wait_cancel();
		process->exec_task = NULL;
		if (process->ntasks > 1)
			return -EAGAIN;
	}
	/* The one that is left is the process. */
	if (current->id != process->id) {
		struct pid *id = current->id;

		assert(!process->id->task);
		id->task = NULL;
		pid_release(id);
		current->id = process->id;
		current->tid = process->pid;
		process->id->task = current;
	}
	return 0;
}

int32_t sys_exit(int code)
{
	task_exit(WAIT_STATUS_EXITED(code));
}

int32_t sys_exit_group(int code)
{
	process_exit(WAIT_STATUS_EXITED(code));
}

int32_t sys_set_tid_address(uint32_t __user *address)
{
	current->clear_child_tid = address;
	return current->tid;
}
