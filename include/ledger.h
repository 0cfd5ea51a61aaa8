/*
 * The frame ledger (DESIGN V12): proves on demand that memory is accounted for.
 */
#ifndef LOFT_LEDGER_H
#define LOFT_LEDGER_H

#include <assert.h>
#include <frame.h>
#include <types.h>

/*
 * Checks everything: kinds add up to the total; for each frame, refs = mappings in all address
 * spaces + page cache + kernel holds; none free and mapped; each user entry inside a region with
 * rights no wider than the region's. Calls report for each fault found and returns their number (0:
 * the books balance). Takes time; sleeps never.
 */
unsigned ledger_check(void (*report)(void *context, const char *text), void *context);

/*
 * A kernel subsystem that holds references to user or cache frames (e.g. the shared zero frame,
 * pipes) declares each, and so does who keeps one across a sleep. The reference itself (frame_get)
 * is the caller's. ledger_release comes before frame_put.
 */
static inline void ledger_hold(struct frame *frame)
{
	assert(frame->refs > frame->holds);
	frame->holds++;
}

static inline void ledger_release(struct frame *frame)
{
	assert(frame->holds > 0);
	frame->holds--;
}

#endif
