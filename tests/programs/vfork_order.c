/* vfork: the child goes first, in its parent's memory, until it calls exec or ends. */
#include "task.h"

static volatile int shared;

int main(int argc, char **argv)
{
	struct gate gate;
	char byte;

	if (argc > 1) { /* the program that the child became: goes on after its parent did */
		if (read(atoi(argv[1]), &byte, 1) != 1)
			return 9;
		return 5;
	}
	fflush(stdout);
	pid_t child = vfork();
	if (child == 0) {
		usleep(120000);
		shared = 1;
		_exit(3);
	}
	printf("the child's store is there: %d\n", shared);
	reap("it ended", child);

	gate_make(&gate);
	char number[8];
	snprintf(number, sizeof(number), "%d", gate.fd[0]);
	fflush(stdout);
	child = vfork();
	if (child == 0) {
		usleep(120000);
		shared = 2;
		execl("/proc/self/exe", argv[0], number, NULL);
		_exit(99);
	}
	printf("released by exec, shared %d, it runs: %d\n", shared,
	       waitpid(child, NULL, WNOHANG) == 0);
	gate_open(&gate);
	reap("it ended", child);

	fflush(stdout);
	child = vfork();
	if (child == 0) {
		shared = 3;
		raise(SIGKILL);
	}
	printf("released by a signal, shared %d\n", shared);
	reap("it ended", child);

	child = split();
	if (child == 0) { /* a parent that is killed while it waits */
		if (vfork() == 0) {
			usleep(800000);
			_exit(0);
		}
		_exit(1);
	}
	usleep(120000);
	kill(child, SIGKILL);
	reap("a vforking parent, killed", child);
	usleep(1000000);
	return 0;
}
