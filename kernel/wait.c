/*
 * Wait queues and mutexes.
 *
 * No wake is lost: a sleeper is in the queue and marked as about to sleep (state, woken =
 * false) before it tests its condition; a wake in between sets `woken`, and wait_sleep then
 * does not sleep. Whoever wakes leaves the waiter in the queue; the sleeper takes itself out.
 * Queues are changed and walked with interrupts off.
 */
#include <wait.h>

#include <assert.h>
#include <task.h>

static const enum task_state state_of_kind[] = {
	[WAIT_UNINTERRUPTIBLE] = TASK_WAITING,
	[WAIT_INTERRUPTIBLE] = TASK_SLEEPING,
	[WAIT_KILLABLE] = TASK_KILLABLE,
};

void wait_enter(struct wait_queue *queue, struct waiter *waiter)
{
	uint32_t flags = irq_save();

	assert(queue->waiters.next && queue->waiters.prev);
	waiter->task = current;
	list_add_tail(&queue->waiters, &waiter->link);
	irq_restore(flags);
}

void wait_leave(struct waiter *waiter)
{
	uint32_t flags = irq_save();

	assert(waiter->task == current);
	list_remove(&waiter->link);
	irq_restore(flags);
}

/*
 * A wake between the first and the last of these stores comes before the condition is tested, and
 * whoever is RUNNING is in no queue that a wake could put it in: interrupts may stay on.
 */
void wait_prepare(enum wait_kind kind)
{
	assert(current->state == TASK_RUNNING || current->state == state_of_kind[kind]);
	current->woken = false;
	current->timed_out = false;
	current->state = state_of_kind[kind];
}

void wait_cancel(void)
{
	current->state = TASK_RUNNING;
}

/* Does a signal end a sleep in this state? */
static inline bool is_interrupted(enum task_state state)
{
	if (likely(state == TASK_SLEEPING))
		return unlikely(current->signalled) && signal_pending();
	return state == TASK_KILLABLE && signal_fatal_pending();
}

/* Sleeps; interrupts are off. 0, -ETIMEDOUT. */
static int sleep_until(uint64_t deadline)
{
	if (clock_monotonic_ns() >= deadline)
		return -ETIMEDOUT;
	timer_start(&current->sleep_timer, deadline);
	sched_block();
	timer_stop(&current->sleep_timer);
	return current->timed_out ? -ETIMEDOUT : 0;
}

int wait_sleep(uint64_t deadline)
{
	enum task_state state = current->state;
	uint32_t flags = irq_save();
	int result = 0;

	/* A condition that slept itself left the state RUNNING: it is to be tested again. */
	if (!current->woken && current->state != TASK_RUNNING) {
		if (likely(!is_interrupted(state))) {
			if (likely(deadline == WAIT_FOREVER))
				sched_block();
			else
				result = sleep_until(deadline);
		}
		if (unlikely(is_interrupted(state)))
			result = -EINTR;
	}
	current->state = TASK_RUNNING;
	irq_restore(flags);
	return result;
}

void watch_enter(struct wait_queue *queue, struct watcher *watcher)
{
	uint32_t flags = irq_save();

	assert(queue->waiters.next && queue->waiters.prev && watcher->notify);
	watcher->place.task = NULL;
	/* Exclusive ones at the back: those in front of them are told in any case. */
	if (watcher->exclusive)
		list_add_tail(&queue->waiters, &watcher->place.link);
	else
		list_add(&queue->waiters, &watcher->place.link);
	irq_restore(flags);
}

void watch_leave(struct watcher *watcher)
{
	uint32_t flags = irq_save();

	assert(!watcher->place.task);
	list_remove(&watcher->place.link);
	irq_restore(flags);
}

/* Tells the watcher whose place it is; `taken` by an exclusive one already. */
static __attribute__((noinline)) bool tell_watcher(struct waiter *place, uint32_t events,
						   bool taken)
{
	struct watcher *watcher = container_of(place, struct watcher, place);

	assert(!irq_enabled());
	if (watcher->exclusive && taken)
		return true;
	return (watcher->notify(watcher, events) && watcher->exclusive) || taken;
}

void wake_events(struct wait_queue *queue, uint32_t events)
{
	uint32_t flags = irq_save();
	struct waiter *waiter;
	bool taken = false;

	list_for_each(waiter, &queue->waiters, link) {
		if (likely(waiter->task))
			sched_wake_masked(waiter->task);
		else
			taken = tell_watcher(waiter, events, taken);
	}
	irq_restore(flags);
}

/* The first that no wake has reached yet, so that two wakes reach two sleepers. */
void wake_one(struct wait_queue *queue)
{
	uint32_t flags = irq_save();
	struct waiter *waiter;

	list_for_each(waiter, &queue->waiters, link) {
		assert(waiter->task);
		if (waiter->task->woken)
			continue;
		sched_wake_masked(waiter->task);
		break;
	}
	irq_restore(flags);
}

/* ---- mutexes ---- */

void mutex_wait(struct mutex *mutex)
{
	wait_event_uninterruptible(&mutex->waiters, mutex->owner == NULL);
}

void mutex_wake(struct mutex *mutex)
{
	assert(!mutex->owner);
	wake_one(&mutex->waiters);
}
