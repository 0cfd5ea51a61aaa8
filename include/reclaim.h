/*
 * Reclaim: memory is taken back from those that do not use it.
 *
 * There are watermarks of free frames (FRAME_MARK_MIN < LOW < HIGH). Below LOW the kernel task
 * "reclaim" is woken and works until HIGH. Below MIN programs take part in it themselves (direct
 * reclaim), at places where that is safe: on the way back to user mode, and where an allocation failed
 * and is tried again (oom_make_room). The last frames are for those alone that free memory: kernel
 * tasks. frame_alloc never sleeps.
 *
 * Clean pages of files are dropped, dirty ones written, private and shared memory goes to swap, and
 * shrinkers, which a task of their own calls ("shrink"), give back what caches of other kinds hold.
 *
 * Nothing here is for interrupt handlers, and a lock may be held only where it is said.
 */
#ifndef LOFT_RECLAIM_H
#define LOFT_RECLAIM_H

#include <list.h>
#include <policy.h>
#include <types.h>

/* A cache on the kernel heap that can give memory back. */
struct shrinker {
	struct list link;
	const char *name;
	unsigned (*count)(void); /* objects that could be freed now, about */
	/*
	 * Frees up to goal objects: how many it did. Called without locks, by a kernel task; may
	 * sleep. Not called again before it has returned.
	 */
	unsigned (*shrink)(unsigned goal);
};
/* For ever; name, count and shrink are set. */
void shrinker_register(struct shrinker *shrinker);
/* Asks all of them, through their task: part of what they hold, more of it the higher `urgency` is. */
void shrinkers_wake(unsigned urgency);
/* Objects that they could free. */
uint32_t shrinkers_count(void);

/* Their task; for reclaim_init. */
void shrinkers_init(void);

/* Starts the tasks. Once, when the command line and the heap are there. */
void reclaim_init(void);
/*
 * For loops that use memory up: takes part in reclaim when less than MIN is free. May sleep, for disks.
 * No lock that writing pages out needs may be held.
 */
void reclaim_if_low(void);
/*
 * The same for somebody whose allocation failed: true when frames have come free, and it is worth
 * trying again; false when a whole round has found nothing to take, and nothing that is being written
 * or could be: pages of files that are dirty are written and waited for.
 */
__must_check bool reclaim_make_room(void);

/* vm.swappiness: 0 (memory goes to swap only when nothing else is left) to 200; 100: like files. */
extern int32_t reclaim_swappiness;
/* vm.min_free_kbytes: FRAME_MARK_MIN. At most a twentieth of memory, whatever is asked for. */
extern int32_t reclaim_min_free_kb;
void reclaim_set_min_free(uint32_t kb);

/* ---- for mm/frame.c ---- */

/* Few frames are free: wakes the task. Neither sleeps nor allocates. */
void reclaim_notice(void);
/* May the current task have the last frames? */
bool reclaim_may_use_reserve(void);

/* ---- for mm/reclaim.c: what becomes of one page (mm/reclaim_page.c) ---- */

enum reclaim_result {
	RECLAIM_FREED,	 /* its frame is free */
	RECLAIM_WRITING, /* it is being written, and free after that */
	RECLAIM_DIRTY,	 /* page of a file: it has to be written before it can go */
	RECLAIM_KEPT	 /* in use in ways that forbid it, or swap is full */
};
struct frame;

/* Takes a victim, on no list, out of memory, or puts it back. May sleep, for requests. */
enum reclaim_result reclaim_page(struct frame *frame, enum policy_class class);
/* Sends off what reclaim_page has begun to write. May sleep. */
void reclaim_submit(void);
/* How many pages are being written. */
uint32_t reclaim_nwriting(void);
/* Frees those that have been written: how many. Does not sleep. */
uint32_t reclaim_collect(void);
/* Sleeps until the one that has been at it for longest is written; false when there is none. */
bool reclaim_wait_for_write(void);
/* A page that is being written is freed by others. */
void reclaim_forget(struct frame *frame);
/* True when pages of the class can go anywhere. */
bool reclaim_class_can_go(enum policy_class class);

#endif
