/* Stopping and going on: what the parent is told, what undoes what, orphaned groups. */
#include "task.h"

#include <sys/prctl.h>

static volatile sig_atomic_t children, last_code, last_status, continued;

static void on_child(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	children++;
	last_code = info->si_code;
	last_status = info->si_status;
}

static void on_continue(int signal)
{
	(void)signal;
	continued++;
}

static void watch_children(int flags)
{
	struct sigaction action = { .sa_sigaction = on_child,
				    .sa_flags = SA_SIGINFO | SA_RESTART | flags };

	sigaction(SIGCHLD, &action, NULL);
	children = 0;
}

static pid_t spinner(void)
{
	pid_t child = split();

	if (child == 0) {
		setpgid(0, 0);
		handle(SIGCONT, on_continue, 0);
		for (;;)
			pause();
	}
	setpgid(child, child);
	return child;
}

static void wait_for(pid_t child, int options)
{
	int status;

	waitpid(child, &status, options);
	usleep(80000); /* the signal may come a little later */
	printf("  %s; SIGCHLD %d, code %d, status %d\n", status_text(status), children, last_code,
	       last_status);
	children = 0;
}

static void signals_of_children(void)
{
	static const int stops[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };

	for (unsigned i = 0; i < 4; i++) {
		pid_t child = spinner();

		usleep(80000);
		watch_children(0);
		printf("SIG%s\n", sigabbrev_np(stops[i]));
		kill(child, stops[i]);
		wait_for(child, WUNTRACED);
		kill(child, SIGCONT);
		wait_for(child, WCONTINUED);
		watch_children(SA_NOCLDSTOP);
		kill(child, stops[i]);
		wait_for(child, WUNTRACED);
		kill(child, SIGKILL);
		wait_for(child, 0);
	}
}

/* What happens to other signals meanwhile. */
static void while_stopped(void)
{
	struct gate gate;
	pid_t child;
	int status;

	gate_make(&gate);
	child = split();
	if (child == 0) {
		handle(SIGCONT, on_continue, 0);
		handle(SIGUSR1, on_continue, 0);
		raise(SIGSTOP);
		printf("handlers ran: %d\n", continued);
		leave(1);
	}
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGUSR1);
	usleep(80000);
	printf("a stopped one handles nothing: %d\n", waitpid(child, &status, WNOHANG) == 0);
	kill(child, SIGCONT);
	reap("then", child);

	child = split();
	if (child == 0) {
		raise(SIGSTOP);
		leave(1);
	}
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGTERM);
	usleep(80000);
	printf("SIGTERM waits: %d\n", waitpid(child, &status, WNOHANG) == 0);
	kill(child, SIGCONT);
	reap("then", child);
}

/* A pending stop is forgotten when the process is continued, and the other way round. */
static void undone(void)
{
	sigset_t pending;

	mask(SIG_BLOCK, SIGTSTP);
	mask(SIG_BLOCK, SIGCONT);
	raise(SIGTSTP);
	sigpending(&pending);
	printf("TSTP pending %d\n", sigismember(&pending, SIGTSTP));
	handle(SIGCONT, on_continue, 0);
	raise(SIGCONT);
	sigpending(&pending);
	printf("TSTP pending %d, CONT pending %d\n", sigismember(&pending, SIGTSTP),
	       sigismember(&pending, SIGCONT));
	raise(SIGTSTP);
	sigpending(&pending);
	printf("TSTP pending %d, CONT pending %d\n", sigismember(&pending, SIGTSTP),
	       sigismember(&pending, SIGCONT));
	handle(SIGTSTP, SIG_IGN, 0);
	sigpending(&pending);
	printf("ignored: TSTP pending %d\n", sigismember(&pending, SIGTSTP));
	handle(SIGTSTP, SIG_DFL, 0);
	mask(SIG_UNBLOCK, SIGTSTP);
	mask(SIG_UNBLOCK, SIGCONT);
	handle(SIGCONT, SIG_DFL, 0);
}

/* A group without anybody to continue it. */
static void orphaned(void)
{
	struct gate ready, go;
	pid_t child;

	gate_make(&ready);
	gate_make(&go);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		setsid();
		if (split() == 0) {
			setpgid(0, 0);
			handle(SIGHUP, on_continue, 0);
			handle(SIGCONT, on_continue, 0);
			gate_open(&ready);
			raise(SIGSTOP);
			gate_pass(&go);
			printf("orphan: HUP and CONT came: %d\n", continued);
			raise(SIGTSTP);
			printf("orphan: SIGTSTP does not stop it\n");
			leave(6);
		}
		gate_pass(&ready);
		waitpid(-1, NULL, WUNTRACED);
		_exit(0);
	}
	reap("parent", child);
	gate_open(&go);
	reap("orphan", -1);
}

int main(void)
{
	signals_of_children();
	handle(SIGCHLD, SIG_DFL, 0);
	while_stopped();
	undone();
	orphaned();
	return 0;
}
