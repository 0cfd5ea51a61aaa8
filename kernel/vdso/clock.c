/*
 * The clocks, read without entering the kernel: this code runs in programs, at PL3.
 *
 * The kernel's data page has what each clock showed at the last tick and the TSC's count at that
 * moment; the cycles since, scaled, are added. That is what kernel/clock.c itself does, digit for
 * digit, so that this and the system call never disagree. What it cannot answer so goes to the
 * system call: clocks of processor time, a TSC that is not to be trusted, one that stood still for
 * seconds because the machine did.
 *
 * No data of its own but constants, no relocations, nothing of libgcc.
 */
#include "data.h"

#include <abi/time.h>

#define NSEC_PER_SEC 1000000000u
#define NSEC_PER_USEC 1000u

#define CALL_GETTIMEOFDAY 78
#define CALL_CLOCK_GETTIME 265
#define CALL_CLOCK_GETRES 266
#define CALL_CLOCK_GETTIME64 403

#define HIDDEN __attribute__((visibility("hidden")))
#define EXPORTED __attribute__((visibility("default")))

/* Placed by vdso.lds. Not const to the compiler: the kernel changes it. */
extern struct vdso_data vdso_data HIDDEN;

EXPORTED int __vdso_clock_gettime(int32_t id, struct timespec *to);
EXPORTED int __vdso_clock_gettime64(int32_t id, struct timespec64 *to);
EXPORTED int __vdso_gettimeofday(struct timeval *to, struct timezone *zone);
EXPORTED int32_t __vdso_time(int32_t *to);
EXPORTED int __vdso_clock_getres(int32_t id, struct timespec *to);
EXPORTED int __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused);

static int call_kernel(uint32_t number, uint32_t first, void *second)
{
	int result;

	__asm__ volatile("call __kernel_vsyscall"
			 : "=a"(result)
			 : "0"(number), "b"(first), "c"(second)
			 : "memory");
	return result;
}

/* ---- which clock, and how exactly */

#define BIT(id) (1u << (id))
#define FINE_REALTIME (BIT(CLOCK_REALTIME) | BIT(CLOCK_TAI))
#define FINE_MONOTONIC (BIT(CLOCK_MONOTONIC) | BIT(CLOCK_MONOTONIC_RAW) | BIT(CLOCK_BOOTTIME))
#define COARSE (BIT(CLOCK_REALTIME_COARSE) | BIT(CLOCK_MONOTONIC_COARSE))
#define ANY_REALTIME (FINE_REALTIME | BIT(CLOCK_REALTIME_COARSE))

/* The clock's bit, 0 for one that is not answered here. */
static uint32_t bit_of(int32_t id)
{
	return (uint32_t)id < 32 ? BIT(id) & (FINE_REALTIME | FINE_MONOTONIC | COARSE) : 0;
}

/* ---- reading */

/* Rather than loads and an earlier reading, RDTSC would be executed too early. */
static inline uint64_t read_tsc(uint32_t mode)
{
	uint64_t count;

	if (mode == VDSO_MODE_TSC_FENCED)
		__asm__ volatile(".byte 0x0f, 0xae, 0xe8" : : : "memory"); /* lfence */
	__asm__ volatile("rdtsc" : "=A"(count) : : "memory");
	return count;
}

struct reading {
	uint64_t sec;
	uint32_t nsec;
};

/* Nanoseconds since the last tick; TOO_MUCH: the kernel has to be asked. */
#define TOO_MUCH UINT32_MAX

static inline uint32_t elapsed_ns(void)
{
	uint32_t mode = vdso_data.mode;
	uint64_t cycles, scaled;

	if (mode == VDSO_MODE_CALL)
		return TOO_MUCH;
	cycles = read_tsc(mode) - vdso_data.tsc_base;
	if (cycles >> 32)
		return TOO_MUCH;
	scaled = (uint64_t)(uint32_t)cycles * vdso_data.scale;
	/* Below two seconds: then the sum with nsec fits 32 bits, too. */
	return scaled >> (VDSO_SCALE_SHIFT + 31) ? TOO_MUCH
						 : (uint32_t)(scaled >> VDSO_SCALE_SHIFT);
}

static inline bool read_clock(uint32_t bit, struct reading *reading)
{
	unsigned which = bit & ANY_REALTIME ? VDSO_REALTIME : VDSO_MONOTONIC;
	uint32_t sequence, since, nsec;
	uint64_t sec;

	do {
		sequence = vdso_data.sequence;
		__asm__ volatile("" : : : "memory");
		sec = vdso_data.base[which].sec;
		nsec = vdso_data.base[which].nsec;
		since = bit & COARSE ? 0 : elapsed_ns();
		__asm__ volatile("" : : : "memory");
	} while (unlikely(vdso_data.sequence != sequence));
	if (since == TOO_MUCH)
		return false;
	for (nsec += since; unlikely(nsec >= NSEC_PER_SEC); nsec -= NSEC_PER_SEC)
		sec++;
	reading->sec = sec;
	reading->nsec = nsec;
	return true;
}

/* ---- what is exported */

int __vdso_clock_gettime64(int32_t id, struct timespec64 *to)
{
	uint32_t bit = bit_of(id);
	struct reading now;

	if (!bit || !read_clock(bit, &now))
		return call_kernel(CALL_CLOCK_GETTIME64, (uint32_t)id, to);
	to->sec = (int64_t)now.sec;
	to->nsec = (int32_t)now.nsec;
	to->pad = 0;
	return 0;
}

int __vdso_clock_gettime(int32_t id, struct timespec *to)
{
	uint32_t bit = bit_of(id);
	struct reading now;

	if (!bit || !read_clock(bit, &now))
		return call_kernel(CALL_CLOCK_GETTIME, (uint32_t)id, to);
	to->sec = (int32_t)now.sec;
	to->nsec = (int32_t)now.nsec;
	return 0;
}

int __vdso_gettimeofday(struct timeval *to, struct timezone *zone)
{
	struct reading now;

	if (to && !read_clock(BIT(CLOCK_REALTIME), &now))
		return call_kernel(CALL_GETTIMEOFDAY, (uint32_t)to, zone);
	if (to) {
		to->sec = (int32_t)now.sec;
		to->usec = (int32_t)(now.nsec / NSEC_PER_USEC);
	}
	if (zone)
		*zone = (struct timezone){ 0 };
	return 0;
}

/* Seconds change at ticks, for the system call too. */
int32_t __vdso_time(int32_t *to)
{
	struct reading now;

	(void)read_clock(BIT(CLOCK_REALTIME_COARSE), &now);
	if (to)
		*to = (int32_t)now.sec;
	return (int32_t)now.sec;
}

int __vdso_clock_getres(int32_t id, struct timespec *to)
{
	uint32_t bit = bit_of(id);

	if (!bit)
		return call_kernel(CALL_CLOCK_GETRES, (uint32_t)id, to);
	if (to) {
		to->sec = 0;
		to->nsec = bit & COARSE ? (int32_t)vdso_data.coarse : 1;
	}
	return 0;
}

/* There is one processor. */
int __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused)
{
	(void)unused;
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}
