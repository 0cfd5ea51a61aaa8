/*
 * Time: a periodic tick of HZ from the PIT for preemption and timeouts, a finer clock between
 * ticks (PIT counter or TSC where there is one), the wall clock from the RTC at boot.
 * Calibration never stops the machine to wait.
 */
#ifndef LOFT_CLOCK_H
#define LOFT_CLOCK_H

#include <tree.h>
#include <types.h>

#define HZ 100 /* ticks a second; also USER_HZ of times(2) and /proc */
#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_TICK (NSEC_PER_SEC / HZ)

void clock_init(void);
/* Since boot, monotonic. Callable from anywhere; 0 before clock_init. */
uint64_t clock_monotonic_ns(void);
/* The same as of the last tick: cheaper. */
uint64_t clock_coarse_ns(void);
uint32_t clock_ticks(void);
/* Another number whenever the coarse times are others: with each tick, and when time is set. */
extern volatile uint32_t clock_stamp;
/* The time stamp counter's frequency as measured so far, 0: not known. */
uint32_t clock_tsc_khz(void);
/* Since 1970, UTC. */
uint64_t clock_realtime_ns(void);
/* The same as of the last tick: cheaper; what files are stamped with. */
uint64_t clock_realtime_coarse_ns(void);
/* -EINVAL for times before monotonic time: the boot would have been before 1970. */
__must_check int clock_set_realtime_ns(uint64_t ns);

/*
 * One-shot timer: calls fire(context) at or after deadline, from the tick, interrupts off; fire
 * may start it again. All pending ones are in a tree by deadline, guarded by interrupt-off
 * sections.
 */
struct timer {
	struct tree_node node;
	bool pending;
	uint64_t deadline; /* clock_monotonic_ns() time */
	void (*fire)(void *context);
	void *context;
};
void timer_init(struct timer *timer, void (*fire)(void *context), void *context);
/* (Re)arms. Of timers with one deadline the one started first fires first. */
void timer_start(struct timer *timer, uint64_t deadline);
/* True when it was pending. */
bool timer_stop(struct timer *timer);
/* Nanoseconds until it fires, at least 1 while it is pending; 0 if not armed. */
uint64_t timer_left(const struct timer *timer);

/* ---- doorways (kernel/time.c, sleep.c, itimer.c); the 64-bit forms take struct timespec64 */
struct timespec;
struct timespec64;
struct timeval;
struct timezone;
struct itimerval;
struct tms;
int32_t sys_time(int32_t __user *to);
int32_t sys_stime(const int32_t __user *from);
int32_t sys_gettimeofday(struct timeval __user *time, struct timezone __user *zone);
int32_t sys_settimeofday(const struct timeval __user *time, const struct timezone __user *zone);
int32_t sys_clock_gettime(int32_t id, struct timespec __user *to);
int32_t sys_clock_gettime64(int32_t id, struct timespec64 __user *to);
int32_t sys_clock_settime(int32_t id, const struct timespec __user *from);
int32_t sys_clock_settime64(int32_t id, const struct timespec64 __user *from);
int32_t sys_clock_getres(int32_t id, struct timespec __user *to);
int32_t sys_clock_getres64(int32_t id, struct timespec64 __user *to);
int32_t sys_times(struct tms __user *to);
int32_t sys_nanosleep(const struct timespec __user *request, struct timespec __user *left);
int32_t sys_clock_nanosleep(int32_t id, int32_t flags, const struct timespec __user *request,
			    struct timespec __user *left);
int32_t sys_clock_nanosleep64(int32_t id, int32_t flags, const struct timespec64 __user *request,
			      struct timespec64 __user *left);
int32_t sys_alarm(uint32_t seconds);
int32_t sys_getitimer(int32_t which, struct itimerval __user *to);
int32_t sys_setitimer(int32_t which, const struct itimerval __user *from,
		      struct itimerval __user *old);

#endif
