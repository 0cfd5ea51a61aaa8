/*
 * Working sets: two lists, and a memory of what was evicted.
 *
 * A page enters the inactive list. Used twice there, as seen at two visits to its end, it is part of
 * what somebody works with and moves to the active list; used never, it goes. So a scan, whose pages
 * are used once, passes through the inactive list and leaves the active one alone. When the active
 * list outgrows the inactive one, its oldest pages return to the inactive list, to prove themselves
 * again.
 *
 * A page in use, but at longer intervals than the inactive list holds it, would be evicted each time.
 * Therefore what is evicted is remembered for a while (policy_history.h), with the time, which is
 * counted in evictions and promotions. A page that comes back after n of them would have stayed, had
 * the inactive list been n longer. If that many pages are active, giving up their places for it would
 * have been the better choice: it enters the active list at once, and competes with what is there. This
 * is Johannes Weiner's refault distance, as Linux uses it since 3.15.
 */
#include <policy.h>

#include <policy_history.h>
#include <policy_lists.h>
#include <vm_events.h>

static struct policy_lists lists[POLICY_CLASSES];

static void init(uint32_t nframes)
{
	policy_lists_init(lists);
	policy_history_init(nframes);
}

static void activate(struct frame *frame, enum policy_class class)
{
	assert(frame->flags & FRAME_FLAG_WORKINGSET);
	frame->flags &= ~FRAME_FLAG_WORKINGSET;
	policy_lists_add(lists, frame, class, true);
	policy_history_tick();
	vm_count(PGACTIVATE, 1);
}

static void enter(struct frame *frame, enum policy_class class)
{
	if (frame->flags & FRAME_FLAG_WORKINGSET)
		activate(frame, class);
	else
		policy_lists_add(lists, frame, class, false);
}

static void put_back(struct frame *frame, enum policy_class class)
{
	policy_lists_add(lists, frame, class, false);
}

static void leave(struct frame *frame)
{
	policy_lists_remove(lists, frame);
}

/* The oldest active page has to prove itself again. */
static void deactivate_one(enum policy_class class)
{
	struct frame *frame = policy_list_last(&lists[class].active);

	assert(frame);
	/* Uses so far have been rewarded. */
	policy_referenced(frame);
	policy_lists_remove(lists, frame);
	policy_lists_add(lists, frame, class, false);
	vm_count(PGREFILL, 1);
	vm_count(PGDEACTIVATE, 1);
}

/* A page at the end of the inactive list was used: the first time it may stay, the second it rises. */
static void keep(struct frame *frame, enum policy_class class)
{
	if (frame->flags & FRAME_FLAG_WORKINGSET) {
		activate(frame, class);
		return;
	}
	frame->flags |= FRAME_FLAG_WORKINGSET;
	policy_lists_add(lists, frame, class, false);
}

static struct frame *victim(enum policy_class class, uint32_t *budget)
{
	struct policy_lists *of = &lists[class];

	assert(class < POLICY_CLASSES);
	while (*budget > 0) {
		struct frame *frame;

		--*budget;
		if (of->ninactive < of->nactive) {
			deactivate_one(class);
			continue;
		}
		frame = policy_list_last(&of->inactive);
		if (!frame)
			return NULL;
		policy_lists_remove(lists, frame);
		if (!policy_referenced(frame))
			return frame;
		keep(frame, class);
	}
	return NULL;
}

static void evicted(struct frame *frame, enum policy_class class)
{
	(void)class;
	policy_history_enter(policy_key(frame));
	frame->flags &= ~FRAME_FLAG_WORKINGSET;
}

/* Places that could have been the page's: those of active pages, and the other class's. */
static uint32_t places(enum policy_class class)
{
	const struct policy_lists *other = &lists[!class];

	return lists[class].nactive + other->nactive + other->ninactive;
}

static void refault(struct frame *frame, enum policy_class class)
{
	uint32_t distance;

	if (!policy_history_take(policy_key(frame), &distance))
		return;
	if (class == POLICY_ANON)
		vm_count(WORKINGSET_REFAULT_ANON, 1);
	else
		vm_count(WORKINGSET_REFAULT_FILE, 1);
	if (distance > places(class))
		return;
	if (class == POLICY_ANON)
		vm_count(WORKINGSET_ACTIVATE_ANON, 1);
	else
		vm_count(WORKINGSET_ACTIVATE_FILE, 1);
	/* It enters as an active one. */
	frame->flags |= FRAME_FLAG_WORKINGSET;
}

static struct policy_counts count(enum policy_class class)
{
	return (struct policy_counts){ lists[class].nactive, lists[class].ninactive };
}

const struct reclaim_policy policy_working_set = {
	.name = "working-set",
	.init = init,
	.enter = enter,
	.leave = leave,
	.victim = victim,
	.put_back = put_back,
	.evicted = evicted,
	.refault = refault,
	.count = count,
};
