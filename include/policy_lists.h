/*
 * Two lists of frames for each class, counted: what policies are made of.
 *
 * FRAME_FLAG_LISTED: on one of them; FRAME_FLAG_ACTIVE: which; FRAME_FLAG_SWAPS: of which class. New
 * frames enter at the head, and go at the tail.
 */
#ifndef LOFT_POLICY_LISTS_H
#define LOFT_POLICY_LISTS_H

#include <policy.h>

struct policy_lists {
	struct list active, inactive;
	uint32_t nactive, ninactive;
};

static inline void policy_lists_init(struct policy_lists lists[POLICY_CLASSES])
{
	for (unsigned class = 0; class < POLICY_CLASSES; class ++) {
		list_init(&lists[class].active);
		list_init(&lists[class].inactive);
		lists[class].nactive = lists[class].ninactive = 0;
	}
}

static inline enum policy_class policy_class_listed(const struct frame *frame)
{
	assert(frame->flags & FRAME_FLAG_LISTED);
	return frame->flags & FRAME_FLAG_SWAPS ? POLICY_ANON : POLICY_FILE;
}

static inline void policy_lists_add(struct policy_lists lists[POLICY_CLASSES], struct frame *frame,
				    enum policy_class class, bool active)
{
	struct policy_lists *of = &lists[class];

	assert(!(frame->flags & FRAME_FLAG_LISTED));
	frame->flags &= ~(FRAME_FLAG_ACTIVE | FRAME_FLAG_SWAPS);
	frame->flags |= FRAME_FLAG_LISTED | (active ? FRAME_FLAG_ACTIVE : 0) |
			(class == POLICY_ANON ? FRAME_FLAG_SWAPS : 0);
	list_add(active ? &of->active : &of->inactive, &frame->link);
	(*(active ? &of->nactive : &of->ninactive))++;
}

/* FRAME_FLAG_WORKINGSET stays. */
static inline void policy_lists_remove(struct policy_lists lists[POLICY_CLASSES],
				       struct frame *frame)
{
	struct policy_lists *of = &lists[policy_class_listed(frame)];
	uint32_t *count = frame->flags & FRAME_FLAG_ACTIVE ? &of->nactive : &of->ninactive;

	assert(*count > 0);
	--*count;
	list_remove(&frame->link);
	frame->flags &= ~(FRAME_FLAG_LISTED | FRAME_FLAG_ACTIVE | FRAME_FLAG_SWAPS);
}

/* The frame that has been on a list for longest, or NULL. */
static inline struct frame *policy_list_last(const struct list *list)
{
	return list_empty(list) ? NULL : list_entry(list->prev, struct frame, link);
}

#endif
