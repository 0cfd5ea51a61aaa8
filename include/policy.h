/*
 * Which frame goes next: replacement policies.
 *
 * A policy keeps the frames of user memory and of the page cache on lists of its own, by
 * frame->link and FRAME_FLAGS_POLICY. It knows nothing of page tables and asks policy_referenced
 * whether a frame was used: in the kernel that reads accessed bits (rmap.h), in the simulator
 * (tests/unit) the bit of a simulated page. Frames come to it as they were allocated; how they are
 * used, or that they cannot be taken, it learns when it meets them. Nothing sleeps or allocates.
 */
#ifndef LOFT_POLICY_H
#define LOFT_POLICY_H

#include <frame.h>
#include <types.h>

/* Two classes, each with lists of its own: files' pages, and what would go to swap. */
enum policy_class { POLICY_FILE, POLICY_ANON, POLICY_CLASSES };

struct policy_counts {
	uint32_t active, inactive;
};

struct reclaim_policy {
	const char *name;
	/* Once, with the number of frames that there are; what it may need comes from memory(size). */
	void (*init)(uint32_t nframes);
	/* The frame, on no list, is to be kept; it was evicted before and has come back: distance. */
	void (*enter)(struct frame *frame, enum policy_class class);
	/* It leaves its list: it is freed, or has changed class. */
	void (*leave)(struct frame *frame);
	/* The next to go, off all lists; NULL when it has none of that class. */
	struct frame *(*victim)(enum policy_class class);
	/* A victim could not go after all: back, as one to be looked at later. */
	void (*put_back)(struct frame *frame, enum policy_class class);
	struct policy_counts (*count)(enum policy_class class);
};

#endif
