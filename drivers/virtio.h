/*
 * Virtio devices on PCI: the transport and the queue (Virtual I/O Device Specification 1.1, OASIS).
 *
 * Two transports lead to the same queues: the one of version 1, whose registers lie in memory that
 * capabilities point at (4.1), and the legacy one with its registers in ports (4.1.4.8 and the
 * "Legacy Interface" sections), which older hosts have alone.
 */
#ifndef LOFT_DRIVERS_VIRTIO_H
#define LOFT_DRIVERS_VIRTIO_H

#include <types.h>

struct pci_device;

#define VIRTIO_VENDOR 0x1af4

/* Device status (2.1). */
#define VIRTIO_ACKNOWLEDGE 1
#define VIRTIO_DRIVER 2
#define VIRTIO_DRIVER_OK 4
#define VIRTIO_FEATURES_OK 8
#define VIRTIO_FAILED 128

#define VIRTIO_F_VERSION_1 (1ull << 32)

/* ---- the transport (drivers/virtio_pci.c) ---- */

struct virtio {
	struct pci_device *pci;
	bool modern;
	uint64_t features; /* agreed upon */
	/* modern: memory, where capabilities said */
	volatile uint8_t *common, *notify, *isr, *config;
	uint32_t config_size;
	uint32_t notify_multiplier;
	volatile uint16_t *queue_notify; /* of the queue */
	/* legacy: ports */
	uint16_t port;
};

/* Finds the registers, resets the device: 0, -ENXIO (no registers within reach), -EIO. */
__must_check int virtio_attach(struct virtio *virtio, struct pci_device *pci);
/* The device forgets everything and touches no memory afterwards. 0 or -EIO: it does not. */
__must_check int virtio_reset(struct virtio *virtio);
/*
 * The first steps of initialization (3.1.1): agrees on those of wanted that the device offers. 0, or
 * -ENXIO when it insists on others.
 */
__must_check int virtio_negotiate(struct virtio *virtio, uint64_t wanted);
void virtio_add_status(struct virtio *virtio, uint8_t status);
/* The device's own configuration, by byte offset; 0 beyond its end. */
uint8_t virtio_config8(const struct virtio *virtio, unsigned offset);
uint32_t virtio_config32(const struct virtio *virtio, unsigned offset);
uint64_t virtio_config64(const struct virtio *virtio, unsigned offset);
/* Reads the interrupt status, which quiets the interrupt: 1 a queue, 2 the configuration. */
uint8_t virtio_isr(const struct virtio *virtio);

/* ---- the queue (drivers/virtio_queue.c): split rings (2.6) ---- */

struct virtio_descriptor {
	uint64_t address;
	uint32_t size;
	uint16_t flags;
	uint16_t next;
};

struct virtio_ring_used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t size;
	} entries[];
};

struct virtio_ring_available {
	uint16_t flags;
	uint16_t index;
	uint16_t entries[];
};

/* Guarded by interrupt-off sections, the callers'. */
struct virtio_queue {
	struct virtio *virtio;
	unsigned size;	/* a power of two */
	unsigned order; /* of the block of frames the three parts lie in */
	struct virtio_descriptor *descriptors;
	volatile struct virtio_ring_available *available;
	volatile struct virtio_ring_used *used;
	unsigned nfree;
	uint16_t free; /* the first of the free ones, which next leads through */
	uint16_t seen; /* of used->index */
	bool lied;     /* the device did, and the log says so */
};

/* A piece of memory for the device. */
struct virtio_piece {
	paddr_t start;
	uint32_t size;
	bool device_writes;
};

/* How many entries the device's queue 0 has, 0: none. */
unsigned virtio_queue_size(struct virtio *virtio);
/* Memory for queue 0, with at most size_wanted entries where that may be chosen. 0, -ENOMEM... */
__must_check int virtio_queue_create(struct virtio_queue *queue, struct virtio *virtio,
				     unsigned size_wanted);
/* Gives the memory back; the device was reset. */
void virtio_queue_destroy(struct virtio_queue *queue);
/* Empties it and tells the device where it is; after virtio_negotiate. */
void virtio_queue_start(struct virtio_queue *queue);
/*
 * Enters a chain of pieces, nfree of which there are; the first descriptor's number, by which it
 * comes back. The device hears of it by virtio_queue_kick.
 */
unsigned virtio_queue_add(struct virtio_queue *queue, const struct virtio_piece *pieces,
			  unsigned npieces);
void virtio_queue_kick(struct virtio_queue *queue);
/*
 * The number of the next chain that the device says it is done with, below size; -1: none. Whether it
 * was ever entered is the caller's to know; then it gives the descriptors back.
 */
int virtio_queue_take(struct virtio_queue *queue);
void virtio_queue_free(struct virtio_queue *queue, unsigned head);

#endif
