/* Handlers, masks, pending signals, what a handler is told, and system calls cut short. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t count, last, nested, depth, from_me;

static void handler(int sig)
{
	count++;
	last = sig;
}

static void teller(int sig, siginfo_t *info, void *context)
{
	(void)context;
	last = sig;
	from_me = info->si_pid == getpid() && info->si_code == SI_USER && info->si_signo == sig;
}

/* Raises its own signal: it must come after the handler, not within it. */
static void again(int sig)
{
	depth++;
	if (++count == 1)
		kill(getpid(), sig);
	nested |= depth > 1;
	depth--;
}

static void install(int sig, void (*function)(int), int flags)
{
	struct sigaction action = { .sa_handler = function, .sa_flags = flags };
	sigemptyset(&action.sa_mask);
	sigaction(sig, &action, NULL);
}

static void test_mask(void)
{
	sigset_t set, pending;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	count = 0;
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	raise(SIGUSR1);
	sigpending(&pending);
	printf("blocked: %d handled, pending %d\n", count, sigismember(&pending, SIGUSR1));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	printf("unblocked: %d handled\n", count);
}

static void test_interruption(int flags, const char *name)
{
	int ends[2];
	char byte = '-';
	pipe(ends);
	install(SIGALRM, handler, flags);
	fflush(stdout);
	if (fork() == 0) {
		usleep(200000);
		write(ends[1], "y", 1);
		_exit(0);
	}
	ualarm(50000, 0);
	ssize_t got = read(ends[0], &byte, 1);
	printf("read across a signal, %s: %zd, EINTR %d, byte %c\n", name, got,
	       got < 0 && errno == EINTR, byte);
	close(ends[0]);
	close(ends[1]);
	signal(SIGPIPE, SIG_IGN);
	wait(NULL);
}

int main(void)
{
	install(SIGUSR1, handler, 0);
	raise(SIGUSR1);
	printf("raise: %d handled, signal %d\n", count, last);

	struct sigaction action = { .sa_sigaction = teller, .sa_flags = SA_SIGINFO };
	sigaction(SIGUSR2, &action, NULL);
	kill(getpid(), SIGUSR2);
	printf("SA_SIGINFO: signal %d, from this process %d\n", last, from_me);

	test_mask();

	count = 0;
	install(SIGUSR1, again, 0);
	raise(SIGUSR1);
	printf("raised in its handler: %d handled, nested %d\n", count, nested);
	count = nested = 0;
	install(SIGUSR1, again, SA_NODEFER);
	raise(SIGUSR1);
	printf("with SA_NODEFER: %d handled, nested %d\n", count, nested);

	install(SIGUSR1, handler, SA_RESETHAND);
	raise(SIGUSR1);
	struct sigaction now;
	sigaction(SIGUSR1, NULL, &now);
	printf("SA_RESETHAND: default again %d\n", now.sa_handler == SIG_DFL);

	test_interruption(0, "no SA_RESTART");
	test_interruption(SA_RESTART, "SA_RESTART");
	int result = sigaction(SIGKILL, &action, NULL);
	printf("SIGKILL has no handler: %d, EINVAL %d\n", result, errno == EINVAL);
	return 0;
}
