/*
 * Resource limits: asking and setting. Who enforces each looks at process->rlimits.
 */
#include <task.h>

#include <abi/capability.h>
#include <assert.h>
#include <err.h>
#include <frame.h>
#include <uaccess.h>

#define STACK_LIMIT (8u * MB)
#define FILES_LIMIT 1024u
#define FILES_LIMIT_HARD 4096u
#define FILES_LIMIT_LARGEST 1048576u /* fs.nr_open */
#define LOCKED_LIMIT (8u * MB)
#define QUEUE_LIMIT 819200u

/* As Linux: so many processes that their kernel stacks fill a sixteenth of memory. */
static uint32_t process_limit(void)
{
	struct frame_counts counts;

	frame_count(&counts);
	return MAX(counts.total / (16 * KERNEL_STACK_SIZE / PAGE_SIZE), 32u);
}

void rlimits_init(struct rlimit limits[RLIMIT_COUNT])
{
	uint32_t nproc = process_limit();

	for (unsigned i = 0; i < RLIMIT_COUNT; i++)
		limits[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	limits[RLIMIT_STACK].current = STACK_LIMIT;
	limits[RLIMIT_CORE].current = 0;
	limits[RLIMIT_NPROC] = (struct rlimit){ nproc, nproc };
	limits[RLIMIT_SIGPENDING] = (struct rlimit){ nproc, nproc };
	limits[RLIMIT_NOFILE] = (struct rlimit){ FILES_LIMIT, FILES_LIMIT_HARD };
	limits[RLIMIT_MEMLOCK] = (struct rlimit){ LOCKED_LIMIT, LOCKED_LIMIT };
	limits[RLIMIT_MSGQUEUE] = (struct rlimit){ QUEUE_LIMIT, QUEUE_LIMIT };
	limits[RLIMIT_NICE] = (struct rlimit){ 0, 0 };
	limits[RLIMIT_RTPRIO] = (struct rlimit){ 0, 0 };
}

static int set_limit(struct process *process, unsigned resource, const struct rlimit *set)
{
	struct rlimit *limit = &process->rlimits[resource];

	if (set->current > set->maximum)
		return -EINVAL;
	if (resource == RLIMIT_NOFILE && set->maximum > FILES_LIMIT_LARGEST)
		return -EPERM;
	if (set->maximum > limit->maximum &&
	    !credentials_has(&current->process->cred, CAP_SYS_RESOURCE))
		return -EPERM;
	*limit = *set;
	return 0;
}

int32_t sys_ugetrlimit(unsigned resource, struct rlimit __user *limit)
{
	if (resource >= RLIMIT_COUNT)
		return -EINVAL;
	return copy_to_user(limit, &current->process->rlimits[resource], sizeof(*limit));
}

/* The old call, from when infinity was the largest signed number. */
int32_t sys_getrlimit(unsigned resource, void __user *limit)
{
	struct rlimit told;

	if (resource >= RLIMIT_COUNT)
		return -EINVAL;
	told = current->process->rlimits[resource];
	told.current = MIN(told.current, (uint32_t)INT32_MAX);
	told.maximum = MIN(told.maximum, (uint32_t)INT32_MAX);
	return copy_to_user(limit, &told, sizeof(told));
}

int32_t sys_setrlimit(unsigned resource, const struct rlimit __user *limit)
{
	struct rlimit set;

	if (copy_from_user(&set, limit, sizeof(set)))
		return -EFAULT;
	return resource < RLIMIT_COUNT ? set_limit(current->process, resource, &set) : -EINVAL;
}

static uint32_t narrow(uint64_t value)
{
	return value >= RLIM_INFINITY ? RLIM_INFINITY : (uint32_t)value;
}

static uint64_t widen(uint32_t value)
{
	return value == RLIM_INFINITY ? RLIM64_INFINITY : value;
}

/* All three users and groups of the target must be ours. */
static bool may_limit(const struct process *target)
{
	const struct credentials *mine = &current->process->cred, *theirs = &target->cred;

	if (target == current->process || credentials_has(mine, CAP_SYS_RESOURCE))
		return true;
	return mine->uid == theirs->euid && mine->uid == theirs->suid && mine->uid == theirs->uid &&
	       mine->gid == theirs->egid && mine->gid == theirs->sgid && mine->gid == theirs->gid;
}

int32_t sys_prlimit64(pid_t pid, unsigned resource, const struct rlimit64 __user *new_limit,
		      struct rlimit64 __user *old_limit)
{
	struct process *process;
	struct rlimit64 given, told;
	struct rlimit set;
	int error;

	if (new_limit && copy_from_user(&given, new_limit, sizeof(given)))
		return -EFAULT;
	process = pid ? process_find(pid) : current->process;
	if (!process)
		return -ESRCH;
	if (!may_limit(process))
		return -EPERM;
	if (resource >= RLIMIT_COUNT)
		return -EINVAL;
	told.current = widen(process->rlimits[resource].current);
	told.maximum = widen(process->rlimits[resource].maximum);
	if (new_limit) {
		set = (struct rlimit){ narrow(given.current), narrow(given.maximum) };
		error = set_limit(process, resource, &set);
		if (error)
			return error;
	}
	return old_limit ? copy_to_user(old_limit, &told, sizeof(told)) : 0;
}
