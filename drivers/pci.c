/*
 * PCI by configuration mechanism 1: an address is written to one port, the register is read or
 * written at another (PCI 3.0, 3.2.2.3.2).
 *
 * Buses are found by walking: bus 0 is there, every bridge names the one behind it as the firmware
 * has numbered them, and none is looked at twice, whatever the bridges say. The size of what a base
 * address register asks for is found by writing all ones and reading which of them stayed (6.2.5.1),
 * with the device's answering turned off meanwhile: interrupts are off too, for what answers may be
 * the screen that the log is shown on.
 *
 * The pair of ports is guarded by interrupt-off sections; the list is constant after booting.
 */
#include <pci.h>

#include <assert.h>
#include <drivers.h>
#include <kheap.h>
#include <kvrange.h>
#include <log.h>
#include <string.h>
#include <trap.h>

#include <abi/errno.h>

#include "pci_internal.h"
#include "port.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u

#define BUSES 256
#define SLOTS 32
#define FUNCTIONS 8
#define NO_VENDOR 0xffff

#define HEADER_TYPE 0x7f
#define HEADER_MANY_FUNCTIONS 0x80

#define BAR_PORT 1u
#define BAR_PORT_FLAGS 0x3u
#define BAR_MEMORY_FLAGS 0xfu
#define BAR_WIDE 0x4u /* of the type's two bits; 2: 64 bits */
#define BAR_TYPE 0x6u
#define BAR_PREFETCHABLE 0x8u

#define CAPABILITIES_START 0x40 /* below is the header */
#define CAPABILITIES_MAX 48	/* no more fit, at 4 bytes each */

static struct list devices = LIST_INIT(devices);
static uint32_t buses_found[BUSES / 32], buses_walked[BUSES / 32];

/* ---- configuration space ---- */

static uint32_t address_of(const struct pci_device *device, unsigned offset)
{
	assert(offset < 256);
	return CONFIG_ENABLE | (uint32_t)device->bus << 16 | (uint32_t)device->slot << 11 |
	       (uint32_t)device->function << 8 | (offset & ~3u);
}

uint32_t pci_read32(const struct pci_device *device, unsigned offset)
{
	assert((offset & 3) == 0);
	uint32_t flags = irq_save(), value;

	port_write32(CONFIG_ADDRESS, address_of(device, offset));
	value = port_read32(CONFIG_DATA);
	irq_restore(flags);
	return value;
}

uint16_t pci_read16(const struct pci_device *device, unsigned offset)
{
	assert((offset & 1) == 0);
	return pci_read32(device, offset & ~3u) >> (offset & 2) * 8;
}

uint8_t pci_read8(const struct pci_device *device, unsigned offset)
{
	return pci_read32(device, offset & ~3u) >> (offset & 3) * 8;
}

void pci_write32(const struct pci_device *device, unsigned offset, uint32_t value)
{
	assert((offset & 3) == 0);
	uint32_t flags = irq_save();

	port_write32(CONFIG_ADDRESS, address_of(device, offset));
	port_write32(CONFIG_DATA, value);
	irq_restore(flags);
}

/* Narrow writes are narrow: a neighbour may have bits that are cleared by writing them back. */
void pci_write16(const struct pci_device *device, unsigned offset, uint16_t value)
{
	assert((offset & 1) == 0);
	uint32_t flags = irq_save();

	port_write32(CONFIG_ADDRESS, address_of(device, offset));
	port_write16(CONFIG_DATA + (offset & 2), value);
	irq_restore(flags);
}

void pci_write8(const struct pci_device *device, unsigned offset, uint8_t value)
{
	uint32_t flags = irq_save();

	port_write32(CONFIG_ADDRESS, address_of(device, offset));
	port_write8(CONFIG_DATA + (offset & 3), value);
	irq_restore(flags);
}

unsigned pci_find_capability(const struct pci_device *device, uint8_t id, unsigned after)
{
	unsigned at = after ? after + 1 : PCI_CAPABILITIES;

	if (!(pci_read16(device, PCI_STATUS) & PCI_STATUS_CAPABILITIES))
		return 0;
	for (unsigned i = 0; i < CAPABILITIES_MAX; i++) {
		unsigned next = pci_read8(device, at) & ~3u;

		if (next < CAPABILITIES_START || pci_read16(device, next) == 0xffff)
			return 0;
		if (pci_read8(device, next) == id)
			return next;
		at = next + 1;
	}
	return 0;
}

/* ---- base address registers ---- */

/* Which bits of a register can be set. Its value is as before afterwards. */
static uint32_t settable_bits(const struct pci_device *device, unsigned offset)
{
	uint32_t value = pci_read32(device, offset), bits;

	pci_write32(device, offset, UINT32_MAX);
	bits = pci_read32(device, offset);
	pci_write32(device, offset, value);
	return bits;
}

static struct pci_bar read_port_bar(uint32_t value, uint32_t bits)
{
	bits &= ~BAR_PORT_FLAGS;
	if (!(bits & 0xffff0000))
		bits |= 0xffff0000; /* only 16 address lines: allowed (6.2.5.1) */
	return (struct pci_bar){ .kind = PCI_BAR_PORT,
				 .start = value & ~BAR_PORT_FLAGS & 0xffff,
				 .size = ~bits + 1 };
}

static struct pci_bar read_memory_bar(const struct pci_device *device, unsigned offset)
{
	uint32_t value = pci_read32(device, offset), upper = 0, upper_bits = UINT32_MAX;
	uint32_t bits = settable_bits(device, offset) & ~BAR_MEMORY_FLAGS;
	struct pci_bar bar = { .kind = PCI_BAR_MEMORY,
			       .prefetchable = value & BAR_PREFETCHABLE,
			       .wide = (value & BAR_TYPE) == BAR_WIDE,
			       .start = value & ~BAR_MEMORY_FLAGS };

	if (bar.wide) {
		upper = pci_read32(device, offset + 4);
		upper_bits = settable_bits(device, offset + 4);
	}
	bar.size = ~bits + 1;
	if (bar.size == 0 || upper_bits != UINT32_MAX)
		bar.kind = PCI_BAR_NONE; /* 4 GB or more */
	else if (upper != 0 || bar.start == 0 || bar.start + (bar.size - 1) < bar.start)
		bar.kind = PCI_BAR_UNPLACED;
	return bar;
}

/* What register i asks for; bars[i + 1] belongs to it when it is wide. */
static void read_bar(struct pci_device *device, unsigned i, unsigned count)
{
	unsigned offset = PCI_BAR0 + i * 4;
	uint32_t bits = settable_bits(device, offset);
	uint32_t value = pci_read32(device, offset);
	struct pci_bar *bar = &device->bars[i];

	if (bits == 0 || bits == UINT32_MAX)
		return;
	if (value & BAR_PORT)
		*bar = read_port_bar(value, bits);
	else if ((value & BAR_TYPE) != BAR_WIDE || i + 1 < count)
		*bar = read_memory_bar(device, offset);
	if (bar->kind == PCI_BAR_PORT && bar->start == 0)
		bar->kind = PCI_BAR_NONE;
}

static void read_bars(struct pci_device *device)
{
	unsigned count = device->header == PCI_HEADER_BRIDGE ? 2 : PCI_BARS;
	uint32_t flags = irq_save();
	uint16_t command = pci_read16(device, PCI_COMMAND);

	pci_write16(device, PCI_COMMAND, command & ~(PCI_COMMAND_PORTS | PCI_COMMAND_MEMORY));
	for (unsigned i = 0; i < count; i += device->bars[i].wide ? 2 : 1)
		read_bar(device, i, count);
	pci_write16(device, PCI_COMMAND, command);
	irq_restore(flags);
}

/* ---- finding them ---- */

static void read_header(struct pci_device *device)
{
	device->id = pci_read16(device, PCI_ID);
	device->revision = pci_read8(device, PCI_REVISION);
	device->interface = pci_read8(device, PCI_INTERFACE);
	device->subclass = pci_read8(device, PCI_SUBCLASS);
	device->base_class = pci_read8(device, PCI_BASE_CLASS);
	device->irq = pci_read8(device, PCI_IRQ_LINE);
	device->irq_pin = pci_read8(device, PCI_IRQ_PIN);
	if (device->header == PCI_HEADER_DEVICE) {
		device->subsystem_vendor = pci_read16(device, PCI_SUBSYSTEM_VENDOR);
		device->subsystem = pci_read16(device, PCI_SUBSYSTEM);
	}
	if (device->header <= PCI_HEADER_BRIDGE)
		read_bars(device);
}

static void find_bus_behind(const struct pci_device *bridge)
{
	unsigned bus = pci_read8(bridge, PCI_SECONDARY_BUS);

	if (bus == 0)
		log_warning("pci: %02x:%02x.%u: a bridge to nowhere", bridge->bus, bridge->slot,
			    bridge->function);
	buses_found[bus / 32] |= 1u << (bus % 32);
}

/* Enters the function at address `at`, if one is there: its header register, else -ENODEV. */
static int add_function(const struct pci_device *at)
{
	uint16_t vendor = pci_read16(at, PCI_VENDOR);
	struct pci_device *device;
	uint8_t header;

	if (vendor == NO_VENDOR || vendor == 0)
		return -ENODEV;
	device = kalloc(sizeof(*device));
	if (!device) {
		log_error("pci: no memory for a device");
		return -ENOMEM;
	}
	*device = *at;
	device->vendor = vendor;
	header = pci_read8(device, PCI_HEADER);
	device->header = header & HEADER_TYPE;
	read_header(device);
	list_add_tail(&devices, &device->link);
	log_debug("pci: %02x:%02x.%u: %04x:%04x class %02x%02x%02x irq %u", device->bus,
		  device->slot, device->function, device->vendor, device->id, device->base_class,
		  device->subclass, device->interface, device->irq);
	if (device->header == PCI_HEADER_BRIDGE)
		find_bus_behind(device);
	return header;
}

static void walk_bus(unsigned bus)
{
	buses_walked[bus / 32] |= 1u << (bus % 32);
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		struct pci_device at = { .bus = bus, .slot = slot };
		int header = add_function(&at);

		if (header < 0 || !(header & HEADER_MANY_FUNCTIONS))
			continue;
		for (at.function = 1; at.function < FUNCTIONS; at.function++)
			(void)add_function(&at);
	}
}

/* The lowest that a bridge led to and that was not looked at; BUSES: none. */
static unsigned next_bus(void)
{
	unsigned bus = 0;

	while (bus < BUSES && !(buses_found[bus / 32] & ~buses_walked[bus / 32] & 1u << (bus % 32)))
		bus++;
	return bus;
}

/* The address register keeps what is written to it, where there is one. */
static bool is_there(void)
{
	uint32_t before = port_read32(CONFIG_ADDRESS), now;

	port_write32(CONFIG_ADDRESS, CONFIG_ENABLE);
	now = port_read32(CONFIG_ADDRESS);
	port_write32(CONFIG_ADDRESS, before);
	return now == CONFIG_ENABLE;
}

void pci_init(void)
{
	if (!is_there()) {
		log_info("pci: none");
		return;
	}
	buses_found[0] = 1;
	for (unsigned bus = 0; bus < BUSES; bus = next_bus())
		walk_bus(bus);
}

struct pci_device *pci_next(const struct pci_device *device)
{
	const struct list *next = device ? device->link.next : devices.next;

	return next == &devices ? NULL : list_entry(next, struct pci_device, link);
}

/* ---- using one ---- */

void pci_enable(struct pci_device *device)
{
	uint16_t command = pci_read16(device, PCI_COMMAND) | PCI_COMMAND_MASTER;

	pci_place(device);
	for (unsigned i = 0; i < PCI_BARS; i++) {
		if (device->bars[i].kind == PCI_BAR_PORT)
			command |= PCI_COMMAND_PORTS;
		else if (device->bars[i].kind == PCI_BAR_MEMORY)
			command |= PCI_COMMAND_MEMORY;
	}
	pci_write16(device, PCI_COMMAND, command);
}

volatile void *pci_map(const struct pci_device *device, unsigned bar, uint32_t offset,
		       uint32_t size)
{
	const struct pci_bar *from = bar < PCI_BARS ? &device->bars[bar] : NULL;

	if (!from || from->kind != PCI_BAR_MEMORY || size == 0 || offset > from->size ||
	    size > from->size - offset)
		return NULL;
	return kvrange_map_device(from->start + offset, size, CACHE_UNCACHED);
}

/* -ENODEV: the device has no line that anything could come by. */
static int share_line(struct pci_device *device, bool (*handler)(void *context), void *context)
{
	int error;

	if (device->irq_pin == 0 || device->irq == 0 || device->irq >= TRAP_IRQS)
		return -ENODEV;
	error = irq_share(device->irq, handler, context);
	if (!error)
		pic_make_level(device->irq);
	return error;
}

int pci_irq_register(struct pci_device *device, bool (*handler)(void *context), void *context)
{
	uint16_t command = pci_read16(device, PCI_COMMAND);
	int error = share_line(device, handler, context);

	pci_write16(device, PCI_COMMAND, command & ~PCI_COMMAND_NO_INTX);
	if (!error || error == -ENOMEM)
		return error;
	log_warning("pci: %02x:%02x.%u: line %u cannot be used (error %d): polled", device->bus,
		    device->slot, device->function, device->irq, -error);
	return irq_share(IRQ_POLLED, handler, context);
}
