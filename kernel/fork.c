/*
 * fork, vfork, clone.
 *
 * Decode, then perform: the flags are checked, then each thing that can fail is acquired in a
 * struct new_task, and released again in reverse order when a later one fails; only then is the
 * new task linked to anything. The child starts in start_user_task and goes to PL3 with a copy
 * of its parent's registers, eax being 0.
 */
#include <task.h>

#include <abi/sched.h>
#include <assert.h>
#include <err.h>
#include <fs.h>
#include <kheap.h>
#include <string.h>
#include <uaccess.h>

struct clone_request {
	uint32_t flags; /* CSIGNAL: exit_signal's */
	vaddr_t stack;	/* 0: the parent's */
	bool clear_handlers;
	uint32_t __user *parent_tid;
	uint32_t __user *child_tid;
	void __user *tls;
};

/* What has been acquired so far. */
struct new_task {
	struct task *task;
	struct pid *id;
	struct process *process; /* NULL: a thread of the current one */
};

#define CLONE_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

static int check_flags(uint32_t flags)
{
	if (flags & (CLONE_NAMESPACES | CLONE_PIDFD))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_PARENT) && current->process->unkillable)
		return -EINVAL;
	/*
	 * Threads have files and directories in common here: a thread without them is not to be
	 * had.
	 */
	if ((flags & CLONE_THREAD) &&
	    (flags & (CLONE_FILES | CLONE_FS)) != (CLONE_FILES | CLONE_FS))
		return -EINVAL;
	return 0;
}

static int check_process_limit(void)
{
	struct process *self = current->process;
	uint32_t limit = self->rlimits[RLIMIT_NPROC].current;

	if (limit == RLIM_INFINITY || current_is_root())
		return 0;
	return process_count_of_user(self->cred.uid) >= limit ? -EAGAIN : 0;
}

/* ---- the process's parts, each with its undoing ---- */

static int copy_mm(struct process *to, const struct process *from, uint32_t flags)
{
	if (flags & CLONE_VM) {
		to->mm = from->mm;
		mm_get(to->mm);
		return 0;
	}
	to->mm = mm_fork(from->mm);
	if (IS_ERR(to->mm)) {
		to->mm = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int copy_files(struct process *to, struct process *from, uint32_t flags)
{
	if (flags & CLONE_FILES) {
		to->files = from->files;
		files_get(to->files);
		to->shares_files = from->shares_files = true;
		return 0;
	}
	to->files = files_copy(from->files);
	if (!to->files || IS_ERR(to->files)) {
		to->files = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int copy_fs(struct process *to, struct process *from, uint32_t flags)
{
	if (flags & CLONE_FS) {
		to->fs = from->fs;
		fs_context_get(to->fs);
		to->shares_fs = from->shares_fs = true;
		return 0;
	}
	to->fs = fs_context_copy(from->fs);
	if (!to->fs || IS_ERR(to->fs)) {
		to->fs = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int copy_actions(struct process *to, const struct process *from, uint32_t flags)
{
	if (flags & CLONE_SIGHAND) {
		to->actions = from->actions;
		signal_actions_get(to->actions);
		return 0;
	}
	to->actions = signal_actions_copy(from->actions);
	return to->actions ? 0 : -ENOMEM;
}

static void release_parts(struct process *process)
{
	if (process->actions)
		signal_actions_put(process->actions);
	if (process->fs)
		fs_context_put(process->fs);
	if (process->files)
		files_put(process->files);
	if (process->mm)
		mm_put(process->mm);
}

static void copy_identity(struct process *to, const struct process *from)
{
	to->cred = from->cred;
	memcpy(to->rlimits, from->rlimits, sizeof(to->rlimits));
	strlcpy(to->name, task_name(current), sizeof(to->name));
	to->tty = from->tty;
	to->dumpable = from->dumpable;
	to->no_new_privileges = from->no_new_privileges;
	to->keep_capabilities = from->keep_capabilities;
	to->personality = from->personality;
	to->nice = from->nice;
	to->oom_score_adj = from->oom_score_adj;
	to->oom_score_adj_min = from->oom_score_adj_min;
	signal_alarm_init(to);
}

static struct process *process_copy(struct process *from, uint32_t flags)
{
	struct process *to = process_alloc();

	if (!to)
		return NULL;
	copy_identity(to, from);
	to->exit_signal = (int)(flags & CSIGNAL);
	if (copy_files(to, from, flags) || copy_fs(to, from, flags) ||
	    copy_actions(to, from, flags) || copy_mm(to, from, flags)) {
		release_parts(to);
		kfree(to);
		return NULL;
	}
	return to;
}

/* ---- the task ---- */

/*
 * Where a new task begins, on its own stack, interrupts off. trap_return looks for signals
 * first.
 */
static void start_user_task(void)
{
	uint32_t __user *set_tid = current->set_child_tid;

	sched_finish_switch();
	__asm__ volatile("sti");
	if (set_tid) {
		current->set_child_tid = NULL;
		(void)!put_user(set_tid, (uint32_t)current->tid);
	}
	trap_return(current->frame);
}

/* What a task inherits from the one that makes it. */
static int task_copy(struct task *to, const struct clone_request *request)
{
	uint32_t flags = request->flags;

	*to->frame = *current->frame;
	to->frame->eax = 0;
	if (request->stack)
		to->frame->esp = request->stack;
	strlcpy(to->own_name, task_name(current), sizeof(to->own_name));
	memcpy(to->tls, current->tls, sizeof(to->tls));
	to->blocked = current->blocked;
	/* A stack of its own in the same memory must not share the alternate one too. */
	if (!(flags & CLONE_VM) || (flags & CLONE_VFORK))
		to->altstack = current->altstack;
	if (!(flags & CLONE_VM)) {
		to->rseq = current->rseq;
		to->rseq_size = current->rseq_size;
		to->rseq_signature = current->rseq_signature;
	}
	if (flags & CLONE_CHILD_SETTID)
		to->set_child_tid = request->child_tid;
	if (flags & CLONE_CHILD_CLEARTID)
		to->clear_child_tid = request->child_tid;
	to->signalled = true; /* to look for itself: its process may be told to end meanwhile */
	fpu_copy(to, current);
	if (flags & CLONE_SETTLS)
		return tls_set(to, request->tls, false);
	return 0;
}

static int acquire(struct new_task *new, const struct clone_request *request)
{
	int error;

	new->task = task_create(start_user_task);
	if (!new->task)
		return -ENOMEM;
	error = task_copy(new->task, request);
	if (error)
		goto free_task;
	error = -ENOMEM;
	if (!(request->flags & CLONE_THREAD)) {
		new->process = process_copy(current->process, request->flags);
		if (!new->process)
			goto free_task;
		if (request->clear_handlers)
			signal_actions_exec(new->process->actions);
	}
	new->id = pid_allocate();
	if (!IS_ERR(new->id))
		return 0;
	error = PTR_ERR(new->id);

	if (new->process) {
		release_parts(new->process);
		kfree(new->process);
	}
free_task:
	task_free(new->task);
	return error;
}

/* Nothing fails from here on. */
static void link_new_task(const struct new_task *new, uint32_t flags)
{
	struct process *self = current->process;

	assert(new->task &&new->id && !new->id->task && !new->id->process);
	if (!new->process) {
		task_attach(new->task, self, new->id);
		return;
	}
	if (flags & CLONE_PARENT) {
		new->process->exit_signal = self->exit_signal;
		process_attach(new->process, new->id, self->parent);
	} else {
		process_attach(new->process, new->id, self);
	}
	/* CLONE_PARENT's child has the group and session of its maker, not of its parent. */
	process_join_group(new->process, pid_find(self->pgid));
	process_join_session(new->process, pid_find(self->sid));
	task_attach(new->task, new->process, new->id);
}

/* The child, in the same memory, goes first until it calls exec or ends. */
static void wait_for_vfork(struct task *child, struct vfork_done *vfork)
{
	int killed = wait_until(&vfork->wait, vfork->done, WAIT_KILLABLE, WAIT_FOREVER);

	if (killed && !vfork->done) /* the child still is: its end would have set done */
		child->vfork = NULL;
}

/* The new task's number, or -errno. */
static int32_t clone(const struct clone_request *request)
{
	struct new_task new = { NULL };
	struct vfork_done vfork = { .done = false };
	int32_t number;
	int error = check_flags(request->flags);

	if (!error)
		error = check_process_limit();
	if (!error && signal_pending())
		error = -ERESTARTNOINTR;
	if (!error)
		error = acquire(&new, request);
	if (error)
		return error;
	link_new_task(&new, request->flags);
	number = new.task->tid;
	if (request->flags & CLONE_PARENT_SETTID)
		(void)!put_user(request->parent_tid, (uint32_t)number);
	if (request->flags & CLONE_VFORK) {
		wait_queue_init(&vfork.wait);
		new.task->vfork = &vfork;
	}
	sched_resume(new.task);
	if (request->flags & CLONE_VFORK)
		wait_for_vfork(new.task, &vfork);
	return number;
}

int32_t sys_fork(void)
{
	struct clone_request request = { .flags = SIGCHLD };

	return clone(&request);
}

int32_t sys_vfork(void)
{
	struct clone_request request = { .flags = SIGCHLD | CLONE_VM | CLONE_VFORK };

	return clone(&request);
}

int32_t sys_clone(uint32_t flags, vaddr_t stack, uint32_t __user *parent_tid, void __user *tls,
		  uint32_t __user *child_tid)
{
	struct clone_request request = {
		.flags = flags,
		.stack = stack,
		.parent_tid = parent_tid,
		.tls = tls,
		.child_tid = child_tid,
	};

	return clone(&request);
}

/* ---- clone3 ---- */

/* linux/sched.h: struct clone_args, in its third size. */
struct clone_arguments {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	/* the second size's */
	uint64_t set_tid;
	uint64_t set_tid_size;
	/* the third's */
	uint64_t cgroup;
};
_Static_assert(sizeof(struct clone_arguments) == 88, "the ABI's");

#define CLONE_ARGUMENTS_FIRST 64u
#define CLONE_CLEAR_SIGHAND (1ull << 32)
#define CLONE_INTO_CGROUP (1ull << 33)
#define SET_TID_MAX 32u

/* What a newer program has and this kernel does not know must be 0. */
static int get_arguments(struct clone_arguments *to, const void __user *from, uint32_t size)
{
	uint8_t byte = 0;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGUMENTS_FIRST)
		return -EINVAL;
	for (uint32_t at = sizeof(*to); at < size && !byte; at++)
		if (copy_from_user(&byte, (const char __user *)from + at, 1))
			return -EFAULT;
	if (byte)
		return -E2BIG;
	memset(to, 0, sizeof(*to));
	return copy_from_user(to, from, MIN(size, sizeof(*to)));
}

static int check_stack(const struct clone_arguments *arguments)
{
	if (!arguments->stack != !arguments->stack_size)
		return -EINVAL;
	if (arguments->stack > USER_TOP || arguments->stack_size > USER_TOP - arguments->stack)
		return -EINVAL;
	return 0;
}

static int check_arguments(const struct clone_arguments *arguments)
{
	uint64_t flags = arguments->flags;
	uint64_t known = UINT32_MAX | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;

	if (arguments->set_tid_size > SET_TID_MAX ||
	    !arguments->set_tid != !arguments->set_tid_size)
		return -EINVAL;
	if (arguments->exit_signal > NSIG || (flags & ~known) ||
	    (flags & (CLONE_DETACHED | CSIGNAL)))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((flags & (CLONE_THREAD | CLONE_PARENT)) && arguments->exit_signal)
		return -EINVAL;
	if (check_stack(arguments))
		return -EINVAL;
	/* There are no cgroups, and so no descriptor of one. */
	if (flags & CLONE_INTO_CGROUP)
		return -EBADF;
	/* A number of its own choice for the child is refused, as Linux does to most. */
	return arguments->set_tid ? -EPERM : 0;
}

int32_t sys_clone3(const void __user *from, uint32_t size)
{
	struct clone_arguments arguments;
	struct clone_request request;
	int error = get_arguments(&arguments, from, size);

	if (!error)
		error = check_arguments(&arguments);
	if (error)
		return error;
	request = (struct clone_request){
		.flags = (uint32_t)arguments.flags | (uint32_t)arguments.exit_signal,
		.stack = (vaddr_t)(arguments.stack + arguments.stack_size),
		.clear_handlers = arguments.flags & CLONE_CLEAR_SIGHAND,
		.parent_tid = (uint32_t __user *)(vaddr_t)arguments.parent_tid,
		.child_tid = (uint32_t __user *)(vaddr_t)arguments.child_tid,
		.tls = (void __user *)(vaddr_t)arguments.tls,
	};
	return clone(&request);
}
