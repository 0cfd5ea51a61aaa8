/*
 * Readings without a system call in a storm of signals, in two processes at once and across a
 * fork: they never go back, and never lag behind or run ahead of the system call.
 */
#include "task.h"

#include <sys/time.h>
#include <time.h>

#define READINGS 300000

static volatile int signals, backwards;
static volatile int64_t latest;

static int64_t read_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int64_t ask_kernel(void)
{
	int64_t now[2];

	syscall(SYS_clock_gettime64, CLOCK_MONOTONIC, now);
	return now[0] * 1000000000ll + now[1];
}

static void handler(int signal)
{
	int64_t now = read_clock();

	(void)signal;
	signals++;
	backwards += now < latest;
	backwards += ask_kernel() < now;
}

static int storm(void)
{
	struct itimerval timer = { { 0, 1000 }, { 0, 1000 } };
	int64_t before = read_clock();
	struct timeval day_before = { 0 }, day;

	signals = backwards = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < READINGS || signals < 20; i++) {
		int64_t now = i % 5 ? read_clock() : ask_kernel();

		backwards += now < before;
		before = now;
		latest = now;
		gettimeofday(&day, NULL);
		backwards += timercmp(&day, &day_before, <);
		day_before = day;
	}
	memset(&timer, 0, sizeof(timer));
	setitimer(ITIMER_REAL, &timer, NULL);
	return backwards;
}

int main(void)
{
	pid_t child;

	handle(SIGALRM, handler, SA_RESTART);
	printf("one process: %d backwards\n", storm());
	child = split();
	if (child == 0)
		leave(storm());
	printf("two processes, the parent: %d backwards\n", storm());
	reap("the child", child);
	return 0;
}
