/*
 * drivers/virtio_queue.c against a device that takes chains in order and returns them in any, and
 * one that lies. SOURCES: lib/string.c
 */
#define LOFT_HOST_TEST
#include "unit.h"

#include <abi/errno.h>
#include <frame.h>
#include <log.h>
#include <string.h>

#include "../../drivers/virtio_registers.h"

#define ARENA_SIZE (256u * 1024)

static uint8_t *arena;
uintptr_t host_direct_map;
uint32_t host_lowmem_max = ARENA_SIZE;
static struct frame frames[ARENA_SIZE / PAGE_SIZE];
struct frame *frame_array = frames;
pfn_t frame_array_end = ARENA_SIZE / PAGE_SIZE;
paddr_t frame_low_limit = ARENA_SIZE;

#include "../../drivers/virtio_queue.c"

/* ---- what the file needs: memory at the arena's start, and the device ---- */

static bool out_of_memory;
static unsigned offered, nkicks, nlines;
static paddr_t at_descriptors, at_available, at_used;

struct frame *frame_alloc_block(enum frame_kind kind, unsigned order, unsigned flags)
{
	(void)flags;
	assert_int_equal(kind, FRAME_KERNEL);
	assert_true(PAGE_SIZE << order <= ARENA_SIZE / 2);
	return out_of_memory ? NULL : &frames[8];
}

void frame_free_block(struct frame *first, unsigned order)
{
	(void)order;
	assert_ptr_equal(first, &frames[8]);
}

void log_print(enum log_level level, const char *text, ...)
{
	(void)level;
	(void)text;
	nlines++;
}

unsigned virtio_queue_size(struct virtio *virtio)
{
	(void)virtio;
	return offered;
}

void virtio_enable_queue(struct virtio *virtio, unsigned size, paddr_t descriptors,
			 paddr_t available, paddr_t used)
{
	(void)virtio;
	assert_int_equal(descriptors & 15, 0);
	assert_int_equal(available, descriptors + 16 * size);
	assert_true((used & PAGE_MASK) == 0 && used >= available + 6 + 2 * size);
	at_descriptors = descriptors;
	at_available = available;
	at_used = used;
}

void virtio_notify(const struct virtio *virtio)
{
	(void)virtio;
	nkicks++;
}

/* ---- the device's side, from what it was told alone ---- */

static struct virtio virtio;
static struct virtio_queue queue;
static uint16_t device_seen;
static unsigned taken[256], ntaken;

static struct virtio_ring_used *ring_used(void)
{
	return paddr_to_virt(at_used);
}

static void device_takes_all(void)
{
	struct virtio_ring_available *ring = paddr_to_virt(at_available);

	while (device_seen != ring->index)
		taken[ntaken++] = ring->entries[device_seen++ % queue.size];
}

static void device_returns(uint32_t id)
{
	struct virtio_ring_used *ring = ring_used();

	ring->entries[ring->index % queue.size].id = id;
	ring->index++;
}

static unsigned chain_length(unsigned head)
{
	const struct virtio_descriptor *descriptors = paddr_to_virt(at_descriptors);
	unsigned length = 1;

	while (descriptors[head].flags & 1) {
		head = descriptors[head].next;
		assert_true(head < queue.size && ++length <= queue.size);
	}
	return length;
}

static int set_up(void **state)
{
	(void)state;
	arena = aligned_alloc(PAGE_SIZE, ARENA_SIZE);
	host_direct_map = (uintptr_t)arena;
	offered = 256;
	virtio.modern = true;
	queue.lied = false;
	device_seen = ntaken = nkicks = nlines = 0;
	out_of_memory = false;
	assert_int_equal(virtio_queue_create(&queue, &virtio, 64), 0);
	virtio_queue_start(&queue);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	virtio_queue_destroy(&queue);
	free(arena);
	return 0;
}

/* ---- cases ---- */

static void sizes(void **state)
{
	struct virtio_queue other;

	(void)state;
	assert_int_equal(queue.size, 64);
	virtio.modern = false;
	assert_int_equal(virtio_queue_create(&other, &virtio, 64), 0);
	assert_int_equal(other.size, 256);
	for (unsigned i = 0; i < 3; i++) {
		offered = (const unsigned[]){ 0, 100, 65536 }[i];
		assert_int_equal(virtio_queue_create(&other, &virtio, 64), -ENXIO);
	}
	offered = 256;
	out_of_memory = true;
	assert_int_equal(virtio_queue_create(&other, &virtio, 64), -ENOMEM);
}

static void a_chain(void **state)
{
	const struct virtio_piece pieces[] = { { 0x1000, 16, false },
					       { 0x5200, 512, true },
					       { 0x3001, 1, true } };
	const struct virtio_descriptor *descriptor = paddr_to_virt(at_descriptors);
	unsigned head = virtio_queue_add(&queue, pieces, 3);

	(void)state;
	assert_int_equal(queue.nfree, 61);
	for (unsigned i = 0, at = head; i < 3; i++, at = descriptor[at].next) {
		assert_int_equal(descriptor[at].address, pieces[i].start);
		assert_int_equal(descriptor[at].size, pieces[i].size);
		assert_int_equal(descriptor[at].flags,
				 (i < 2 ? 1 : 0) | (pieces[i].device_writes ? 2 : 0));
	}
	virtio_queue_kick(&queue);
	ring_used()->flags = 1;
	virtio_queue_kick(&queue);
	assert_int_equal(nkicks, 1);
	device_takes_all();
	assert_int_equal(ntaken, 1);
	assert_int_equal(taken[0], head);
	assert_int_equal(virtio_queue_take(&queue), -1);
	device_returns(head);
	assert_int_equal(virtio_queue_take(&queue), head);
	virtio_queue_free(&queue, head);
	assert_int_equal(queue.nfree, 64);
	assert_int_equal(virtio_queue_take(&queue), -1);
}

/* Long enough for the indices to go round. */
static void any_order(void **state)
{
	static const struct virtio_piece pieces[64];
	unsigned expected_free = 64;

	(void)state;
	for (unsigned step = 0; step < 200000; step++) {
		unsigned npieces = 1 + unit_random() % 8;
		int head;

		if (unit_random() % 2 && npieces <= queue.nfree) {
			head = virtio_queue_add(&queue, pieces, npieces);
			assert_int_equal(chain_length(head), npieces);
			expected_free -= npieces;
		}
		if (unit_random() % 4 == 0)
			device_takes_all();
		if (ntaken && unit_random() % 2) {
			unsigned which = unit_random() % ntaken;

			device_returns(taken[which]);
			taken[which] = taken[--ntaken];
		}
		while (unit_random() % 2 && (head = virtio_queue_take(&queue)) >= 0) {
			expected_free += chain_length(head);
			virtio_queue_free(&queue, head);
		}
		assert_int_equal(queue.nfree, expected_free);
	}
}

static void a_device_that_lies(void **state)
{
	(void)state;
	device_returns(64);
	device_returns(UINT32_MAX);
	device_returns(63);
	assert_int_equal(virtio_queue_take(&queue), 63);
	assert_int_equal(nlines, 1);
	/* An index far ahead: each entry is looked at once. */
	ring_used()->index += 1000;
	for (unsigned i = 0; i < 1000; i++)
		(void)virtio_queue_take(&queue);
	assert_int_equal(virtio_queue_take(&queue), -1);
	assert_int_equal(queue.nfree, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sizes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_chain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_device_that_lies, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
