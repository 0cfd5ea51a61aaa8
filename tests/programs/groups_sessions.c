/* Process groups and sessions: who may join what. */
#include "task.h"

static struct gate go, done;

static pid_t sleeper(void)
{
	pid_t child = split();

	if (child == 0)
		for (;;)
			pause();
	return child;
}

static void finish(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void own_group(void)
{
	pid_t first = sleeper(), second = sleeper();

	TELL(setpgid(first, first));
	printf("its own: %d\n", getpgid(first) == first);
	TELL(setpgid(second, first));
	printf("joined: %d\n", getpgid(second) == first);
	TELL(setpgid(second, 0));
	printf("left: %d\n", getpgid(second) == second);
	TELL(setpgid(second, 31999));
	TELL(setpgid(second, -1));
	TELL(setpgid(1, 0));
	TELL(setpgid(31999, 0));
	TELL(getpgid(31999));
	TELL(getpgid(-1));
	TELL(getsid(31999));
	printf("session of a child: %d\n", getsid(first) == getsid(0));
	TELL(kill(-first, 0));
	finish(first);
	TELL(kill(-first, 0));
	finish(second);
}

/* A group lives as long as it has members; its number is nobody's process then. */
static void leaderless(void)
{
	pid_t leader = sleeper(), member = sleeper(), late = sleeper();

	setpgid(leader, leader);
	setpgid(member, leader);
	finish(leader);
	printf("leaderless: %s\n", result_name(kill(-leader, 0)));
	printf("joined all the same: %s\n", result_name(setpgid(late, leader)));
	finish(member);
	finish(late);
	printf("over: %s\n", result_name(kill(-leader, 0)));
}

static void sessions(void)
{
	pid_t child = split();

	if (child == 0) {
		TELL(setsid());
		printf("leader of both: %d\n", getsid(0) == getpid() && getpgrp() == getpid());
		TELL(setsid());
		TELL(setpgid(0, 0));
		leave(0);
	}
	reap("new session", child);
	child = split();
	if (child == 0) {
		TELL(setpgid(0, 0));
		TELL(setsid());
		leave(0);
	}
	reap("group leader", child);
	child = split();
	if (child == 0) {
		setsid();
		gate_open(&done);
		gate_pass(&go);
		leave(0);
	}
	gate_pass(&done);
	printf("a child in another session: %s\n", result_name(setpgid(child, child)));
	printf("its group: %s\n", result_name(setpgid(0, child)));
	gate_open(&go);
	waitpid(child, NULL, 0);
}

static void after_exec(char *self)
{
	char number[8];
	pid_t child;

	snprintf(number, sizeof(number), "%d", done.fd[1]);
	child = split();
	if (child == 0) {
		execl("/proc/self/exe", self, number, NULL);
		_exit(1);
	}
	gate_pass(&done);
	printf("a child after exec: %s\n", result_name(setpgid(child, child)));
	finish(child);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		if (write(atoi(argv[1]), "", 1) != 1)
			return 1;
		for (;;)
			pause();
	}
	gate_make(&go);
	gate_make(&done);
	own_group();
	leaderless();
	sessions();
	after_exec(argv[0]);
	return 0;
}
