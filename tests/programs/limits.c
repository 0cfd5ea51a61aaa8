/* Resource limits: reading, setting, inheriting, and the calls' old and new forms. */
#include "task.h"

#include <sys/resource.h>

struct limit32 {
	unsigned int current, maximum;
};
struct limit64 {
	unsigned long long current, maximum;
};

static void show(const char *what, int resource)
{
	struct limit32 old = { 1, 1 }, new = { 1, 1 };
	struct limit64 wide = { 1, 1 };

	syscall(SYS_getrlimit, resource, &old);
	syscall(SYS_ugetrlimit, resource, &new);
	syscall(SYS_prlimit64, 0, resource, NULL, &wide);
	printf("%s: %x %x, %x %x, %llx %llx\n", what, old.current, old.maximum, new.current,
	       new.maximum, wide.current, wide.maximum);
}

static long set(int resource, unsigned int current, unsigned int maximum)
{
	struct limit32 limit = { current, maximum };

	return syscall(SYS_setrlimit, resource, &limit);
}

int main(void)
{
	struct limit64 wide, old;
	int status;

	TELL(set(RLIMIT_FSIZE, 1000, 5000));
	show("file size", RLIMIT_FSIZE);
	TELL(set(RLIMIT_FSIZE, 6000, 5000));
	TELL(set(99, 1, 1));
	TELL(set(16, 1, 1));
	TELL(set(RLIMIT_RSS, ~0u, ~0u));
	show("unlimited", RLIMIT_RSS);
	TELL(syscall(SYS_setrlimit, RLIMIT_FSIZE, 16));
	TELL(syscall(SYS_ugetrlimit, RLIMIT_FSIZE, 16));
	TELL(syscall(SYS_getrlimit, RLIMIT_FSIZE, 16));
	TELL(syscall(SYS_ugetrlimit, 16, &wide));
	TELL(syscall(SYS_prlimit64, 0, 16, NULL, &wide));
	TELL(syscall(SYS_prlimit64, 31999, RLIMIT_CORE, NULL, &wide));
	TELL(syscall(SYS_prlimit64, 0, RLIMIT_CORE, 16, NULL));
	TELL(syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, 16));
	wide = (struct limit64){ 0x123456789ull, ~0ull };
	TELL(syscall(SYS_prlimit64, 0, RLIMIT_AS, &wide, &old));
	wide = (struct limit64){ 5, 4 };
	TELL(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &wide, NULL));
	set(RLIMIT_CORE, 12345, 23456);
	pid_t child = split();
	if (child == 0) {
		show("inherited", RLIMIT_CORE);
		if (setresuid(1000, 1000, 1000) != 0)
			leave(1);
		printf("raised by nobody special: %s\n",
		       result_name(set(RLIMIT_CORE, 12345, 23457)));
		printf("lowered: %s\n", result_name(set(RLIMIT_CORE, 12345, 20000)));
		printf("raised again: %s\n", result_name(set(RLIMIT_CORE, 20000, 20000)));
		printf("process 1's: %s\n",
		       result_name(syscall(SYS_prlimit64, 1, RLIMIT_CORE, NULL, &old)));
		leave(0);
	}
	waitpid(child, &status, 0);
	printf("child: %s\n", status_text(status));

	set(RLIMIT_CORE, 0, 0);
	child = split(); /* processor time */
	if (child == 0) {
		set(RLIMIT_CPU, 1, 20);
		for (;;)
			;
	}
	reap("a second of work", child);
	child = split();
	if (child == 0) {
		set(RLIMIT_CPU, 1, 1);
		signal(SIGXCPU, SIG_IGN);
		for (;;)
			;
	}
	reap("that and no more", child);
	child = split();
	if (child == 0) { /* processes of a user */
		if (setresuid(1234, 1234, 1234) != 0)
			leave(1);
		set(RLIMIT_NPROC, 3, 3);
		pid_t one = fork();
		if (one == 0)
			for (;;)
				pause();
		pid_t two = fork();
		if (two == 0)
			for (;;)
				pause();
		printf("a third child: %s\n", result_name(fork()));
		kill(one, SIGKILL);
		kill(two, SIGKILL);
		while (wait(NULL) > 0)
			;
		printf("afterwards: %s\n", result_name(vfork() ?: (_exit(0), 0)));
		leave(0);
	}
	reap("the number of processes", child);
	return 0;
}
