/* Sleeping: as long as asked, until a time, cut short by a signal, and all that is wrong to ask. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct old_time {
	int32_t sec, nsec;
};

struct new_time {
	int64_t sec, nsec;
};

static volatile int handled;

static void handler(int number)
{
	(void)number;
	handled++;
}

static double now(clockid_t id)
{
	struct timespec time;

	clock_gettime(id, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static const char *name_of(long result)
{
	return result == 0 ? "0" : strerrorname_np(errno);
}

static void alarm_after(unsigned usec)
{
	struct itimerval timer = { { 0, 0 }, { 0, usec } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void whole_sleeps(void)
{
	struct old_time request = { 0, 50000000 };
	double start = now(CLOCK_MONOTONIC);

	printf("nanosleep: %s", name_of(syscall(SYS_nanosleep, &request, NULL)));
	printf(", long enough: %d\n", now(CLOCK_MONOTONIC) - start >= 0.05);
	request.nsec = 0;
	printf("no time: %s\n", name_of(syscall(SYS_nanosleep, &request, NULL)));

	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 50000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	int result = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);

	printf("until: %d, reached: %d\n", result,
	       now(CLOCK_MONOTONIC) >= until.tv_sec + until.tv_nsec / 1e9);
	until.tv_sec = 1;
	printf("until long ago: %d %d\n",
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL),
	       clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
}

static void cut_short(void)
{
	struct old_time request = { 5, 0 }, left = { -1, -1 };
	struct new_time request64 = { 5, 0 }, left64 = { -1, -1 };

	signal(SIGALRM, handler);
	alarm_after(50000);
	printf("nanosleep: %s", name_of(syscall(SYS_nanosleep, &request, &left)));
	printf(", handled %d, left in range: %d\n", handled, left.sec == 4 && left.nsec > 0);
	alarm_after(50000);
	printf("clock_nanosleep64: %s", name_of(syscall(SYS_clock_nanosleep_time64, CLOCK_MONOTONIC,
							0, &request64, &left64)));
	printf(", left in range: %d\n", left64.sec == 4 && left64.nsec > 0);
	left.sec = left.nsec = -1;
	request.sec = 0x7fffffff;
	alarm_after(50000);
	printf("until: %s", name_of(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME,
					    &request, &left)));
	printf(", left untouched: %d\n", left.sec == -1 && left.nsec == -1);
	request.sec = 5;
	alarm_after(50000);
	printf("left at a bad place: %s\n", name_of(syscall(SYS_nanosleep, &request, (void *)16)));
}

/* Stopped and continued, a sleep goes on to its end without anybody being told. */
static void stopped(void)
{
	fflush(stdout);
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct old_time request = { 0, 300000000 };
		double start = now(CLOCK_MONOTONIC);
		long result = syscall(SYS_nanosleep, &request, NULL);
		double slept = now(CLOCK_MONOTONIC) - start;

		_exit(result == 0 && slept >= 0.3 ? 7 : 1);
	}
	usleep(50000);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	printf("stopped: %d\n", WIFSTOPPED(status));
	usleep(50000);
	kill(child, SIGCONT);
	waitpid(child, &status, 0);
	printf("slept its time: %d\n", WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void wrong(void)
{
	static const struct old_time bad[] = { { -1, 0 }, { 0, -1 }, { 0, 1000000000 } };
	struct old_time good = { 0, 1 };
	static const int clocks[] = { 0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 100 };

	for (unsigned i = 0; i < 3; i++)
		printf("%d.%d: %s\n", bad[i].sec, bad[i].nsec,
		       name_of(syscall(SYS_nanosleep, &bad[i], NULL)));
	printf("bad pointer: %s\n", name_of(syscall(SYS_nanosleep, (void *)16, NULL)));
	for (unsigned i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		/* Its own processor time does not pass while a process sleeps. */
		if (clocks[i] != CLOCK_PROCESS_CPUTIME_ID)
			printf("clock %d: %s\n", clocks[i],
			       name_of(syscall(SYS_clock_nanosleep, clocks[i], 0, &good, NULL)));
	}
	/* The upper half of the 64-bit nanoseconds' slot is not looked at by a 32-bit call. */
	struct new_time padded = { 0, 0x100000001ll };

	printf("padded: %s\n", name_of(syscall(SYS_clock_nanosleep_time64, 1, 0, &padded, NULL)));
}

int main(void)
{
	whole_sleeps();
	cut_short();
	stopped();
	wrong();
	return 0;
}
