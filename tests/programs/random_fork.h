/*
 * Forks among random calls (random.h): the child goes on for some steps of the same kinds, to a
 * small depth, then its parent does.
 */
#ifndef RANDOM_FORK_H
#define RANDOM_FORK_H

#include "random.h"

#include <sys/wait.h>

static const struct call *calls_of_children; /* the program's own table */

static long do_fork(const struct step *step)
{
	static int depth;
	int status;
	pid_t pid;

	if (depth == 2)
		return 0;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		depth++;
		printf("\nchild, depth %d\n", depth);
		random_steps(calls_of_children, step->count);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

#endif
