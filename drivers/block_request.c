/*
 * The pool of requests, and transfers that are waited for.
 *
 * The pool is made when the first disk is found and never grows: who writes pages out in order to
 * free memory needs none for it. Every request in use is, by contract, on its way to a disk or about
 * to be, so that whoever waits for one gets it. Those who can do without leave the last ones to those
 * who cannot.
 */
#include "block_internal.h"

#include <assert.h>
#include <kheap.h>
#include <string.h>
#include <wait.h>

#include <abi/errno.h>

#define POOL_REQUESTS 64
#define POOL_RESERVE 16 /* for who must wait */

static struct list unused = LIST_INIT(unused); /* by link */
static unsigned nunused;
static struct wait_queue pool_wait = WAIT_QUEUE_INIT(pool_wait);

int block_pool_init(void)
{
	struct block_request *requests = kalloc(POOL_REQUESTS * sizeof(*requests));

	if (!requests)
		return -ENOMEM;
	for (unsigned i = 0; i < POOL_REQUESTS; i++)
		list_add_tail(&unused, &requests[i].link);
	nunused = POOL_REQUESTS;
	return 0;
}

struct block_request *block_request_get(bool may_wait)
{
	struct block_request *request;

	if (!may_wait && nunused <= POOL_RESERVE)
		return NULL;
	wait_event_uninterruptible(&pool_wait, nunused > 0);
	request = list_first(&unused, struct block_request, link);
	list_remove(&request->link);
	nunused--;
	memset(request, 0, sizeof(*request));
	return request;
}

void block_request_put(struct block_request *request)
{
	assert(nunused < POOL_REQUESTS);
	/* At the front: the processor's cache may still have it. */
	list_add(&unused, &request->link);
	nunused++;
	wake_one(&pool_wait);
}

/* ---- waiting for one ---- */

struct wait_for_one {
	struct wait_queue wait;
	bool done;
	int error;
};

static void note_done(struct block_request *request, int error)
{
	struct wait_for_one *one = request->context;

	one->error = error;
	one->done = true;
	wake_all(&one->wait);
	block_request_put(request);
}

static int submit_and_wait(struct block_request *request)
{
	struct wait_for_one one = { .done = false };

	wait_queue_init(&one.wait);
	request->done = note_done;
	request->context = &one;
	block_submit(request);
	wait_event_uninterruptible(&one.wait, one.done);
	return one.error;
}

int block_transfer(struct block_device *device, enum block_op op, uint64_t sector,
		   struct frame *frame, unsigned offset, unsigned size)
{
	assert(op != BLOCK_FLUSH && size > 0 && size % SECTOR_SIZE == 0);
	struct block_request *request = block_request_get(true);

	request->device = device;
	request->op = op;
	request->sector = sector;
	block_add_segment(request, frame, offset, size);
	return submit_and_wait(request);
}

int block_flush(struct block_device *device)
{
	struct block_request *request = block_request_get(true);

	request->device = device;
	request->op = BLOCK_FLUSH;
	return submit_and_wait(request);
}
