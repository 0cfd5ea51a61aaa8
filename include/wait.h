/*
 * Sleeping: wait queues, mutexes. A task sleeps on any number of queues at once and is woken by
 * any (poll). wake functions may be called from interrupt handlers; the queue is guarded by a
 * short interrupt-off section.
 */
#ifndef LOFT_WAIT_H
#define LOFT_WAIT_H

#include <assert.h>
#include <err.h>
#include <list.h>
#include <types.h>

struct task;

struct wait_queue {
	struct list waiters;
};

/* One task's place in one queue; lives on the sleeper's stack. */
struct waiter {
	struct list link;
	struct task *task; /* NULL: the place of a watcher */
};

/*
 * A place whose owner is told of wakes by a call and does not sleep for them (epoll). notify runs
 * with interrupts off, perhaps in an interrupt handler, and leaves the queue as it is; events are
 * the wake's (see wake_events). Of the exclusive ones only as many are told as it takes for one to
 * answer true: somebody was woken for it.
 */
struct watcher {
	struct waiter place;
	bool exclusive;
	bool (*notify)(struct watcher *watcher, uint32_t events);
};

/* What ends a sleep besides a wake. */
enum wait_kind {
	WAIT_UNINTERRUPTIBLE = 0,
	WAIT_INTERRUPTIBLE = 1, /* any signal that is not blocked */
	WAIT_KILLABLE = 2	/* SIGKILL, and whatever else ends the process */
};

#define WAIT_QUEUE_INIT(name) \
	{ \
		LIST_INIT((name).waiters) \
	}

static inline void wait_queue_init(struct wait_queue *queue)
{
	list_init(&queue->waiters);
}

#define WAIT_FOREVER UINT64_MAX

/* Enters the queue; from here on a wake makes the next wait_sleep return at once. */
void wait_enter(struct wait_queue *queue, struct waiter *waiter);
void wait_leave(struct waiter *waiter);
/*
 * Before testing the condition: marks the current task as about to sleep. Then wait_sleep
 * sleeps unless it was woken in between. deadline is clock_monotonic_ns() time or WAIT_FOREVER.
 * Returns 0 (woken, perhaps spuriously: test again), -EINTR (interruptible and a signal is
 * pending), -ETIMEDOUT.
 */
void wait_prepare(enum wait_kind kind);
int wait_sleep(uint64_t deadline);
/* The condition was true after all. */
void wait_cancel(void);

/* A watcher, its notify and exclusive set, enters a queue, and leaves it. */
void watch_enter(struct wait_queue *queue, struct watcher *watcher);
void watch_leave(struct watcher *watcher);

/*
 * Wakes all sleepers. It is known what has happened, as POLLIN...: watchers of other things sleep
 * on.
 */
void wake_events(struct wait_queue *queue, uint32_t events);
/* The same when anything may have happened. */
static inline void wake_all(struct wait_queue *queue)
{
	if (!list_empty(&queue->waiters))
		wake_events(queue, UINT32_MAX);
}
/* One sleeper more; in queues that nobody polls. */
void wake_one(struct wait_queue *queue);

/*
 * Sleeps until condition holds: 0, -ERESTARTSYS on a signal, -ETIMEDOUT. condition may be
 * evaluated often, but not again once it held: it may take what it looks for.
 */
#define wait_until(queue, condition, kind, deadline) \
	({ \
		struct waiter waiter_; \
		int result_ = 0; \
		wait_enter(queue, &waiter_); \
		for (;;) { \
			if (condition) { \
				result_ = 0; \
				break; \
			} \
			if (unlikely(result_)) { \
				result_ = result_ == -EINTR ? -ERESTARTSYS : result_; \
				break; \
			} \
			wait_prepare(kind); \
			if (condition) { \
				wait_cancel(); \
				break; \
			} \
			result_ = wait_sleep(deadline); \
		} \
		wait_leave(&waiter_); \
		result_; \
	})
#define wait_event(queue, condition) wait_until(queue, condition, WAIT_INTERRUPTIBLE, WAIT_FOREVER)
#define wait_event_uninterruptible(queue, condition) \
	wait_until(queue, condition, WAIT_UNINTERRUPTIBLE, WAIT_FOREVER)

/* Sleeping lock. Not recursive. */
struct mutex {
	struct task *owner;
	struct wait_queue waiters;
};
extern struct task *current;

static inline void mutex_init(struct mutex *mutex)
{
	mutex->owner = NULL;
	wait_queue_init(&mutex->waiters);
}

/* What mutex_lock does where another has it, and mutex_unlock where others wait. */
void mutex_wait(struct mutex *mutex);
void mutex_wake(struct mutex *mutex);

/* May sleep. */
static inline void mutex_lock(struct mutex *mutex)
{
	assert(mutex->owner != current);
	if (unlikely(mutex->owner))
		mutex_wait(mutex);
	mutex->owner = current;
}

static inline void mutex_unlock(struct mutex *mutex)
{
	assert(mutex->owner == current);
	mutex->owner = NULL;
	if (unlikely(!list_empty(&mutex->waiters.waiters)))
		mutex_wake(mutex);
}

static inline bool mutex_is_mine(const struct mutex *mutex)
{
	return mutex->owner == current;
}

#endif
