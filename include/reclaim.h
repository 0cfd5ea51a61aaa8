/*
 * Reclaim: memory is taken back from those that do not use it.
 *
 * Each zone has three watermarks in free frames, min < low < high, from its size. Below low the kernel
 * task "reclaim" is woken and works until high. Below min programs take part in it themselves (direct
 * reclaim), at places where they hold no lock: on the way back to user mode, and where an allocation
 * failed and is tried again (oom_make_room). What is left below min is for those that free memory
 * (reclaim_use_reserve). frame_alloc never sleeps.
 *
 * Clean pages of files are dropped, dirty ones written, private and shared memory goes to swap, and
 * shrinkers give back what caches of other kinds hold. Nothing here is for interrupt handlers.
 */
#ifndef LOFT_RECLAIM_H
#define LOFT_RECLAIM_H

#include <list.h>
#include <types.h>

/* A cache on the kernel heap that can give memory back. */
struct shrinker {
	struct list link;
	const char *name;
	unsigned (*count)(void); /* objects that could be freed now, about */
	/*
	 * Frees up to goal objects: how many it did. Called without locks, in any task at a safe
	 * point; may sleep. Not called again before it has returned.
	 */
	unsigned (*shrink)(unsigned goal);
};
/* For ever; name, count and shrink are set. */
void shrinker_register(struct shrinker *shrinker);

/*
 * For loops that use memory up and hold no lock: takes part in reclaim when a zone is below its min.
 * May sleep.
 */
void reclaim_if_low(void);
/*
 * One round for somebody whose allocation failed and who holds no lock: true when frames came free, and
 * it is worth trying again. May sleep, also for pages being written.
 */
__must_check bool reclaim_make_room(void);
/* The current task frees memory: it may have the frames below min, too, from now on. */
void reclaim_use_reserve(void);

#endif
