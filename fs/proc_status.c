/*
 * /proc/PID/stat and status, and the same of one thread in /proc/PID/task/TID/.
 *
 * A thread's figures are its own where tasks keep them: state, signals, processor time, switches.
 * Page faults are counted by address space, and so are the process's in either file.
 */
#include "proc.h"

#include <clock.h>
#include <format.h>
#include <string.h>
#include <task.h>
#include <tty.h>

/* Of a thread; NULL: of a process that has ended. */
static char state_letter(const struct task *task)
{
	if (!task || task->process->zombie)
		return 'Z';
	switch (task->state) {
	case TASK_RUNNING:
		return 'R';
	case TASK_SLEEPING:
		return 'S';
	case TASK_STOPPED:
		return 'T';
	case TASK_DEAD:
		return 'X';
	default:
		return 'D';
	}
}

static const char *state_name(char letter)
{
	switch (letter) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'T':
		return "stopped";
	case 'Z':
		return "zombie";
	case 'X':
		return "dead";
	default:
		return "disk sleep";
	}
}

static uint32_t resident_pages(const struct mm *mm)
{
	return mm->pagedir.resident_anon + mm->pagedir.resident_file;
}

/* Which signals are caught and which ignored. */
static void action_sets(const struct process *process, sigset_t *ignored, sigset_t *caught)
{
	*ignored = *caught = 0;
	for (int signal = 1; process->actions && signal <= NSIG; signal++) {
		uint32_t handler = process->actions->action[signal - 1].handler;

		if (handler == SIG_IGN)
			*ignored |= SIGNAL_BIT(signal);
		else if (handler != SIG_DFL)
			*caught |= SIGNAL_BIT(signal);
	}
}

static uint64_t in_ticks(uint64_t ns)
{
	return ns / NSEC_PER_TICK;
}

/* The line of a process, by its main thread, which may be gone, or of a thread alone. */
static void print_stat(struct proc_text *text, struct process *process, const struct task *task,
		       bool alone)
{
	const struct mm *mm = process->mm;
	/* Where things lie in memory is for who may look there. */
	const struct mm *own = proc_may_inspect(process) ? mm : NULL;
	sigset_t ignored, caught;

	action_sets(process, &ignored, &caught);
	proc_print(text, "%d (%s) %c %d %d %d %u %d %u ", alone ? task->tid : process->pid,
		   alone ? task_name(task) : process->name, state_letter(task),
		   process->parent ? process->parent->pid : 0, process->pgid, process->sid,
		   (unsigned)tty_device(process->tty), tty_foreground(process->tty), 0u);
	proc_print(text, "%llu %llu %llu %llu ",
		   (unsigned long long)(process->past_faults_minor + (mm ? mm->faults_minor : 0)),
		   (unsigned long long)process->children_faults_minor,
		   (unsigned long long)(process->past_faults_major + (mm ? mm->faults_major : 0)),
		   (unsigned long long)process->children_faults_major);
	proc_print(text, "%u %u %u %u %d %d %u 0 %llu %u %u %u ",
		   alone ? task->ticks_user : process->ticks_user,
		   alone ? task->ticks_system : process->ticks_system, process->children_user,
		   process->children_system, 20 + process->nice, process->nice, process->ntasks,
		   (unsigned long long)in_ticks(alone ? task->start_ns : process->start_ns),
		   mm ? mm->npages * PAGE_SIZE : 0, mm ? resident_pages(mm) : 0,
		   process->rlimits[RLIMIT_RSS].current);
	proc_print(text, "%u %u %u %u %u %u %u %u %u 0 0 0 %d 0 0 0 0 0 0 ",
		   own ? own->code_start : !!mm, own ? own->code_end : !!mm,
		   own ? own->stack_top : 0, own && task && task->frame ? task->frame->esp : 0, 0u,
		   task ? (uint32_t)(task->pending.set & 0x7fffffff) : 0,
		   task ? (uint32_t)(task->blocked & 0x7fffffff) : 0,
		   (uint32_t)(ignored & 0x7fffffff), (uint32_t)(caught & 0x7fffffff),
		   alone && task->tid != process->pid ? -1 : process->exit_signal);
	proc_print(text, "%u %u %u %u %u %u %u %d\n", own ? own->data_start : 0,
		   own ? own->data_end : 0, own ? own->brk_start : 0, own ? own->arg_start : 0,
		   own ? own->arg_end : 0, own ? own->env_start : 0, own ? own->env_end : 0,
		   process->zombie && proc_may_inspect(process) ? process->exit_status : 0);
}

int proc_show_stat(struct proc_text *text, struct process *process)
{
	print_stat(text, process, process_main_task(process), false);
	return 0;
}

int proc_show_task_stat(struct proc_text *text, const struct task *task)
{
	print_stat(text, task->process, task, true);
	return 0;
}

static void show_status_ids(struct proc_text *text, const struct process *process)
{
	const struct credentials *cred = &process->cred;

	proc_print(text, "Uid:\t%u\t%u\t%u\t%u\n", cred->uid, cred->euid, cred->suid, cred->fsuid);
	proc_print(text, "Gid:\t%u\t%u\t%u\t%u\n", cred->gid, cred->egid, cred->sgid, cred->fsgid);
	proc_print(text, "FDSize:\t%u\nGroups:\t",
		   process->files ? files_capacity(process->files) : 0);
	for (unsigned i = 0; i < cred->ngroups; i++)
		proc_print(text, "%u ", cred->groups[i]);
	proc_print(text, "\n");
}

static void show_status_signals(struct proc_text *text, const struct process *process,
				const struct task *task)
{
	sigset_t ignored, caught;

	action_sets(process, &ignored, &caught);
	proc_print(text, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n",
		   task ? (unsigned long long)task->pending.set : 0,
		   (unsigned long long)process->pending.set,
		   task ? (unsigned long long)task->blocked : 0);
	proc_print(text, "SigIgn:\t%016llx\nSigCgt:\t%016llx\n", (unsigned long long)ignored,
		   (unsigned long long)caught);
	proc_print(text, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\n",
		   (unsigned long long)process->cred.inheritable,
		   (unsigned long long)process->cred.permitted,
		   (unsigned long long)process->cred.effective);
}

static void print_status(struct proc_text *text, struct process *process, const struct task *task,
			 bool alone)
{
	char state = state_letter(task);

	proc_print(text, "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\n",
		   alone ? task_name(task) : process->name, process->fs ? process->fs->umask : 0,
		   state, state_name(state));
	proc_print(text, "Tgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", process->pid,
		   alone ? task->tid : process->pid, process->parent ? process->parent->pid : 0);
	show_status_ids(text, process);
	if (process->mm)
		proc_show_status_memory(text, process->mm);
	proc_print(text, "Threads:\t%u\n", process->ntasks);
	show_status_signals(text, process, task);
	proc_print(text, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
		   (unsigned long long)(alone ? task->switches_voluntary
					      : process->voluntary_switches),
		   (unsigned long long)(alone ? task->switches_involuntary
					      : process->involuntary_switches));
}

int proc_show_status(struct proc_text *text, struct process *process)
{
	print_status(text, process, process_main_task(process), false);
	return 0;
}

int proc_show_task_status(struct proc_text *text, const struct task *task)
{
	print_status(text, task->process, task, true);
	return 0;
}
