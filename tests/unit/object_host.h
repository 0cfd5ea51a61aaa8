/*
 * A small world for the page cache on the host: frames, a disk whose requests end in any order, tasks
 * that do something while one sleeps, and a file system with one file. To be included once.
 *
 * Whatever waits lets some of what is under way end, in random order, and now and then another task
 * do something meanwhile (others_do_something). The file's blocks are given out and taken back as a
 * file system would; a block that is nobody's must not be written.
 *
 * SOURCES: mm/object.c mm/object_copy.c mm/object_dirty.c mm/object_remove.c mm/page_io.c
 * mm/page_write.c mm/readahead.c lib/radix.c
 */
#ifndef LOFT_OBJECT_HOST_H
#define LOFT_OBJECT_HOST_H

#include "unit.h"

#include <block.h>
#include <commit.h>
#include <err.h>
#include <kheap.h>
#include <kvrange.h>
#include <oom.h>
#include <policy.h>
#include <readahead.h>
#include <reclaim.h>
#include <string.h>
#include <swap.h>
#include <task.h>
#include <uio.h>
#include <vm_events.h>
#include <vma.h>
#include <writeback.h>

#define NFRAMES 256u
#define FILE_PAGES 40u
#define FILE_MAX (FILE_PAGES * PAGE_SIZE)
#define DISK_PAGES 160u
#define DISK_SECTORS (DISK_PAGES * SECTORS_PER_PAGE)
#define NPENDING 64u
#define JUNK 0xd1
#define NONE UINT32_MAX

/* ---- what the tested files need of the kernel ---- */

struct frame *frame_array;
pfn_t frame_array_end = NFRAMES;
paddr_t frame_low_limit; /* 0: all of them are high */
unsigned kmaps_held;
struct task *current;
volatile bool sched_need_resched;
bool user_faults_refused;
uint32_t commit_npages, vm_events[VM_EVENTS_COUNT];
uint32_t writeback_throttle_from = UINT32_MAX;

static unsigned nframes_used;
static bool fail_allocations;
static uint8_t (*memory)[PAGE_SIZE]; /* of each frame */

static uint8_t *frame_memory(const struct frame *frame)
{
	return memory[frame - frame_array];
}

struct frame *frame_alloc(enum frame_kind kind, unsigned flags)
{
	pfn_t pfn = unit_random() % NFRAMES;

	if (fail_allocations && unit_random() % 8 == 0)
		return NULL;
	for (unsigned i = 0; i < NFRAMES; i++, pfn = (pfn + 1) % NFRAMES) {
		struct frame *frame = &frame_array[pfn];

		if (frame->refs > 0)
			continue;
		*frame = (struct frame){ .refs = 1, .kind = (uint8_t)kind };
		list_init(&frame->link);
		memset(frame_memory(frame), flags & FRAME_ZERO ? 0 : 0x5a, PAGE_SIZE);
		nframes_used++;
		return frame;
	}
	return NULL;
}

void frame_free(struct frame *frame)
{
	assert_int_equal(frame->holds, 0);
	assert_null(frame->object);
	memset(frame_memory(frame), 0x6b, PAGE_SIZE);
	nframes_used--;
}

void *kmap_high(struct frame *frame)
{
	return frame_memory(frame);
}
void kunmap_high(const void *window)
{
	(void)window;
}
void *kalloc(size_t size)
{
	return fail_allocations && unit_random() % 4 == 0 ? NULL : malloc(size);
}
void *kzalloc(size_t size)
{
	return fail_allocations && unit_random() % 16 == 0 ? NULL : calloc(1, size);
}
void kfree(void *memory)
{
	free(memory);
}
uint64_t clock_monotonic_ns(void)
{
	static uint64_t now;

	return ++now;
}
bool commit_allows(const struct mm *mm, uint32_t npages)
{
	(void)mm, (void)npages;
	return true;
}
bool frame_is_short(enum frame_mark mark)
{
	(void)mark;
	return false;
}
bool frame_available(void)
{
	return true;
}
/* It finds nothing half the time, though there are frames: somebody else has freed some. */
bool reclaim_make_room(void)
{
	return unit_random() % 2;
}
static unsigned nasked_oom;

bool oom_make_room(bool interruptible)
{
	(void)interruptible;
	nasked_oom++;
	return true;
}
void policy_refault(struct frame *frame)
{
	(void)frame;
}
void policy_rescue(struct frame *frame)
{
	(void)frame;
	fail();
}
bool rmap_clean(struct frame *frame)
{
	(void)frame;
	return false;
}
void sched_preempt(void)
{
}
bool signal_fatal_pending(void)
{
	return false;
}
void writeback_throttle_slow(struct object *object)
{
	(void)object;
}
bool pagedir_lookup(const struct pagedir *pagedir, vaddr_t at, struct page_mapping *page)
{
	(void)pagedir, (void)at, (void)page;
	return false;
}
void pagedir_unmap(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	(void)pagedir, (void)start, (void)end;
}
void object_drop_swapped(struct object *object, uint32_t index)
{
	(void)object, (void)index;
	fail();
}
struct frame *object_swap_in(struct object *object, uint32_t index, bool *major)
{
	(void)object, (void)index, (void)major;
	fail();
	return NULL;
}

/* ---- the disk ---- */

static uint8_t disk[DISK_SECTORS * SECTOR_SIZE];
static uint32_t owner[DISK_SECTORS]; /* page of the file that a sector is of, or NONE */
static uint32_t bad_sector = NONE;   /* reads and writes of it fail */
static unsigned nrequests, nsectors_read;
static struct block_device device = { .name = "sda", .nsectors = DISK_SECTORS };

static struct block_request *pending[NPENDING];
static unsigned npending;

static void transfer(struct block_request *request)
{
	uint64_t sector = request->sector;

	for (unsigned i = 0; i < request->nsegments; i++) {
		const struct block_segment *segment = &request->segments[i];
		uint8_t *bytes = frame_memory(segment->frame) + segment->offset;
		uint8_t *place = disk + sector * SECTOR_SIZE;

		for (unsigned j = 0; j < segment->size / SECTOR_SIZE; j++) {
			assert_true(sector + j < DISK_SECTORS);
			/* What is freed while it is read is not looked at. */
			if (request->op == BLOCK_WRITE)
				assert_int_equal(owner[sector + j], segment->frame->index);
		}
		if (request->op == BLOCK_WRITE)
			memcpy(place, bytes, segment->size);
		else
			memcpy(bytes, place, segment->size);
		sector += segment->size / SECTOR_SIZE;
	}
	nsectors_read += request->op == BLOCK_READ ? (unsigned)(sector - request->sector) : 0;
}

static bool has_bad_sector(const struct block_request *request)
{
	uint64_t end = request->sector;

	for (unsigned i = 0; i < request->nsegments; i++)
		end += request->segments[i].size / SECTOR_SIZE;
	return bad_sector != NONE && bad_sector >= request->sector && bad_sector < end;
}

/* One of the requests under way ends. */
static void end_one(void)
{
	unsigned which = unit_random() % npending;
	struct block_request *request = pending[which];
	bool bad = has_bad_sector(request);

	pending[which] = pending[--npending];
	if (!bad)
		transfer(request);
	request->done(request, bad ? -EIO : 0);
}

void block_submit(struct block_request *request)
{
	assert_true(request->nsegments > 0 && npending < NPENDING);
	nrequests++;
	pending[npending++] = request;
}

struct block_request *block_request_get(bool may_wait)
{
	assert_true(may_wait);
	assert_int_equal(kmaps_held, 0);
	while (npending > NPENDING / 2 || (npending > 0 && unit_random() % 8 == 0))
		end_one();
	return calloc(1, sizeof(struct block_request));
}

void block_request_put(struct block_request *request)
{
	free(request);
}

/* ---- sleeping: I/O ends, others do something ---- */

static void others_do_something(void);

static void sleep_a_little(void)
{
	assert_int_equal(kmaps_held, 0);
	if (npending > 0)
		end_one();
	others_do_something();
}

void frame_wait(struct frame *frame, unsigned flags)
{
	assert_true(frame->holds > 0);
	while (frame->flags & flags) {
		assert_true(npending > 0);
		sleep_a_little();
	}
}
void frame_wake(struct frame *frame)
{
	assert_true(frame->refs > 0);
}
void wait_enter(struct wait_queue *queue, struct waiter *waiter)
{
	(void)queue, (void)waiter;
}
void wait_leave(struct waiter *waiter)
{
	(void)waiter;
}
void wait_prepare(enum wait_kind kind)
{
	(void)kind;
}
void wait_cancel(void)
{
}
int wait_sleep(uint64_t deadline)
{
	(void)deadline;
	assert_true(npending > 0);
	sleep_a_little();
	return 0;
}
void wake_events(struct wait_queue *queue, uint32_t events)
{
	(void)queue, (void)events;
}
void mutex_wait(struct mutex *mutex)
{
	(void)mutex;
	fail();
}
void mutex_wake(struct mutex *mutex)
{
	(void)mutex;
}

/* ---- buffers: the user's memory comes and goes ---- */

static bool user_pages_go;

static ssize_t move(struct uio *io, void *to, const void *from, size_t size)
{
	char *place = (char *)io->vec->base + io->at;

	size = MIN(size, io->left);
	if (user_pages_go && unit_random() % 4 == 0)
		size = unit_random() % (size + 1);
	if (size == 0)
		return -EFAULT;
	if (from)
		memcpy(place, from, size);
	else if (to)
		memcpy(to, place, size);
	else
		memset(place, 0, size);
	io->at += size;
	io->left -= size;
	return (ssize_t)size;
}
ssize_t uio_copy_out(struct uio *io, const void *from, size_t size)
{
	return move(io, NULL, from, size);
}
ssize_t uio_copy_in(struct uio *io, void *to, size_t size)
{
	return move(io, to, NULL, size);
}
ssize_t uio_zero_out(struct uio *io, size_t size)
{
	return move(io, NULL, NULL, size);
}
int uio_fault_in(struct uio *io, bool out)
{
	(void)io, (void)out;
	others_do_something();
	return 0;
}

/* ---- the file system ---- */

static struct object file;
static struct mm program;
static struct vma mapping;
static unsigned block_size;
static uint32_t file_blocks[FILE_MAX / SECTOR_SIZE]; /* sector on the disk, NONE: a hole */
static bool scattered;

static unsigned sectors_per_block(void)
{
	return block_size / SECTOR_SIZE;
}

static bool block_is_free(uint32_t sector)
{
	for (unsigned i = 0; i < sectors_per_block(); i++)
		if (owner[sector + i] != NONE)
			return false;
	return true;
}

/* A free block, as near behind the last one as possible. */
static uint32_t allocate_block(uint32_t page)
{
	static uint32_t last;
	unsigned nblocks = DISK_SECTORS / sectors_per_block();
	uint32_t block = scattered ? unit_random() % nblocks : last + 1;

	for (unsigned i = 0; i < nblocks; i++, block++) {
		uint32_t sector = block % nblocks * sectors_per_block();

		if (!block_is_free(sector))
			continue;
		last = block % nblocks;
		for (unsigned j = 0; j < sectors_per_block(); j++)
			owner[sector + j] = page;
		return sector;
	}
	return NONE;
}

static void free_block(unsigned block)
{
	for (unsigned i = 0; i < sectors_per_block(); i++)
		owner[file_blocks[block] + i] = NONE;
	/* Whoever gets it next finds something else in it. */
	memset(disk + file_blocks[block] * SECTOR_SIZE, JUNK, block_size);
	file_blocks[block] = NONE;
}

/* What others do, once, between the file system's answer and its being heard. */
static void (*meanwhile)(void);

static int map_blocks(struct object *object, uint32_t index, const struct block_range *create,
		      struct page_blocks *to)
{
	unsigned nblocks = PAGE_SIZE / block_size, first = index * nblocks;

	assert_ptr_equal(object, &file);
	if (npending > 0 && unit_random() % 4 == 0)
		sleep_a_little();
	if (fail_allocations && unit_random() % 8 == 0)
		return -ENOMEM;
	to->device = &device;
	to->nblocks = nblocks;
	to->block_size = block_size;
	for (unsigned i = 0; i < nblocks; i++) {
		unsigned start = i * block_size;
		bool wanted = create && start < create->to && start + block_size > create->from;

		if (wanted && !create->extends)
			wanted = (uint64_t)index * PAGE_SIZE + start < object->size;
		if (wanted && file_blocks[first + i] == NONE) {
			file_blocks[first + i] = allocate_block(index);
			if (file_blocks[first + i] == NONE)
				return -ENOSPC;
			to->fresh |= (uint8_t)(1u << i);
		}
		to->sector[i] = file_blocks[first + i] == NONE ? BLOCK_HOLE
							       : file_blocks[first + i];
	}
	if (create && meanwhile) {
		void (*others)(void) = meanwhile;

		meanwhile = NULL;
		others();
	}
	return 0;
}

static void release(struct object *object)
{
	(void)object;
}

static const struct object_ops file_ops = { .map_blocks = map_blocks, .release = release };

static inline void free_blocks_from(uint64_t size)
{
	unsigned first = (unsigned)((size + block_size - 1) / block_size);

	for (unsigned i = first; i < FILE_MAX / block_size; i++)
		if (file_blocks[i] != NONE)
			free_block(i);
}

#endif
