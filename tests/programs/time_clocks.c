/* Clocks: which there are, that they agree, and that none goes back. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct old_time {
	int32_t sec, nsec;
};

struct new_time {
	int64_t sec, nsec;
};

static const char *name_of(long result)
{
	return result == 0 ? "0" : strerrorname_np(errno);
}

static int64_t read_ns(int id)
{
	struct new_time time = { -1, -1 };

	syscall(SYS_clock_gettime64, id, &time);
	return time.sec * 1000000000 + time.nsec;
}

static void which(void)
{
	static const int ids[] = { 0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 16, 1000, -1, -6, -2, -3 };
	struct old_time time;
	struct new_time time64;

	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		printf("clock %d:", ids[i]);
		printf(" %s", name_of(syscall(SYS_clock_gettime, ids[i], &time)));
		printf(" %s", name_of(syscall(SYS_clock_gettime64, ids[i], &time64)));
		printf(" %s", name_of(syscall(SYS_clock_getres, ids[i], &time)));
		printf(" %s", name_of(syscall(SYS_clock_getres, ids[i], NULL)));
		printf(" %s\n", name_of(syscall(SYS_clock_getres_time64, ids[i], &time64)));
	}
	printf("bad pointers: %s", name_of(syscall(SYS_clock_gettime, 1, (void *)16)));
	printf(" %s", name_of(syscall(SYS_clock_gettime, 1, NULL)));
	printf(" %s", name_of(syscall(SYS_clock_getres, 1, (void *)16)));
	printf(" %s", name_of(syscall(SYS_gettimeofday, (void *)16, NULL)));
	printf(" %s", name_of(syscall(SYS_gettimeofday, NULL, (void *)16)));
	printf(" %s", name_of(syscall(SYS_time, (void *)16) == -1 ? -1 : 0));
	printf(" %s\n", name_of(syscall(SYS_times, (void *)16) == -1 ? -1 : 0));
	printf("setting nonsense: %s", name_of(syscall(SYS_clock_settime, 1, &time)));
	printf(" %s", name_of(syscall(SYS_clock_settime, 0, (void *)16)));
	time = (struct old_time){ 0, 1000000000 };
	printf(" %s\n", name_of(syscall(SYS_clock_settime, 0, &time)));
}

static void never_back(void)
{
	static const int ids[] = { CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME,
				   CLOCK_MONOTONIC_COARSE, CLOCK_PROCESS_CPUTIME_ID };

	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		int64_t start = read_ns(ids[i]), before = start;
		int back = 0;

		for (int n = 0; n < 20000; n++) {
			int64_t now = read_ns(ids[i]);

			back += now < before;
			before = now;
		}
		printf("clock %d: %d steps back\n", ids[i], back);
	}
}

static int near(int64_t a, int64_t b)
{
	return llabs(a - b) < 2000000000;
}

static void agree(void)
{
	struct timeval day;
	struct timezone zone;
	int32_t stored;
	int64_t real = read_ns(CLOCK_REALTIME);

	syscall(SYS_gettimeofday, &day, &zone);
	printf("gettimeofday: %d, zone %d %d\n",
	       near(real, day.tv_sec * 1000000000ll + day.tv_usec * 1000), zone.tz_minuteswest,
	       zone.tz_dsttime);
	int32_t seconds = syscall(SYS_time, &stored);

	printf("time: %d %d\n", near(real, seconds * 1000000000ll), seconds == stored);
	printf("coarse: %d %d\n", near(real, read_ns(CLOCK_REALTIME_COARSE)),
	       near(read_ns(CLOCK_MONOTONIC), read_ns(CLOCK_MONOTONIC_COARSE)));
	printf("coarse is not ahead: %d\n",
	       read_ns(CLOCK_MONOTONIC_COARSE) <= read_ns(CLOCK_MONOTONIC));
	printf("after 2020: %d\n", seconds > 1577836800);
}

static void processor_time(void)
{
	struct tms times_now;
	int64_t start = read_ns(CLOCK_PROCESS_CPUTIME_ID);
	clock_t ticks = times(&times_now);

	while (read_ns(CLOCK_PROCESS_CPUTIME_ID) - start < 100000000)
		;
	clock_t passed = times(&times_now) - ticks;

	printf("busy: %d ticks passed at least: %d\n", 9, passed >= 9);
	printf("user and system: %d\n", times_now.tms_utime + times_now.tms_stime >= 9);
	printf("children: %d\n", (int)(times_now.tms_cutime + times_now.tms_cstime));
	fflush(stdout);
	if (fork() == 0) {
		while (read_ns(CLOCK_PROCESS_CPUTIME_ID) < 100000000)
			;
		_exit(0);
	}
	wait(NULL);
	times(&times_now);
	printf("a child's: %d\n", times_now.tms_cutime + times_now.tms_cstime >= 8);
	int64_t parent = read_ns((~getppid() << 3) | 2);

	printf("another's: %d\n", parent >= 0);
}

int main(void)
{
	which();
	never_back();
	agree();
	processor_time();
	return 0;
}
