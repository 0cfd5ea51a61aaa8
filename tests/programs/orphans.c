/* Children whose parent ends: who is their parent then, what they are told, who waits for them. */
#include "task.h"

#include <sys/prctl.h>

static volatile sig_atomic_t told;

static void tell(int signal)
{
	told = signal;
}

/* A grandchild that outlives its parent. */
static void adopted(void)
{
	struct gate looked, parent_gone;
	pid_t top = getpid(), child;

	gate_make(&looked);
	gate_make(&parent_gone);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	child = split();
	if (child == 0) {
		if (split() == 0) {
			pid_t before = getppid();

			gate_open(&looked);
			gate_pass(&parent_gone);
			printf("parent has changed: %d, to the reaper: %d\n", getppid() != before,
			       getppid() == top);
			leave(23);
		}
		gate_pass(&looked);
		_exit(11);
	}
	reap("child", child);
	gate_open(&parent_gone);
	reap("grandchild", -1);
	int reaper = 0;
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	printf("reaper: %d\n", reaper);
}

/* A zombie whose parent never waited. */
static void zombie(void)
{
	pid_t child = split();

	if (child == 0) {
		if (split() == 0)
			_exit(31);
		usleep(120000);
		_exit(12);
	}
	reap("child", child);
	reap("its zombie", -1);
}

static void death_signal(void)
{
	struct gate ready, go;
	pid_t child;

	gate_make(&ready);
	gate_make(&go);
	child = split();
	if (child == 0) {
		if (split() == 0) {
			int which = 0;

			handle(SIGUSR1, tell, 0);
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			prctl(PR_GET_PDEATHSIG, &which);
			mask(SIG_BLOCK, SIGUSR1);
			gate_open(&ready);
			sigset_t none = set_of(0);
			sigsuspend(&none);
			gate_pass(&go);
			/* Said by the end alone: the parent prints meanwhile. */
			_exit(told == SIGUSR1 && which == SIGUSR1 ? 41 : 42);
		}
		gate_pass(&ready);
		_exit(13);
	}
	reap("child", child);
	gate_open(&go);
	reap("grandchild", -1);
	TELL(prctl(PR_SET_PDEATHSIG, 65));
}

int main(void)
{
	adopted();
	zombie();
	death_signal();
	TELL(waitpid(-1, NULL, 0));
	return 0;
}
