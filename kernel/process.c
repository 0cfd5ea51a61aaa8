/*
 * Processes: numbers, groups, sessions, the family tree.
 *
 * A number (struct pid) is found through a radix tree and knows its task, its process and the
 * members of the group and session named after it, so that a signal to a group visits its
 * members alone. Numbers go up and wrap around to 300, below which Linux keeps what started at
 * boot; one is free again when nothing goes by it.
 *
 * A group is orphaned when no member has a parent in another group of the same session, one who
 * could continue it (POSIX 3.264): stops from the terminal would be for ever, so they do not
 * happen to it, and a group that becomes orphaned with stopped members gets SIGHUP and SIGCONT.
 */
#include <task.h>

#include <assert.h>
#include <err.h>
#include <fault_trace.h>
#include <kheap.h>
#include <pidfd.h>
#include <radix.h>
#include <string.h>

#define PID_WRAP 300

struct list all_processes = LIST_INIT(all_processes);
static struct radix pids;
static pid_t last_number;
static uint32_t nnumbers; /* given out since boot */
static unsigned nprocesses;

/*
 * ---- numbers ----
 *
 * A terminal's interrupt handler finds a group by its number and walks its members to send a
 * signal: numbers and members come and go with interrupts off.
 */

/* The next free number, or 0 when all are taken. */
static pid_t find_free_number(void)
{
	pid_t number = last_number;

	for (unsigned tries = 0; tries < PID_MAX; tries++) {
		if (++number >= PID_MAX)
			number = PID_WRAP;
		if (!radix_lookup(&pids, (uint32_t)number))
			return number;
	}
	return 0;
}

struct pid *pid_allocate(void)
{
	struct pid *pid;
	pid_t number = find_free_number();
	uint32_t flags;
	int error;

	if (number == 0)
		return ERR_PTR(-EAGAIN);
	pid = kzalloc(sizeof(*pid));
	if (!pid)
		return ERR_PTR(-ENOMEM);
	pid->number = number;
	list_init(&pid->group);
	list_init(&pid->session);
	flags = irq_save();
	error = radix_insert(&pids, (uint32_t)number, pid);
	irq_restore(flags);
	if (error) {
		kfree(pid);
		return ERR_PTR(error);
	}
	last_number = number;
	nnumbers++;
	return pid;
}

pid_t pid_last(void)
{
	return last_number;
}

uint32_t pid_count(void)
{
	return nnumbers;
}

struct pid *pid_find(pid_t number)
{
	return number > 0 ? radix_lookup(&pids, (uint32_t)number) : NULL;
}

void pid_release(struct pid *pid)
{
	uint32_t flags;

	if (pid->task || pid->process || !list_empty(&pid->group) || !list_empty(&pid->session))
		return;
	flags = irq_save();
	radix_remove(&pids, (uint32_t)pid->number);
	irq_restore(flags);
	kfree(pid);
}

struct process *process_find(pid_t number)
{
	struct pid *pid = pid_find(number);

	return pid ? pid->process : NULL;
}

struct process *process_next(pid_t number)
{
	uint32_t index = number > 0 ? (uint32_t)number : 0;
	struct pid *pid;

	for (;; index++) {
		pid = radix_next(&pids, &index);
		if (!pid || pid->process)
			return pid ? pid->process : NULL;
	}
}

static bool is_first(const struct task *task)
{
	return task->id == task->process->id;
}

const char *task_name(const struct task *task)
{
	return is_first(task) ? task->process->name : task->own_name;
}

void task_set_name(struct task *task, const char *name)
{
	char *own = is_first(task) ? task->process->name : task->own_name;

	if (is_first(task))
		fault_trace_name_ends(task->process);
	strlcpy(own, name, sizeof(task->own_name));
}

unsigned process_count(void)
{
	return nprocesses;
}

unsigned process_count_of_user(uid_t uid)
{
	struct process *process;
	unsigned count = 0;

	list_for_each(process, &all_processes, all_link)
		count += process->cred.uid == uid;
	return count;
}

/* ---- groups and sessions ---- */

static void enter(struct list *members, struct list *link)
{
	uint32_t flags = irq_save();

	list_add_tail(members, link);
	irq_restore(flags);
}

static void leave(struct list *link, pid_t number)
{
	struct pid *pid = pid_find(number);
	uint32_t flags;

	if (list_empty(link))
		return;
	assert(pid);
	flags = irq_save();
	list_remove(link);
	irq_restore(flags);
	pid_release(pid);
}

void process_join_group(struct process *process, struct pid *group)
{
	if (process->pgid == group->number)
		return;
	leave(&process->group_link, process->pgid);
	process->pgid = group->number;
	enter(&group->group, &process->group_link);
}

void process_join_session(struct process *process, struct pid *session)
{
	if (process->sid == session->number)
		return;
	leave(&process->session_link, process->sid);
	process->sid = session->number;
	enter(&session->session, &process->session_link);
}

bool process_group_orphaned(pid_t pgid, const struct process *ignored)
{
	struct pid *group = pid_find(pgid);
	struct process *member;

	if (!group)
		return true;
	list_for_each(member, &group->group, group_link) {
		const struct process *parent = member->parent;

		if (member == ignored || member->zombie || !parent || parent->pid == 1)
			continue;
		if (parent->pgid != pgid && parent->sid == member->sid)
			return false;
	}
	return true;
}

static bool group_has_stopped(pid_t pgid)
{
	struct pid *group = pid_find(pgid);
	struct process *member;

	if (!group)
		return false;
	list_for_each(member, &group->group, group_link)
		if (member->stopped)
			return true;
	return false;
}

void process_group_check_orphaned(struct process *process, struct process *lost_parent)
{
	struct process *parent = lost_parent ? lost_parent : process->parent;
	struct process *ignored = lost_parent ? NULL : process;

	if (!parent || process->pgid == parent->pgid || process->sid != parent->sid)
		return;
	if (!process_group_orphaned(process->pgid, ignored) || !group_has_stopped(process->pgid))
		return;
	(void)!signal_send_group(process->pgid, SIGHUP, NULL);
	(void)!signal_send_group(process->pgid, SIGCONT, NULL);
}

/* ---- making and unmaking ---- */

struct process *process_alloc(void)
{
	struct process *process = kzalloc(sizeof(*process));

	if (!process)
		return NULL;
	list_init(&process->all_link);
	list_init(&process->group_link);
	list_init(&process->session_link);
	list_init(&process->children);
	list_init(&process->sibling_link);
	list_init(&process->tasks);
	list_init(&process->pending.queue);
	wait_queue_init(&process->child_wait);
	process->start_ns = clock_monotonic_ns();
	return process;
}

void process_attach(struct process *process, struct pid *id, struct process *parent)
{
	assert(!id->process && list_empty(&process->all_link));
	assert(parent || id->number == 1);
	process->id = id;
	process->pid = id->number;
	process->parent = parent;
	id->process = process;
	list_add_tail(&all_processes, &process->all_link);
	nprocesses++;
	process->pgid = process->sid = 0;
	process_join_group(process, parent ? pid_find(parent->pgid) : id);
	process_join_session(process, parent ? pid_find(parent->sid) : id);
	if (parent)
		list_add_tail(&parent->children, &process->sibling_link);
}

void process_free(struct process *process)
{
	struct pid *id = process->id;

	assert(list_empty(&process->tasks) && list_empty(&process->children));
	assert(!process->mm && !process->files);
	pidfd_process_gone(process);
	list_remove(&process->all_link);
	list_remove(&process->sibling_link);
	nprocesses--;
	leave(&process->group_link, process->pgid);
	leave(&process->session_link, process->sid);
	id->process = NULL;
	pid_release(id);
	kfree(process);
}

struct task *process_main_task(struct process *process)
{
	if (list_empty(&process->tasks))
		return NULL;
	return list_first(&process->tasks, struct task, process_link);
}

void process_set_name(struct process *process, const char *path)
{
	const char *slash = strrchr(path, '/');

	fault_trace_name_ends(process);
	strlcpy(process->name, slash ? slash + 1 : path, sizeof(process->name));
}

/* ---- system calls ---- */

int32_t sys_getpid(void)
{
	return current->process->pid;
}

int32_t sys_gettid(void)
{
	return current->tid;
}

int32_t sys_getppid(void)
{
	return current->process->parent ? current->process->parent->pid : 0;
}

int32_t sys_getpgrp(void)
{
	return current->process->pgid;
}

static struct process *find_or_self(pid_t pid)
{
	return pid == 0 ? current->process : process_find(pid);
}

int32_t sys_getpgid(pid_t pid)
{
	struct process *process = find_or_self(pid);

	return process ? process->pgid : -ESRCH;
}

int32_t sys_getsid(pid_t pid)
{
	struct process *process = find_or_self(pid);

	return process ? process->sid : -ESRCH;
}

/* setpgid is for oneself and for children that have not called exec yet, within the session. */
static int check_setpgid(const struct process *process)
{
	const struct process *self = current->process;

	if (process->parent == self) {
		if (process->sid != self->sid)
			return -EPERM;
		if (process->did_exec)
			return -EACCES;
	} else if (process != self) {
		return -ESRCH;
	}
	return process->pid == process->sid ? -EPERM : 0;
}

int32_t sys_setpgid(pid_t pid, pid_t pgid)
{
	struct process *process = find_or_self(pid);
	struct process *member;
	struct pid *group;
	int error;

	if (pgid == 0)
		pgid = process ? process->pid : pid;
	if (pgid < 0)
		return -EINVAL;
	if (!process)
		return -ESRCH;
	error = check_setpgid(process);
	if (error)
		return error;
	group = process->id;
	if (pgid != process->pid) {
		group = pid_find(pgid);
		if (!group || list_empty(&group->group))
			return -EPERM;
		member = list_first(&group->group, struct process, group_link);
		if (member->sid != current->process->sid)
			return -EPERM;
	}
	process_join_group(process, group);
	return 0;
}

int32_t sys_setsid(void)
{
	struct process *process = current->process;

	if (!list_empty(&process->id->group))
		return -EPERM;
	process_join_session(process, process->id);
	process_join_group(process, process->id);
	process->tty = NULL;
	return process->pid;
}
