/*
 * Interrupts of the 8259s: one handler for each line. They run with interrupts off on the stack of
 * whatever they interrupted, and neither sleep nor allocate.
 */
#include "trap_internal.h"

#include <abi/errno.h>
#include <assert.h>
#include <cpu.h>
#include <drivers.h>
#include <log.h>
#include <random.h>

struct line {
	void (*handler)(void *context);
	void *context;
	uint32_t count;
	bool reported; /* that nobody handles it */
};

static struct line lines[TRAP_IRQS];
static bool from_user;

int irq_register(unsigned irq, void (*handler)(void *context), void *context)
{
	assert(irq < TRAP_IRQS && handler);
	if (lines[irq].handler)
		return -EBUSY;
	lines[irq].context = context;
	lines[irq].handler = handler;
	pic_enable(irq);
	return 0;
}

bool irq_from_user(void)
{
	return from_user;
}

uint32_t irq_count(unsigned irq)
{
	assert(irq < TRAP_IRQS);
	return lines[irq].count;
}

static void report_unexpected(struct line *line, unsigned irq, const char *kind)
{
	if (!line->reported)
		log_warning("irq: %s interrupt on line %u", kind, irq);
	line->reported = true;
}

void irq_handle(struct trap_frame *frame)
{
	unsigned irq = frame->vector - TRAP_IRQ_FIRST;
	struct line *line = &lines[irq];

	assert(irq < TRAP_IRQS);
	if ((irq & 7) == 7 && pic_spurious(irq)) {
		report_unexpected(line, irq, "spurious");
		return;
	}
	line->count++;
	from_user = trap_from_user(frame);
	random_stir(irq + (cpu_has(CPU_TSC) ? (uint32_t)cpu_read_tsc() : frame->eip));
	if (line->handler)
		line->handler(line->context);
	else
		report_unexpected(line, irq, "unexpected");
	pic_end(irq);
}
