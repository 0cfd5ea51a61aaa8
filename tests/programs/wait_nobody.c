/* Parents that do not want to know: SIGCHLD ignored, SA_NOCLDWAIT; and those that count. */
#include "task.h"

static volatile sig_atomic_t count;

static void counted(int signal)
{
	(void)signal;
	count++;
}

static void run_three(const char *what)
{
	struct gate gate;
	int status;

	count = 0;
	gate_make(&gate);
	for (int i = 0; i < 3; i++) {
		if (split() == 0) {
			gate_pass(&gate);
			_exit(i);
		}
	}
	printf("%s: now %d", what, waitpid(-1, &status, WNOHANG));
	for (int i = 0; i < 3; i++)
		gate_open(&gate);
	int waited = 0;
	errno = 0;
	while (waitpid(-1, &status, 0) > 0 || errno == EINTR)
		waited += errno != EINTR, errno = 0;
	printf(", waited for %d, then %s, signals %s\n", waited, result_name(-1),
	       count == 0 ? "none" : "some");
	close(gate.fd[0]);
	close(gate.fd[1]);
}

int main(void)
{
	run_three("default");
	handle(SIGCHLD, SIG_IGN, 0);
	run_three("ignored");
	handle(SIGCHLD, counted, SA_RESTART);
	run_three("handled");
	handle(SIGCHLD, counted, SA_NOCLDWAIT | SA_RESTART);
	run_three("handled, SA_NOCLDWAIT");
	handle(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
	run_three("default, SA_NOCLDWAIT");

	handle(SIGCHLD, SIG_DFL, 0);
	pid_t child = split();
	if (child == 0)
		_exit(0);
	usleep(80000); /* a zombie by now */
	handle(SIGCHLD, SIG_IGN, 0);
	reap("a zombie from before", child);
	return 0;
}
