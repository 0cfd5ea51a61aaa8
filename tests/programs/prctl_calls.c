/* prctl: names and switches of a process. */
#include "task.h"

#include <sys/prctl.h>

static void name(const char *what)
{
	char text[17] = "................", comm[32] = "";
	int file = open("/proc/self/comm", O_RDONLY);

	prctl(PR_GET_NAME, text);
	if (read(file, comm, sizeof(comm) - 1) < 0)
		comm[0] = '\0';
	close(file);
	printf("%s: [%s], comm %s", what, text, comm);
}

int main(void)
{
	int value = 77;

	TELL(prctl(PR_SET_NAME, "short"));
	name("short");
	TELL(prctl(PR_SET_NAME, "a name that is too long"));
	name("long");
	TELL(prctl(PR_SET_NAME, ""));
	name("empty");
	TELL(prctl(PR_SET_NAME, 16));
	TELL(prctl(PR_GET_NAME, 16));
	prctl(PR_SET_NAME, "parent");
	pid_t child = split();
	if (child == 0) {
		name("child");
		leave(0);
	}
	reap("child", child);

	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
	TELL(prctl(PR_SET_DUMPABLE, 0));
	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
	TELL(prctl(PR_SET_DUMPABLE, 2));
	TELL(prctl(PR_SET_DUMPABLE, 1));
	printf("keepcaps %d\n", prctl(PR_GET_KEEPCAPS));
	TELL(prctl(PR_SET_KEEPCAPS, 1));
	printf("keepcaps %d\n", prctl(PR_GET_KEEPCAPS));
	TELL(prctl(PR_SET_KEEPCAPS, 2));
	printf("no new privileges %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	TELL(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	TELL(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
	TELL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	printf("no new privileges %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	TELL(prctl(PR_SET_PDEATHSIG, -1));
	TELL(prctl(PR_SET_PDEATHSIG, SIGHUP));
	TELL(prctl(PR_GET_PDEATHSIG, &value));
	printf("death signal %d\n", value);
	TELL(prctl(PR_GET_PDEATHSIG, 16));
	child = split();
	if (child == 0) {
		prctl(PR_GET_PDEATHSIG, &value);
		printf("the child's %d\n", value);
		leave(0);
	}
	reap("child", child);
	printf("subreaper: %s\n", result_name(prctl(PR_GET_CHILD_SUBREAPER, &value)));
	printf("it is %d\n", value);
	printf("timing %d\n", prctl(PR_GET_TIMING));
	TELL(prctl(PR_SET_TIMING, 1));
	TELL(prctl(12345, 0, 0, 0, 0));
	TELL(prctl(-1, 0, 0, 0, 0));
	return 0;
}
