/* getcpu and membarrier: answers, errors, and who has registered. */
#include "task.h"

#define CPU0 1

static void processor(void)
{
	unsigned cpu = 99, node = 99;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
	TELL(syscall(SYS_getcpu, &cpu, &node, NULL));
	printf("cpu %u, node %u, library %d\n", cpu, node, sched_getcpu());
	TELL(syscall(SYS_getcpu, NULL, NULL, NULL));
	TELL(syscall(SYS_getcpu, 16, NULL, NULL));
	TELL(syscall(SYS_getcpu, NULL, 16, NULL));
	TELL(syscall(SYS_getcpu, &cpu, NULL, 16));
}

static long barrier(int command, unsigned flags)
{
	return syscall(SYS_membarrier, command, flags, 0);
}

static void barriers(void)
{
	long all = barrier(0, 0);
	pid_t child;

	printf("commands %ld\n", all & 0x1ff);
	TELL(barrier(0, 1));
	TELL(barrier(3, 0));
	TELL(barrier(1 << 20, 0));
	TELL(barrier(-1, 0));
	TELL(barrier(1, 0));
	TELL(barrier(1, 1));
	TELL(barrier(2, 0));
	TELL(barrier(8, 0));
	TELL(barrier(32, 0));
	TELL(barrier(128, 0));
	TELL(barrier(16, 0));
	TELL(barrier(16, 0));
	TELL(barrier(8, 0));
	TELL(barrier(8, CPU0));
	TELL(barrier(32, 0));
	TELL(barrier(64, 0));
	TELL(barrier(32, 0));
	TELL(barrier(256, 0));
	TELL(barrier(128, 0));
	TELL(barrier(128, CPU0));
	TELL(barrier(128, 2));
	TELL(barrier(4, 0));
	child = split();
	if (child == 0) {
		TELL(barrier(8, 0));
		leave(0);
	}
	reap("child", child);
}

int main(void)
{
	processor();
	barriers();
	return 0;
}
