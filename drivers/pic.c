/*
 * The two 8259 interrupt controllers of a PC: IRQ 0..7 on the master, 8..15 on the slave, which
 * hangs on the master's line 2 (Intel 8259A data sheet; ports as on the IBM AT).
 *
 * The mask is what we last wrote; it is only changed with interrupts off. An interrupt that is
 * withdrawn before the processor takes it arrives as IRQ 7 (or 15) with its bit not set in the
 * in-service register: spurious, and to be ended only at the master, and only for 15.
 *
 * Lines of ISA devices are triggered by an edge; those of PCI's by the level, since they are shared.
 * Which is which is said in two registers that EISA brought and PCI chip sets kept (ELCR; Intel
 * 82371AB data sheet, 4.2.5).
 */
#include <drivers.h>

#include <assert.h>
#include <trap.h>

#include "port.h"

#define MASTER_COMMAND 0x20
#define MASTER_DATA 0x21
#define SLAVE_COMMAND 0xa0
#define SLAVE_DATA 0xa1

#define ICW1_INIT_WITH_ICW4 0x11
#define ICW4_8086 0x01
#define OCW2_END 0x20 /* non-specific end of interrupt */
#define OCW3_READ_REQUESTS 0x0a
#define OCW3_READ_IN_SERVICE 0x0b

#define ELCR 0x4d0
#define ELCR_NEVER 0x2107 /* timer, keyboard, cascade, clock, FPU: always by the edge */

#define CASCADE_IRQ 2
#define IRQS 16

static uint16_t masked = 0xffff & ~(1u << CASCADE_IRQ);

static void write_masks(void)
{
	port_write8(MASTER_DATA, masked & 0xff);
	port_write8(SLAVE_DATA, masked >> 8);
}

/* ICW1 to ICW4 in order, then everything masked. A delay between, for the chips of the time. */
void pic_init(void)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} sequence[] = {
		{ MASTER_COMMAND, ICW1_INIT_WITH_ICW4 },
		{ SLAVE_COMMAND, ICW1_INIT_WITH_ICW4 },
		{ MASTER_DATA, TRAP_IRQ_FIRST },
		{ SLAVE_DATA, TRAP_IRQ_FIRST + 8 },
		{ MASTER_DATA, 1u << CASCADE_IRQ },
		{ SLAVE_DATA, CASCADE_IRQ },
		{ MASTER_DATA, ICW4_8086 },
		{ SLAVE_DATA, ICW4_8086 },
	};

	assert(!irq_enabled());
	for (size_t i = 0; i < ARRAY_SIZE(sequence); i++) {
		port_write8(sequence[i].port, sequence[i].value);
		port_delay();
	}
	write_masks();
}

void pic_enable(unsigned irq)
{
	assert(irq < IRQS);
	uint32_t flags = irq_save();

	masked &= ~(1u << irq);
	write_masks();
	irq_restore(flags);
}

void pic_disable(unsigned irq)
{
	assert(irq < IRQS && irq != CASCADE_IRQ);
	uint32_t flags = irq_save();

	masked |= 1u << irq;
	write_masks();
	irq_restore(flags);
}

void pic_make_level(unsigned irq)
{
	assert(irq < IRQS);
	uint16_t port = ELCR + irq / 8;
	uint8_t level = port_read8(port), bit = 1u << (irq & 7);

	/* All ones: nothing answers there. */
	if (level != 0xff && !(level & bit) && !(ELCR_NEVER & (1u << irq)))
		port_write8(port, level | bit);
}

static uint8_t read_register(uint16_t command_port, uint8_t which)
{
	port_write8(command_port, which);
	return port_read8(command_port);
}

bool pic_pending(unsigned irq)
{
	assert(irq < IRQS && !irq_enabled());
	uint16_t port = irq < 8 ? MASTER_COMMAND : SLAVE_COMMAND;

	return read_register(port, OCW3_READ_REQUESTS) & (1u << (irq & 7));
}

bool pic_spurious(unsigned irq)
{
	assert(irq < IRQS && !irq_enabled());
	if (irq == 7)
		return !(read_register(MASTER_COMMAND, OCW3_READ_IN_SERVICE) & 0x80);
	if (irq != 15 || (read_register(SLAVE_COMMAND, OCW3_READ_IN_SERVICE) & 0x80))
		return false;
	port_write8(MASTER_COMMAND, OCW2_END);
	return true;
}

void pic_end(unsigned irq)
{
	assert(irq < IRQS && !irq_enabled());
	if (irq >= 8)
		port_write8(SLAVE_COMMAND, OCW2_END);
	port_write8(MASTER_COMMAND, OCW2_END);
}
