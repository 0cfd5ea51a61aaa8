/*
 * Signals that a process sends itself by a fault or a timer, and the tables of what it does about
 * each.
 */
#include <task.h>

#include <assert.h>
#include <kheap.h>
#include <string.h>

/* ---- faults ---- */

/*
 * Makes sure that signal reaches the current task: a mask or SIG_IGN that is in the way makes
 * it fatal.
 */
static void unblock_and_send(int signal, const struct siginfo *info, bool fatal)
{
	struct sigaction *action = &current->process->actions->action[signal - 1];
	sigset_t bit = SIGNAL_BIT(signal);

	if (fatal || (current->blocked & bit) || action->handler == SIG_IGN)
		action->handler = SIG_DFL;
	current->blocked &= ~bit;
	if (action->handler == SIG_DFL)
		current->process->unkillable = false; /* then process 1 dies too */
	signal_send_task(current, signal, info);
}

void signal_fault(int signal, int code, vaddr_t address, uint32_t trap, uint32_t error)
{
	struct siginfo info = { .signo = signal, .code = code, .fault.address = address };

	assert(irq_enabled());
	current->fault_trap = trap;
	current->fault_error = error;
	current->fault_address = address;
	unblock_and_send(signal, &info, false);
}

void signal_force_fatal(int signal)
{
	unblock_and_send(signal, NULL, true);
}

void signal_info_user(struct siginfo *info, int signal, int code)
{
	memset(info, 0, sizeof(*info));
	info->signo = signal;
	info->code = code;
	info->sender.pid = current->process->pid;
	info->sender.uid = current->process->cred.uid;
}

/* ---- actions ---- */

struct signal_actions *signal_actions_create(void)
{
	struct signal_actions *actions = kzalloc(sizeof(*actions));

	if (actions)
		actions->refs = 1;
	return actions;
}

struct signal_actions *signal_actions_copy(const struct signal_actions *from)
{
	struct signal_actions *to = kalloc(sizeof(*to));

	if (!to)
		return NULL;
	memcpy(to, from, sizeof(*to));
	to->refs = 1;
	return to;
}

void signal_actions_get(struct signal_actions *actions)
{
	assert(actions->refs > 0);
	actions->refs++;
}

void signal_actions_put(struct signal_actions *actions)
{
	assert(actions->refs > 0);
	if (--actions->refs == 0)
		kfree(actions);
}

void signal_actions_exec(struct signal_actions *actions)
{
	for (unsigned i = 0; i < NSIG; i++) {
		bool ignored = actions->action[i].handler == SIG_IGN;

		actions->action[i] = (struct sigaction){ .handler = ignored ? SIG_IGN : SIG_DFL };
	}
}

/* ---- ITIMER_REAL ---- */

static void alarm_fired(void *context)
{
	struct process *process = context;

	if (process->alarm_interval_ns > 0)
		timer_start(&process->alarm, process->alarm.deadline + process->alarm_interval_ns);
	signal_send_process(process, SIGALRM, NULL);
}

void signal_alarm_init(struct process *process)
{
	timer_init(&process->alarm, alarm_fired, process);
}
