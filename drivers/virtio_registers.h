/*
 * Offsets of virtio's registers on PCI (Virtio 1.1, 4.1.4), and what the queue asks of them.
 */
#ifndef LOFT_DRIVERS_VIRTIO_REGISTERS_H
#define LOFT_DRIVERS_VIRTIO_REGISTERS_H

#include "virtio.h"

/* A capability in configuration space, and its kinds. */
#define CAPABILITY_KIND 3
#define CAPABILITY_BAR 4
#define CAPABILITY_OFFSET 8
#define CAPABILITY_LENGTH 12
#define CAPABILITY_MULTIPLIER 16
#define KIND_COMMON 1
#define KIND_NOTIFY 2
#define KIND_ISR 3
#define KIND_DEVICE 4

/* The common configuration of version 1. */
#define COMMON_OFFERED_SELECT 0
#define COMMON_OFFERED 4
#define COMMON_ACCEPTED_SELECT 8
#define COMMON_ACCEPTED 12
#define COMMON_STATUS 20
#define COMMON_QUEUE_SELECT 22
#define COMMON_QUEUE_SIZE 24
#define COMMON_QUEUE_ENABLE 28
#define COMMON_QUEUE_NOTIFY 30
#define COMMON_QUEUE_DESCRIPTORS 32
#define COMMON_QUEUE_AVAILABLE 40
#define COMMON_QUEUE_USED 48
#define COMMON_SIZE 56

/* Legacy ports (4.1.4.8); the device's own configuration follows while MSI-X is off. */
#define LEGACY_OFFERED 0
#define LEGACY_ACCEPTED 4
#define LEGACY_QUEUE_PAGE 8
#define LEGACY_QUEUE_SIZE 12
#define LEGACY_QUEUE_SELECT 14
#define LEGACY_NOTIFY 16
#define LEGACY_STATUS 18
#define LEGACY_ISR 19
#define LEGACY_CONFIG 20
#define LEGACY_QUEUE_SHIFT 12

/* Tells the device where its queue 0 is, and that it may use it. */
void virtio_enable_queue(struct virtio *virtio, unsigned size, paddr_t descriptors,
			 paddr_t available, paddr_t used);
/* There is something new in queue 0. */
void virtio_notify(const struct virtio *virtio);

#endif
