/*
 * Which frame goes next: replacement policies.
 *
 * A policy keeps the frames of user memory and of the page cache on lists of its own, by frame->link
 * and FRAME_FLAGS_POLICY. It knows nothing of page tables: it asks policy_referenced whether a frame
 * was used, and policy_key what page is in it. In the kernel these read accessed bits, objects and
 * slots (mm/policy.c); in the simulator (tests/simulator) the bits of simulated pages. So the very
 * code that runs in the kernel is measured against the best that is possible.
 *
 * Frames come to it as they were allocated, oldest first; how they are used, or that one cannot be
 * taken, it learns when it meets them. Nothing here sleeps; only init allocates.
 */
#ifndef LOFT_POLICY_H
#define LOFT_POLICY_H

#include <frame.h>
#include <types.h>

/* Two classes, each with lists of its own: pages of files, and what would go to swap. */
enum policy_class { POLICY_FILE, POLICY_ANON, POLICY_CLASSES };

struct policy_counts {
	uint32_t active, inactive;
};

struct reclaim_policy {
	const char *name;
	/* Once, before all else; nframes: how many there can be. */
	void (*init)(uint32_t nframes);
	/* The frame, on no list, is to be kept. */
	void (*enter)(struct frame *frame, enum policy_class class);
	/* The frame, on one of its lists, is not to be kept any more. */
	void (*leave)(struct frame *frame);
	/*
	 * The next to go, off all lists, at the cost of looking at no more than *budget frames, which
	 * are counted off. NULL: none was found, or there is none of the class.
	 */
	struct frame *(*victim)(enum policy_class class, uint32_t *budget);
	/* That victim could not go: kept as one just looked at. */
	void (*put_back)(struct frame *frame, enum policy_class class);
	/* It does go: the page in it (policy_key) may be asked for again. */
	void (*evicted)(struct frame *frame, enum policy_class class);
	/* The page that is to be read into the frame, on any list or none: was it evicted? */
	void (*refault)(struct frame *frame, enum policy_class class);
	struct policy_counts (*count)(enum policy_class class);
};

extern const struct reclaim_policy policy_second_chance, policy_working_set;

/* ---- what policies ask; the kernel's answers are in mm/policy.c ---- */

/* Was the frame used since this was last asked? */
bool policy_referenced(struct frame *frame);
/* A number of the page that the frame holds, the same whenever the page is in memory. */
uint32_t policy_key(const struct frame *frame);
/* Zeroed memory for ever; NULL: none. */
void *policy_memory(size_t size);

/* ---- what the kernel tells and asks (mm/policy.c) ---- */

/* Chooses by vm.policy= of the command line; once, before the first frame is freed for its sake. */
void policy_init(void);
/*
 * Tells the policy of all frames allocated since the last time. A frame of which it cannot be told yet
 * what it will be waits for the next.
 */
void policy_take_in(void);
/* The class of a frame in use for user memory or as a page of an object. */
enum policy_class policy_class(const struct frame *frame);
/*
 * The frame has been given its page (object and index, or slot), which is about to be read from a
 * disk: whether it was evicted not long ago is looked up.
 */
void policy_refault(struct frame *frame);
/* The frame, which is FRAME_FLAG_LISTED, leaves what list it is on: for mm/frame.c. */
void policy_leave(struct frame *frame);

/*
 * Pages locked in memory (unevictable.h) are no policy's: they are on a list here. The frame, of user
 * memory or page cache, on any other list or none, comes to it; and is, on it, the policy's again, as
 * one just allocated.
 */
void policy_cull(struct frame *frame);
void policy_rescue(struct frame *frame);
/* The list, by frame->link, and its length. */
extern struct list policy_unevictable;
extern uint32_t policy_unevictable_npages;

/* What was chosen. */
extern const struct reclaim_policy *policy;

#endif
