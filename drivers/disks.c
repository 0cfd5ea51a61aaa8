/*
 * Finding the disks: each driver is shown each PCI device, in the order of their numbers, and takes
 * those it knows; then come those that look at fixed ports. That order gives the disks their names.
 */
#include <block.h>

#include <log.h>
#include <pci.h>

#include <abi/errno.h>

#include "disks.h"

/* Drivers of PCI devices: 0 (taken), -ENODEV (not mine), or why it cannot be used. */
static int (*const probes[])(struct pci_device *device) = {
	virtio_blk_probe,
	ata_probe_pci,
	ahci_probe_pci,
};

static void probe(struct pci_device *device)
{
	int error = -ENODEV;

	for (unsigned i = 0; i < ARRAY_SIZE(probes) && error == -ENODEV; i++)
		error = probes[i](device);
	if (error && error != -ENODEV)
		log_error("pci: %02x:%02x.%u: cannot be used: error %d", device->bus, device->slot,
			  device->function, -error);
}

void disks_init(void)
{
	struct pci_device *device = NULL;

	pci_init();
	while ((device = pci_next(device)))
		probe(device);
	ata_probe_isa();
}
