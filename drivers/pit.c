/*
 * The 8254 interval timer, counter 0, which raises IRQ 0 (Intel 8254 data sheet; ports as on the
 * IBM PC). It counts down from the divisor at 1193182 Hz, in mode 2: one interrupt each time it
 * reaches 1, then the divisor again. Its count is what tells time within a tick where the
 * processor has no time stamp counter to be trusted.
 */
#include <drivers.h>

#include <assert.h>
#include <trap.h>

#include "port.h"

#define COUNTER0 0x40
#define CONTROL 0x43

#define CONTROL_COUNTER0_WORD 0x30 /* low byte, then high byte */
#define CONTROL_MODE_RATE 0x04
#define CONTROL_LATCH_COUNTER0 0x00

#define IRQ_TIMER 0
#define NSEC_PER_SECOND 1000000000u

static uint32_t divisor;

void pit_init(unsigned hz)
{
	assert(hz >= 19 && hz <= 10000);
	divisor = (PIT_HZ + hz / 2) / hz;
	port_write8(CONTROL, CONTROL_COUNTER0_WORD | CONTROL_MODE_RATE);
	port_write8(COUNTER0, divisor & 0xff);
	port_write8(COUNTER0, divisor >> 8);
}

uint32_t pit_period_ns(void)
{
	return (uint64_t)divisor * NSEC_PER_SECOND / PIT_HZ;
}

static uint32_t read_count(void)
{
	uint32_t low, high;

	port_write8(CONTROL, CONTROL_LATCH_COUNTER0);
	low = port_read8(COUNTER0);
	high = port_read8(COUNTER0);
	return low | high << 8;
}

/* The count may have started anew with its interrupt still waiting for us to turn them on again. */
uint32_t pit_elapsed_ns(void)
{
	assert(divisor != 0 && !irq_enabled());
	uint32_t count = read_count();
	bool late = pic_pending(IRQ_TIMER);

	if (late)
		count = read_count();
	uint32_t done = count < divisor ? divisor - count : 0;
	uint32_t elapsed = (uint64_t)done * NSEC_PER_SECOND / PIT_HZ;

	return late ? elapsed + pit_period_ns() : elapsed;
}

/* Counts how often the counter starts anew; for when interrupts can no longer be had. */
void pit_wait_ms(uint32_t ms)
{
	assert(divisor != 0);
	uint64_t left = (uint64_t)ms * PIT_HZ / 1000;
	uint32_t before = read_count();

	while (left > 0) {
		uint32_t now = read_count();
		uint32_t passed = now <= before ? before - now : before + divisor - now;

		left -= MIN((uint64_t)passed, left);
		before = now;
	}
}
