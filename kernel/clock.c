/*
 * Clocks: the tick, monotonic time, wall time.
 *
 * Time between ticks comes from one of two sources. Where the time stamp counter runs at one speed
 * whatever the processor does (it says so itself, or a hypervisor runs us, which sees to it), it
 * alone carries the time once its frequency is known, and a tick that got lost does no harm. Else
 * time is the number of ticks and the PIT's own count since the last one.
 *
 * The TSC's speed is measured from tick to tick while the machine goes on, over the first ten
 * seconds (kernel/tsc_speed.c). Until there is a first figure, time goes by the PIT.
 *
 * Readings never go back: the last one is kept. Everything is guarded by interrupt-off sections.
 */
#include <clock.h>

#include <abi/errno.h>
#include <assert.h>
#include <clock_timer.h>
#include <cpu.h>
#include <drivers.h>
#include <log.h>
#include <panic.h>
#include <posix_timer.h>
#include <task.h>
#include <trap.h>
#include <vdso.h>

#include "clock_internal.h"
#include "tsc_speed.h"
#include "vdso/data.h"

#define IRQ_TIMER 0
#define SCALE_SHIFT TSC_SCALE_SHIFT

_Static_assert(TSC_SCALE_SHIFT == VDSO_SCALE_SHIFT, "programs reckon with the same number");

#define CPUID_POWER 0x80000007u /* EDX bit 8: the TSC is invariant (Intel SDM 3B 17.17) */
#define CPUID_POWER_TSC (1u << 8)

volatile uint32_t clock_stamp = 1;
static volatile uint32_t ticks;
static uint32_t tick_ns;
static uint64_t base_ns;      /* time at the last tick */
static uint64_t next_tick_ns; /* when the count of ticks must have moved on */
static uint64_t last_ns;      /* the latest reading given out */
static uint64_t boot_ns;      /* wall time less monotonic time */

/* The TSC: trusted at all? Its scale, 0 until known; its count when time was base_ns. */
static bool tsc_trusted;
static uint32_t tsc_scale;
static uint64_t tsc_base;

/* The speed of the TSC as far as it is known, and the scale that time goes by. */
static struct tsc_speed speed;

static uint64_t tsc_elapsed_ns(uint64_t now)
{
	/* Ticks come often enough; a machine that was stopped for seconds loses the rest. */
	uint64_t cycles = MIN(now - tsc_base, (uint64_t)UINT32_MAX);

	return (cycles * tsc_scale) >> SCALE_SHIFT;
}

uint32_t clock_tsc_khz(void)
{
	return tsc_speed_khz(&speed);
}

static bool tsc_is_steady(void)
{
	uint32_t leaf = 0x80000000u, ebx, ecx, edx;

	if (!cpu_has(CPU_TSC))
		return false;
	if (cpu_has(CPU_HYPERVISOR))
		return true;
	__asm__ volatile("cpuid" : "+a"(leaf), "=b"(ebx), "=c"(ecx), "=d"(edx));
	if (leaf < CPUID_POWER)
		return false;
	leaf = CPUID_POWER;
	__asm__ volatile("cpuid" : "+a"(leaf), "=b"(ebx), "=c"(ecx), "=d"(edx));
	return edx & CPUID_POWER_TSC;
}

/* ---- reading */

static uint64_t read_source(void)
{
	if (tsc_scale && tsc_trusted)
		return base_ns + tsc_elapsed_ns(cpu_read_tsc());
	return tick_ns ? base_ns + pit_elapsed_ns() : 0;
}

uint64_t clock_monotonic_ns(void)
{
	uint32_t flags = irq_save();
	uint64_t now = read_source();

	if (now > last_ns)
		last_ns = now;
	now = last_ns;
	irq_restore(flags);
	return now;
}

uint64_t clock_coarse_ns(void)
{
	uint32_t flags = irq_save();
	uint64_t now = base_ns;

	irq_restore(flags);
	return now;
}

uint32_t clock_ticks(void)
{
	return ticks;
}

uint64_t clock_realtime_ns(void)
{
	return clock_monotonic_ns() + boot_ns;
}

uint64_t clock_realtime_coarse_ns(void)
{
	return clock_coarse_ns() + boot_ns;
}

/*
 * Time has moved on, or was set. Tells programs what they can read by themselves. Not the TSC while
 * a reading from the PIT was ahead of it: what the system call answers then is that reading.
 */
static void publish(void)
{
	bool from_tsc = tsc_trusted && tsc_scale && base_ns >= last_ns;

	clock_stamp++;
	vdso_set_clocks(base_ns + boot_ns, base_ns, tsc_base, from_tsc ? tsc_scale : 0);
}

int clock_set_realtime_ns(uint64_t ns)
{
	uint64_t now = clock_monotonic_ns();
	uint32_t flags;

	if (ns < now)
		return -EINVAL;
	flags = irq_save();
	boot_ns = ns - now;
	publish();
	irq_restore(flags);
	wake_all(&clock_was_set);
	clock_timers_move();
	return 0;
}

uint64_t clock_monotonic_from_realtime(uint64_t ns)
{
	return ns > boot_ns ? ns - boot_ns : 0;
}

struct wait_queue clock_was_set = WAIT_QUEUE_INIT(clock_was_set);

/* ---- the tick */

/* Moves time on; returns how many ticks it was. */
static uint32_t advance(void)
{
	uint64_t now;
	uint32_t passed = 0;

	if (!tsc_trusted) {
		base_ns += tick_ns;
		return 1;
	}
	now = cpu_read_tsc();
	base_ns += tsc_scale ? tsc_elapsed_ns(now) : tick_ns;
	tsc_base = now;
	if (!speed.done) {
		tsc_speed_tick(&speed, now, pit_elapsed_ns());
		tsc_scale = speed.scale;
	}
	for (; base_ns >= next_tick_ns; passed++)
		next_tick_ns += NSEC_PER_TICK;
	return passed;
}

static void tick(void *context)
{
	(void)context;
	ticks += advance();
	publish();
	timers_run(clock_monotonic_ns());
	itimer_tick(irq_from_user());
	sched_tick(irq_from_user());
	posix_timers_tick();
}

void clock_init(void)
{
	uint64_t seconds = rtc_read();

	assert(!irq_enabled());
	pit_init(HZ);
	tick_ns = speed.tick_ns = pit_period_ns();
	boot_ns = seconds * NSEC_PER_SEC;
	tsc_trusted = tsc_is_steady();
	if (irq_register(IRQ_TIMER, tick, NULL) != 0)
		panic("somebody else has the timer interrupt");
	publish();
	if (seconds == 0)
		log_warning("clock: no real-time clock: it is 1970");
	log_info("clock: %u ticks a second, between them the %s", HZ,
		 tsc_trusted ? "time stamp counter" : "PIT");
}
