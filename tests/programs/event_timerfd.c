/* timerfd: once, repeated, absolute, read late, cancelled by a new clock; both widths of time. */
#include "files.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

#define MS 1000000L

static int arm(int fd, int flags, long value, long interval)
{
	struct itimerspec spec = { { interval / 1000, interval % 1000 * MS },
				   { value / 1000, value % 1000 * MS } };
	return timerfd_settime(fd, flags, &spec, NULL);
}

static void take(int fd)
{
	uint64_t ticks = 99;
	ssize_t done = read(fd, &ticks, sizeof(ticks));
	printf("read %zd: %d %s\n", done, (int)ticks, done < 0 ? strerrorname_np(errno) : "");
}

static void look(const char *what, int fd)
{
	struct itimerspec now = { { 9, 9 }, { 9, 9 } };
	int error = timerfd_gettime(fd, &now);
	printf("%s: %d left %s interval %ld.%09ld\n", what, error,
	       now.it_value.tv_sec || now.it_value.tv_nsec ? "some" : "none",
	       now.it_interval.tv_sec, now.it_interval.tv_nsec);
}

static void errors(void)
{
	struct itimerspec good = { { 0, 0 }, { 1, 0 } }, bad = { { 0, 0 }, { 1, 1000000000 } };
	struct itimerspec negative = { { -1, 0 }, { 1, 0 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	char text[8];
	SHOW(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
	SHOW(timerfd_create(CLOCK_MONOTONIC_RAW, 0));
	SHOW(timerfd_create(CLOCK_TAI, 0));
	SHOW(timerfd_create(77, 0));
	SHOW(timerfd_create(-1, 0));
	SHOW(timerfd_create(CLOCK_REALTIME, 1));
	SHOW(timerfd_settime(fd, 0, &bad, NULL));
	SHOW(timerfd_settime(fd, 0, &negative, NULL));
	SHOW(timerfd_settime(fd, 4, &good, NULL));
	SHOW(syscall(SYS_timerfd_settime, fd, 0, NULL, NULL));
	SHOW(syscall(SYS_timerfd_settime, fd, 4, 16, NULL));
	SHOW(syscall(SYS_timerfd_settime, -1, 4, &good, NULL));
	SHOW(timerfd_settime(0, 0, &good, NULL));
	SHOW(timerfd_settime(-1, 0, &good, NULL));
	SHOW(timerfd_gettime(0, &good));
	SHOW(timerfd_gettime(-1, &good));
	SHOW(syscall(SYS_timerfd_gettime, fd, 16));
	SHOW(timerfd_settime(fd, 0, &good, (void *)16));
	look("armed all the same", fd);
	SHOW(read(fd, text, 7));
	SHOW(read(fd, text, 8));
	SHOW(write(fd, text, 8));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(fcntl(fd, F_GETFL));
	close(fd);
	fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	SHOW(fcntl(fd, F_GETFL));
	SHOW(fcntl(fd, F_GETFD));
	look("never armed", fd);
	close(fd);
	if (fork() == 0) {
		SHOW(setuid(1000));
		SHOW(timerfd_create(CLOCK_REALTIME_ALARM, 0));
		exit(0);
	}
	wait(NULL);
}

static void once(int clock)
{
	int fd = timerfd_create(clock, 0);
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT, 0 };
	printf("clock %d\n", clock);
	SHOW(arm(fd, 0, 60, 0));
	look("armed", fd);
	SHOW(poll(&poll_fd, 1, 0));
	SHOW(poll(&poll_fd, 1, -1));
	printf("%#x\n", poll_fd.revents);
	look("fired", fd);
	take(fd);
	SHOW(poll(&poll_fd, 1, 60));
	SHOW(arm(fd, 0, 30, 0));
	take(fd);
	SHOW(arm(fd, 0, 20, 0));
	usleep(60000);
	SHOW(arm(fd, 0, 0, 7));
	look("stopped", fd);
	SHOW(poll(&poll_fd, 1, 40));
	close(fd);
}

static void repeated(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec now;
	uint64_t ticks = 0, total = 0;
	SHOW(arm(fd, 0, 20, 50));
	take(fd);
	take(fd);
	usleep(500000);
	SHOW(read(fd, &ticks, sizeof(ticks)));
	printf("%s\n", ticks >= 8 && ticks <= 15 ? "as many as intervals" : "wrong number");
	look("periodic", fd);
	SHOW(arm(fd, 0, 100, 100));
	while (total < 5) {
		SHOW(read(fd, &ticks, sizeof(ticks)));
		total += ticks;
	}
	usleep(130000);
	SHOW(timerfd_gettime(fd, &now));
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	SHOW(poll(&poll_fd, 1, 0));
	SHOW(now.it_value.tv_sec == 0 && now.it_value.tv_nsec > 0 &&
	     now.it_value.tv_nsec <= 100 * MS);
	struct itimerspec stop = { { 0, 0 }, { 0, 0 } };
	SHOW(timerfd_settime(fd, 0, &stop, &now));
	SHOW(now.it_interval.tv_nsec);
	SHOW(now.it_value.tv_nsec > 0);
	close(fd);
}

static void absolute(int clock)
{
	struct timespec now;
	struct itimerspec spec = { { 0, 0 }, { 0, 0 } };
	int fd = timerfd_create(clock, 0);
	clock_gettime(clock, &now);
	spec.it_value.tv_sec = now.tv_sec + (now.tv_nsec + 100 * MS) / (1000 * MS);
	spec.it_value.tv_nsec = (now.tv_nsec + 100 * MS) % (1000 * MS);
	SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL));
	look("absolute", fd);
	take(fd);
	clock_gettime(clock, &now);
	SHOW(now.tv_sec > spec.it_value.tv_sec ||
	     (now.tv_sec == spec.it_value.tv_sec && now.tv_nsec >= spec.it_value.tv_nsec));
	spec.it_value.tv_sec = now.tv_sec - 1 > 0 ? now.tv_sec - 1 : 1;
	spec.it_value.tv_nsec = 0;
	SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL));
	take(fd);
	spec.it_value.tv_sec = 0;
	spec.it_value.tv_nsec = 1;
	SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL));
	take(fd);
	SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL));
	take(fd);
	close(fd);
}

static void wide(void)
{
	int64_t spec[4] = { 0, 20 * MS, 0, 10 * MS }, now[4] = { 9, 9, 9, 9 };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	SHOW(syscall(SYS_timerfd_settime64, fd, 0, spec, NULL));
	take(fd);
	SHOW(syscall(SYS_timerfd_gettime64, fd, now));
	printf("%d %d %d\n", (int)now[0], (int)now[1], (int)now[2]);
	spec[2] = 1LL << 40;
	SHOW(syscall(SYS_timerfd_settime64, fd, 0, spec, now));
	SHOW(syscall(SYS_timerfd_gettime64, fd, now));
	SHOW(now[2] > (1LL << 32));
	spec[2] = -1;
	SHOW(syscall(SYS_timerfd_settime64, fd, 0, spec, now));
	close(fd);
}

static void nothing(int signal)
{
	(void)signal;
}

static void interrupted(void)
{
	struct sigaction action = { .sa_handler = nothing };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	sigaction(SIGALRM, &action, NULL);
	ualarm(30000, 0);
	take(fd);
	arm(fd, 0, 50, 0);
	if (fork() == 0) {
		take(fd);
		exit(0);
	}
	wait(NULL);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	take(fd);
	close(fd);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	errors();
	once(CLOCK_MONOTONIC);
	once(CLOCK_REALTIME);
	repeated();
	absolute(CLOCK_REALTIME);
	absolute(CLOCK_MONOTONIC);
	wide();
	interrupted();
	return 0;
}
