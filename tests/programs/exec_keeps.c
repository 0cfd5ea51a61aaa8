/* What a process keeps over exec, and what it loses. */
#include "task.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/stat.h>

static void handler(int signal)
{
	(void)signal;
}

static const char *action_name(int signal)
{
	struct sigaction action;

	sigaction(signal, NULL, &action);
	return action.sa_handler == SIG_IGN   ? "ignored"
	       : action.sa_handler == SIG_DFL ? "default"
					      : "handled";
}

static void look(const char *fds)
{
	int kept, lost, pid, group;
	struct itimerval timer;
	sigset_t set;
	stack_t stack;
	char name[16] = "";

	sscanf(fds, "%d,%d,%d,%d", &kept, &lost, &pid, &group);
	printf("same pid %d, same group %d\n", getpid() == pid, getpgrp() == group);
	printf("descriptor kept %d, close-on-exec %d\n", fcntl(kept, F_GETFD),
	       fcntl(lost, F_GETFD));
	printf("USR1 %s, USR2 %s, PIPE %s\n", action_name(SIGUSR1), action_name(SIGUSR2),
	       action_name(SIGPIPE));
	sigprocmask(SIG_BLOCK, NULL, &set);
	printf("blocked HUP %d TERM %d\n", sigismember(&set, SIGHUP), sigismember(&set, SIGTERM));
	sigpending(&set);
	printf("pending HUP %d TERM %d\n", sigismember(&set, SIGHUP), sigismember(&set, SIGTERM));
	getitimer(ITIMER_REAL, &timer);
	printf("alarm runs %d\n", timer.it_value.tv_sec > 0);
	sigaltstack(NULL, &stack);
	printf("signal stack flags %d\n", stack.ss_flags);
	printf("nice %d, umask %o\n", getpriority(PRIO_PROCESS, 0), umask(0));
	prctl(PR_GET_NAME, name);
	printf("name %s, dumpable %d\n", name, prctl(PR_GET_DUMPABLE));
	char folder[64];
	printf("folder %s\n", getcwd(folder, sizeof(folder)));
}

int main(int argc, char **argv)
{
	static char room[16384];
	stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };
	char text[64];

	if (argc > 1) {
		look(argv[1]);
		return 0;
	}
	int kept = open("/dev/null", O_RDONLY), lost = open("/dev/null", O_RDONLY | O_CLOEXEC);
	handle(SIGUSR1, handler, SA_RESTART);
	handle(SIGUSR2, SIG_IGN, 0);
	handle(SIGPIPE, SIG_DFL, 0);
	mask(SIG_BLOCK, SIGHUP);
	raise(SIGHUP);
	alarm(1000);
	sigaltstack(&stack, NULL);
	setpriority(PRIO_PROCESS, 0, 5);
	umask(027);
	prctl(PR_SET_NAME, "renamed");
	prctl(PR_SET_DUMPABLE, 0);
	if (setpgid(0, 0) != 0)
		printf("setpgid: %s\n", result_name(-1));
	chdir("/proc");
	snprintf(text, sizeof(text), "%d,%d,%d,%d", kept, lost, getpid(), getpgrp());
	fflush(stdout);
	execl("/proc/self/exe", argv[0], text, NULL);
	printf("%s\n", result_name(-1));
	return 1;
}
