/*
 * prctl(2) and personality(2): properties of a process that no other call is for.
 */
#include <task.h>

#include <abi/capability.h>
#include <err.h>
#include <fault_trace.h>
#include <string.h>
#include <uaccess.h>

#define PR_SET_PDEATHSIG 1
#define PR_GET_PDEATHSIG 2
#define PR_GET_DUMPABLE 3
#define PR_SET_DUMPABLE 4
#define PR_GET_KEEPCAPS 7
#define PR_SET_KEEPCAPS 8
#define PR_GET_TIMING 13
#define PR_SET_TIMING 14
#define PR_SET_NAME 15
#define PR_GET_NAME 16
#define PR_CAPBSET_READ 23
#define PR_SET_TIMERSLACK 29
#define PR_GET_TIMERSLACK 30
#define PR_SET_CHILD_SUBREAPER 36
#define PR_GET_CHILD_SUBREAPER 37
#define PR_SET_NO_NEW_PRIVS 38
#define PR_GET_NO_NEW_PRIVS 39
#define PR_GET_TID_ADDRESS 40
#define PR_GET_THP_DISABLE 42

#define TIMER_SLACK_NS 50000

static int32_t set_name(const char __user *from)
{
	char name[sizeof(current->process->name)];
	int length = strncpy_from_user(name, from, sizeof(name) - 1);

	if (length == -EFAULT)
		return -EFAULT;
	name[sizeof(name) - 1] = '\0'; /* a longer one is cut */
	task_set_name(current, name);
	return 0;
}

static int32_t get_name(char __user *to)
{
	char name[sizeof(current->process->name)] = "";

	strlcpy(name, task_name(current), sizeof(name));
	return copy_to_user(to, name, sizeof(name));
}

static int32_t set_no_new_privileges(uint32_t value, uint32_t b, uint32_t c, uint32_t d)
{
	if (value != 1 || b || c || d)
		return -EINVAL;
	current->process->no_new_privileges = true;
	return 0;
}

/* Those that set something. */
static int32_t prctl_set(int option, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	struct process *process = current->process;

	switch (option) {
	case PR_SET_PDEATHSIG:
		if (a > NSIG)
			return -EINVAL;
		process->parent_death_signal = (int)a;
		return 0;
	case PR_SET_DUMPABLE:
		if (a > 1)
			return -EINVAL;
		process->dumpable = a;
		return 0;
	case PR_SET_KEEPCAPS:
		if (a > 1)
			return -EINVAL;
		process->keep_capabilities = a;
		return 0;
	case PR_SET_NAME:
		return set_name((const char __user *)a);
	case PR_SET_TIMING:
		return a == 0 ? 0 : -EINVAL;
	case PR_SET_TIMERSLACK: /* timers fire on the tick whatever it is */
		return 0;
	case PR_SET_CHILD_SUBREAPER:
		process->subreaper = a != 0;
		return 0;
	case PR_SET_NO_NEW_PRIVS:
		return set_no_new_privileges(a, b, c, d);
	default:
		return -EINVAL;
	}
}

int32_t sys_prctl(int option, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	struct process *process = current->process;

	switch (option) {
	case PR_GET_PDEATHSIG:
		return put_user((uint32_t __user *)a, (uint32_t)process->parent_death_signal);
	case PR_GET_DUMPABLE:
		return process->dumpable;
	case PR_GET_KEEPCAPS:
		return process->keep_capabilities;
	case PR_GET_TIMING:
		return 0;
	case PR_GET_NAME:
		return get_name((char __user *)a);
	case PR_CAPBSET_READ:
		return a > CAP_LAST ? -EINVAL : 1;
	case PR_GET_TIMERSLACK:
		return TIMER_SLACK_NS;
	case PR_GET_CHILD_SUBREAPER:
		return put_user((uint32_t __user *)a, process->subreaper);
	case PR_GET_NO_NEW_PRIVS:
		return a || b || c || d ? -EINVAL : process->no_new_privileges;
	case PR_GET_TID_ADDRESS:
		return put_user((uint32_t __user *)a, (uint32_t)current->clear_child_tid);
	case PR_GET_THP_DISABLE:
		return a || b || c || d ? -EINVAL : 0;
	default:
		return prctl_set(option, a, b, c, d);
	}
}

/* Kept and told; nothing here behaves differently for it. All ones only asks. */
int32_t sys_personality(uint32_t personality)
{
	uint32_t before = current->process->personality;

	if (personality != UINT32_MAX)
		current->process->personality = personality;
	return (int32_t)before;
}
