/* In which order handlers run, and what is blocked while they do. */
#include "task.h"

static char trace[256];

static void note(const char *text)
{
	strcat(trace, text);
}

static void show(const char *what)
{
	printf("%s:%s\n", what, trace);
	trace[0] = '\0';
}

static void log_number(int signal)
{
	char text[16];

	snprintf(text, sizeof(text), " %d", signal);
	note(text);
}

static void nested(int signal)
{
	char text[16];

	snprintf(text, sizeof(text), " <%d", signal);
	note(text);
	if (signal == SIGUSR1)
		raise(SIGUSR2);
	snprintf(text, sizeof(text), " %d>", signal);
	note(text);
}

static void block_all(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void unblock_all(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int main(void)
{
	static const int some[] = {
		40, SIGTERM, SIGUSR1, 64, SIGHUP, 34, SIGCHLD, SIGSEGV, SIGALRM
	};
	struct sigaction action = { .sa_handler = nested };
	sigset_t set;

	for (int i = 1; i <= 64; i++)
		if (i != SIGKILL && i != SIGSTOP && i != 32 && i != 33)
			handle(i, log_number, 0);
	block_all();
	for (unsigned i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		raise(some[i]);
	unblock_all();
	show("each on top of the one before");

	block_all();
	for (int i = 0; i < 3; i++) {
		kill(getpid(), SIGUSR1);
		kill(getpid(), 45);
		kill(getpid(), 44);
	}
	unblock_all();
	show("three times each");

	for (int i = 1; i <= 64; i++) {
		struct sigaction all = { .sa_handler = log_number };

		sigfillset(&all.sa_mask);
		if (i != SIGKILL && i != SIGSTOP && i != 32 && i != 33)
			sigaction(i, &all, NULL);
	}
	block_all();
	for (unsigned i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		kill(getpid(), some[i]);
	unblock_all();
	show("one after the other");

	block_all();
	kill(getpid(), SIGUSR2);
	raise(SIGTERM);
	kill(getpid(), SIGHUP);
	raise(SIGUSR1);
	unblock_all();
	show("to the thread before to the process");

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	raise(SIGUSR1);
	show("another in a handler");
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	show("with it in sa_mask");

	set = set_of(SIGUSR1);
	block_all();
	raise(SIGUSR1);
	raise(SIGHUP);
	sigset_t wait_for;
	sigfillset(&wait_for);
	sigdelset(&wait_for, SIGUSR1);
	printf("sigsuspend: %s\n", result_name(sigsuspend(&wait_for)));
	show("let in");
	sigprocmask(SIG_SETMASK, NULL, &set);
	printf("the mask is back: %d\n", sigismember(&set, SIGUSR1));
	unblock_all();
	show("the rest");
	return 0;
}
