/*
 * Interrupts of the 8259s. A line has one handler of its own, or any number of sharers, as PCI's
 * lines do: each is asked, and says whether it was its device. They run with interrupts off on the
 * stack of whatever they interrupted, and neither sleep nor allocate.
 *
 * A line that keeps on interrupting with nobody to quiet it would leave no time for anything else:
 * it is masked, and its sharers are asked at each tick instead, as are those who have no line at
 * all. So a device whose interrupt is lost is slow, but not dead.
 */
#include "trap_internal.h"

#include <abi/errno.h>
#include <assert.h>
#include <clock.h>
#include <cpu.h>
#include <drivers.h>
#include <kheap.h>
#include <list.h>
#include <log.h>
#include <random.h>

#define UNCLAIMED_MAX 10000 /* in a row */

/* Who shares a line, or (IRQ_POLLED) has none. Never freed. */
struct sharer {
	struct sharer *next;
	bool (*handler)(void *context);
	void *context;
};

struct line {
	void (*handler)(void *context);
	void *context;
	struct sharer *sharers;
	uint32_t unclaimed; /* since somebody last knew what it was for */
	uint32_t count;
	bool reported; /* that nobody handles it */
};

static struct line lines[TRAP_IRQS];
static struct sharer *polled;
static struct timer poll_timer;
static bool from_user;

int irq_register(unsigned irq, void (*handler)(void *context), void *context)
{
	assert(irq < TRAP_IRQS && handler);
	if (lines[irq].handler || lines[irq].sharers)
		return -EBUSY;
	lines[irq].context = context;
	lines[irq].handler = handler;
	pic_enable(irq);
	return 0;
}

/* ---- shared lines ---- */

static bool ask(struct sharer *sharer)
{
	bool claimed = false;

	for (; sharer; sharer = sharer->next)
		claimed |= sharer->handler(sharer->context);
	return claimed;
}

static void poll(void *context)
{
	(void)context;
	ask(polled);
	timer_start(&poll_timer, clock_coarse_ns() + 1); /* the next tick */
}

/* Interrupts off. */
static void poll_from_now_on(struct sharer *sharers)
{
	struct sharer **end = &polled;

	if (!polled) {
		timer_init(&poll_timer, poll, NULL);
		timer_start(&poll_timer, clock_coarse_ns() + 1); /* the next tick */
	}
	while (*end)
		end = &(*end)->next;
	*end = sharers;
}

int irq_share(unsigned irq, bool (*handler)(void *context), void *context)
{
	assert(handler && (irq < TRAP_IRQS || irq == IRQ_POLLED));
	struct sharer *sharer;
	uint32_t flags;

	if (irq != IRQ_POLLED && lines[irq].handler)
		return -EBUSY;
	sharer = kalloc(sizeof(*sharer));
	if (!sharer)
		return -ENOMEM;
	*sharer = (struct sharer){ .handler = handler, .context = context };
	flags = irq_save();
	if (irq == IRQ_POLLED) {
		poll_from_now_on(sharer);
	} else {
		sharer->next = lines[irq].sharers;
		lines[irq].sharers = sharer;
		pic_enable(irq);
	}
	irq_restore(flags);
	return 0;
}

static void give_up_line(struct line *line, unsigned irq)
{
	log_error("irq: nobody quiets line %u: it is masked, its devices are polled", irq);
	pic_disable(irq);
	poll_from_now_on(line->sharers);
	line->sharers = NULL;
}

static void handle_shared(struct line *line, unsigned irq)
{
	if (ask(line->sharers))
		line->unclaimed = 0;
	else if (++line->unclaimed == UNCLAIMED_MAX)
		give_up_line(line, irq);
}

/* ---- taking one ---- */

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
	else if (line->sharers)
		handle_shared(line, irq);
	else
		report_unexpected(line, irq, "unexpected");
	pic_end(irq);
}
