/*
 * When dirty pages are written (writeback.h): by age, by amount, and all of them when asked.
 *
 * Objects with dirty pages are in objects_dirty, the one that has waited longest first. One that has
 * been written, and has become dirty again meanwhile, counts from when that began and goes to the
 * end; so every object has its turn. An object is held while its pages are written; what becomes of
 * its owner meanwhile is seen to by removal, which waits (object_remove_pages).
 *
 * How much is too much goes by the memory that could be dirty: what is free and what the page cache
 * has. The limits are worked out anew whenever somebody passes the lower one.
 */
#include <writeback.h>

#include <assert.h>
#include <clock.h>
#include <frame.h>
#include <log.h>
#include <object.h>
#include <task.h>
#include <wait.h>

#include "object_internal.h"

#define NS_PER_CENTISECOND 10000000ull
#define CHUNK_PAGES 512u /* written at a time by one who is throttled */

struct writeback_policy writeback_policy = {
	.background_ratio = 10,
	.ratio = 20,
	.expire_cs = 3000,
	.interval_cs = 500,
};
uint32_t writeback_throttle_from = 64;

static struct list clients = LIST_INIT(clients);
static struct wait_queue wakes = WAIT_QUEUE_INIT(wakes);
static bool woken;
static bool all_asked; /* what is dirty is to be written, whatever its age and amount */

void writeback_register(struct writeback_client *client)
{
	assert(client->sync);
	list_add_tail(&clients, &client->link);
}

void writeback_wake(void)
{
	woken = true;
	wake_all(&wakes);
}

void writeback_ask_all(void)
{
	all_asked = true;
	writeback_wake();
}

/* ---- how much ---- */

static uint32_t limit_of(uint32_t bytes, uint32_t ratio, uint32_t npages)
{
	return bytes ? (bytes + PAGE_MASK) >> PAGE_SHIFT
		     : (uint32_t)((uint64_t)npages * ratio / 100);
}

struct writeback_limits writeback_limits(void)
{
	const struct writeback_policy *policy = &writeback_policy;
	struct frame_counts counts;
	struct writeback_limits limits;
	uint32_t npages;

	frame_count(&counts);
	npages = counts.by_kind[FRAME_FREE] + object_cached_pages;
	limits.most = limit_of(policy->bytes, (uint32_t)policy->ratio, npages);
	limits.background = limit_of(policy->background_bytes, (uint32_t)policy->background_ratio,
				     npages);
	/* As Linux has it: whatever is asked for, there is a way between the two. */
	if (limits.background >= limits.most)
		limits.background = limits.most / 2;
	assert(limits.background <= limits.most);
	writeback_throttle_from = limits.background + 1;
	return limits;
}

void writeback_policy_changed(void)
{
	writeback_throttle_from = 0;
}

/* ---- objects ---- */

/*
 * Writes the first so many dirty pages of an object. Errors are kept for those who ask; what could not
 * be written for want of memory stays dirty.
 */
static void write_some(struct object *object, uint32_t npages, bool wait)
{
	uint32_t first = 0, last;

	assert(npages > 0 && object->refs > 0);
	if (!radix_next_tagged(&object->pages, &first, RADIX_DIRTY))
		return;
	last = first;
	for (uint32_t found = 1; found < npages && last < UINT32_MAX; found++) {
		uint32_t next = last + 1;

		if (!radix_next_tagged(&object->pages, &next, RADIX_DIRTY))
			break;
		last = next;
	}
	object_write_back(object, first, last, wait);
}

/*
 * What has become dirty since `began` waits from then on. That may be long ago: the list stays in order,
 * or whoever looks for what is old would not find it behind what is younger.
 */
static void rejoin(struct object *object, uint64_t began)
{
	struct list *before = objects_dirty.prev;

	if (object->ndirty == 0)
		return;
	object->dirtied_at = began;
	while (before != &objects_dirty &&
	       (before == &object->dirty_link ||
		list_entry(before, struct object, dirty_link)->dirtied_at > began))
		before = before->prev;
	list_remove(&object->dirty_link);
	list_add(before, &object->dirty_link);
}

/*
 * The object that has waited longest, with a reference; NULL: there is none, or none that was dirty
 * before `before`.
 */
static struct object *oldest(uint64_t before)
{
	struct object *object;

	list_for_each(object, &objects_dirty, dirty_link) {
		if (object->dirtied_at > before)
			return NULL;
		if (object_try_get(object))
			return object;
	}
	return NULL;
}

/* Writes what was dirty before `before`, until at most `enough` pages are dirty. */
static void write_older(uint64_t before, uint32_t enough)
{
	uint64_t began = clock_monotonic_ns();
	struct object *object;

	while (object_dirty_pages > enough && (object = oldest(MIN(before, began - 1)))) {
		write_some(object, UINT32_MAX, false);
		rejoin(object, began);
		object_put(object);
	}
}

void writeback_pages(bool wait)
{
	uint64_t began = clock_monotonic_ns();
	struct object *object;

	while ((object = oldest(began - 1))) {
		write_some(object, UINT32_MAX, false);
		rejoin(object, began);
		object_put(object);
	}
	if (wait)
		object_wait_all();
}

int writeback_clients(bool wait, uint64_t age)
{
	struct writeback_client *client;
	int first_error = 0;

	list_for_each(client, &clients, link) {
		int error = client->sync(wait, age);

		if (!first_error)
			first_error = error;
	}
	return first_error;
}

/* ---- those who write too much ---- */

void writeback_throttle_slow(struct object *object)
{
	struct writeback_limits limits = writeback_limits();

	if (object_dirty_pages > limits.background && !woken)
		writeback_wake();
	while (object_dirty_pages + object_writeback_pages > limits.most) {
		struct object *victim = object;

		if (victim && victim->ndirty)
			object_get(victim);
		else
			victim = oldest(UINT64_MAX);
		if (!victim)
			break;
		write_some(victim, CHUNK_PAGES, true);
		object_put(victim);
		if (sched_give_way())
			break;
		limits = writeback_limits();
	}
}

/* ---- the task ---- */

static uint64_t next_turn(void)
{
	uint64_t interval = (uint32_t)writeback_policy.interval_cs * NS_PER_CENTISECOND;

	return interval ? clock_monotonic_ns() + interval : WAIT_FOREVER;
}

/* One turn: what memory is short of, what is old, then what is too much. */
static void take_turn(void)
{
	uint64_t age = (uint32_t)writeback_policy.expire_cs * NS_PER_CENTISECOND;
	uint64_t now = clock_monotonic_ns();
	int error;

	if (all_asked) {
		all_asked = false;
		write_older(UINT64_MAX, 0);
	}
	if (now >= age)
		write_older(now - age, 0);
	error = writeback_clients(false, age);
	/* What only waits for memory has it at the next turn, or at one after that. */
	if (error && error != -ENOMEM)
		log_warning("writeback: a file system could not write its inodes or its own blocks "
			    "(error %d); they stay in memory and are tried again",
			    -error);
	if (object_dirty_pages > writeback_limits().background)
		write_older(UINT64_MAX, writeback_limits().background);
}

static void run(void *argument)
{
	(void)argument;
	for (;;) {
		int result = wait_until(&wakes, woken, WAIT_UNINTERRUPTIBLE, next_turn());

		(void)result;
		woken = false;
		take_turn();
	}
}

void writeback_init(void)
{
	if (!task_create_kernel("writeback", run, NULL))
		log_error("writeback: no memory for its task: pages are written when asked alone");
}
