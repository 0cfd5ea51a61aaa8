/*
 * Waiting for a frame: until it has been read, until it has been written.
 *
 * Frames have no room for a wait queue each, and few of them are ever waited for: all share a few
 * queues by their number. Who sleeps in one is woken for its neighbours' sake as well and looks
 * again. The flags are changed by tasks alone, which are not preempted: between looking at them and
 * sleeping nothing is lost.
 */
#include <frame.h>

#include <assert.h>
#include <wait.h>

#define QUEUES 32u /* a power of two */

static struct wait_queue queues[QUEUES];

static struct wait_queue *queue_of(const struct frame *frame)
{
	struct wait_queue *queue = &queues[frame_pfn(frame) & (QUEUES - 1)];

	if (unlikely(!queue->waiters.next))
		wait_queue_init(queue);
	return queue;
}

void frame_wait(struct frame *frame, unsigned flags)
{
	assert(flags && !(flags & ~(FRAME_FLAG_BUSY | FRAME_FLAG_WRITEBACK)));
	assert(frame->refs > 0);
	if (frame->flags & flags)
		wait_event_uninterruptible(queue_of(frame), !(frame->flags & flags));
}

void frame_wake(struct frame *frame)
{
	assert(frame->refs > 0);
	wake_all(queue_of(frame));
}
