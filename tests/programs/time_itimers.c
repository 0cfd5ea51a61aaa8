/* Interval timers and alarm: once, again and again, read back, stopped, inherited, and wrong. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int count[NSIG];

static void handler(int number)
{
	count[number]++;
}

static const char *name_of(long result)
{
	return result == 0 ? "0" : strerrorname_np(errno);
}

static struct itimerval make(long value, long interval)
{
	return (struct itimerval){ { interval / 1000000, interval % 1000000 },
				   { value / 1000000, value % 1000000 } };
}

static long total(struct timeval time)
{
	return time.tv_sec * 1000000 + time.tv_usec;
}

static void repeat(int which, int number, const char *name)
{
	struct itimerval timer = make(30000, 20000), left, old;

	count[number] = 0;
	printf("%s: %s", name, name_of(setitimer(which, &timer, NULL)));
	getitimer(which, &left);
	printf(", left in range: %d, interval %ld\n",
	       total(left.it_value) > 0 && total(left.it_value) <= 40000, total(left.it_interval));
	while (count[number] < 4)
		;
	timer = make(0, 5000000);
	setitimer(which, &timer, &old);
	printf("%s: fired, old interval %ld", name, total(old.it_interval));
	getitimer(which, &left);
	printf(", stopped: %ld %ld\n", total(left.it_value), total(left.it_interval));
}

static void once(void)
{
	struct itimerval timer = make(30000, 0), left;

	count[SIGALRM] = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	pause();
	usleep(60000);
	getitimer(ITIMER_REAL, &left);
	printf("once: %d, left %ld\n", count[SIGALRM], total(left.it_value));
}

static void alarms(void)
{
	struct itimerval timer = make(1600000, 0);

	printf("alarm: %u", alarm(100));
	printf(" %u", alarm(10));
	setitimer(ITIMER_REAL, &timer, NULL);
	printf(" %u", alarm(5));
	timer = make(300000, 0);
	setitimer(ITIMER_REAL, &timer, NULL);
	printf(" %u", alarm(0));
	printf(" %u\n", alarm(0));
	fflush(stdout);
	alarm(100);
	if (fork() == 0) {
		printf("in a child: %u\n", alarm(0));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	printf("in the parent: %u\n", alarm(0));
}

static void wrong(void)
{
	struct itimerval timer = make(0, 0), bad = { { 0, 0 }, { 0, 1000000 } };
	struct itimerval negative = { { 0, 0 }, { -1, 0 } };

	printf("which: %s", name_of(syscall(SYS_setitimer, 3, &timer, NULL)));
	printf(" %s", name_of(syscall(SYS_setitimer, -1, &timer, NULL)));
	printf(" %s\n", name_of(syscall(SYS_getitimer, 3, &timer)));
	printf("values: %s", name_of(syscall(SYS_setitimer, 0, &bad, NULL)));
	printf(" %s\n", name_of(syscall(SYS_setitimer, 0, &negative, NULL)));
	printf("pointers: %s", name_of(syscall(SYS_setitimer, 0, (void *)16, NULL)));
	printf(" %s", name_of(syscall(SYS_setitimer, 0, &timer, (void *)16)));
	printf(" %s\n", name_of(syscall(SYS_getitimer, 0, (void *)16)));
}

int main(void)
{
	signal(SIGALRM, handler);
	signal(SIGVTALRM, handler);
	signal(SIGPROF, handler);
	repeat(ITIMER_REAL, SIGALRM, "real");
	repeat(ITIMER_VIRTUAL, SIGVTALRM, "virtual");
	repeat(ITIMER_PROF, SIGPROF, "prof");
	once();
	alarms();
	wrong();
	return 0;
}
