/*
 * Places for device memory that the firmware has put out of our reach, above 4 GB, as UEFI's does with
 * 64-bit base address registers, or nowhere.
 *
 * The range from F0000000 on leads to PCI on all PCs: below it may lie RAM and the memory of PCI
 * Express's configuration, above it the interrupt controllers and the firmware. Free there is what
 * no register of any device and no window of any bridge names. A device behind a bridge must lie in
 * the bridge's window, which is the firmware's: such a one is left alone.
 */
#include <boot.h>
#include <log.h>
#include <pci.h>
#include <types.h>

#include "pci_internal.h"

#define RANGE_START 0xf0000000u
#define RANGE_END 0xfc000000u

/* A bridge's windows (PCI-to-PCI Bridge Architecture 1.2, 3.2.5.8 and 3.2.5.9): in units of 1 MB. */
#define BRIDGE_MEMORY 0x20
#define BRIDGE_PREFETCHABLE 0x24
#define BRIDGE_UNIT_SHIFT 20

static bool overlaps(uint32_t start, uint32_t size, uint32_t other, uint32_t other_size)
{
	return other_size > 0 && start < other + other_size && other < start + size;
}

/* Base and limit are the upper 12 bits of each half. */
static bool in_window(const struct pci_device *bridge, unsigned offset, uint32_t start,
		      uint32_t size)
{
	uint32_t window = pci_read32(bridge, offset);
	uint32_t base = (window & 0xfff0) << 16, limit = (window & 0xfff00000) | 0xfffff;

	return base < limit && overlaps(start, size, base, limit - base);
}

static bool uses(const struct pci_device *device, uint32_t start, uint32_t size)
{
	for (unsigned i = 0; i < PCI_BARS; i++) {
		const struct pci_bar *bar = &device->bars[i];

		if (bar->kind == PCI_BAR_MEMORY && overlaps(start, size, bar->start, bar->size))
			return true;
	}
	return device->header == PCI_HEADER_BRIDGE &&
	       (in_window(device, BRIDGE_MEMORY, start, size) ||
		in_window(device, BRIDGE_PREFETCHABLE, start, size));
}

static bool is_free(uint32_t start, uint32_t size)
{
	const struct framebuffer_info *screen = &boot_info.framebuffer;
	const struct pci_device *device = NULL;

	while ((device = pci_next(device)))
		if (uses(device, start, size))
			return false;
	for (unsigned i = 0; i < boot_info.nram; i++)
		if (start < boot_info.ram[i].end && boot_info.ram[i].start < start + size)
			return false;
	return !overlaps(start, size, screen->paddr, screen->pitch * screen->height);
}

/* Aligned to its size; 0: there is none. */
static uint32_t find_place(uint32_t size)
{
	uint32_t step = MAX(size, PCI_PLACE_MIN);

	for (uint32_t start = RANGE_END - step; start >= RANGE_START; start -= step)
		if (is_free(start, size))
			return start;
	return 0;
}

static void place(struct pci_device *device, unsigned i)
{
	struct pci_bar *bar = &device->bars[i];
	unsigned offset = PCI_BAR0 + i * 4;
	uint32_t start;

	if (bar->size > PCI_PLACE_MAX || device->bus != 0)
		start = 0;
	else
		start = find_place(bar->size);
	if (start == 0) {
		log_warning("pci: %02x:%02x.%u: no place for memory %u", device->bus, device->slot,
			    device->function, i);
		return;
	}
	pci_write32(device, offset, start);
	if (bar->wide)
		pci_write32(device, offset + 4, 0);
	bar->start = start;
	bar->kind = PCI_BAR_MEMORY;
	log_info("pci: %02x:%02x.%u: memory %u is at %08x now", device->bus, device->slot,
		 device->function, i, start);
}

void pci_place(struct pci_device *device)
{
	uint16_t command = pci_read16(device, PCI_COMMAND);
	bool any = false;

	for (unsigned i = 0; i < PCI_BARS; i++)
		any |= device->bars[i].kind == PCI_BAR_UNPLACED;
	if (!any || device->header != PCI_HEADER_DEVICE)
		return;
	pci_write16(device, PCI_COMMAND, command & ~PCI_COMMAND_MEMORY);
	for (unsigned i = 0; i < PCI_BARS; i++)
		if (device->bars[i].kind == PCI_BAR_UNPLACED)
			place(device, i);
	pci_write16(device, PCI_COMMAND, command);
}
