/* waitpid, wait4 and waitid: what each option asks for and what they answer. */
#include "task.h"

#include <sys/resource.h>

static const char *code_name(int code)
{
	switch (code) {
	case CLD_EXITED:
		return "EXITED";
	case CLD_KILLED:
		return "KILLED";
	case CLD_DUMPED:
		return "DUMPED";
	case CLD_STOPPED:
		return "STOPPED";
	case CLD_CONTINUED:
		return "CONTINUED";
	default:
		return code ? "?" : "0";
	}
}

static void ask(const char *what, idtype_t type, id_t id, int options, pid_t child)
{
	siginfo_t info;
	int result;

	memset(&info, 0x55, sizeof(info));
	errno = 0;
	result = waitid(type, id, &info, options);
	printf("%s: %s", what, result_name(result));
	if (result == 0)
		printf(", signo %d, errno %d, code %s, pid %s, status %d, uid mine %d",
		       info.si_signo, info.si_errno, code_name(info.si_code),
		       info.si_pid == child ? "the child's"
		       : info.si_pid == 0   ? "0"
					    : "?",
		       info.si_status, info.si_uid == getuid());
	printf("\n");
}

static struct gate end;

/* Stops first, if told to, and with 2 waits for the gate afterwards. */
static pid_t child_that(int stops, int code)
{
	pid_t child = split();

	if (child == 0) {
		if (stops)
			raise(SIGSTOP);
		if (stops > 1)
			gate_pass(&end);
		_exit(code);
	}
	return child;
}

static void ends(void)
{
	pid_t child = child_that(0, 300);

	ask("WNOWAIT", P_PID, child, WEXITED | WNOWAIT, child);
	ask("again", P_ALL, 0, WEXITED | WNOWAIT, child);
	ask("stops of a zombie", P_PID, child, WSTOPPED | WNOHANG, child);
	ask("continuations of a zombie", P_PID, child, WCONTINUED | WNOHANG, child);
	ask("taken", P_PID, child, WEXITED, child);
	ask("gone", P_PID, child, WEXITED, child);
	child = split();
	if (child == 0)
		raise(SIGTERM);
	ask("killed", P_PGID, 0, WEXITED, child);
}

static void stops(void)
{
	pid_t child = child_that(2, 4);
	int status;

	ask("a stop", P_PID, child, WSTOPPED, child);
	ask("told once", P_PID, child, WSTOPPED | WNOHANG, child);
	ask("no end yet", P_PID, child, WEXITED | WNOHANG, child);
	kill(child, SIGCONT);
	ask("goes on, looked at", P_PID, child, WCONTINUED | WNOWAIT, child);
	ask("goes on", P_PID, child, WCONTINUED | WEXITED, child);
	gate_open(&end);
	while (waitpid(child, &status, 0) == child)
		printf("end: %s\n", status_text(status));
	child = child_that(1, 5);
	usleep(80000);
	printf("without WUNTRACED: %d\n", waitpid(child, &status, WNOHANG));
	waitpid(child, &status, WUNTRACED);
	printf("with it: %s\n", status_text(status));
	kill(child, SIGKILL);
	reap("killed while stopped", child);
}

static void groups(void)
{
	pid_t own = child_that(1, 1), other = child_that(1, 2);
	int status;

	setpgid(other, other);
	waitpid(own, NULL, WUNTRACED);
	waitpid(other, NULL, WUNTRACED);
	kill(other, SIGCONT);
	printf("the other's group: %d\n", waitpid(-other, &status, 0) == other);
	kill(own, SIGCONT);
	printf("my group: %d\n", waitpid(0, &status, 0) == own);
	TELL(waitpid(-other, &status, 0));
}

static void errors(void)
{
	siginfo_t info;
	pid_t child = child_that(0, 0);

	TELL(waitpid(child, NULL, 0x100));
	TELL(waitpid(getpid(), NULL, 0));
	TELL(waitpid(-2000000000, NULL, 0));
	TELL(waitpid((pid_t)0x80000000, NULL, 0));
	TELL(waitid(P_PID, child, &info, 0));
	TELL(waitid(P_PID, child, &info, WNOHANG));
	TELL(waitid(P_PID, 0, &info, WEXITED));
	TELL(waitid(99, child, &info, WEXITED));
	TELL(waitid(P_PID, child, &info, WEXITED | 0x100));
	TELL(syscall(SYS_waitid, P_PID, child, NULL, WEXITED | WNOWAIT, NULL));
	TELL(waitpid(child, NULL, __WCLONE));
	TELL(waitpid(child, (int *)16, 0));
	TELL(waitpid(child, NULL, 0));
	child = child_that(0, 0);
	TELL(waitpid(child, NULL, __WALL));
}

#define MEGABYTE (1 << 20)

static void usage(void)
{
	struct rusage used;
	pid_t child = split();
	volatile unsigned work = 0;

	if (child == 0) {
		/* More than the pages that Linux counts for a task before it adds them up. */
		memset(malloc(MEGABYTE), 1, MEGABYTE);
		for (struct rusage now = { .ru_utime = { 0, 0 } };
		     now.ru_utime.tv_sec * 1000000 + now.ru_utime.tv_usec < 30000;
		     getrusage(RUSAGE_SELF, &now))
			for (int i = 0; i < 100000; i++)
				work += i;
		_exit(0);
	}
	memset(&used, 0x55, sizeof(used));
	wait4(child, NULL, 0, &used);
	printf("worked at least 30 ms: %d\n",
	       used.ru_utime.tv_sec * 1000000 + used.ru_utime.tv_usec >= 30000);
	printf("less than a minute: %d, memory: %d, faults: %d\n",
	       used.ru_utime.tv_sec<60, used.ru_maxrss> 0, used.ru_minflt > 0);
	getrusage(RUSAGE_CHILDREN, &used);
	printf("counted for its parent: %d\n",
	       used.ru_utime.tv_sec * 1000000 + used.ru_utime.tv_usec >= 30000);
	TELL(getrusage(7, &used));
}

int main(void)
{
	gate_make(&end);
	ends();
	stops();
	groups();
	errors();
	usage();
	TELL(waitpid(-1, NULL, 0));
	return 0;
}
