/*
 * The queue of each disk, and the task "block" that empties it.
 *
 * A request waits in two lists: by sector, where its neighbours are found, and by age, so that none
 * waits for ever; which one is next is drivers/block_elevator.c's to say. Requests are handed to the
 * driver in chains of neighbours, each of which is one transfer.
 *
 * The task alone starts transfers and ends requests. It is woken by whoever submits and by the
 * drivers' interrupt handlers, which only note what has ended, and it runs before any other task.
 * Whoever submits much without sleeping so lets it all gather before the first is started.
 *
 *   submitted -> sorted, aged -> (chain) in_flight -> completed -> done
 *                     ^------------ failed, to be tried again -----|
 */
#include "block_internal.h"

#include <assert.h>
#include <clock.h>
#include <fail.h>
#include <task.h>
#include <trap.h>
#include <vm_events.h>
#include <wait.h>

#include <abi/errno.h>

static struct wait_queue task_wait = WAIT_QUEUE_INIT(task_wait);
static volatile bool work_due;			     /* (irq) */
static struct list completed = LIST_INIT(completed); /* (irq) chains, by link; error is set */
static struct list refused = LIST_INIT(refused);     /* requests that never were queued */

void block_wake(void)
{
	work_due = true;
	wake_all(&task_wait);
}

void block_queue_init(struct disk *disk)
{
	for (unsigned op = BLOCK_READ; op <= BLOCK_WRITE; op++) {
		list_init(&disk->sorted[op]);
		list_init(&disk->aged[op]);
	}
	list_init(&disk->flushes);
	list_init(&disk->in_flight);
	block_timer_init(disk);
}

/* ---- chains ---- */

uint32_t block_chain_sectors(const struct block_request *first)
{
	uint32_t nsectors = 0;

	for (; first; first = first->next)
		nsectors += first->nsectors;
	return nsectors;
}

unsigned block_chain_segments(const struct block_request *first)
{
	unsigned nsegments = 0;

	for (; first; first = first->next)
		nsegments += first->nsegments;
	return nsegments;
}

/* ---- entering ---- */

static void enter_sorted(struct list *sorted, struct block_request *request)
{
	struct list *before = sorted->prev;

	while (before != sorted &&
	       list_entry(before, struct block_request, link)->disk_sector > request->disk_sector)
		before = before->prev;
	list_add(before, &request->link);
}

static void enter(struct block_request *request)
{
	struct disk *disk = request->device->disk;

	request->next = NULL;
	if (request->op == BLOCK_FLUSH) {
		list_add_tail(&disk->flushes, &request->link);
		return;
	}
	enter_sorted(&disk->sorted[request->op], request);
	list_add_tail(&disk->aged[request->op], &request->age_link);
}

/* What comes back is the oldest. */
void block_requeue(struct block_request *request)
{
	struct disk *disk = request->device->disk;

	enter(request);
	if (request->op == BLOCK_FLUSH)
		return;
	list_remove(&request->age_link);
	list_add(&disk->aged[request->op], &request->age_link);
}

/* Fills in what follows from the owner's part. 0, or what is wrong with the request. */
static int measure(struct block_request *request)
{
	const struct block_device *device = request->device;
	uint32_t size = 0, unit = device->disk->block_size;

	for (unsigned i = 0; i < request->nsegments; i++) {
		const struct block_segment *segment = &request->segments[i];

		assert(segment->size > 0 && segment->offset + segment->size <= PAGE_SIZE);
		assert(((segment->offset | segment->size) & 3) == 0);
		size += segment->size;
	}
	assert(size % SECTOR_SIZE == 0 && (size == 0) == (request->op == BLOCK_FLUSH));
	request->nsectors = size >> SECTOR_SHIFT;
	request->disk_sector = device->start + request->sector;
	if (request->op == BLOCK_FLUSH)
		return 0;
	if (request->sector >= device->nsectors ||
	    request->nsectors > device->nsectors - request->sector)
		return -EIO;
	if (((uint32_t)request->disk_sector << SECTOR_SHIFT | size) & (unit - 1))
		return -EIO;
	return request->op == BLOCK_WRITE && device->read_only ? -EROFS : 0;
}

/* Linux's pgpgin and pgpgout: all that goes between disks and memory. */
static void count_kilobytes(const struct block_request *request)
{
	if (request->op == BLOCK_READ)
		vm_count(PGPGIN, (request->nsectors + 1) / 2);
	else if (request->op == BLOCK_WRITE)
		vm_count(PGPGOUT, (request->nsectors + 1) / 2);
}

void block_submit(struct block_request *request)
{
	assert(request->device && request->done && request->nsegments <= BLOCK_SEGMENTS);
	int error = measure(request);

	request->errors = request->silences = 0;
	request->merged = false;
	request->submitted = clock_monotonic_ns();
	block_count_start(request->device, request->submitted);
	if (error)
		block_report(request, error == -EROFS ? "is read-only" : "has no such sectors");
	else if (unlikely(fail_request()))
		error = -EIO;
	if (error) {
		request->error = error;
		list_add_tail(&refused, &request->link);
	} else {
		count_kilobytes(request);
		enter(request);
	}
	block_wake();
}

/* ---- the end ---- */

void block_end(struct block_request *request, int error)
{
	block_count_end(request->device, request, clock_monotonic_ns());
	request->done(request, error);
}

static void end_chain(struct block_request *first, int error)
{
	struct block_request *next;

	for (; first; first = next) {
		next = first->next;
		block_end(first, error);
	}
}

static void end_list(struct list *list, int error)
{
	while (!list_empty(list)) {
		struct block_request *request = list_first(list, struct block_request, link);

		list_remove(&request->link);
		if (request->op != BLOCK_FLUSH)
			list_remove(&request->age_link);
		block_end(request, error);
	}
}

void block_end_queued(struct disk *disk, int error)
{
	end_chain(disk->held, error);
	disk->held = NULL;
	end_list(&disk->flushes, error);
	end_list(&disk->sorted[BLOCK_READ], error);
	end_list(&disk->sorted[BLOCK_WRITE], error);
}

void disk_complete(struct disk *disk, struct block_request *first, int error)
{
	uint32_t flags = irq_save();

	assert(disk->nin_flight > 0 && error <= 0);
	disk->nin_flight--;
	disk->answered = clock_coarse_ns();
	list_remove(&first->link);
	first->error = error;
	list_add_tail(&completed, &first->link);
	block_wake();
	irq_restore(flags);
}

void disk_work(struct disk *disk)
{
	disk->wants_work = true;
	block_wake();
}

static struct block_request *take_completed(void)
{
	uint32_t flags = irq_save();
	struct block_request *first = NULL;

	if (!list_empty(&completed)) {
		first = list_first(&completed, struct block_request, link);
		list_remove(&first->link);
	}
	irq_restore(flags);
	return first;
}

static void end_completed(void)
{
	struct block_request *first;

	while ((first = take_completed())) {
		struct disk *disk = first->device->disk;

		disk->alone = false;
		if (first->error) {
			block_chain_failed(disk, first, first->error);
			continue;
		}
		disk->dead_until = 0;
		end_chain(first, 0);
	}
}

static void end_refused(void)
{
	while (!list_empty(&refused)) {
		struct block_request *request = list_first(&refused, struct block_request, link);

		list_remove(&request->link);
		block_end(request, request->error);
	}
}

/* ---- starting ---- */

/*
 * What failed is tried again with nothing else under way, for a host may join what it is given at one
 * time just as we do, and fail it all.
 */
static bool goes_alone(const struct block_request *first)
{
	return first->errors > 0;
}

/* False: the disk has no room now. */
static bool start(struct disk *disk, struct block_request *first)
{
	uint32_t flags = irq_save();
	bool others = disk->nin_flight > 0; /* perhaps no longer when start returns */
	int error;

	first->started = clock_coarse_ns();
	list_add_tail(&disk->in_flight, &first->link);
	disk->nin_flight++;
	irq_restore(flags);
	if (first->op == BLOCK_FLUSH && !disk->write_cache) {
		disk_complete(disk, first, 0);
		return true;
	}
	error = disk->ops->start(disk, first);
	if (error == -EBUSY && others) {
		flags = irq_save();
		list_remove(&first->link);
		disk->nin_flight--;
		irq_restore(flags);
		disk->held = first;
		return false;
	}
	if (error)
		disk_complete(disk, first, error);
	else if (first->op != BLOCK_FLUSH)
		disk->position = first->disk_sector + block_chain_sectors(first);
	return true;
}

static void start_what_fits(struct disk *disk)
{
	struct block_request *first;

	while (block_may_start(disk) && !disk->alone && disk->nin_flight < disk->depth &&
	       (first = block_take_next(disk))) {
		if (goes_alone(first) && disk->nin_flight > 0) {
			disk->held = first;
			break;
		}
		disk->alone = goes_alone(first);
		if (!start(disk, first))
			break;
		block_expect_answer(disk);
	}
}

/* All there is to do now. */
static void work(void)
{
	struct disk *disk;

	end_refused();
	list_for_each(disk, &block_disks, link) {
		if (disk->wants_work && disk->ops->work) {
			disk->wants_work = false;
			disk->ops->work(disk);
		}
	}
	end_completed();
	list_for_each(disk, &block_disks, link)
		start_what_fits(disk);
}

static void run(void *argument)
{
	(void)argument;
	for (;;) {
		/* Interruptible, since no signal comes to a kernel task: it is no load. */
		(void)wait_event(&task_wait, work_due);
		work_due = false;
		work();
	}
}

int block_start_task(void)
{
	struct task *task = task_create_kernel("block", run, NULL);

	if (!task)
		return -ENOMEM;
	task->urgent = true;
	return 0;
}
