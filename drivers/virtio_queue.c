/*
 * Split virtqueues (Virtio 1.1, 2.6): descriptors of memory in chains; a ring of chains that are
 * there for the device, which we write; a ring of chains it is done with, which it writes. Each side
 * only ever adds to its ring and to its index, which goes round at 2^16.
 *
 * All three lie in one block of frames as the legacy interface wants them (2.6.2): descriptors,
 * available ring, and at the next page the used ring. Descriptors that are free are a list through
 * their `next`; what the device writes is checked before it is used.
 *
 * The processor keeps stores in order; only a store before a load of something else needs to be
 * told so (Intel SDM 3A, 8.2.3.4).
 */
#include "virtio.h"

#include <assert.h>
#include <frame.h>
#include <log.h>
#include <string.h>

#include <abi/errno.h>

#include "virtio_registers.h"

#define DESCRIPTOR_NEXT 1
#define DESCRIPTOR_DEVICE_WRITES 2
#define USED_NO_NOTIFY 1

#define QUEUE_SIZE_MAX 32768 /* 2.6 */

static inline void compiler_barrier(void)
{
	__asm__ volatile("" : : : "memory");
}

/* mfence is younger than the 486. */
static inline void full_barrier(void)
{
	__asm__ volatile("lock; addl $0, (%%esp)" : : : "memory", "cc");
}

static size_t used_offset(unsigned size)
{
	size_t available = sizeof(struct virtio_descriptor) * size;

	return ROUND_UP(available + sizeof(struct virtio_ring_available) + 2 * size + 2, PAGE_SIZE);
}

static size_t whole_size(unsigned size)
{
	return used_offset(size) + sizeof(struct virtio_ring_used) + 8 * size + 2;
}

static unsigned order_for(size_t size)
{
	unsigned order = 0;

	while ((PAGE_SIZE << order) < size)
		order++;
	return order;
}

int virtio_queue_create(struct virtio_queue *queue, struct virtio *virtio, unsigned size_wanted)
{
	unsigned size = virtio_queue_size(virtio);
	struct frame *first;
	uint8_t *start;

	if (size == 0 || size > QUEUE_SIZE_MAX || (size & (size - 1)) != 0)
		return -ENXIO;
	if (virtio->modern)
		size = MIN(size, size_wanted);
	queue->virtio = virtio;
	queue->size = size;
	queue->order = order_for(whole_size(size));
	if (queue->order > FRAME_MAX_ORDER)
		return -ENOMEM;
	first = frame_alloc_block(FRAME_KERNEL, queue->order, 0);
	if (!first)
		return -ENOMEM;
	start = frame_virt(first);
	queue->descriptors = (struct virtio_descriptor *)start;
	queue->available = (void *)(start + sizeof(struct virtio_descriptor) * size);
	queue->used = (void *)(start + used_offset(size));
	return 0;
}

void virtio_queue_destroy(struct virtio_queue *queue)
{
	frame_free_block(frame_from_pfn(virt_to_paddr(queue->descriptors) >> PAGE_SHIFT),
			 queue->order);
}

void virtio_queue_start(struct virtio_queue *queue)
{
	memset(queue->descriptors, 0, whole_size(queue->size));
	for (unsigned i = 0; i < queue->size; i++)
		queue->descriptors[i].next = i + 1;
	queue->nfree = queue->size;
	queue->free = 0;
	queue->seen = 0;
	virtio_enable_queue(queue->virtio, queue->size, virt_to_paddr(queue->descriptors),
			    virt_to_paddr((const void *)queue->available),
			    virt_to_paddr((const void *)queue->used));
}

unsigned virtio_queue_add(struct virtio_queue *queue, const struct virtio_piece *pieces,
			  unsigned npieces)
{
	assert(npieces > 0 && npieces <= queue->nfree);
	volatile struct virtio_ring_available *ring = queue->available;
	unsigned head = queue->free, at = head, last = head;

	for (unsigned i = 0; i < npieces; i++) {
		struct virtio_descriptor *descriptor = &queue->descriptors[at];

		descriptor->address = pieces[i].start;
		descriptor->size = pieces[i].size;
		descriptor->flags = DESCRIPTOR_NEXT;
		if (pieces[i].device_writes)
			descriptor->flags |= DESCRIPTOR_DEVICE_WRITES;
		last = at;
		at = descriptor->next;
	}
	queue->descriptors[last].flags &= ~DESCRIPTOR_NEXT;
	queue->free = at;
	queue->nfree -= npieces;
	ring->entries[ring->index & (queue->size - 1)] = head;
	compiler_barrier();
	ring->index++;
	return head;
}

void virtio_queue_kick(struct virtio_queue *queue)
{
	full_barrier();
	if (!(queue->used->flags & USED_NO_NOTIFY))
		virtio_notify(queue->virtio);
}

void virtio_queue_free(struct virtio_queue *queue, unsigned head)
{
	assert(head < queue->size);
	unsigned at = head, count = 1;

	while (queue->descriptors[at].flags & DESCRIPTOR_NEXT) {
		at = queue->descriptors[at].next;
		count++;
	}
	queue->descriptors[at].next = queue->free;
	queue->free = head;
	queue->nfree += count;
	assert(queue->nfree <= queue->size);
}

int virtio_queue_take(struct virtio_queue *queue)
{
	while (queue->used->index != queue->seen) {
		compiler_barrier();
		unsigned head = queue->used->entries[queue->seen++ & (queue->size - 1)].id;

		if (head < queue->size)
			return head;
		if (!queue->lied)
			log_error("virtio: the device returned what it was not given");
		queue->lied = true;
	}
	return -1;
}
