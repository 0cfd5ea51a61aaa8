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
#include <vma.h>

struct anon_family {
	struct list regions; /* by vma.family_link */
};

/* Gives vma, which has none, a family: false when memory is out. mm->lock is held. */
__must_check bool anon_family_create(struct vma *vma);
/* vma, a copy of a region with a family, joins its list. */
void anon_family_join(struct vma *vma);
/* The last one to leave frees it; vma has no anonymous pages any more. */
void anon_family_leave(struct vma *vma);
/* to, which takes in from, takes its family over if it has none itself. */
void anon_family_pass(struct vma *from, struct vma *to);

/*
 * Sees that vma has a family, before an anonymous page is mapped in it: false when memory is out. What
 * the region could be merged with, it can be merged with afterwards. mm->lock is held.
 */
static inline __must_check bool anon_family_prepare(struct vma *vma)
{
	return likely(vma->family) || anon_family_create(vma);
}

/* The frame, of kind FRAME_ANON, is about to be mapped at page `at` of vma (anon_family_prepare). */
static inline void rmap_enter(struct frame *frame, const struct vma *vma, vaddr_t at)
{
	assert(vma->family);
	frame->family = vma->family;
	frame->index = vma_index(vma, at);
}

/* Whether a mapping of the frame was used since this was last asked, or FRAME_FLAG_REFERENCED. */
bool rmap_accessed(struct frame *frame);
/*
 * Makes all mappings of a page-cache frame read-only, so that the next write through one faults, and
 * tells whether the frame was written through any of them since this was last asked.
 */
bool rmap_clean(struct frame *frame);
/*
 * Takes the frame out of all page tables. slot: of user memory frame->slot, which its entries name
 * then (pagedir_set_swap); of page cache 0, which leaves nothing behind. 0, or -EBUSY: locked in memory
 * (VMA_LOCKED) with nothing changed, or mapped where it could not be found with some mappings left.
 */
__must_check int rmap_unmap(struct frame *frame, uint32_t slot);
/* True when a region that maps the frame has it locked in memory. */
bool rmap_locked(struct frame *frame);
/* The same, of mappings but those of mm in [start, end). */
bool rmap_locked_outside(struct frame *frame, const struct mm *mm, vaddr_t start, vaddr_t end);

#endif
