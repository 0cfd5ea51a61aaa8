/* clone: which flags go together, and what each shares or stores. */
#include "task.h"

#include <sched.h>

static int shared = 1;
static volatile int in_memory;
static char stack[65536] __attribute__((aligned(16)));
static int parent_tid, child_tid;

static long raw_clone(unsigned long flags, void *sp)
{
	fflush(stdout);
	return syscall(SYS_clone, flags, sp, &parent_tid, 0, &child_tid);
}

static void try(const char *what, unsigned long flags)
{
	long child = raw_clone(flags, NULL);

	if (child == 0)
		_exit(0);
	printf("%s: %s\n", what, result_name(child));
	if (child > 0)
		waitpid(child, NULL, __WALL);
}

static int run(void *argument)
{
	in_memory = *(int *)argument;
	chdir("/proc");
	close(shared);
	return 17;
}

static void sharing(const char *what, int flags)
{
	int argument = 5, status = 0;
	char folder[4096];
	struct sigaction action;

	in_memory = 0;
	shared = open("/dev/null", O_RDONLY);
	fflush(stdout);
	if (chdir("/") != 0)
		exit(1);
	int child = clone(run, stack + sizeof(stack), flags | SIGCHLD, &argument);
	waitpid(child, &status, 0);
	sigaction(SIGUSR1, NULL, &action);
	printf("%s: %s, memory %d, files %d, folder %d\n", what, status_text(status), in_memory,
	       fcntl(shared, F_GETFD) < 0, strcmp(getcwd(folder, sizeof(folder)), "/proc") == 0);
	close(shared);
	if (chdir("/") != 0)
		exit(1);
}

static int set_action(void *argument)
{
	(void)argument;
	signal(SIGUSR1, SIG_IGN);
	return 0;
}

static int siblings(void *argument)
{
	return getppid() == *(int *)argument ? 3 : 4;
}

int main(void)
{
	struct sigaction action;
	int status, argument;

	try("plain", SIGCHLD);
	try("thread without shared signals", CLONE_THREAD | CLONE_VM);
	try("shared signals without memory", CLONE_SIGHAND | SIGCHLD);
	try("a new name space and shared folders", CLONE_NEWNS | CLONE_FS | SIGCHLD);
	try("no signal", 0);
	try("another signal", SIGUSR2 == 12 ? 0x1c : 0); /* SIGWINCH */

	sharing("nothing shared", 0);
	sharing("memory", CLONE_VM);
	sharing("files", CLONE_FILES);
	sharing("folder", CLONE_FS);
	sharing("all", CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND);
	fflush(stdout);
	int child = clone(set_action, stack + sizeof(stack), CLONE_VM | CLONE_SIGHAND | SIGCHLD,
			  NULL);
	waitpid(child, NULL, 0);
	sigaction(SIGUSR1, NULL, &action);
	printf("actions shared: %d\n", action.sa_handler == SIG_IGN);

	child = raw_clone(SIGCHLD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, NULL);
	if (child == 0)
		_exit(child_tid == getpid() ? 1 : 2);
	waitpid(child, &status, 0);
	printf("the child sees its number: %s\n", status_text(status));
	printf("stored for the parent: %d, the child's copy only: %d\n", parent_tid == child,
	       child_tid != child);

	child = raw_clone(CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD, NULL);
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	argument = 77;
	child_tid = 99;
	fflush(stdout);
	child = clone(run, stack + sizeof(stack), CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD,
		      &argument, NULL, NULL, &child_tid);
	waitpid(child, NULL, 0);
	printf("cleared at the end: %d\n", child_tid);

	child = raw_clone(0, NULL);
	if (child == 0)
		_exit(6);
	TELL(waitpid(child, &status, 0));
	printf("by __WCLONE: %d, %s\n", waitpid(child, &status, __WCLONE) == child,
	       status_text(status));

	argument = getppid();
	fflush(stdout);
	child = clone(siblings, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &argument);
	waitpid(child, &status, 0);
	printf("my child's parent: %s\n", WEXITSTATUS(status) == 4 ? "is me" : "is mine");
	pid_t middle = split();
	if (middle == 0) {
		argument = getppid();
		clone(siblings, stack + sizeof(stack), CLONE_PARENT | SIGCHLD, &argument);
		TELL(wait(NULL));
		leave(0);
	}
	waitpid(middle, NULL, 0);
	wait(&status);
	printf("CLONE_PARENT: %s\n", status_text(status));
	return 0;
}
