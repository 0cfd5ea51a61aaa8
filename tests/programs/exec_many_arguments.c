/*
 * A million arguments and more, while a program may have a stack as large as it likes: they reach
 * the new program, or it is told E2BIG. Which of the two depends on how large the kernel's own
 * pointers are, so that it is not shown.
 */
#include "task.h"

#include <sys/resource.h>

#define MOST 1500000u

static char *arguments[MOST + 1], *environment[MOST + 1];

/* The first argument says how many of both there are. */
static int check(int argc, char **argv)
{
	unsigned wanted = (unsigned)strtoul(argv[0], NULL, 10), found = 0;

	while (environ[found])
		found++;
	return (unsigned)argc == wanted && found == wanted ? 0 : 2;
}

static void run(unsigned count)
{
	char text[16];
	pid_t child = split();

	if (child == 0) {
		snprintf(text, sizeof(text), "%u", count);
		arguments[0] = text;
		arguments[count] = environment[count] = NULL;
		execve("/proc/self/exe", arguments, environment);
		leave(errno == E2BIG ? 0 : 1);
	}
	snprintf(text, sizeof(text), "%u", count);
	reap(text, child);
}

int main(int argc, char **argv)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	if (argc > 0 && argv[0][0] >= '0' && argv[0][0] <= '9')
		return check(argc, argv);
	for (unsigned i = 0; i < MOST; i++)
		arguments[i] = environment[i] = (char *)"";
	setrlimit(RLIMIT_STACK, &all);
	run(100);
	run(200000);
	run(550000);
	run(629000);
	run(700000);
	run(1200000);
	run(MOST);
	return 0;
}
