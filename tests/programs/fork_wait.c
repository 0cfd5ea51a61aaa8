/* Children end in each way that there is, and wait tells which. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void report(const char *how, pid_t child, pid_t waited, int status)
{
	printf("%s: the child %s, ", how, waited == child ? "itself" : "is another");
	if (WIFEXITED(status))
		printf("exit %d\n", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else if (WIFSTOPPED(status))
		printf("stopped by %d\n", WSTOPSIG(status));
	fflush(stdout);
}

static pid_t start(void (*run)(void))
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		run();
		_exit(99);
	}
	return child;
}

static void leave(void)
{
	_exit(7);
}
static void leave_wide(void)
{
	_exit(0x1234);
}
static void be_killed(void)
{
	raise(SIGKILL);
}
static void fall(void)
{
	*(volatile int *)8 = 1;
}
static void stop(void)
{
	raise(SIGSTOP);
	_exit(3);
}

int main(void)
{
	static const struct {
		const char *how;
		void (*run)(void);
	} ways[] = { { "exit 7", leave },
		     { "exit 0x1234", leave_wide },
		     { "SIGKILL", be_killed },
		     { "SIGSEGV", fall } };
	int status;
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		pid_t child = start(ways[i].run);
		pid_t waited = wait(&status);
		report(ways[i].how, child, waited, status);
	}

	pid_t child = start(stop);
	pid_t waited = waitpid(child, &status, WUNTRACED);
	report("SIGSTOP", child, waited, status);
	kill(child, SIGCONT);
	waited = waitpid(child, &status, 0);
	report("SIGCONT", child, waited, status);

	pid_t children[8];
	for (int i = 0; i < 8; i++)
		children[i] = start(leave);
	for (int i = 7; i >= 0; i--) {
		waited = waitpid(children[i], &status, 0);
		report("in reverse", children[i], waited, status);
	}

	waited = wait(&status);
	printf("no child left: %d, ECHILD %d\n", waited, errno == ECHILD);
	return 0;
}
