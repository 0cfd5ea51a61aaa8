/*
 * Second chance: one queue; a page at its end that was used since it was last looked at goes to the
 * front again, any other one goes. Cheap, and close to least-recently-used as long as the queue is
 * not gone through much faster than pages are used. What it cannot do is tell a page that is used
 * once from one that is used often: a scan through a large file pushes everything out.
 */
#include <policy.h>

#include <policy_lists.h>

static struct policy_lists lists[POLICY_CLASSES];

static void init(uint32_t nframes)
{
	(void)nframes;
	policy_lists_init(lists);
}

static void enter(struct frame *frame, enum policy_class class)
{
	policy_lists_add(lists, frame, class, false);
}

static void leave(struct frame *frame)
{
	policy_lists_remove(lists, frame);
}

static struct frame *victim(enum policy_class class, uint32_t *budget)
{
	while (*budget > 0) {
		struct frame *frame = policy_list_last(&lists[class].inactive);

		if (!frame)
			return NULL;
		--*budget;
		policy_lists_remove(lists, frame);
		if (!policy_referenced(frame))
			return frame;
		policy_lists_add(lists, frame, class, false);
	}
	return NULL;
}

static void ignore(struct frame *frame, enum policy_class class)
{
	(void)frame;
	(void)class;
}

static struct policy_counts count(enum policy_class class)
{
	return (struct policy_counts){ .inactive = lists[class].ninactive };
}

const struct reclaim_policy policy_second_chance = {
	.name = "second-chance",
	.init = init,
	.enter = enter,
	.leave = leave,
	.victim = victim,
	.put_back = enter,
	.evicted = ignore,
	.refault = ignore,
	.count = count,
};
