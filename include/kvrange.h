/*
 * Kernel virtual ranges: addresses in [KVRANGE_BASE, KVRANGE_END) for stacks with a guard page,
 * device memory and large allocations; and kmap, temporary windows onto frames.
 */
#ifndef LOFT_KVRANGE_H
#define LOFT_KVRANGE_H

#include <frame.h>
#include <layout.h>
#include <pagedir.h>
#include <types.h>

void kvrange_init(void);

/*
 * npages of zeroed kernel memory, virtually contiguous, scattered frames, an unmapped guard
 * page below. NULL when out.
 */
__must_check void *kvrange_alloc(size_t npages);
/* Frees what kvrange_alloc returned. */
void kvrange_free(void *start);
/*
 * size bytes of kernel memory, > 0, not cleared, in frames that need not lie side by side. May
 * sleep: where memory is out room is made, by reclaim or at last by ending a large process (oom.h);
 * NULL when that does not help. For tasks, with nothing locked that freeing memory may need.
 */
__must_check void *kvalloc(size_t size);
/* Gives back what kvalloc returned; NULL is allowed. */
void kvfree(void *pointer);
/*
 * Maps device memory; paddr and size need no alignment. Never fails quietly: NULL when no range
 * is left.
 */
__must_check void *kvrange_map_device(paddr_t paddr, size_t size, enum cache_type cache);
/* True when address is in the guard page below a kvrange_alloc: a stack ran over. */
bool kvrange_is_guard(vaddr_t address);

/* A slot of kmap's own for a high frame, and giving it back: for kmap and kunmap only. */
__must_check void *kmap_high(struct frame *frame);
void kunmap_high(const void *window);

/* Windows held, those onto low frames included; and whether none is, as it must be for a sleep. */
extern unsigned kmaps_held;

static inline bool kmap_none_held(void)
{
	return kmaps_held == 0;
}

/*
 * A window onto any frame: for low frames simply the direct map; for high ones a slot of its
 * own until kunmap. Never fails: a window is not held over a sleep, which sched.c sees to, and so
 * the current task and interrupt handlers alone have any, a few each. Copies to and from user memory
 * through one are those that do not sleep (uio.h). For interrupt handlers too.
 */
static inline __must_check void *kmap(struct frame *frame)
{
	kmaps_held++;
	return likely(frame_is_low(frame)) ? frame_virt(frame) : kmap_high(frame);
}

static inline void kunmap(const void *window)
{
	kmaps_held--;
	if (unlikely((vaddr_t)window >= KMAP_BASE))
		kunmap_high(window);
}

/* Fills a frame with zeros; copies one frame to another. Through windows where needed. */
void frame_zero(struct frame *frame);
void frame_copy(struct frame *to, struct frame *from);

#endif
