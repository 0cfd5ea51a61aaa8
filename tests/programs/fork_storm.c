/* Many processes at a time, in waves, ending in any order; deep families; nobody gets lost. */
#include "task.h"

static int family(int depth)
{
	pid_t child;
	int status;

	if (depth == 0)
		return 0;
	child = fork();
	if (child == 0)
		_exit(family(depth - 1) + 1);
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
	int status, sum = 0, count = 0;

	fflush(stdout);
	for (int wave = 0; wave < 5; wave++) {
		for (int i = 0; i < 60; i++) {
			pid_t child = fork();

			if (child == 0) {
				for (volatile int spin = 0; spin < (i * 7919) % 1000; spin++)
					;
				if (i % 3 == 0)
					sched_yield();
				if (i % 10 == 0)
					raise(SIGKILL);
				_exit(i);
			}
			if (child < 0)
				printf("fork: %s\n", result_name(-1));
		}
		while (wait(&status) > 0) {
			count++;
			sum += WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
		}
	}
	printf("%d children, sum %d\n", count, sum);
	printf("a family of 40 generations: %d\n", family(40));
	for (int i = 0; i < 300; i++) {
		fflush(stdout);
		pid_t child = vfork();
		if (child == 0)
			_exit(i & 127);
		if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != (i & 127))
			printf("vfork %d: %s\n", i, status_text(status));
	}
	printf("300 vforks\n");
	return 0;
}
