/*
 * Time structures and numbers of the Linux i386 ABI (linux/time.h, linux/time_types.h,
 * sys/times.h). The 32-bit forms end in 2038; the *_time64 calls use the others.
 */
#ifndef LOFT_ABI_TIME_H
#define LOFT_ABI_TIME_H

#include <types.h>

struct timespec {
	int32_t sec;
	int32_t nsec;
};

struct timespec64 {
	int64_t sec;
	int32_t nsec; /* a long; the upper half of the 64-bit slot counts for nothing */
	int32_t pad;
};

struct timeval {
	int32_t sec;
	int32_t usec;
};

struct timezone {
	int32_t minutes_west;
	int32_t dst_kind;
};

struct itimerval {
	struct timeval interval;
	struct timeval value;
};

/* In clock ticks of HZ. */
struct tms {
	uint32_t utime, stime;
	uint32_t cutime, cstime;
};

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define CLOCK_REALTIME_ALARM 8
#define CLOCK_BOOTTIME_ALARM 9
#define CLOCK_TAI 11

#define TIMER_ABSTIME 1

#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2

#endif
