/*
 * Pages that are locked in memory: kept apart from what the replacement policy chooses from.
 *
 * What a region with VMA_LOCKED maps cannot go. Were it on the policy's lists, each round of reclaim
 * would look at it again, and for nothing. So it is on a list of its own (policy_cull, policy.h) from
 * the time that such a region maps it until none does any more. A page comes there when its region is
 * locked, or when it is faulted into a locked one; one that has been missed, when reclaim meets it. It
 * is rescued, to the policy again, when the last region that locks it is unlocked, unmapped or ended, or
 * has another page in its place; or when its object loses it. What is on the list is locked, always:
 * the ledger looks.
 *
 * mm->lock of the regions is held, but where an address space ends. Nothing here sleeps or allocates.
 */
#ifndef LOFT_UNEVICTABLE_H
#define LOFT_UNEVICTABLE_H

#include <frame.h>
#include <types.h>

struct mm;

/* What locked regions map in [start, end) goes to the list. */
void unevictable_enter(struct mm *mm, vaddr_t start, vaddr_t end);
/*
 * [start, end) is about to be unlocked or unmapped: what no other region locks leaves the list. Should
 * it stay locked after all, because memory was out, its pages come back when reclaim meets them.
 */
void unevictable_leave(struct mm *mm, vaddr_t start, vaddr_t end);
/* The same for the page at `at`, which has the frame, which is on the list. */
void unevictable_leave_page(struct frame *frame, struct mm *mm, vaddr_t at);
/* Another page is about to be mapped at `at` in place of the frame, which may be any. */
static inline void unevictable_note_replaced(struct frame *frame, struct mm *mm, vaddr_t at)
{
	if (unlikely(frame->flags & FRAME_FLAG_UNEVICTABLE))
		unevictable_leave_page(frame, mm, at);
}
/* Complains of each frame that is on the list though nothing locks it; for the ledger. */
void unevictable_audit(void (*complain)(const char *text, pfn_t pfn));

#endif
