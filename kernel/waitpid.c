/*
 * Waiting for children: wait4, waitpid, waitid; and what they used.
 *
 * A child is of interest when its number or group is asked for and its exit signal is of the
 * kind asked for (__WCLONE, __WALL). It may have three things to tell, looked at in this order:
 * its end, a stop, a continuation. Each is told once, unless WNOWAIT leaves it in place. ECHILD
 * means that no child could ever tell anything asked for.
 */
#include <task.h>

#include <abi/wait.h>
#include <assert.h>
#include <err.h>
#include <pidfd.h>
#include <string.h>
#include <uaccess.h>

struct wait_request {
	int which; /* P_ALL, P_PID, P_PGID */
	pid_t id;
	int options;
	/* what was found */
	pid_t pid;
	uid_t uid;
	int status; /* as wait4 tells it */
	int code;   /* CLD_* */
	int value;  /* si_status */
	struct rusage usage;
};

/* ---- what was used ---- */

static struct rusage_time time_of(uint32_t ticks)
{
	return (struct rusage_time){ .seconds = (int32_t)(ticks / HZ),
				     .microseconds = (int32_t)(ticks % HZ * (1000000 / HZ)) };
}

static void add_time(struct rusage_time *to, const struct rusage_time *more)
{
	to->seconds += more->seconds;
	to->microseconds += more->microseconds;
	if (to->microseconds >= 1000000) {
		to->microseconds -= 1000000;
		to->seconds++;
	}
}

void process_usage(const struct process *process, struct rusage *usage)
{
	const struct mm *mm = process->mm;
	uint32_t peak = process->peak_resident_pages;

	*usage = (struct rusage){
		.user = time_of(process->ticks_user),
		.system = time_of(process->ticks_system),
		.faults_minor = (int32_t)(process->past_faults_minor + (mm ? mm->faults_minor : 0)),
		.faults_major = (int32_t)(process->past_faults_major + (mm ? mm->faults_major : 0)),
		.voluntary_switches = (int32_t)process->voluntary_switches,
		.involuntary_switches = (int32_t)process->involuntary_switches,
	};
	if (mm)
		peak = MAX(peak, mm->peak_resident);
	usage->max_resident_kb = (int32_t)(peak * (PAGE_SIZE / KB));
}

void process_usage_children(const struct process *process, struct rusage *usage)
{
	*usage = (struct rusage){
		.user = time_of(process->children_user),
		.system = time_of(process->children_system),
		.max_resident_kb =
			(int32_t)(process->children_peak_resident_pages * (PAGE_SIZE / KB)),
		.faults_minor = (int32_t)process->children_faults_minor,
		.faults_major = (int32_t)process->children_faults_major,
		.voluntary_switches = (int32_t)process->children_voluntary,
		.involuntary_switches = (int32_t)process->children_involuntary,
	};
}

/* A child together with the children that it has waited for. */
static void usage_of_family(const struct process *process, struct rusage *usage)
{
	struct rusage children;

	process_usage(process, usage);
	process_usage_children(process, &children);
	add_time(&usage->user, &children.user);
	add_time(&usage->system, &children.system);
	usage->max_resident_kb = MAX(usage->max_resident_kb, children.max_resident_kb);
	usage->faults_minor += children.faults_minor;
	usage->faults_major += children.faults_major;
	usage->voluntary_switches += children.voluntary_switches;
	usage->involuntary_switches += children.involuntary_switches;
}

static void inherit_usage(struct process *to, const struct process *child)
{
	to->children_user += child->ticks_user + child->children_user;
	to->children_system += child->ticks_system + child->children_system;
	to->children_faults_minor += child->past_faults_minor + child->children_faults_minor;
	to->children_faults_major += child->past_faults_major + child->children_faults_major;
	to->children_voluntary += child->voluntary_switches + child->children_voluntary;
	to->children_involuntary += child->involuntary_switches + child->children_involuntary;
	to->children_peak_resident_pages =
		MAX(to->children_peak_resident_pages,
		    MAX(child->peak_resident_pages, child->children_peak_resident_pages));
}

/* ---- looking ---- */

static bool is_wanted(const struct process *child, const struct wait_request *request)
{
	bool is_clone = child->exit_signal != SIGCHLD;

	if (request->which == P_PID && child->pid != request->id)
		return false;
	if (request->which == P_PGID && child->pgid != request->id)
		return false;
	return (request->options & __WALL) || is_clone == ((request->options & __WCLONE) != 0);
}

static void take_end(struct process *child, struct wait_request *request)
{
	int status = child->exit_status;

	assert(child->zombie && child->parent == current->process);
	request->status = status;
	request->code = status & 0x7f ? CLD_KILLED : CLD_EXITED;
	request->value = status & 0x7f ? status & 0x7f : (status >> 8) & 0xff;
	usage_of_family(child, &request->usage);
	if (request->options & WNOWAIT)
		return;
	inherit_usage(child->parent, child);
	process_free(child);
}

/* True when child has a stop or a continuation to tell, and that is asked for. */
static bool take_stop(struct process *child, struct wait_request *request)
{
	bool continued = child->stop_report == WAIT_STATUS_CONTINUED;

	assert(!child->zombie);
	if (child->stop_report == 0 || !(request->options & (continued ? WCONTINUED : WSTOPPED)))
		return false;
	request->status = child->stop_report;
	request->code = continued ? CLD_CONTINUED : CLD_STOPPED;
	request->value = continued ? SIGCONT : (child->stop_report >> 8) & 0xff;
	usage_of_family(child, &request->usage);
	if (!(request->options & WNOWAIT))
		child->stop_report = 0;
	return true;
}

/* The number of a child with something to tell; 0: none yet; -ECHILD. Does not sleep. */
static int32_t look(struct wait_request *request)
{
	struct process *child;
	int32_t result = -ECHILD;

	list_for_each(child, &current->process->children, sibling_link) {
		if (!is_wanted(child, request))
			continue;
		if (!child->zombie || (request->options & WEXITED))
			result = 0;
		request->pid = child->pid;
		request->uid = child->cred.uid;
		if (child->zombie) {
			if (!(request->options & WEXITED))
				continue;
			take_end(child, request);
			return request->pid;
		}
		if (take_stop(child, request))
			return request->pid;
	}
	return result;
}

static int32_t wait_for_child(struct wait_request *request)
{
	struct wait_queue *queue = &current->process->child_wait;
	struct waiter waiter;
	int32_t found;
	int error = 0;

	wait_enter(queue, &waiter);
	for (;;) {
		wait_prepare(WAIT_INTERRUPTIBLE);
		found = look(request);
		if (found != 0 || (request->options & WNOHANG) || error)
			break;
		error = wait_sleep(WAIT_FOREVER);
	}
	wait_cancel();
	wait_leave(&waiter);
	if (found == 0 && error)
		return -ERESTARTSYS;
	return found;
}

/* ---- system calls ---- */

int32_t sys_wait4(pid_t pid, uint32_t __user *status, int options, struct rusage __user *usage)
{
	struct wait_request request = { .which = P_ALL, .options = options | WEXITED };
	int32_t found;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid > 0) {
		request.which = P_PID;
		request.id = pid;
	} else if (pid != -1) {
		request.which = P_PGID;
		request.id = pid ? -pid : current->process->pgid;
	}
	found = wait_for_child(&request);
	if (found <= 0)
		return found;
	if (status && put_user(status, (uint32_t)request.status))
		return -EFAULT;
	if (usage && copy_to_user(usage, &request.usage, sizeof(request.usage)))
		return -EFAULT;
	return found;
}

int32_t sys_waitpid(pid_t pid, uint32_t __user *status, int options)
{
	return sys_wait4(pid, status, options, NULL);
}

static int check_waitid(int which, pid_t id, int options)
{
	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD |
			__WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	switch (which) {
	case P_ALL:
		return 0;
	case P_PID:
		return id <= 0 ? -EINVAL : 0;
	case P_PGID:
	case P_PIDFD:
		return id < 0 ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/* The fields that Linux stores, and no others. */
static int put_wait_info(struct siginfo __user *to, const struct wait_request *request, bool found)
{
	if (put_user((uint32_t __user *)&to->signo, found ? SIGCHLD : 0) ||
	    put_user((uint32_t __user *)&to->error, 0) ||
	    put_user((uint32_t __user *)&to->code, found ? (uint32_t)request->code : 0) ||
	    put_user((uint32_t __user *)&to->child.pid, found ? (uint32_t)request->pid : 0) ||
	    put_user(&to->child.uid, found ? request->uid : 0) ||
	    put_user((uint32_t __user *)&to->child.status, found ? (uint32_t)request->value : 0))
		return -EFAULT;
	return 0;
}

/* By a descriptor: a pid, and no waiting if the descriptor is not to. */
static int find_pidfd(struct wait_request *request, bool *nonblocking)
{
	pid_t pid = pidfd_pid(request->id, nonblocking);

	if (pid <= 0)
		return pid ? pid : -ECHILD;
	request->which = P_PID;
	request->id = pid;
	if (*nonblocking)
		request->options |= WNOHANG;
	return 0;
}

int32_t sys_waitid(int which, pid_t id, struct siginfo __user *info, int options,
		   struct rusage __user *usage)
{
	struct wait_request request = { .which = which, .id = id, .options = options };
	int32_t found = check_waitid(which, id, options);
	bool nonblocking = false;

	if (found == 0 && which == P_PIDFD)
		found = find_pidfd(&request, &nonblocking);
	if (found == 0) {
		if (which == P_PGID && id == 0)
			request.id = current->process->pgid;
		found = wait_for_child(&request);
		if (found == 0 && nonblocking && !(options & WNOHANG))
			found = -EAGAIN;
	}
	if (found > 0 && usage && copy_to_user(usage, &request.usage, sizeof(request.usage)))
		return -EFAULT;
	if (info && put_wait_info(info, &request, found > 0))
		return -EFAULT;
	return found > 0 ? 0 : found;
}

int32_t sys_getrusage(int who, struct rusage __user *usage)
{
	struct rusage used;

	switch (who) {
	case RUSAGE_SELF:
	case RUSAGE_THREAD:
		process_usage(current->process, &used);
		break;
	case RUSAGE_CHILDREN:
		process_usage_children(current->process, &used);
		break;
	default:
		return -EINVAL;
	}
	return copy_to_user(usage, &used, sizeof(used));
}
