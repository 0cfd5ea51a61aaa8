/*
 * The replacement policy in the kernel: which one is used, how frames come to it and leave it, and
 * what it may ask about them.
 *
 * frame_alloc puts frames of user memory and of the page cache on one list as they come, since at that
 * moment nobody knows what they will be: so allocating costs next to nothing as long as memory is
 * plentiful. Before a victim is looked for, policy_take_in hands them over in order. A frame that is
 * freed leaves whatever list it is on. What is locked in memory is on a list apart, which no policy sees.
 */
#include <policy.h>

#include <assert.h>
#include <cmdline.h>
#include <kheap.h>
#include <log.h>
#include <object.h>
#include <reclaim.h>
#include <rmap.h>
#include <string.h>
#include <vm_events.h>

const struct reclaim_policy *policy = &policy_working_set;

struct list policy_unevictable = LIST_INIT(policy_unevictable);
uint32_t policy_unevictable_npages;

static const struct reclaim_policy *const policies[] = { &policy_working_set,
							 &policy_second_chance };

/* ---- what policies ask ---- */

bool policy_referenced(struct frame *frame)
{
	return rmap_accessed(frame);
}

uint32_t policy_key(const struct frame *frame)
{
	if (frame->slot)
		return frame->slot;
	if (frame->kind == FRAME_CACHE && frame->object)
		return (uint32_t)(uintptr_t)frame->object * 31 + frame->index;
	return frame_pfn(frame);
}

void *policy_memory(size_t size)
{
	return kzalloc(size);
}

/* ---- choice ---- */

void policy_init(void)
{
	const char *wanted = cmdline_get("vm.policy");

	for (unsigned i = 0; wanted && i < ARRAY_SIZE(policies); i++)
		if (!strcmp(wanted, policies[i]->name))
			policy = policies[i];
	if (wanted && strcmp(wanted, policy->name))
		log_warning("mm: there is no policy %s: vm.policy=%s", wanted, policy->name);
	policy->init(frame_pfn_end());
}

/* ---- frames come and go ---- */

enum policy_class policy_class(const struct frame *frame)
{
	if (frame->kind == FRAME_CACHE && frame->object &&
	    (frame->object->ops->fill || frame->object->ops->map_blocks))
		return POLICY_FILE;
	return POLICY_ANON;
}

/* A page of the cache that is being filled is in no object yet, or no more in any. */
static bool is_known(const struct frame *frame)
{
	return frame->kind == FRAME_ANON || frame->object;
}

void policy_take_in(void)
{
	struct frame *frame, *after;

	list_for_each_safe(frame, after, &frame_intake, link) {
		assert(frame->kind == FRAME_ANON || frame->kind == FRAME_CACHE);
		assert(!(frame->flags & FRAME_FLAG_LISTED));
		if (!is_known(frame))
			continue;
		list_remove(&frame->link);
		policy->enter(frame, policy_class(frame));
	}
}

static void unevictable_remove(struct frame *frame)
{
	assert(frame->flags & FRAME_FLAG_UNEVICTABLE && policy_unevictable_npages > 0);
	list_remove(&frame->link);
	frame->flags &= ~(FRAME_FLAG_LISTED | FRAME_FLAG_UNEVICTABLE);
	policy_unevictable_npages--;
}

void policy_refault(struct frame *frame)
{
	assert(frame->refs > 0 && (frame->slot || frame->object));
	policy->refault(frame, policy_class(frame));
}

void policy_leave(struct frame *frame)
{
	assert(frame->flags & FRAME_FLAG_LISTED);
	if (frame->flags & FRAME_FLAG_EVICTED)
		reclaim_forget(frame);
	else if (frame->flags & FRAME_FLAG_UNEVICTABLE)
		unevictable_remove(frame);
	else
		policy->leave(frame);
}

void policy_cull(struct frame *frame)
{
	assert(frame->kind == FRAME_ANON || frame->kind == FRAME_CACHE);
	assert(frame->refs > 0 && !(frame->flags & FRAME_FLAG_UNEVICTABLE));
	if (frame->flags & FRAME_FLAG_LISTED)
		policy_leave(frame);
	else
		list_remove(&frame->link);
	frame->flags |= FRAME_FLAG_LISTED | FRAME_FLAG_UNEVICTABLE;
	list_add(&policy_unevictable, &frame->link);
	policy_unevictable_npages++;
	vm_count(UNEVICTABLE_PGCULLED, 1);
	vm_count(UNEVICTABLE_PGMLOCKED, 1);
}

void policy_rescue(struct frame *frame)
{
	unevictable_remove(frame);
	list_add_tail(&frame_intake, &frame->link);
	vm_count(UNEVICTABLE_PGRESCUED, 1);
	vm_count(UNEVICTABLE_PGMUNLOCKED, 1);
}
