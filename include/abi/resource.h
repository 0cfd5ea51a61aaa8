/*
 * Resource limits and usage of the Linux i386 ABI (asm-generic/resource.h, linux/resource.h).
 */
#ifndef LOFT_ABI_RESOURCE_H
#define LOFT_ABI_RESOURCE_H

#include <types.h>

#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
#define RLIMIT_LOCKS 10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE 12
#define RLIMIT_NICE 13
#define RLIMIT_RTPRIO 14
#define RLIMIT_RTTIME 15
#define RLIMIT_COUNT 16
#define RLIM_INFINITY 0xffffffffu

struct rlimit {
	uint32_t current, maximum;
};

/* prlimit64's; RLIM64_INFINITY is all ones. */
struct rlimit64 {
	uint64_t current, maximum;
};
#define RLIM64_INFINITY UINT64_MAX

#define RUSAGE_SELF 0
#define RUSAGE_CHILDREN (-1)
#define RUSAGE_THREAD 1

struct rusage_time {
	int32_t seconds, microseconds;
};

struct rusage {
	struct rusage_time user, system;
	int32_t max_resident_kb;
	int32_t unused_sizes[3];
	int32_t faults_minor, faults_major;
	int32_t unused_counts[6];
	int32_t voluntary_switches, involuntary_switches;
};

#endif
