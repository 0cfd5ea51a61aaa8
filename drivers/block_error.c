/*
 * When a disk errs or is silent.
 *
 * An error is about one sector, and a transfer may have been joined from many requests: each is
 * tried again alone, so that only those whose sector is bad end in -EIO.
 *
 * Silence is about the disk. While anything is under way a timer looks whether something came back
 * lately. If not, the task "block-reset" first looks for itself, in case an interrupt was lost; then
 * it has the driver reset the disk, which may take seconds and must not hold up other disks. What was
 * under way is tried again. A request that was not answered three times shows that the disk is dead:
 * all that is queued for it ends, and so does what comes in the next half minute. Then one request,
 * once, finds out whether it is alive again.
 */
#include "block_internal.h"

#include <assert.h>
#include <clock.h>
#include <cmdline.h>
#include <log.h>
#include <string.h>
#include <task.h>
#include <trap.h>
#include <wait.h>

#include <abi/errno.h>

#define TIMEOUT_DEFAULT 10 /* seconds */
#define TIMEOUT_MAX 3600
#define OVERDUE 6   /* times the timeout, for one transfer while others are answered */
#define DEAD_TIME 3 /* times the timeout */

#define REPORTS_MAX 10 /* lines in a REPORT_TIME */
#define REPORT_TIME (5 * NSEC_PER_SEC)

_Static_assert(BLOCK_SILENT == -ETIMEDOUT && BLOCK_DEAD == -ENODEV, "errors of their own");

static uint64_t timeout = TIMEOUT_DEFAULT * NSEC_PER_SEC;
static struct wait_queue reset_wait = WAIT_QUEUE_INIT(reset_wait);
static volatile bool reset_due; /* (irq) */

/* ---- the log ---- */

static struct {
	uint64_t since;
	unsigned nlines, nleft_out;
} reports;

/* Not more lines than a person reads, however much fails. */
static bool may_report(void)
{
	uint64_t now = clock_coarse_ns();

	if (reports.nlines == 0 || now - reports.since > REPORT_TIME) {
		if (reports.nleft_out)
			log_error("block: %u more requests failed", reports.nleft_out);
		reports.since = now;
		reports.nlines = reports.nleft_out = 0;
	}
	if (reports.nlines == REPORTS_MAX) {
		reports.nleft_out++;
		return false;
	}
	reports.nlines++;
	return true;
}

void block_report(const struct block_request *request, const char *what)
{
	static const char *const names[] = { "read", "write", "flush" };

	if (may_report())
		log_error("%s: %s of %u sectors at %llu: %s", request->device->name,
			  names[request->op], request->nsectors,
			  (unsigned long long)request->sector, what);
}

/* ---- silence ---- */

/* In flight is something. Interrupts off. */
static uint64_t deadline_of(const struct disk *disk)
{
	const struct block_request *oldest = list_first(&disk->in_flight, struct block_request,
							link);

	return MIN(MAX(oldest->started, disk->answered) + timeout,
		   oldest->started + OVERDUE * timeout);
}

static void look(void *context)
{
	struct disk *disk = context;

	if (list_empty(&disk->in_flight) || disk->silent)
		return;
	if (clock_coarse_ns() < deadline_of(disk)) {
		timer_start(&disk->timer, deadline_of(disk));
		return;
	}
	disk->silent = true;
	reset_due = true;
	wake_all(&reset_wait);
}

void block_timer_init(struct disk *disk)
{
	timer_init(&disk->timer, look, disk);
}

/* The timer may be pending since an earlier transfer: then it finds out itself that it is early. */
void block_expect_answer(struct disk *disk)
{
	if (!disk->timer.pending)
		timer_start(&disk->timer, clock_coarse_ns() + timeout);
}

/* It may have answered, or only begun, since the timer looked: another disk's reset took its time. */
static bool is_silent(const struct disk *disk)
{
	uint32_t flags = irq_save();
	bool silent = !list_empty(&disk->in_flight) && clock_coarse_ns() >= deadline_of(disk);

	irq_restore(flags);
	return silent;
}

static bool interrupt_was_lost(struct disk *disk)
{
	uint32_t flags = irq_save();
	bool lost = disk->ops->poll && disk->ops->poll(disk);

	irq_restore(flags);
	return lost;
}

/* What the driver has forgotten goes back to the task "block". */
static void give_back(struct disk *disk, int error)
{
	uint32_t flags = irq_save();

	while (!list_empty(&disk->in_flight))
		disk_complete(disk, list_first(&disk->in_flight, struct block_request, link),
			      error);
	irq_restore(flags);
}

static void reset(struct disk *disk)
{
	int error;

	if (is_silent(disk) && interrupt_was_lost(disk)) {
		log_warning("%s: an interrupt was lost", disk->whole->name);
	} else if (is_silent(disk)) {
		log_error("%s: no answer for %u s: reset", disk->whole->name,
			  (unsigned)(timeout / NSEC_PER_SEC));
		error = disk->ops->reset(disk);
		if (error)
			log_error("%s: the reset failed (error %d)", disk->whole->name, -error);
		give_back(disk, error ? BLOCK_DEAD : BLOCK_SILENT);
	}
	disk->silent = false;
	if (disk->nin_flight > 0)
		block_expect_answer(disk);
	block_wake();
}

static void run_resets(void *argument)
{
	struct disk *disk;

	(void)argument;
	for (;;) {
		(void)wait_event(&reset_wait, reset_due);
		reset_due = false;
		list_for_each(disk, &block_disks, link)
			if (disk->silent)
				reset(disk);
	}
}

int block_error_init(void)
{
	const char *text = cmdline_get("block.timeout");
	uint32_t seconds;

	if (text && parse_u32(text, 10, &seconds) == 0 && seconds > 0 && seconds <= TIMEOUT_MAX)
		timeout = seconds * NSEC_PER_SEC;
	return task_create_kernel("block-reset", run_resets, NULL) ? 0 : -ENOMEM;
}

/* ---- trying again ---- */

static void give_up(struct disk *disk)
{
	if (disk->dead_until == 0)
		log_error("%s: does not answer: given up", disk->whole->name);
	disk->dead_until = clock_monotonic_ns() + DEAD_TIME * timeout;
}

static void fail_silent(struct disk *disk, struct block_request *request, int error)
{
	if (error == BLOCK_SILENT && ++request->silences <= BLOCK_RETRIES &&
	    disk->dead_until == 0) {
		block_requeue(request);
		return;
	}
	give_up(disk);
	block_report(request, "not answered");
	block_end(request, -EIO);
}

static void fail(struct disk *disk, struct block_request *request, int error)
{
	if (error == BLOCK_SILENT || error == BLOCK_DEAD) {
		fail_silent(disk, request, error);
	} else if (error == -EIO && ++request->errors <= BLOCK_RETRIES) {
		block_requeue(request);
	} else {
		block_report(request, "failed");
		block_end(request, error);
	}
}

void block_chain_failed(struct disk *disk, struct block_request *first, int error)
{
	struct block_request *next;

	assert(error < 0);
	if (error != BLOCK_SILENT && error != BLOCK_DEAD)
		disk->dead_until = 0;
	for (; first; first = next) {
		next = first->next;
		fail(disk, first, error);
	}
}

bool block_may_start(struct disk *disk)
{
	if (disk->silent)
		return false;
	if (likely(disk->dead_until == 0))
		return true;
	if (clock_monotonic_ns() < disk->dead_until) {
		block_end_queued(disk, -EIO);
		return false;
	}
	return disk->nin_flight == 0;
}
