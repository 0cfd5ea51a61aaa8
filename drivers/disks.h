/*
 * The disk drivers, for drivers/disks.c. Each is asked once about each PCI device, in a task: 0 it
 * took the device, -ENODEV it is none of its kind, or another error, and then nobody uses it.
 */
#ifndef LOFT_DRIVERS_DISKS_H
#define LOFT_DRIVERS_DISKS_H

struct pci_device;

int virtio_blk_probe(struct pci_device *pci);
int ahci_probe_pci(struct pci_device *device);
/* IDE controllers; then the ports that IDE had before PCI, unless a PCI controller has them. */
int ata_probe_pci(struct pci_device *device);
void ata_probe_isa(void);

#endif
