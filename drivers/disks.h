/*
 * The disk drivers, for drivers/disks.c. Each is asked once about each PCI device, in a task: 0 it
 * took the device, -ENODEV it is none of its kind, or another error, and then nobody uses it.
 */
#ifndef LOFT_DRIVERS_DISKS_H
#define LOFT_DRIVERS_DISKS_H

struct pci_device;

int virtio_blk_probe(struct pci_device *pci);

#endif
