/*
 * Timers: a tree of the pending ones by deadline, and the earliest at hand, so that a tick with
 * nothing due costs one comparison. Interrupts are off around every use of the tree.
 */
#include <clock.h>

#include <assert.h>
#include <tree.h>
#include <trap.h>

#include "clock_internal.h"

static struct tree pending;
static struct timer *earliest;
/*
 * While timers fire: the next nanosecond. What is started meanwhile waits for the next tick, or
 * it might never end.
 */
static uint64_t not_before;

#define timer_of(tree_node) tree_entry(tree_node, struct timer, node)

void timer_init(struct timer *timer, void (*fire)(void *context), void *context)
{
	*timer = (struct timer){ .fire = fire, .context = context };
}

static void insert(struct timer *timer)
{
	struct tree_node *parent = NULL, *at = pending.root;
	int side = 0;

	while (at) {
		parent = at;
		side = timer->deadline >= timer_of(at)->deadline;
		at = at->child[side];
	}
	tree_insert(&pending, &timer->node, parent, side);
	timer->pending = true;
	if (!earliest || timer->deadline < earliest->deadline)
		earliest = timer;
}

static void remove(struct timer *timer)
{
	if (timer == earliest) {
		struct tree_node *next = tree_next(&timer->node);

		earliest = next ? timer_of(next) : NULL;
	}
	tree_remove(&pending, &timer->node);
	timer->pending = false;
}

void timer_start(struct timer *timer, uint64_t deadline)
{
	uint32_t flags = irq_save();

	assert(timer->fire);
	if (timer->pending)
		remove(timer);
	timer->deadline = MAX(deadline, not_before);
	insert(timer);
	irq_restore(flags);
}

bool timer_stop(struct timer *timer)
{
	uint32_t flags = irq_save();
	bool was_pending = timer->pending;

	if (was_pending)
		remove(timer);
	irq_restore(flags);
	return was_pending;
}

uint64_t timer_left(const struct timer *timer)
{
	uint32_t flags = irq_save();
	uint64_t now = clock_monotonic_ns(), left = 0;

	if (timer->pending)
		left = timer->deadline > now ? timer->deadline - now : 1;
	irq_restore(flags);
	return left;
}

void timers_run(uint64_t now)
{
	assert(!irq_enabled());
	not_before = now + 1;
	while (earliest && earliest->deadline <= now) {
		struct timer *timer = earliest;

		remove(timer);
		timer->fire(timer->context);
	}
	not_before = 0;
}
