/*
 * Clocks that show processor time: of a process or a thread, named by CLOCK_PROCESS_CPUTIME_ID,
 * CLOCK_THREAD_CPUTIME_ID, or a negative number that holds a pid (pthread_getcpuclockid(3)).
 */
#ifndef LOFT_KERNEL_CPU_CLOCK_H
#define LOFT_KERNEL_CPU_CLOCK_H

#include <types.h>
#include <wait.h>

/* What a clock counts. A process or thread that is no more counts nothing. */
struct cpu_clock {
	bool thread;	/* number is a tid, else a process's pid */
	bool user_only; /* time in PL3 alone */
	pid_t number;
};

static inline bool is_cpu_clock(int32_t id)
{
	return id < 0 || id == 2 /* CLOCK_PROCESS_CPUTIME_ID */ || id == 3 /* ...THREAD... */;
}

/* What the clock `id` counts, for current: 0, or -EINVAL. */
__must_check int cpu_clock_find(int32_t id, struct cpu_clock *clock);
/* Nanoseconds, whole ticks; 0 when nobody is there. */
uint64_t cpu_clock_ns(const struct cpu_clock *clock);
/* Is current what it counts? */
bool cpu_clock_counts_current(const struct cpu_clock *clock);

/* Sleepers on such clocks: woken by each tick of processor time. */
extern struct wait_queue cpu_clock_sleepers;

#endif
