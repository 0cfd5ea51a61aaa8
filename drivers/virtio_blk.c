/*
 * Virtio block devices (Virtio 1.1, 5.2): disks vda, vdb...
 *
 * A transfer is a chain of descriptors: a header that says what and where, the pieces of memory, a
 * byte for the outcome. Header and outcome have a slot of the disk's for each number that a chain can
 * have (its first descriptor's), so that nothing is allocated on the way. A slot knows the requests it
 * is for; what the device returns without having been given it is ignored.
 *
 * Queue and slots are used by the task "block" and by the interrupt handler, and guarded by
 * interrupt-off sections.
 */
#include "disks.h"

#include <assert.h>
#include <block.h>
#include <format.h>
#include <frame.h>
#include <kheap.h>
#include <log.h>
#include <pci.h>
#include <string.h>
#include <trap.h>

#include <abi/errno.h>

#include "virtio.h"

/* PCI numbers (4.1.2): of version 1 alone, and of both generations. */
#define ID_MODERN 0x1042
#define ID_TRANSITIONAL 0x1001

/* Features (5.2.3). */
#define FEATURE_SIZE_MAX (1ull << 1)
#define FEATURE_SEGMENTS_MAX (1ull << 2)
#define FEATURE_READ_ONLY (1ull << 5)
#define FEATURE_BLOCK_SIZE (1ull << 6)
#define FEATURE_FLUSH (1ull << 9)

/* The device's configuration (5.2.4). */
#define CONFIG_CAPACITY 0
#define CONFIG_SIZE_MAX 8
#define CONFIG_SEGMENTS_MAX 12
#define CONFIG_BLOCK_SIZE 20

/* Requests and their outcome (5.2.6). */
#define TYPE_READ 0
#define TYPE_WRITE 1
#define TYPE_FLUSH 4
#define OUTCOME_OK 0
#define OUTCOME_NONE 0xff

#define QUEUE_SIZE 256
#define SEGMENTS_MAX 128 /* of a transfer, besides header and outcome */
#define DEPTH 32

struct header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

struct slot {
	struct header header;
	volatile uint8_t outcome;
	struct block_request *first; /* NULL: not in use */
};

struct virtio_disk {
	struct disk disk;
	struct virtio virtio;
	struct virtio_queue queue;
	struct slot *slots; /* as many as the queue has descriptors */
	uint32_t piece_size_max;
	struct virtio_piece pieces[SEGMENTS_MAX + 2]; /* of the transfer being started */
};

/* ---- transfers ---- */

/* The chain's memory as pieces from `at` on, neighbours in memory as one: how many. */
static unsigned add_memory(struct virtio_disk *disk, struct block_request *first, unsigned at)
{
	unsigned begin = at;
	struct block_segment *segment;
	struct block_request *request;

	block_for_each_segment(request, segment, first)
	{
		struct virtio_piece *last = &disk->pieces[at - 1];
		paddr_t start = block_segment_paddr(segment);

		if (at > begin && last->start + last->size == start &&
		    last->size + segment->size <= disk->piece_size_max) {
			last->size += segment->size;
			continue;
		}
		assert(at < ARRAY_SIZE(disk->pieces) - 1);
		disk->pieces[at++] = (struct virtio_piece){ .start = start,
							    .size = segment->size,
							    .device_writes = first->op ==
									     BLOCK_READ };
	}
	return at - begin;
}

static struct header header_of(const struct block_request *first)
{
	static const uint32_t types[] = { TYPE_READ, TYPE_WRITE, TYPE_FLUSH };

	return (struct header){ .type = types[first->op],
				.sector = first->op == BLOCK_FLUSH ? 0 : first->disk_sector };
}

/* The slot of the chain that is entered next is known by the first free descriptor's number. */
static int start(struct disk *base, struct block_request *first)
{
	struct virtio_disk *disk = base->data;
	unsigned npieces = 2 + add_memory(disk, first, 1);
	struct slot *slot;
	uint32_t flags = irq_save();
	unsigned head;

	if (npieces > disk->queue.nfree) {
		irq_restore(flags);
		return -EBUSY;
	}
	slot = &disk->slots[disk->queue.free];
	assert(!slot->first);
	slot->header = header_of(first);
	slot->outcome = OUTCOME_NONE;
	slot->first = first;
	disk->pieces[0] = (struct virtio_piece){ virt_to_paddr(&slot->header), sizeof(slot->header),
						 false };
	disk->pieces[npieces - 1] =
		(struct virtio_piece){ virt_to_paddr((const void *)&slot->outcome), 1, true };
	head = virtio_queue_add(&disk->queue, disk->pieces, npieces);
	assert(slot == &disk->slots[head]);
	virtio_queue_kick(&disk->queue);
	irq_restore(flags);
	return 0;
}

/* Interrupts off. True when there was something. */
static bool take_finished(struct virtio_disk *disk)
{
	bool any = false;
	int head;

	while ((head = virtio_queue_take(&disk->queue)) >= 0) {
		struct slot *slot = &disk->slots[head];
		struct block_request *first = slot->first;

		if (!first)
			continue;
		slot->first = NULL;
		virtio_queue_free(&disk->queue, head);
		disk_complete(&disk->disk, first, slot->outcome == OUTCOME_OK ? 0 : -EIO);
		any = true;
	}
	return any;
}

static bool interrupt(void *context)
{
	struct virtio_disk *disk = context;

	if (!virtio_isr(&disk->virtio))
		return false;
	take_finished(disk);
	return true;
}

static bool poll(struct disk *base)
{
	return take_finished(base->data);
}

/* ---- from nothing to a disk that works ---- */

static int bring_up(struct virtio_disk *disk)
{
	int error = virtio_negotiate(&disk->virtio, FEATURE_SIZE_MAX | FEATURE_SEGMENTS_MAX |
							    FEATURE_READ_ONLY | FEATURE_BLOCK_SIZE |
							    FEATURE_FLUSH);

	if (error)
		return error;
	if (!disk->slots) {
		error = virtio_queue_create(&disk->queue, &disk->virtio, QUEUE_SIZE);
		if (error)
			return error;
		disk->slots = kzalloc(disk->queue.size * sizeof(*disk->slots));
		if (!disk->slots)
			return -ENOMEM;
	}
	virtio_queue_start(&disk->queue);
	virtio_add_status(&disk->virtio, VIRTIO_DRIVER_OK);
	return 0;
}

/* Between the two steps the device does nothing, and so no interrupt comes. */
static int reset(struct disk *base)
{
	struct virtio_disk *disk = base->data;
	int error = virtio_reset(&disk->virtio);

	if (error)
		return error;
	for (unsigned i = 0; i < disk->queue.size; i++)
		disk->slots[i].first = NULL;
	return bring_up(disk);
}

static const struct disk_ops ops = { .start = start, .reset = reset, .poll = poll };

/* False: the disk cannot do what a request may ask for. */
static bool read_limits(struct virtio_disk *disk)
{
	const struct virtio *virtio = &disk->virtio;
	uint32_t segments = MIN(SEGMENTS_MAX, disk->queue.size - 2);

	disk->piece_size_max = UINT32_MAX;
	if (virtio->features & FEATURE_SEGMENTS_MAX)
		segments = MIN(segments, virtio_config32(virtio, CONFIG_SEGMENTS_MAX));
	if (virtio->features & FEATURE_SIZE_MAX)
		disk->piece_size_max = virtio_config32(virtio, CONFIG_SIZE_MAX);
	if (virtio->features & FEATURE_BLOCK_SIZE)
		disk->disk.block_size = virtio_config32(virtio, CONFIG_BLOCK_SIZE);
	else
		disk->disk.block_size = SECTOR_SIZE;
	disk->disk.max_segments = segments;
	return segments >= BLOCK_SEGMENTS && disk->piece_size_max >= PAGE_SIZE &&
	       (disk->disk.block_size == SECTOR_SIZE || disk->disk.block_size == PAGE_SIZE);
}

static int set_up(struct virtio_disk *disk, struct pci_device *pci)
{
	struct virtio *virtio = &disk->virtio;
	int error = virtio_attach(virtio, pci);

	if (!error)
		error = bring_up(disk);
	if (!error && !read_limits(disk))
		error = -EINVAL;
	if (error)
		return error;
	disk->disk.ops = &ops;
	disk->disk.data = disk;
	disk->disk.kind = DISK_VD;
	disk->disk.nsectors = virtio_config64(virtio, CONFIG_CAPACITY);
	disk->disk.depth = DEPTH;
	disk->disk.write_cache = virtio->features & FEATURE_FLUSH;
	disk->disk.read_only = virtio->features & FEATURE_READ_ONLY;
	format(disk->disk.model, sizeof(disk->disk.model), "virtio%s",
	       virtio->modern ? "" : " (legacy)");
	return disk->disk.nsectors > 0 ? pci_irq_register(pci, interrupt, disk) : -ENXIO;
}

/*
 * A device that failed is reset and touches no memory; what was allocated for it is given back unless
 * its interrupt handler is there already.
 */
static void give_up(struct virtio_disk *disk)
{
	if (virtio_reset(&disk->virtio) != 0)
		return;
	if (disk->queue.descriptors)
		virtio_queue_destroy(&disk->queue);
	kfree(disk->slots);
	kfree(disk);
}

int virtio_blk_probe(struct pci_device *pci)
{
	struct virtio_disk *disk;
	int error;

	if (pci->vendor != VIRTIO_VENDOR || (pci->id != ID_MODERN && pci->id != ID_TRANSITIONAL))
		return -ENODEV;
	disk = kzalloc(sizeof(*disk));
	if (!disk)
		return -ENOMEM;
	error = set_up(disk, pci);
	if (error) {
		give_up(disk);
		return error;
	}
	pci->driver = "virtio-pci";
	return disk_register(&disk->disk);
}
