/*
 * drivers/block_queue.c, block_elevator.c, block_error.c and block_request.c with a disk that answers in
 * any order, has bad sectors, has no room, falls silent and is reset. Every request ends exactly once,
 * with the outcome it must have; transfers keep to the disk's limits; nobody waits for ever. To be
 * included once. SOURCES: lib/string.c
 */
#ifndef LOFT_BLOCK_QUEUE_HOST_H
#define LOFT_BLOCK_QUEUE_HOST_H

#include "unit.h"

#include <abi/errno.h>
#include <block.h>
#include <cmdline.h>
#include <fail.h>
#include <kheap.h>
#include <log.h>
#include <string.h>
#include <task.h>
#include <trap.h>
#include <vm_events.h>

/* Interrupts are calls of the test's own. */
#define irq_save() 0u
#define irq_restore(flags) ((void)(flags))
#undef fail

struct frame *frame_array;
static struct task the_task;
struct task *current = &the_task;
struct list block_disks = LIST_INIT(block_disks);
uint32_t vm_events[VM_EVENTS_COUNT];
static uint64_t now;

#include "../../drivers/block_elevator.c"
#include "../../drivers/block_error.c"
#include "../../drivers/block_queue.c"
#include "../../drivers/block_request.c"

/* ---- what the files need of the kernel ---- */

void *kalloc(size_t size)
{
	return malloc(size);
}

void log_print(enum log_level level, const char *text, ...)
{
	(void)level;
	(void)text;
}

bool fail_request(void)
{
	return false;
}

const char *cmdline_get(const char *name)
{
	(void)name;
	return NULL;
}

uint64_t clock_monotonic_ns(void)
{
	return now;
}

uint64_t clock_coarse_ns(void)
{
	return now;
}

void timer_init(struct timer *timer, void (*fire)(void *context), void *context)
{
	*timer = (struct timer){ .fire = fire, .context = context };
}

void timer_start(struct timer *timer, uint64_t deadline)
{
	timer->pending = true;
	timer->deadline = deadline;
}

struct task *task_create_kernel(const char *name, void (*entry)(void *argument), void *argument)
{
	(void)name;
	(void)entry;
	(void)argument;
	return &the_task;
}

void wake_events(struct wait_queue *queue, uint32_t events)
{
	(void)queue;
	(void)events;
}

void wake_one(struct wait_queue *queue)
{
	(void)queue;
}

/* Nothing here sleeps. */
void wait_enter(struct wait_queue *queue, struct waiter *waiter)
{
	(void)queue;
	(void)waiter;
}

void wait_leave(struct waiter *waiter)
{
	(void)waiter;
}

void wait_prepare(enum wait_kind kind)
{
	(void)kind;
	assert(false);
}

int wait_sleep(uint64_t deadline)
{
	(void)deadline;
	return -EINTR;
}

void wait_cancel(void)
{
}

void block_count_start(struct block_device *device, uint64_t at)
{
	(void)at;
	device->stats.in_flight++;
}

void block_count_end(struct block_device *device, const struct block_request *request, uint64_t at)
{
	(void)at;
	device->stats.in_flight--;
	device->stats.requests[request->op & 1]++;
	device->stats.merges[request->op & 1] += request->merged;
}

/* ---- the disk ---- */

#define SECTORS 4096u
#define SLOTS 8

static struct disk disk;
static struct block_device device;
static struct block_request *given[SLOTS];
static unsigned ngiven, nstarted, nresets;
static bool is_bad[SECTORS], silent, dead, refuses, resets_fail;
static uint32_t content[SECTORS]; /* which write it has seen last */

static bool touches_bad(const struct block_request *first)
{
	for (; first; first = first->next)
		for (unsigned i = 0; i < first->nsectors; i++)
			if (is_bad[first->disk_sector + i])
				return true;
	return false;
}

static int disk_start(struct disk *to, struct block_request *first)
{
	uint64_t sector = first->disk_sector;

	assert_ptr_equal(to, &disk);
	assert_true(first->op == BLOCK_FLUSH || block_chain_sectors(first) <= disk.max_sectors);
	assert_true(block_chain_segments(first) <= disk.max_segments);
	for (const struct block_request *at = first; at; at = at->next) {
		assert_int_equal(at->op, first->op);
		assert_true(at->op == BLOCK_FLUSH || at->disk_sector == sector);
		sector += at->nsectors;
		/* What failed before goes alone. */
		assert_true(at->errors == 0 || (!first->next && ngiven == 0));
	}
	if (refuses && ngiven > 0 && unit_random() % 4 == 0)
		return -EBUSY;
	assert_true(ngiven < SLOTS);
	given[ngiven++] = first;
	nstarted++;
	return 0;
}

static int disk_reset(struct disk *to)
{
	assert_ptr_equal(to, &disk);
	nresets++;
	ngiven = 0;
	if (resets_fail)
		return -EIO;
	if (unit_random() % 2 && !dead)
		silent = false;
	return 0;
}

static const struct disk_ops ops = { .start = disk_start, .reset = disk_reset };

/* The outcome of one of those it was given. */
static void disk_answers(void)
{
	unsigned which = ngiven ? unit_random() % ngiven : 0;
	struct block_request *first;

	if (ngiven == 0 || silent)
		return;
	first = given[which];
	given[which] = given[--ngiven];
	disk_complete(&disk, first, touches_bad(first) ? -EIO : 0);
}

/* ---- requests ---- */

struct wish {
	struct block_request request;
	uint32_t begin, nsectors, number;
	bool under_way;
};

#define WISHES 40
static struct wish wishes[WISHES];
static unsigned nended, nfailed;
static struct frame frame;

static void wish_done(struct block_request *request, int error)
{
	struct wish *wish = request->context;
	bool bad = false;

	assert_true(wish->under_way);
	wish->under_way = false;
	nended++;
	nfailed += error != 0;
	for (uint32_t i = 0; i < wish->nsectors; i++)
		bad |= is_bad[wish->begin + i];
	if (request->op == BLOCK_FLUSH)
		bad = false;
	if (bad)
		assert_int_equal(error, -EIO);
	else if (!dead && nresets == 0)
		assert_int_equal(error, 0);
	for (uint32_t i = 0; !error && request->op == BLOCK_WRITE && i < wish->nsectors; i++)
		content[wish->begin + i] = wish->number;
}

static bool overlaps_another(const struct wish *wish)
{
	for (unsigned i = 0; i < WISHES; i++)
		if (wishes[i].under_way && wishes[i].begin < wish->begin + wish->nsectors &&
		    wish->begin < wishes[i].begin + wishes[i].nsectors)
			return true;
	return false;
}

static void submit(struct wish *wish, enum block_op op, uint32_t begin, uint32_t npages)
{
	wish->begin = begin;
	wish->nsectors = op == BLOCK_FLUSH ? 0 : npages * SECTORS_PER_PAGE;
	if (overlaps_another(wish))
		return;
	memset(&wish->request, 0, sizeof(wish->request));
	wish->request.device = &device;
	wish->request.op = op;
	wish->request.sector = begin;
	wish->request.done = wish_done;
	wish->request.context = wish;
	for (uint32_t i = 0; i < npages && op != BLOCK_FLUSH; i++)
		block_add_segment(&wish->request, &frame, 0, PAGE_SIZE);
	wish->under_way = true;
	block_submit(&wish->request);
}

/* The timer, the task that resets, the task "block". */
static void kernel_runs(void)
{
	if (disk.timer.pending && now >= disk.timer.deadline) {
		disk.timer.pending = false;
		disk.timer.fire(disk.timer.context);
	}
	if (disk.silent)
		reset(&disk);
	work();
}

static bool any_under_way(void)
{
	for (unsigned i = 0; i < WISHES; i++)
		if (wishes[i].under_way)
			return true;
	return false;
}

/* Until all that was submitted has ended; within a bounded time. */
static void finish(void)
{
	uint64_t end = now + 600 * NSEC_PER_SEC;

	while (any_under_way()) {
		disk_answers();
		kernel_runs();
		now += ngiven && silent ? NSEC_PER_SEC : NSEC_PER_TICK;
		assert_true(now < end);
	}
	assert_int_equal(device.stats.in_flight, 0);
	assert_int_equal(ngiven, 0);
	assert_int_equal(disk.nin_flight, 0);
	assert_true(list_empty(&disk.in_flight) && list_empty(&completed) && list_empty(&refused));
}

static int set_up(void **state)
{
	(void)state;
	memset(&disk, 0, sizeof(disk));
	memset(&device, 0, sizeof(device));
	memset(is_bad, 0, sizeof(is_bad));
	ngiven = nstarted = nresets = nended = nfailed = 0;
	silent = dead = refuses = resets_fail = false;
	now = NSEC_PER_SEC;
	disk.ops = &ops;
	disk.nsectors = SECTORS;
	disk.block_size = SECTOR_SIZE;
	disk.max_sectors = 512;
	disk.max_segments = 50;
	disk.depth = SLOTS;
	disk.write_cache = true;
	disk.whole = &device;
	list_init(&block_disks);
	list_add_tail(&block_disks, &disk.link);
	list_init(&disk.devices);
	block_queue_init(&disk);
	device.disk = &disk;
	device.nsectors = SECTORS;
	return 0;
}

#endif
