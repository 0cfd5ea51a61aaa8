/*
 * Between what finds PCI's devices (drivers/pci.c) and what gives them places (drivers/pci_place.c).
 */
#ifndef LOFT_DRIVERS_PCI_INTERNAL_H
#define LOFT_DRIVERS_PCI_INTERNAL_H

#include <pci.h>

#define PCI_HEADER_DEVICE 0
#define PCI_HEADER_BRIDGE 1

/* Of one piece of memory: how far apart at least, and how much at most. */
#define PCI_PLACE_MIN 4096u
#define PCI_PLACE_MAX (16u << 20)

/* Gives the memory of a device that is unplaced a place within reach, where there is one. */
void pci_place(struct pci_device *device);

#endif
