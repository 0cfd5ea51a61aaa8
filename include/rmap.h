/*
 * Reverse mapping: from a frame to the page-table entries that map it.
 *
 * A page of an object is mapped by regions in object->mappings, where vma_index gives its number. An
 * anonymous page is mapped by regions of its family: the first anonymous fault of a region makes one
 * (or takes over that of a neighbour which the region could be merged with), and fork's child, the
 * halves of a split and what mremap moves share it. frame->family and frame->index say where to look.
 * A frame may be mapped by none of its family's regions, and by one at a place that has another
 * frame: each entry is looked at. A page table that several directories share (fork) is one place
 * with one reference; it is changed once, for all of them.
 *
 * Nothing here sleeps or allocates but anon_family_prepare, and nothing needs mm->lock: regions may
 * not change over what sleeps under it, but entries may go (present -> swapped or absent). Who slept
 * looks again.
 */
#ifndef LOFT_RMAP_H
#define LOFT_RMAP_H

#include <frame.h>
#include <list.h>
#include <types.h>

struct vma;

struct anon_family {
	struct list regions; /* by vma.family_link */
};

/*
 * Sees that vma has a family, before an anonymous page is mapped in it: false when memory is out. What
 * a region may be merged with, it can be merged with afterwards. mm->lock is held.
 */
__must_check bool anon_family_prepare(struct vma *vma);
/* vma, which has its family from another region (a clone's), joins its list; or leaves it. */
void anon_family_join(struct vma *vma);
/* The last one to leave frees it; none of its pages are mapped any more. */
void anon_family_leave(struct vma *vma);

/* Whether a mapping of the frame was used since this was last asked, or FRAME_FLAG_REFERENCED. */
bool rmap_accessed(struct frame *frame);
/*
 * Makes all mappings of a page-cache frame read-only, so that the next write through one faults, and
 * gathers what they say: true, and FRAME_FLAG_DIRTY set, when the frame was written through any since
 * this was last asked.
 */
bool rmap_clean(struct frame *frame);
/*
 * Takes the frame out of all page tables; in those of private memory a swap entry for slot takes its
 * place (swap_duplicate each); what the dirty bits said is in FRAME_FLAG_DIRTY. 0, or -EBUSY with some
 * mappings left: locked in memory (VMA_LOCKED), or mapped where it was not found.
 */
__must_check int rmap_unmap(struct frame *frame, uint32_t slot);
/* True when a region that maps the frame has it locked in memory. */
bool rmap_locked(struct frame *frame);

#endif
