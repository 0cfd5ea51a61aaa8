/* What the calls about signals refuse, and what their old forms do. */
#include "task.h"

struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	unsigned int mask[2];
};
struct old_action {
	void *handler;
	unsigned int mask;
	unsigned long flags;
	void *restorer;
};

static volatile sig_atomic_t last;

static void handler(int signal)
{
	last = signal;
}

static void actions(void)
{
	struct kernel_action action = { handler, 0xffffffff, NULL, { ~0u, ~0u } }, seen;

	TELL(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 4));
	TELL(syscall(SYS_rt_sigaction, 0, &action, NULL, 8));
	TELL(syscall(SYS_rt_sigaction, 65, &action, NULL, 8));
	TELL(syscall(SYS_rt_sigaction, SIGKILL, &action, NULL, 8));
	TELL(syscall(SYS_rt_sigaction, SIGSTOP, &action, NULL, 8));
	TELL(syscall(SYS_rt_sigaction, SIGKILL, NULL, &seen, 8));
	TELL(syscall(SYS_rt_sigaction, SIGUSR1, 16, NULL, 8));
	TELL(syscall(SYS_rt_sigaction, SIGUSR1, NULL, 16, 8));
	action.flags = 0x7bffffff;
	TELL(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 8));
	TELL(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &seen, 8));
	printf("flags %lx, mask %x %x\n", seen.flags, seen.mask[0], seen.mask[1]);
}

static void old_calls(void)
{
	struct old_action action = { handler, 0x1234, SA_RESTART, NULL }, seen;
	unsigned int set, old;

	printf("signal: %d\n", syscall(SYS_signal, SIGUSR2, handler) == 0);
	printf("signal again: %d\n", syscall(SYS_signal, SIGUSR2, SIG_IGN) == (long)handler);
	printf("signal: %s\n", result_name(syscall(SYS_signal, SIGKILL, SIG_IGN)));
	TELL(syscall(SYS_sigaction, SIGUSR2, &action, &seen));
	printf("was ignored %d, flags %lx\n", seen.handler == (void *)SIG_IGN, seen.flags);
	TELL(syscall(SYS_sigaction, SIGUSR2, NULL, &seen));
	printf("handler %d, mask %x, flags %lx\n", seen.handler == (void *)handler, seen.mask,
	       seen.flags);
	set = 0xffffffff;
	TELL(syscall(SYS_sigprocmask, SIG_SETMASK, &set, &old));
	TELL(syscall(SYS_sigprocmask, SIG_BLOCK, NULL, &old));
	printf("blocked %x\n", old);
	TELL(syscall(SYS_sigprocmask, 3, &set, NULL));
	TELL(syscall(SYS_sigprocmask, 3, NULL, NULL));
	kill(getpid(), SIGUSR2);
	TELL(syscall(SYS_sigpending, &set));
	printf("pending %x\n", set);
	printf("sgetmask %lx\n", syscall(SYS_sgetmask));
	printf("ssetmask %lx\n", syscall(SYS_ssetmask, 0));
	printf("handled %d, sgetmask %lx\n", last, syscall(SYS_sgetmask));
	syscall(SYS_ssetmask, 0xffffffff);
	kill(getpid(), SIGUSR2);
	last = 0;
	TELL(syscall(SYS_sigsuspend, 0, 0, 0));
	printf("handled %d, sgetmask %lx\n", last, syscall(SYS_sgetmask));
	syscall(SYS_ssetmask, 0);
}

static void masks(void)
{
	sigset_t set;

	sigfillset(&set);
	TELL(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 16));
	TELL(syscall(SYS_rt_sigprocmask, 7, &set, NULL, 8));
	TELL(syscall(SYS_rt_sigprocmask, 7, NULL, &set, 8));
	TELL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 16, NULL, 8));
	TELL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, 16, 8));
	TELL(syscall(SYS_rt_sigsuspend, 16, 8));
	TELL(syscall(SYS_rt_sigsuspend, &set, 4));
	TELL(syscall(SYS_rt_sigpending, 16, 8));
	TELL(syscall(SYS_rt_sigpending, &set, 9));
	TELL(syscall(SYS_rt_sigpending, &set, 2));
}

static void sending(void)
{
	TELL(kill(getpid(), 0));
	TELL(kill(getpid(), 65));
	TELL(kill(getpid(), -1));
	TELL(kill(31999, 0));
	TELL(kill(31999, 65));
	TELL(kill(-31999, SIGTERM));
	TELL(kill((pid_t)0x80000000, 0));
	TELL(syscall(SYS_tkill, 0, SIGTERM));
	TELL(syscall(SYS_tkill, -1, SIGTERM));
	TELL(syscall(SYS_tkill, 31999, SIGTERM));
	TELL(syscall(SYS_tgkill, getpid(), getpid(), 0));
	TELL(syscall(SYS_tgkill, getpid(), getpid(), 65));
	TELL(syscall(SYS_tgkill, 1, getpid(), 0));
	TELL(syscall(SYS_tgkill, 0, getpid(), 0));
	pid_t child = split();
	if (child == 0)
		_exit(0);
	siginfo_t info;
	waitid(P_PID, child, &info, WEXITED | WNOWAIT);
	printf("to a zombie: %s, its thread: %s\n", result_name(kill(child, SIGKILL)),
	       result_name(syscall(SYS_tkill, child, SIGKILL)));
	reap("zombie", child);
}

int main(void)
{
	actions();
	old_calls();
	masks();
	sending();
	return 0;
}
