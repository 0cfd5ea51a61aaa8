/* Queued signals with values; waiting for signals without handlers. */
#include "task.h"

#include <time.h>

static void tell(int signal, siginfo_t *info, void *context)
{
	(void)context;
	printf(" %d:%d/%d", signal, info->si_code, info->si_value.sival_int);
}

static void wait_one(const char *what, const sigset_t *set, const struct timespec *timeout)
{
	siginfo_t info;
	int signal;

	memset(&info, 0, sizeof(info));
	errno = 0;
	signal = sigtimedwait(set, &info, timeout);
	if (signal > 0)
		printf("%s: %d, code %d, value %d, from me %d\n", what, signal, info.si_code,
		       info.si_value.sival_int, info.si_pid == getpid());
	else
		printf("%s: %s\n", what, result_name(signal));
}

static void on_alarm(int signal)
{
	(void)signal;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = tell, .sa_flags = SA_SIGINFO };
	const struct timespec zero = { 0, 0 }, little = { 0, 30000000 }, bad = { 0, 1000000000 };
	sigset_t set, pending, none;

	sigemptyset(&none);
	sigfillset(&action.sa_mask);
	sigfillset(&set);
	sigaction(SIGRTMIN + 3, &action, NULL);
	sigaction(SIGRTMIN + 1, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigprocmask(SIG_SETMASK, &set, NULL);
	for (int i = 1; i <= 4; i++) {
		sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = i });
		sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 10 + i });
		sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 100 + i });
	}
	sigpending(&pending);
	printf("pending %d %d %d %d\n", sigismember(&pending, SIGRTMIN + 3),
	       sigismember(&pending, SIGRTMIN + 1), sigismember(&pending, SIGUSR1),
	       sigismember(&pending, SIGUSR2));
	printf("handled:");
	fflush(stdout);
	sigprocmask(SIG_SETMASK, &none, NULL);
	printf("\n");

	sigprocmask(SIG_SETMASK, &set, NULL);
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 7 });
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 8 });
	kill(getpid(), SIGUSR2);
	raise(SIGTERM);
	wait_one("first", &set, &zero);
	wait_one("second", &set, &zero);
	wait_one("third", &set, NULL);
	wait_one("fourth", &set, &little);
	wait_one("none, at once", &set, &zero);
	wait_one("none, after a while", &set, &little);
	wait_one("bad time", &set, &bad);
	wait_one("bad set", (sigset_t *)16, &zero);
	pid_t child = split();
	if (child == 0) {
		usleep(80000);
		kill(getppid(), SIGHUP);
		_exit(0);
	}
	siginfo_t info;
	sigset_t only = set_of(SIGHUP);
	printf("slept for it: %d\n", sigwaitinfo(&only, &info));
	printf("the child's: %d\n", info.si_pid == child);
	wait_one("its end", &set, NULL);
	reap("child", child);

	handle(SIGALRM, on_alarm, 0);
	mask(SIG_UNBLOCK, SIGALRM);
	ualarm(20000, 0);
	wait_one("another comes", &only, NULL);

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	TELL(syscall(SYS_rt_sigqueueinfo, getpid(), 65, &info));
	TELL(syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info));
	TELL(syscall(SYS_rt_sigqueueinfo, 31999, SIGUSR1, &info));
	info.si_code = SI_USER;
	printf("as kill to another: %s\n",
	       result_name(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info)));
	TELL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR2, &info));
	TELL(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR2, 16));
	return 0;
}
