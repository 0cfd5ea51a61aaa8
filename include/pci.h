/*
 * PCI: what devices there are, their configuration space, their ports and memory, their interrupts
 * (PCI Local Bus Specification 3.0; PCI-to-PCI Bridge Architecture Specification 1.2).
 *
 * Found once, while booting, on all buses behind bridges, as the firmware has numbered them; the
 * list does not change afterwards.
 */
#ifndef LOFT_PCI_H
#define LOFT_PCI_H

#include <list.h>
#include <types.h>

enum pci_bar_kind {
	PCI_BAR_NONE,	 /* not there, or of 4 GB and more */
	PCI_BAR_PORT,	 /* ports */
	PCI_BAR_MEMORY,	 /* memory */
	PCI_BAR_UNPLACED /* memory at no address, or above 4 GB, until pci_enable */
};

/* A base address register: ports or memory of a device's. */
struct pci_bar {
	enum pci_bar_kind kind;
	bool prefetchable;
	bool wide;	/* 64 bits: the next one is its upper half, and is NONE */
	uint32_t start; /* first port, or physical address */
	uint32_t size;	/* in bytes, a power of two */
};

#define PCI_BARS 6

struct pci_device {
	struct list link;
	uint8_t bus, slot, function;
	uint16_t vendor, id;
	uint16_t subsystem_vendor, subsystem; /* 0 for bridges */
	uint8_t base_class, subclass, interface, revision;
	uint8_t header;	      /* type: 0 device, 1 bridge to another bus */
	uint8_t irq, irq_pin; /* line of the 8259s as firmware says, 255 none; INTA# is 1, 0 none */
	struct pci_bar bars[PCI_BARS]; /* bridges have two */
	const char *driver;	       /* who uses it, for /proc; NULL: nobody */
};

/* base_class and subclass of mass storage (PCI Code and ID Assignment Specification 1.1, 1.2). */
#define PCI_CLASS_STORAGE 0x01
#define PCI_SUBCLASS_IDE 0x01
#define PCI_SUBCLASS_SATA 0x06
#define PCI_INTERFACE_AHCI 0x01
#define PCI_CLASS_BRIDGE 0x06
#define PCI_SUBCLASS_PCI_BRIDGE 0x04

/* Configuration space, type 0 header (PCI 3.0, 6.1 and 6.2). */
#define PCI_VENDOR 0x00
#define PCI_ID 0x02
#define PCI_COMMAND 0x04
#define PCI_COMMAND_PORTS 0x0001u
#define PCI_COMMAND_MEMORY 0x0002u
#define PCI_COMMAND_MASTER 0x0004u
#define PCI_COMMAND_NO_INTX 0x0400u
#define PCI_STATUS 0x06
#define PCI_STATUS_INTX 0x0008u
#define PCI_STATUS_CAPABILITIES 0x0010u
#define PCI_REVISION 0x08
#define PCI_INTERFACE 0x09
#define PCI_SUBCLASS 0x0a
#define PCI_BASE_CLASS 0x0b
#define PCI_HEADER 0x0e
#define PCI_BAR0 0x10
#define PCI_SECONDARY_BUS 0x19 /* of a bridge */
#define PCI_SUBSYSTEM_VENDOR 0x2c
#define PCI_SUBSYSTEM 0x2e
#define PCI_CAPABILITIES 0x34
#define PCI_IRQ_LINE 0x3c
#define PCI_IRQ_PIN 0x3d

#define PCI_CAPABILITY_MSI 0x05
#define PCI_CAPABILITY_VENDOR 0x09
#define PCI_CAPABILITY_MSIX 0x11

/*
 * Finds all devices; before any of what follows. Without PCI there are none. Allocates, does not
 * sleep.
 */
void pci_init(void);
/* The one after device in the order found, the first after NULL; NULL: no more. */
struct pci_device *pci_next(const struct pci_device *device);

/*
 * Configuration space by byte offset 0..255, which is a multiple of the size. All ones is what a
 * device that is not there reads as. From anywhere.
 */
uint8_t pci_read8(const struct pci_device *device, unsigned offset);
uint16_t pci_read16(const struct pci_device *device, unsigned offset);
uint32_t pci_read32(const struct pci_device *device, unsigned offset);
void pci_write8(const struct pci_device *device, unsigned offset, uint8_t value);
void pci_write16(const struct pci_device *device, unsigned offset, uint16_t value);
void pci_write32(const struct pci_device *device, unsigned offset, uint32_t value);

/*
 * The offset of the capability with this id that comes after the one at offset `after` (0: the
 * first); 0: none. Bounded on any contents.
 */
unsigned pci_find_capability(const struct pci_device *device, uint8_t id, unsigned after);

/*
 * Lets the device answer at its ports and memory (those its BARs have) and fetch and store memory
 * itself. Memory that the firmware has put out of reach is moved first, if there is room.
 */
void pci_enable(struct pci_device *device);
/*
 * size bytes of memory from offset on in a memory BAR, mapped uncached for ever; NULL: not a memory
 * BAR, not within it, or no kernel range left.
 */
__must_check volatile void *pci_map(const struct pci_device *device, unsigned bar, uint32_t offset,
				    uint32_t size);

/*
 * Sets the handler of the device's interrupt (INTx), on a line it may share: called with interrupts
 * off, perhaps for another's interrupt; true when its own device had one, which it has then quieted.
 * Where there is no line that could be used the handler is called at each tick of the clock
 * instead, and the log says so. 0 or -ENOMEM.
 */
__must_check int pci_irq_register(struct pci_device *device, bool (*handler)(void *context),
				  void *context);

#endif
