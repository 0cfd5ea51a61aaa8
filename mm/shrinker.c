/*
 * Shrinkers: caches outside of mm/ that give memory back when it is short.
 *
 * They take locks and wait for disks, and somebody who waits for memory may hold what they wait for.
 * So nobody waits for them: a task of their own calls them, one after the other, and memory is found
 * free when it is. How much each is asked for is a share of what it holds, so that all shrink in
 * proportion; the share doubles with each round in which pages alone were not enough.
 */
#include <reclaim.h>

#include <assert.h>
#include <panic.h>
#include <task.h>
#include <vm_events.h>

#define URGENCY_MAX 6u /* all at once; 0: a 64th */

static struct list shrinkers = LIST_INIT(shrinkers);
static struct wait_queue wait = WAIT_QUEUE_INIT(wait);
static int urgency = -1; /* -1: nothing to do */

void shrinker_register(struct shrinker *shrinker)
{
	assert(shrinker->name && shrinker->count && shrinker->shrink);
	list_add_tail(&shrinkers, &shrinker->link);
}

uint32_t shrinkers_count(void)
{
	const struct shrinker *shrinker;
	uint32_t count = 0;

	list_for_each(shrinker, &shrinkers, link)
		count += shrinker->count();
	return count;
}

static void shrink_all(unsigned share)
{
	struct shrinker *shrinker;

	/* None is ever taken off the list: it may be walked over a sleep. */
	list_for_each(shrinker, &shrinkers, link) {
		unsigned count = shrinker->count();
		unsigned goal = (count + (1u << share) - 1) >> share;

		if (goal)
			vm_count(SLABS_SCANNED, shrinker->shrink(goal));
	}
}

__noreturn static void run(void *argument)
{
	(void)argument;
	for (;;) {
		unsigned share;

		wait_event_uninterruptible(&wait, urgency >= 0);
		share = URGENCY_MAX - (unsigned)urgency;
		urgency = -1;
		shrink_all(share);
	}
}

void shrinkers_wake(unsigned wanted)
{
	if (list_empty(&shrinkers) || (int)MIN(wanted, URGENCY_MAX) <= urgency)
		return;
	urgency = (int)MIN(wanted, URGENCY_MAX);
	wake_all(&wait);
}

void shrinkers_init(void)
{
	if (!task_create_kernel("shrink", run, NULL))
		panic("no memory for the shrinkers' task");
}
