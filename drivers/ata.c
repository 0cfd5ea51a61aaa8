/*
 * IDE controllers: on PCI, and without one at the ports where the first PCs had them.
 *
 * A PCI controller has two channels, each in one of two modes (PCI IDE Controller Specification
 * 1.0): in compatibility mode at the old ports with the old interrupt lines of its own, 14 and 15;
 * in native mode where the base address registers say, with the device's PCI interrupt. The fifth
 * base address register has the bus master of both.
 *
 * A channel exists for us when something answers at its ports; else nothing is kept of it, and no
 * interrupt is taken.
 */
#include "ata_channel.h"

#include <abi/errno.h>
#include <format.h>
#include <frame.h>
#include <kheap.h>
#include <log.h>
#include <pci.h>
#include <trap.h>

#include "disks.h"

/* Bits of the programming interface, for the first channel; the second one's are two further. */
#define INTERFACE_NATIVE 0x01u
#define BAR_MASTER 4
#define MASTER_PORTS 8u	  /* of each channel */
#define CONTROL_OFFSET 2u /* of the control register in its block */

static const struct {
	uint16_t command, control;
	uint8_t irq;
} old_places[2] = { { 0x1F0, 0x3F6, 14 }, { 0x170, 0x376, 15 } };

static unsigned nchannels;
static bool old_place_taken[2]; /* by a PCI controller */

static void look_again(void *context)
{
	struct ata_channel *channel = context;

	if (channel->active)
		disk_work(&channel->active->disk);
}

static void handle_own_line(void *context)
{
	(void)ata_interrupt(context, false);
}

static bool handle_shared_line(void *context)
{
	return ata_interrupt(context, false);
}

/* Makes the table for the bus master, or does without. */
static void use_master(struct ata_channel *channel, uint16_t master, bool second)
{
	struct frame *frame;

	channel->master = master;
	if (second && ata_dma_is_simplex(channel)) {
		log_info("%s: shares its bus master: no DMA", channel->name);
		channel->master = 0;
		return;
	}
	frame = frame_alloc(FRAME_KERNEL, FRAME_LOW);
	if (frame)
		channel->prds = frame_virt(frame);
	ata_dma_init(channel);
}

static struct ata_channel *make_channel(uint16_t command, uint16_t control)
{
	struct ata_channel *channel = kzalloc(sizeof(*channel));

	if (!channel)
		return NULL;
	channel->command = command;
	channel->control = control;
	wait_queue_init(&channel->wait);
	timer_init(&channel->look_again, look_again, channel);
	for (unsigned i = 0; i < 2; i++) {
		channel->drives[i].channel = channel;
		channel->drives[i].number = i;
	}
	if (!ata_channel_occupied(channel)) {
		kfree(channel);
		return NULL;
	}
	format(channel->name, sizeof(channel->name), "ata%u", ++nchannels);
	return channel;
}

/* From here on the channel stays: interrupts may come. */
static void start_channel(struct ata_channel *channel, int error)
{
	if (error)
		log_error("%s: no interrupt to be had (%d): its drives are left alone",
			  channel->name, error);
	else
		ata_channel_probe(channel);
}

static void add_old_channel(unsigned number, uint16_t master)
{
	struct ata_channel *channel = make_channel(old_places[number].command,
						   old_places[number].control);
	int error;

	if (!channel)
		return;
	if (master)
		use_master(channel, master, number == 1);
	error = irq_register(old_places[number].irq, handle_own_line, channel);
	if (error == -EBUSY) { /* a PCI device has been given the line all the same */
		channel->shares_line = true;
		error = irq_share(old_places[number].irq, handle_shared_line, channel);
	}
	start_channel(channel, error);
}

static void add_native_channel(struct pci_device *device, unsigned number, uint16_t master)
{
	const struct pci_bar *command = &device->bars[2 * number];
	const struct pci_bar *control = &device->bars[2 * number + 1];
	struct ata_channel *channel;

	if (command->kind != PCI_BAR_PORT || control->kind != PCI_BAR_PORT)
		return;
	channel = make_channel((uint16_t)command->start,
			       (uint16_t)(control->start + CONTROL_OFFSET));
	if (!channel)
		return;
	channel->shares_line = true;
	if (master)
		use_master(channel, master, number == 1);
	start_channel(channel, pci_irq_register(device, handle_shared_line, channel));
}

static void add_channel(struct pci_device *device, unsigned number, uint16_t master)
{
	if (device->interface & INTERFACE_NATIVE << 2 * number) {
		add_native_channel(device, number, master);
	} else if (!old_place_taken[number]) {
		old_place_taken[number] = true;
		add_old_channel(number, master);
	}
}

int ata_probe_pci(struct pci_device *device)
{
	const struct pci_bar *bar = &device->bars[BAR_MASTER];
	uint16_t master = bar->kind == PCI_BAR_PORT ? (uint16_t)bar->start : 0;

	if (device->base_class != PCI_CLASS_STORAGE || device->subclass != PCI_SUBCLASS_IDE)
		return -ENODEV;
	pci_enable(device);
	device->driver = "ata";
	add_channel(device, 0, master);
	add_channel(device, 1, master ? (uint16_t)(master + MASTER_PORTS) : 0);
	return 0;
}

void ata_probe_isa(void)
{
	for (unsigned i = 0; i < 2; i++) {
		if (!old_place_taken[i])
			add_old_channel(i, 0);
	}
}
