/*
 * epoll_wait and its relatives: taking ready items, and sleeping until there are some.
 *
 * Items are taken in batches. While a batch is taken nothing sleeps, so that each event goes to one
 * waiter; what the taking changes (an edge gone, a one-shot switched off, a level put back) is done
 * at once. Should the events not reach the program's memory, it is undone.
 */
#include <event_calls.h>
#include <vfs.h>

#include <assert.h>
#include <clock.h>
#include <string.h>
#include <task.h>
#include <trap.h>
#include <uaccess.h>

#include "epoll_internal.h"
#include "poll_internal.h"

#define BATCH 16u

struct batch {
	uint32_t count;
	struct epoll_event events[BATCH];
	struct epoll_item *items[BATCH]; /* references */
	uint32_t wanted[BATCH];		 /* item->event.events as it was */
};

/* What becomes of an item whose events are told. */
static void told(struct epoll_item *item)
{
	if (item->event.events & EPOLLONESHOT)
		item->event.events &= EPOLL_MODES;
	else if (!(item->event.events & EPOLLET))
		epoll_put_ready(item, false);
}

/* They were not told after all. */
static void untold(struct epoll_item *item, uint32_t wanted)
{
	if (item->removed)
		return;
	if (!(item->event.events & ~EPOLL_MODES))
		item->event.events = wanted;
	epoll_put_ready(item, true);
}

/* Fills a batch with up to `room` events of at most *left items. */
static void take_batch(struct epoll *epoll, struct batch *batch, uint32_t room, uint32_t *left)
{
	batch->count = 0;
	while (*left > 0 && batch->count < MIN(room, BATCH)) {
		struct epoll_item *item = epoll_take_ready(epoll);
		uint32_t wanted, events;

		if (!item) {
			*left = 0;
			break;
		}
		--*left;
		wanted = item->event.events;
		events = poll_file(item->file, NULL) & wanted;
		if (!events)
			continue;
		item->refs++;
		batch->items[batch->count] = item;
		batch->wanted[batch->count] = wanted;
		batch->events[batch->count] = item->event;
		batch->events[batch->count++].events = events;
		told(item);
	}
}

/* Copies a batch out: how many events arrived. May sleep. */
static uint32_t tell_batch(struct batch *batch, struct epoll_event __user *user)
{
	uint32_t arrived = 0;

	if (copy_to_user(user, batch->events, batch->count * sizeof(*user)) == 0)
		arrived = batch->count;
	else
		while (arrived < batch->count &&
		       copy_to_user(&user[arrived], &batch->events[arrived], sizeof(*user)) == 0)
			arrived++;
	for (uint32_t i = batch->count; i-- > 0;) {
		if (i >= arrived)
			untold(batch->items[i], batch->wanted[i]);
		epoll_item_put(batch->items[i]);
	}
	return arrived;
}

/* The events that there are now, up to room: their number, -EFAULT. */
static int32_t tell_ready(struct epoll *epoll, struct epoll_event __user *user, uint32_t room)
{
	/* Each item once, though levels go back to the end of the list. */
	uint32_t left = epoll->nready, total = 0;
	bool failed = false;
	struct batch batch;

	while (left > 0 && total < room && !failed) {
		uint32_t arrived;

		take_batch(epoll, &batch, room - total, &left);
		arrived = tell_batch(&batch, &user[total]);
		failed = arrived < batch.count;
		total += arrived;
	}
	/* There may be something left for the next. */
	if (epoll->nready > 0)
		wake_one(&epoll->sleepers);
	return failed && !total ? -EFAULT : (int32_t)total;
}

/* 0 when an item is on the ready list, -EINTR, -ETIMEDOUT. */
static int sleep_until_ready(struct epoll *epoll, uint64_t deadline)
{
	struct waiter waiter;
	int error = 0;

	wait_enter(&epoll->sleepers, &waiter);
	while (!error) {
		wait_prepare(WAIT_INTERRUPTIBLE);
		if (epoll->nready > 0) {
			wait_cancel();
			break;
		}
		error = wait_sleep(deadline);
	}
	wait_leave(&waiter);
	return epoll->nready > 0 ? 0 : error;
}

static int32_t run(struct epoll *epoll, struct epoll_event __user *user, uint32_t room,
		   uint64_t deadline)
{
	int32_t told_now = tell_ready(epoll, user, room);
	int error = 0;

	while (told_now == 0 && !error && deadline != 0) {
		if (signal_pending())
			return -EINTR;
		error = sleep_until_ready(epoll, deadline);
		told_now = tell_ready(epoll, user, room);
	}
	return told_now == 0 && error == -EINTR ? -EINTR : told_now;
}

static int32_t epoll_wait(int epoll_fd, struct epoll_event __user *user, int32_t count,
			  uint64_t deadline)
{
	struct file *file;
	int32_t result;

	if (count <= 0 || (uint32_t)count > INT32_MAX / sizeof(*user))
		return -EINVAL;
	if (!user_range_ok(user, (uint32_t)count * sizeof(*user)))
		return -EFAULT;
	file = file_from_fd(epoll_fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	result = -EINVAL;
	if (epoll_of(file))
		result = run(epoll_of(file), user, (uint32_t)count, deadline);
	file_put(file);
	return result;
}

static uint64_t deadline_from_ms(int32_t ms)
{
	if (ms < 0)
		return WAIT_FOREVER;
	return ms ? clock_monotonic_ns() + (uint64_t)(uint32_t)ms * 1000000 : 0;
}

int32_t sys_epoll_wait(int epoll_fd, struct epoll_event __user *events, int32_t count,
		       int32_t timeout_ms)
{
	return epoll_wait(epoll_fd, events, count, deadline_from_ms(timeout_ms));
}

static int32_t masked_wait(int epoll_fd, struct epoll_event __user *events, int32_t count,
			   uint64_t deadline, const sigset_t __user *mask, uint32_t mask_size)
{
	int32_t result = poll_set_mask(mask, mask_size);

	if (result)
		return result;
	result = epoll_wait(epoll_fd, events, count, deadline);
	poll_restore_mask(mask, result == -EINTR);
	return result;
}

int32_t sys_epoll_pwait(int epoll_fd, struct epoll_event __user *events, int32_t count,
			int32_t timeout_ms, const sigset_t __user *mask, uint32_t mask_size)
{
	return masked_wait(epoll_fd, events, count, deadline_from_ms(timeout_ms), mask, mask_size);
}

int32_t sys_epoll_pwait2(int epoll_fd, struct epoll_event __user *events, int32_t count,
			 const struct timespec64 __user *timeout, const sigset_t __user *mask,
			 uint32_t mask_size)
{
	uint64_t deadline = WAIT_FOREVER;
	struct timespec64 time;

	if (timeout && copy_from_user(&time, timeout, sizeof(time)) != 0)
		return -EFAULT;
	if (timeout && deadline_from_timespec(&time, &deadline) != 0)
		return -EINVAL;
	return masked_wait(epoll_fd, events, count, deadline, mask, mask_size);
}
