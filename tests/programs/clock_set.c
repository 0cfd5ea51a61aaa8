/* EXPECT: clock_set.txt
 * Setting the wall clock: absolute timers move with it, those for a time do not, and who asked is
 * told by ECANCELED. On Loft alone: the host's clock is not the test's to set.
 */
#include "files.h"

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

static void move(int seconds)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += seconds;
	SHOW(clock_settime(CLOCK_REALTIME, &now));
}

static int arm(int flags, int seconds, int clock)
{
	struct itimerspec spec = { { 0, 0 }, { 0, 0 } };
	int fd = timerfd_create(clock, TFD_NONBLOCK);
	if (flags & TFD_TIMER_ABSTIME)
		clock_gettime(clock, &spec.it_value);
	spec.it_value.tv_sec += seconds;
	timerfd_settime(fd, flags, &spec, NULL);
	return fd;
}

static void take(const char *what, int fd)
{
	uint64_t ticks = 0;
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	int ready = poll(&poll_fd, 1, 60);
	ssize_t done = read(fd, &ticks, sizeof(ticks));
	printf("%s: ready %d, %s, %d\n", what, ready, done < 0 ? strerrorname_np(errno) : "read",
	       (int)ticks);
}

static void nothing(int signal)
{
	(void)signal;
}

int main(void)
{
	int wall = arm(TFD_TIMER_ABSTIME, 3600, CLOCK_REALTIME);
	int span = arm(0, 3600, CLOCK_REALTIME);
	int steady = arm(TFD_TIMER_ABSTIME, 3600, CLOCK_MONOTONIC);
	int told = arm(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, 3600, CLOCK_REALTIME);
	int off = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	struct itimerspec none = { { 0, 0 }, { 0, 0 } };
	SHOW(timerfd_settime(off, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &none, NULL));
	move(0);
	take("wall", wall);
	take("told", told);
	take("told again", told);
	take("off", off);
	move(10);
	SHOW(timerfd_settime(off, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &none, NULL));
	SHOW(timerfd_settime(off, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &none, NULL));
	move(3600);
	take("wall", wall);
	take("span", span);
	take("steady", steady);
	take("told", told);

	timer_t timer;
	struct itimerspec spec = none;
	struct sigaction action = { .sa_handler = nothing };
	sigaction(SIGALRM, &action, NULL);
	SHOW(timer_create(CLOCK_REALTIME, NULL, &timer));
	clock_gettime(CLOCK_REALTIME, &spec.it_value);
	spec.it_value.tv_sec += 1000;
	SHOW(timer_settime(timer, TIMER_ABSTIME, &spec, NULL));
	if (fork() == 0) {
		usleep(50000);
		move(1001);
		exit(0);
	}
	SHOW(pause());
	wait(NULL);
	move(-4611);
	return 0;
}
