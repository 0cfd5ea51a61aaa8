/*
 * What fs/ext2 stands on, on the host: memory, a disk in memory whose writes are logged, the page cache
 * of its device, and waiting, of which there is none. For ext2_host.h.
 *
 * There is one task; what would sleep runs what it waits for at once. Writes go to a log, with the
 * flushes between them, from which the disk can be had as a crash at any moment would leave it:
 * all that was flushed, and of the rest any part. Pages of the device that nobody holds are
 * forgotten at random and come back from the disk; allocations fail at random when asked to.
 */
#ifndef LOFT_EXT2_HOST_DISK_H
#define LOFT_EXT2_HOST_DISK_H

#include "unit.h"

#include "../../fs/ext2/ext2.h"

#include <clock.h>
#include <frame.h>
#include <kheap.h>
#include <ledger.h>
#include <random.h>
#include <signal.h>
#include <string.h>
#include <uaccess.h>
#include <vm_events.h>
#include <writeback.h>

void *mmap(void *at, size_t size, int protection, int flags, int fd, long offset);
int system(const char *command);
int open(const char *path, int flags, ...);
ssize_t read(int fd, void *to, size_t size);
ssize_t write(int fd, const void *from, size_t size);
int close(int fd);
int unlink(const char *path);
int getpid(void);
int snprintf(char *to, size_t size, const char *text, ...);
int vsnprintf(char *to, size_t size, const char *text, va_list args);

#define DEVICE_PAGES 4096u /* 16 MB at most */
#define FILE_PAGES 8192u
#define ALL_PAGES (DEVICE_PAGES + FILE_PAGES)

/* ---- memory ---- */

struct frame *frame_array;
pfn_t frame_array_end = ALL_PAGES;
paddr_t frame_low_limit = ALL_PAGES * PAGE_SIZE;
static unsigned fail_one_in; /* allocations; 0: none fails */

static bool fails(void)
{
	return fail_one_in && unit_random() % fail_one_in == 0;
}

void *kalloc(size_t size)
{
	return fails() ? NULL : malloc(size);
}

void *kzalloc(size_t size)
{
	return fails() ? NULL : calloc(1, size);
}

void kfree(void *pointer)
{
	free(pointer);
}

char *kstrdup(const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = kalloc(size);

	return copy ? memcpy(copy, string, size) : NULL;
}

uint32_t frame_usable(void)
{
	return 4096;
}

static struct frame *spare[FILE_PAGES];
static unsigned nspare;

static struct frame *page_alloc(void)
{
	struct frame *frame;

	assert_true(nspare > 0);
	frame = spare[--nspare];
	frame->refs = 1;
	memset(frame_virt(frame), 0, PAGE_SIZE);
	return frame;
}

void frame_free(struct frame *frame)
{
	assert_int_equal(frame->holds, 0);
	/* The device's pages stay where they are. */
	if (frame < &frame_array[DEVICE_PAGES])
		return;
	frame->flags = 0;
	spare[nspare++] = frame;
}

/* ---- the disk, and the log of writes ---- */

static uint8_t *disk; /* as the host was given it */
static uint32_t disk_size;

struct logged {
	uint64_t place;
	uint32_t size; /* 0: a flush */
	uint8_t *data;
};
static struct logged *events;
static unsigned nevents, events_room;
static bool logging;

static void log_event(uint64_t place, const void *data, uint32_t size)
{
	if (!logging)
		return;
	if (nevents == events_room) {
		struct logged *more = malloc((events_room * 2 + 64) * sizeof(*more));

		for (unsigned i = 0; i < nevents; i++)
			more[i] = events[i];
		free(events);
		events = more;
		events_room = events_room * 2 + 64;
	}
	events[nevents] = (struct logged){ place, size, size ? malloc(size) : NULL };
	if (size)
		memcpy(events[nevents].data, data, size);
	nevents++;
}

static void log_clear(void)
{
	while (nevents > 0)
		free(events[--nevents].data);
}

static void disk_write(uint64_t place, const void *data, uint32_t size)
{
	assert_true(place + size <= disk_size);
	memcpy(disk + place, data, size);
	log_event(place, data, size);
}

/* ---- block devices ---- */

static struct disk host_disk = { .nsectors = 0 };
static struct object device_pages;
static struct block_device host_device = { .name = "hda",
					   .disk = &host_disk,
					   .pages = &device_pages };
static struct block_request *queue_first;

struct block_request *block_request_get(bool may_wait)
{
	assert_true(may_wait);
	return calloc(1, sizeof(struct block_request));
}

void block_request_put(struct block_request *request)
{
	free(request);
}

void block_submit(struct block_request *request)
{
	request->next = queue_first;
	queue_first = request;
}

static bool run_requests(void)
{
	struct block_request *request = queue_first;
	uint64_t place;

	if (!request)
		return false;
	queue_first = request->next;
	assert_int_equal(request->op, BLOCK_WRITE);
	place = request->sector * SECTOR_SIZE;
	for (unsigned i = 0; i < request->nsegments; i++) {
		const struct block_segment *segment = &request->segments[i];

		disk_write(place, (uint8_t *)frame_virt(segment->frame) + segment->offset,
			   segment->size);
		place += segment->size;
	}
	request->done(request, 0);
	return true;
}

int block_flush(struct block_device *device)
{
	assert_ptr_equal(device, &host_device);
	assert_null(queue_first);
	log_event(0, NULL, 0);
	return 0;
}

/* ---- pages ---- */

static bool page_known[DEVICE_PAGES];

void object_init(struct object *object, const struct object_ops *ops, void *owner)
{
	*object = (struct object){ .ops = ops, .refs = 1, .owner = owner };
}

static struct frame *device_page(uint32_t index, bool read_it)
{
	struct frame *frame = &frame_array[index];

	assert_true(index < DEVICE_PAGES && (index + 1) * PAGE_SIZE <= disk_size);
	assert_true(frame->refs >= frame->holds);
	/* Nobody has it: it may have left the cache. */
	if (frame->refs == 0 && unit_random() % 4 == 0)
		page_known[index] = false;
	frame->refs++;
	if (!page_known[index] && read_it)
		memcpy(frame_virt(frame), disk + index * PAGE_SIZE, PAGE_SIZE);
	else if (!page_known[index])
		memset(frame_virt(frame), 0, PAGE_SIZE);
	page_known[index] = true;
	return frame;
}

/* Where a page lies, whatever it takes. False: the disk does not say. */
static bool map_page(struct object *object, uint32_t index, struct page_blocks *blocks)
{
	unsigned saved = fail_one_in;
	int error;

	fail_one_in = 0;
	error = object->ops->map_blocks(object, index, NULL, blocks);
	fail_one_in = saved;
	assert_true(!error || error == -EIO);
	return !error;
}

static void read_blocks(struct object *object, uint32_t index, struct frame *frame)
{
	struct page_blocks blocks;

	if (!map_page(object, index, &blocks))
		return;
	for (unsigned i = 0; i < blocks.nblocks; i++) {
		uint8_t *to = (uint8_t *)frame_virt(frame) + i * blocks.block_size;

		if (blocks.sector[i] != BLOCK_HOLE)
			memcpy(to, disk + blocks.sector[i] * SECTOR_SIZE, blocks.block_size);
	}
}

/* The device's pages are frames 0.. themselves; a file's are in its tree. */
struct frame *object_get_page(struct object *object, uint32_t index)
{
	struct frame *frame;

	if (fails())
		return ERR_PTR(-ENOMEM);
	if (object == &device_pages)
		return device_page(index, true);
	frame = radix_lookup(&object->pages, index);
	if (!frame) {
		frame = page_alloc();
		read_blocks(object, index, frame);
		if (((uint64_t)index + 1) << PAGE_SHIFT > object->size) {
			uint64_t start = (uint64_t)index << PAGE_SHIFT;
			unsigned keep = object->size > start ? (unsigned)(object->size - start) : 0;

			memset((uint8_t *)frame_virt(frame) + keep, 0, PAGE_SIZE - keep);
		}
		while (radix_insert(&object->pages, index, frame) != 0)
			;
	}
	frame->refs++;
	return frame;
}

struct frame *object_get_page_over(struct object *object, uint32_t index, unsigned from,
				   unsigned to)
{
	assert_ptr_equal(object, &device_pages);
	if (fails())
		return ERR_PTR(-ENOMEM);
	return device_page(index, from != 0 || to != PAGE_SIZE);
}

void object_mark_dirty_range(struct frame *frame, unsigned from, unsigned to)
{
	assert_true(from < to && to <= PAGE_SIZE);
	frame->flags |= FRAME_FLAG_DIRTY;
}

static void write_page(struct object *object, uint32_t index, struct frame *frame)
{
	struct page_blocks blocks;

	if (!map_page(object, index, &blocks))
		return;
	for (unsigned i = 0; i < blocks.nblocks; i++) {
		const uint8_t *from = (uint8_t *)frame_virt(frame) + i * blocks.block_size;
		uint64_t start = ((uint64_t)index << PAGE_SHIFT) + i * blocks.block_size;

		if (blocks.sector[i] != BLOCK_HOLE && start < object->size)
			disk_write(blocks.sector[i] * SECTOR_SIZE, from, blocks.block_size);
	}
	frame->flags &= (uint16_t)~FRAME_FLAG_DIRTY;
}

int object_write_back(struct object *object, uint32_t first, uint32_t last, bool wait)
{
	uint32_t index = first;
	struct frame *frame;

	(void)wait;
	while ((frame = radix_next(&object->pages, &index)) && index <= last) {
		if (frame->flags & FRAME_FLAG_DIRTY)
			write_page(object, index, frame);
		index++;
	}
	return 0;
}

void object_remove_pages(struct object *object, uint32_t first, uint32_t last)
{
	uint32_t index = first;
	struct frame *frame;

	while ((frame = radix_next(&object->pages, &index)) && index <= last) {
		radix_remove(&object->pages, index);
		frame_put(frame);
	}
}

int object_truncate(struct object *object, uint64_t size)
{
	uint32_t index = (uint32_t)((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	struct frame *frame;

	object->size = size;
	object_remove_pages(object, index, UINT32_MAX);
	frame = size & PAGE_MASK ? radix_lookup(&object->pages, index - 1) : NULL;
	if (frame)
		memset((uint8_t *)frame_virt(frame) + (size & PAGE_MASK), 0,
		       PAGE_SIZE - (size & PAGE_MASK));
	return 0;
}

ssize_t file_cache_read(struct file *file, struct uio *io, loff_t *position)
{
	fail_msg("file_cache_read %p %p %p", file, io, position);
	return 0;
}

ssize_t file_cache_write(struct file *file, struct uio *io, loff_t *position)
{
	return file_cache_read(file, io, position);
}

/* ---- waiting ---- */

static uint64_t host_now = 1000000000ull * NSEC_PER_SEC;

static struct task only_task;
struct task *current = &only_task;
static struct process only_process;

void wait_enter(struct wait_queue *queue, struct waiter *waiter)
{
	(void)queue;
	list_init(&waiter->link);
}

void wait_leave(struct waiter *waiter)
{
	(void)waiter;
}

void wait_prepare(enum wait_kind kind)
{
	(void)kind;
}

int wait_sleep(uint64_t deadline)
{
	if (run_requests())
		return 0;
	if (deadline == WAIT_FOREVER)
		fail_msg("sleeping for ever");
	host_now = MAX(host_now, deadline);
	return -ETIMEDOUT;
}

void wait_cancel(void)
{
}

void wake_events(struct wait_queue *queue, uint32_t events_known)
{
	(void)queue;
	(void)events_known;
}

void mutex_wait(struct mutex *mutex)
{
	fail_msg("a mutex is held: %p", mutex);
}

void mutex_wake(struct mutex *mutex)
{
	fail_msg("nobody waits: %p", mutex);
}

/* ---- time, chance, the log ---- */

volatile uint32_t clock_stamp;
uint32_t vm_events[VM_EVENTS_COUNT];
static bool quiet_log;
static unsigned nlog_errors;

uint64_t clock_monotonic_ns(void)
{
	return host_now;
}

uint64_t inode_now(void)
{
	return host_now;
}

void random_bytes(void *to, size_t size)
{
	memset(to, 7, size);
}

void log_print(enum log_level level, const char *text, ...)
{
	char line[256];
	va_list args;

	va_start(args, text);
	vsnprintf(line, sizeof(line), text, args);
	va_end(args);
	if (level <= LOG_ERR)
		nlog_errors++;
	if (!quiet_log)
		printf("log: %s\n", line);
}

int vformat(char *to, size_t size, const char *text, va_list args)
{
	return vsnprintf(to, size, text, args);
}

int format(char *to, size_t size, const char *text, ...)
{
	va_list args;
	int length;

	va_start(args, text);
	length = vsnprintf(to, size, text, args);
	va_end(args);
	return length;
}

void panic(const char *text, ...)
{
	fail_msg("panic: %s", text);
	__builtin_unreachable();
}

/* It is always another's turn, who does nothing. */
volatile bool sched_need_resched = true;
static unsigned nturns;

void sched_preempt(void)
{
	nturns++;
}

bool signal_fatal_pending(void)
{
	return false;
}

#endif
