/*
 * Virtio's registers on PCI, in both generations (Virtio 1.1, 4.1). Registers of version 1 are little
 * endian and accessed at their own width (4.1.3.1); legacy ones are ports.
 */
#include "virtio.h"

#include <assert.h>
#include <clock.h>
#include <pci.h>
#include <task.h>

#include <abi/errno.h>

#include "port.h"
#include "virtio_registers.h"

/* ---- finding the registers ---- */

/*
 * Maps what the capability of a kind points at, at least size bytes of it; the first one that is
 * within reach, as 4.1.4 asks. *found is its offset in configuration space.
 */
static volatile uint8_t *map_capability(struct pci_device *pci, uint8_t kind, uint32_t size,
					unsigned *found, uint32_t *length)
{
	volatile uint8_t *mapped = NULL;
	unsigned at = 0;

	while (!mapped && (at = pci_find_capability(pci, PCI_CAPABILITY_VENDOR, at))) {
		*length = pci_read32(pci, at + CAPABILITY_LENGTH);
		*found = at;
		if (pci_read8(pci, at + CAPABILITY_KIND) == kind && *length >= size)
			mapped = pci_map(pci, pci_read8(pci, at + CAPABILITY_BAR),
					 pci_read32(pci, at + CAPABILITY_OFFSET), *length);
	}
	return mapped;
}

static bool find_modern(struct virtio *virtio)
{
	struct pci_device *pci = virtio->pci;
	uint32_t length;
	unsigned at;

	virtio->common = map_capability(pci, KIND_COMMON, COMMON_SIZE, &at, &length);
	virtio->isr = map_capability(pci, KIND_ISR, 1, &at, &length);
	virtio->config = map_capability(pci, KIND_DEVICE, 1, &at, &virtio->config_size);
	virtio->notify = map_capability(pci, KIND_NOTIFY, 2, &at, &length);
	if (!virtio->common || !virtio->isr || !virtio->config || !virtio->notify)
		return false;
	virtio->notify_multiplier = pci_read32(pci, at + CAPABILITY_MULTIPLIER);
	virtio->modern = true;
	return true;
}

static bool find_legacy(struct virtio *virtio)
{
	const struct pci_bar *bar = &virtio->pci->bars[0];

	if (bar->kind != PCI_BAR_PORT || bar->size < LEGACY_CONFIG)
		return false;
	virtio->port = bar->start;
	virtio->config_size = bar->size - LEGACY_CONFIG;
	return true;
}

int virtio_attach(struct virtio *virtio, struct pci_device *pci)
{
	virtio->pci = pci;
	pci_enable(pci);
	if (!find_modern(virtio) && !find_legacy(virtio))
		return -ENXIO;
	return virtio_reset(virtio);
}

/* ---- status and features ---- */

static uint8_t status(const struct virtio *virtio)
{
	return virtio->modern ? virtio->common[COMMON_STATUS]
			      : port_read8(virtio->port + LEGACY_STATUS);
}

static void set_status(struct virtio *virtio, uint8_t value)
{
	if (virtio->modern)
		virtio->common[COMMON_STATUS] = value;
	else
		port_write8(virtio->port + LEGACY_STATUS, value);
}

void virtio_add_status(struct virtio *virtio, uint8_t value)
{
	set_status(virtio, status(virtio) | value);
}

/* The device may take its time (4.1.4.3.2); not for ever. */
int virtio_reset(struct virtio *virtio)
{
	uint64_t deadline = clock_monotonic_ns() + NSEC_PER_SEC;

	set_status(virtio, 0);
	while (status(virtio) != 0) {
		if (clock_monotonic_ns() > deadline)
			return -EIO;
		sched_yield();
	}
	return 0;
}

static volatile uint32_t *common32(const struct virtio *virtio, unsigned offset)
{
	return (volatile uint32_t *)(virtio->common + offset);
}

static volatile uint16_t *common16(const struct virtio *virtio, unsigned offset)
{
	return (volatile uint16_t *)(virtio->common + offset);
}

static uint64_t offered(const struct virtio *virtio)
{
	uint64_t features;

	if (!virtio->modern)
		return port_read32(virtio->port + LEGACY_OFFERED);
	*common32(virtio, COMMON_OFFERED_SELECT) = 1;
	features = (uint64_t)*common32(virtio, COMMON_OFFERED) << 32;
	*common32(virtio, COMMON_OFFERED_SELECT) = 0;
	return features | *common32(virtio, COMMON_OFFERED);
}

static void accept(struct virtio *virtio, uint64_t features)
{
	virtio->features = features;
	if (!virtio->modern) {
		port_write32(virtio->port + LEGACY_ACCEPTED, (uint32_t)features);
		return;
	}
	*common32(virtio, COMMON_ACCEPTED_SELECT) = 0;
	*common32(virtio, COMMON_ACCEPTED) = (uint32_t)features;
	*common32(virtio, COMMON_ACCEPTED_SELECT) = 1;
	*common32(virtio, COMMON_ACCEPTED) = features >> 32;
}

int virtio_negotiate(struct virtio *virtio, uint64_t wanted)
{
	virtio_add_status(virtio, VIRTIO_ACKNOWLEDGE);
	virtio_add_status(virtio, VIRTIO_DRIVER);
	if (!virtio->modern) {
		accept(virtio, offered(virtio) & wanted);
		return 0;
	}
	accept(virtio, offered(virtio) & (wanted | VIRTIO_F_VERSION_1));
	virtio_add_status(virtio, VIRTIO_FEATURES_OK);
	if ((status(virtio) & VIRTIO_FEATURES_OK) && (virtio->features & VIRTIO_F_VERSION_1))
		return 0;
	virtio_add_status(virtio, VIRTIO_FAILED);
	return -ENXIO;
}

/* ---- the device's own configuration ---- */

uint8_t virtio_config8(const struct virtio *virtio, unsigned offset)
{
	if (offset >= virtio->config_size)
		return 0;
	return virtio->modern ? virtio->config[offset]
			      : port_read8(virtio->port + LEGACY_CONFIG + offset);
}

uint32_t virtio_config32(const struct virtio *virtio, unsigned offset)
{
	assert((offset & 3) == 0);
	if (offset + 4 > virtio->config_size)
		return 0;
	return virtio->modern ? *(volatile uint32_t *)(virtio->config + offset)
			      : port_read32(virtio->port + LEGACY_CONFIG + offset);
}

/* In halves, which are of one generation of the configuration (2.4.1). */
uint64_t virtio_config64(const struct virtio *virtio, unsigned offset)
{
	uint32_t low, high, again;

	do {
		high = virtio_config32(virtio, offset + 4);
		low = virtio_config32(virtio, offset);
		again = virtio_config32(virtio, offset + 4);
	} while (again != high);
	return (uint64_t)high << 32 | low;
}

uint8_t virtio_isr(const struct virtio *virtio)
{
	return virtio->modern ? *virtio->isr : port_read8(virtio->port + LEGACY_ISR);
}

/* ---- where queue 0 is ---- */

unsigned virtio_queue_size(struct virtio *virtio)
{
	if (!virtio->modern) {
		port_write16(virtio->port + LEGACY_QUEUE_SELECT, 0);
		return port_read16(virtio->port + LEGACY_QUEUE_SIZE);
	}
	*common16(virtio, COMMON_QUEUE_SELECT) = 0;
	return *common16(virtio, COMMON_QUEUE_SIZE);
}

static void set_address(const struct virtio *virtio, unsigned offset, paddr_t address)
{
	*common32(virtio, offset) = address;
	*common32(virtio, offset + 4) = 0;
}

void virtio_enable_queue(struct virtio *virtio, unsigned size, paddr_t descriptors,
			 paddr_t available, paddr_t used)
{
	uint32_t notify;

	if (!virtio->modern) {
		port_write16(virtio->port + LEGACY_QUEUE_SELECT, 0);
		port_write32(virtio->port + LEGACY_QUEUE_PAGE, descriptors >> LEGACY_QUEUE_SHIFT);
		return;
	}
	*common16(virtio, COMMON_QUEUE_SELECT) = 0;
	*common16(virtio, COMMON_QUEUE_SIZE) = size;
	set_address(virtio, COMMON_QUEUE_DESCRIPTORS, descriptors);
	set_address(virtio, COMMON_QUEUE_AVAILABLE, available);
	set_address(virtio, COMMON_QUEUE_USED, used);
	notify = *common16(virtio, COMMON_QUEUE_NOTIFY) * virtio->notify_multiplier;
	virtio->queue_notify = (volatile uint16_t *)(virtio->notify + notify);
	*common16(virtio, COMMON_QUEUE_ENABLE) = 1;
}

void virtio_notify(const struct virtio *virtio)
{
	if (virtio->modern)
		*virtio->queue_notify = 0;
	else
		port_write16(virtio->port + LEGACY_NOTIFY, 0);
}
