/*
 * Signals: what is pending, and how it gets there.
 *
 * A signal is sent to a process or to one of its tasks. Each has a set of pending signals and a
 * queue with the info of those that came with some: the first of an ordinary signal (more of
 * the same are lost, as POSIX allows), each one of a real-time signal. A set bit without an
 * entry in the queue stands for info "from the kernel", which is what interrupt handlers send:
 * they cannot allocate.
 *
 * task->signalled says that signal_deliver has something to do. It may be true for nothing,
 * never false for something: whoever makes a signal pending, unblocks one, stops or ends a
 * process sets it. So does the scheduler for a restartable sequence, which has to be looked at and is
 * no reason to end a call: that is asked of signal_pending.
 *
 * A signal that is ignored when it is sent is dropped, unless it is blocked: the action may
 * change before it is unblocked. SIGCONT takes back pending stops and the other way round, even
 * when they are blocked or ignored.
 *
 * Guarded by interrupt-off sections: pending sets and queues, signalled, stops.
 */
#include <task.h>

#include <assert.h>
#include <err.h>
#include <fs.h>
#include <kheap.h>
#include <string.h>

/*
 * (irq) Records that are no longer wanted: flushed perhaps by an interrupt handler, freed by
 * the next task that can.
 */
static struct list spent = LIST_INIT(spent);

struct wait_queue signalfd_waiters = WAIT_QUEUE_INIT(signalfd_waiters);

/* ---- sets ---- */

static bool has_sigkill(const struct task *task)
{
	return (task->pending.set | task->process->pending.set) & SIGNAL_BIT(SIGKILL);
}

static bool must_end(const struct task *task)
{
	const struct process *process = task->process;

	return process->exiting || (process->exec_task && process->exec_task != task) ||
	       has_sigkill(task);
}

/* sigtimedwait is not blocked against what it waits for. */
static sigset_t blocked_now(const struct task *task)
{
	return task->blocked & ~task->awaited;
}

static bool has_signal(const struct task *task)
{
	const struct process *process = task->process;

	return ((task->pending.set | process->pending.set) & ~blocked_now(task)) != 0 ||
	       must_end(task) || process->stopping || process->continued;
}

static bool has_work(const struct task *task)
{
	return has_signal(task) || task->rseq_check;
}

void signal_recalculate(struct task *task)
{
	uint32_t flags = irq_save();

	task->signalled = has_work(task);
	irq_restore(flags);
}

bool signal_pending(void)
{
	return current->signalled && has_signal(current);
}

bool signal_fatal_pending(void)
{
	return must_end(current);
}

void signal_set_blocked(sigset_t blocked)
{
	current->blocked = blocked & ~SIGNALS_UNMASKABLE;
	signal_recalculate(current);
}

/* Interrupts off. */
static void flush(struct sigpending *pending, sigset_t which)
{
	struct signal_record *record, *after;

	if (!(pending->set & which))
		return;
	pending->set &= ~which;
	list_for_each_safe(record, after, &pending->queue, link) {
		if (!(which & SIGNAL_BIT(record->info.signo)))
			continue;
		list_remove(&record->link);
		pending->nqueued--;
		if (record->taken)
			record->taken(record, NULL);
		else
			list_add_tail(&spent, &record->link);
	}
}

/* Not in interrupt handlers; interrupts off. */
static void free_spent(void)
{
	while (!list_empty(&spent)) {
		struct signal_record *record = list_first(&spent, struct signal_record, link);

		list_remove(&record->link);
		kfree(record);
	}
}

void signal_flush(struct sigpending *pending, sigset_t which)
{
	uint32_t flags = irq_save();

	flush(pending, which);
	free_spent();
	irq_restore(flags);
}

static void flush_everywhere(struct process *process, sigset_t which)
{
	struct task *task;

	flush(&process->pending, which);
	list_for_each(task, &process->tasks, process_link)
		flush(&task->pending, which);
}

/* ---- taking ---- */

/* The record of a signal that is pending, or NULL; *more: there is another. */
static struct signal_record *find_record(struct sigpending *pending, int signal, bool *more)
{
	struct signal_record *record, *first = NULL;

	*more = false;
	list_for_each(record, &pending->queue, link) {
		if (record->info.signo != signal)
			continue;
		if (first) {
			*more = true;
			break;
		}
		first = record;
	}
	return first;
}

static void take_from(struct sigpending *pending, int signal, struct siginfo *info)
{
	bool more;
	struct signal_record *record = find_record(pending, signal, &more);

	assert(pending->set & SIGNAL_BIT(signal));
	assert(!record || pending->nqueued > 0);
	memset(info, 0, sizeof(*info));
	if (record) {
		*info = record->info;
		list_remove(&record->link);
		pending->nqueued--;
		if (record->taken)
			record->taken(record, info);
		else
			kfree(record);
	} else {
		info->signo = signal;
		info->code = SI_KERNEL;
	}
	if (!more)
		pending->set &= ~SIGNAL_BIT(signal);
}

/* The one to deliver first: faults, then by number. 0: none. */
static int first_of(sigset_t set)
{
	if (set & SIGNALS_SYNCHRONOUS)
		set &= SIGNALS_SYNCHRONOUS;
	if ((uint32_t)set)
		return __builtin_ctz((uint32_t)set) + 1;
	return set >> 32 ? __builtin_ctz((uint32_t)(set >> 32)) + 33 : 0;
}

int signal_take(sigset_t wanted, struct siginfo *info)
{
	uint32_t flags = irq_save();
	struct sigpending *pending = &current->pending;
	int signal = first_of(pending->set & wanted);

	if (!signal) {
		pending = &current->process->pending;
		signal = first_of(pending->set & wanted);
	}
	if (signal)
		take_from(pending, signal, info);
	free_spent();
	current->signalled = has_work(current);
	irq_restore(flags);
	return signal;
}

/* ---- sending ---- */

static uint32_t action_of(const struct process *process, int signal)
{
	assert(signal >= 1 && signal <= NSIG);
	return process->actions ? process->actions->action[signal - 1].handler : SIG_DFL;
}

bool signal_action_ignores(const struct process *process, int signal)
{
	uint32_t handler = action_of(process, signal);

	return handler == SIG_IGN || (handler == SIG_DFL && (SIGNAL_BIT(signal) & SIGNALS_IGNORED));
}

bool signal_is_ignored(int signal)
{
	return (current->blocked & SIGNAL_BIT(signal)) ||
	       signal_action_ignores(current->process, signal);
}

static bool drop_at_once(const struct process *process, const struct task *task, int signal)
{
	sigset_t bit = SIGNAL_BIT(signal);

	if (process->unkillable && action_of(process, signal) == SIG_DFL &&
	    !(task && (task->blocked & bit)))
		return true;
	if (task && ((task->blocked | task->awaited) & bit))
		return false;
	return signal_action_ignores(process, signal);
}

/* Lets a stopped process, or one about to stop, go on. */
void signal_continue(struct process *process)
{
	uint32_t flags = irq_save();
	struct task *task;

	flush_everywhere(process, SIGNALS_STOP);
	if (process->stopped) {
		process->stop_report = 0xffff;
		process->continued = true;
	}
	process->stopping = 0;
	process->stopped = false;
	process->nstopped = 0;
	list_for_each(task, &process->tasks, process_link) {
		task->signalled = true;
		if (task->state == TASK_STOPPED)
			sched_resume(task);
	}
	irq_restore(flags);
}

static void wake_to_die(struct process *process)
{
	struct task *task;

	list_for_each(task, &process->tasks, process_link) {
		task->signalled = true;
		if (task->state == TASK_SLEEPING || task->state == TASK_KILLABLE)
			sched_wake(task);
		else if (task->state == TASK_STOPPED)
			sched_resume(task);
	}
}

/* What a signal does besides being pending. Interrupts off. */
static void prepare(struct process *process, int signal)
{
	if (SIGNAL_BIT(signal) & SIGNALS_STOP)
		flush_everywhere(process, SIGNAL_BIT(SIGCONT));
	else if (signal == SIGCONT)
		signal_continue(process);
}

/* Who is to be told of a signal to the whole process: a task that does not block it. */
static struct task *choose_task(struct process *process, int signal)
{
	struct task *task;

	list_for_each(task, &process->tasks, process_link)
		if (!(blocked_now(task) & SIGNAL_BIT(signal)) && !task->exiting)
			return task;
	return NULL;
}

static void tell(struct process *process, struct task *task, int signal)
{
	if (signal == SIGKILL) {
		wake_to_die(process);
		return;
	}
	if (!task || (blocked_now(task) & SIGNAL_BIT(signal)))
		return;
	task->signalled = true;
	if (task->state == TASK_SLEEPING)
		sched_wake(task);
}

/*
 * Queues info, if it comes with some. Without room an ordinary signal, or one of kill(2), is
 * sent without its info; one that carries a value is refused: -EAGAIN.
 */
static int queue_info(struct process *process, struct sigpending *pending, int signal,
		      const struct siginfo *info)
{
	struct signal_record *record = NULL;

	if (!info || (SIGNAL_BIT(signal) & SIGNALS_UNMASKABLE))
		return 0;
	if (pending->nqueued < process->rlimits[RLIMIT_SIGPENDING].current ||
	    (signal < SIGRTMIN && info->code > SI_USER))
		record = kalloc(sizeof(*record));
	if (!record)
		return signal >= SIGRTMIN && info->code != SI_USER ? -EAGAIN : 0;
	record->taken = NULL;
	record->info = *info;
	list_add_tail(&pending->queue, &record->link);
	pending->nqueued++;
	return 0;
}

static void queue_record(struct sigpending *pending, struct signal_record *record)
{
	record->info.timer.overrun = 0;
	list_add_tail(&pending->queue, &record->link);
	pending->nqueued++;
}

/* The signal becomes pending, and everybody who may want it is told. Interrupts off. */
static void make_pending(struct process *process, struct task *asked, struct sigpending *pending,
			 int signal)
{
	pending->set |= SIGNAL_BIT(signal);
	tell(process, asked, signal);
	if (unlikely(!list_empty(&signalfd_waiters.waiters)))
		wake_events(&signalfd_waiters, POLLIN);
}

bool signal_send_record(struct process *process, struct task *task, struct signal_record *record)
{
	struct sigpending *pending = task ? &task->pending : &process->pending;
	struct task *asked = task;
	int signal = record->info.signo;
	uint32_t flags = irq_save();
	bool wanted;

	assert(record->taken && !process->zombie);
	prepare(process, signal);
	if (!asked)
		asked = choose_task(process, signal);
	wanted = !drop_at_once(process, asked ? asked : process_main_task(process), signal);
	if (wanted && signal_record_pending(record)) {
		record->info.timer.overrun++;
	} else if (wanted) {
		queue_record(pending, record);
		make_pending(process, asked, pending, signal);
	}
	irq_restore(flags);
	return wanted;
}

struct signal_record *signal_record_create(void *owner, void (*taken)(struct signal_record *record,
								      struct siginfo *info))
{
	struct signal_record *record = kzalloc(sizeof(*record));

	assert(taken);
	if (!record)
		return NULL;
	list_init(&record->link);
	record->owner = owner;
	record->taken = taken;
	return record;
}

void signal_record_release(struct signal_record *record)
{
	uint32_t flags = irq_save();

	/* Once it is the queue's own, whoever takes the signal frees it. */
	record->taken = NULL;
	if (list_empty(&record->link))
		kfree(record);
	irq_restore(flags);
}

/* task NULL: to the process as a whole. */
static int send(struct process *process, struct task *task, int signal, const struct siginfo *info)
{
	struct sigpending *pending = task ? &task->pending : &process->pending;
	struct task *asked = task;
	uint32_t flags;
	int result = 0;

	assert(signal > 0 && signal <= NSIG);
	if (process->zombie || process == &kernel_process)
		return 0;
	flags = irq_save();
	prepare(process, signal);
	if (!asked)
		asked = choose_task(process, signal);
	if (drop_at_once(process, asked ? asked : process_main_task(process), signal))
		goto out;
	if (signal < SIGRTMIN && (pending->set & SIGNAL_BIT(signal)))
		goto out;
	result = queue_info(process, pending, signal, info);
	if (result)
		goto out;
	make_pending(process, asked, pending, signal);
out:
	irq_restore(flags);
	return result;
}

void signal_send_process(struct process *process, int signal, const struct siginfo *info)
{
	(void)!send(process, NULL, signal, info);
}

int signal_queue_process(struct process *process, int signal, const struct siginfo *info)
{
	return send(process, NULL, signal, info);
}

int signal_queue_task(struct task *task, int signal, const struct siginfo *info)
{
	return send(task->process, task, signal, info);
}

void signal_send_task(struct task *task, int signal, const struct siginfo *info)
{
	(void)!send(task->process, task, signal, info);
}

int signal_send_group(pid_t pgid, int signal, const struct siginfo *info)
{
	struct pid *group = pid_find(pgid);
	struct process *member;

	if (!group || list_empty(&group->group))
		return -ESRCH;
	list_for_each(member, &group->group, group_link)
		signal_send_process(member, signal, info);
	return 0;
}
