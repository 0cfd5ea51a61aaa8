/* nice, getpriority, setpriority, and the scheduling classes. */
#include "task.h"

#include <sched.h>
#include <sys/resource.h>

static int priority(int which, int who)
{
	errno = 0;
	return getpriority(which, who);
}

int main(void)
{
	struct sched_param parameter = { .sched_priority = 5 };
	unsigned long mask[32] = { 0 };
	pid_t child;

	setpgid(0, 0);
	printf("at first %d, raw %ld\n", priority(PRIO_PROCESS, 0),
	       syscall(SYS_getpriority, PRIO_PROCESS, 0));
	TELL(setpriority(PRIO_PROCESS, 0, 7));
	printf("seven %d, raw %ld\n", priority(PRIO_PROCESS, 0),
	       syscall(SYS_getpriority, PRIO_PROCESS, 0));
	TELL(setpriority(PRIO_PROCESS, 0, 100));
	printf("limited %d\n", priority(PRIO_PROCESS, getpid()));
	TELL(setpriority(PRIO_PROCESS, 0, -100));
	printf("limited %d\n", priority(PRIO_PGRP, 0));
	TELL(setpriority(3, 0, 0));
	TELL(setpriority(PRIO_PROCESS, 31999, 0));
	TELL(setpriority(PRIO_PGRP, 31999, 0));
	TELL(syscall(SYS_getpriority, PRIO_USER, 31999));
	TELL(syscall(SYS_getpriority, -1, 0));
	TELL(setpriority(PRIO_PGRP, 0, 3));
	TELL(syscall(SYS_nice, 4));
	printf("nice %d\n", priority(PRIO_PROCESS, 0));
	TELL(syscall(SYS_nice, -2));
	printf("nice %d\n", priority(PRIO_PROCESS, 0));
	TELL(syscall(SYS_nice, 1000));
	printf("nice %d\n", priority(PRIO_PROCESS, 0));
	setpriority(PRIO_PROCESS, 0, 5);
	child = split();
	if (child == 0) {
		printf("inherited %d\n", priority(PRIO_PROCESS, 0));
		if (setresuid(1000, 1000, 1000) != 0)
			leave(1);
		TELL(setpriority(PRIO_PROCESS, 0, 6));
		TELL(setpriority(PRIO_PROCESS, 0, 5));
		TELL(syscall(SYS_nice, -1));
		TELL(syscall(SYS_nice, 1));
		printf("another's: %s\n", result_name(setpriority(PRIO_PROCESS, getppid(), 10)));
		leave(0);
	}
	reap("child", child);

	printf("class %d\n", sched_getscheduler(0));
	TELL(sched_getscheduler(-1));
	TELL(sched_getscheduler(31999));
	TELL(sched_getparam(0, &parameter));
	printf("priority %d\n", parameter.sched_priority);
	TELL(sched_getparam(0, NULL));
	TELL(sched_setscheduler(0, SCHED_OTHER, &parameter));
	parameter.sched_priority = 5;
	TELL(sched_setscheduler(0, SCHED_OTHER, &parameter));
	TELL(sched_setscheduler(0, 77, &parameter));
	TELL(sched_setscheduler(0, -1, &parameter));
	TELL(sched_setscheduler(0, SCHED_OTHER, NULL));
	printf("FIFO %d to %d, OTHER %d to %d\n", sched_get_priority_min(SCHED_FIFO),
	       sched_get_priority_max(SCHED_FIFO), sched_get_priority_min(SCHED_OTHER),
	       sched_get_priority_max(SCHED_OTHER));
	TELL(sched_get_priority_max(77));
	TELL(sched_yield());
	TELL(syscall(SYS_sched_getaffinity, 0, 3, mask));
	TELL(syscall(SYS_sched_getaffinity, 31999, 128, mask));
	TELL(syscall(SYS_sched_getaffinity, 0, 128, 16));
	printf("the first processor: %d\n",
	       syscall(SYS_sched_getaffinity, 0, 128, mask) > 0 && (mask[0] & 1));
	mask[0] = 1;
	TELL(syscall(SYS_sched_setaffinity, 0, 128, mask));
	mask[0] = 0;
	TELL(syscall(SYS_sched_setaffinity, 0, 128, mask));
	TELL(syscall(SYS_sched_setaffinity, 31999, 128, mask));
	TELL(syscall(SYS_sched_setaffinity, 0, 128, 16));
	return 0;
}
