/*
 * The region tree of an address space: what the mmap family, fork and the fault handler are built
 * from. Knows nothing of pages: who moves a region's ends sees to its page-table entries.
 *
 * Protected by: mm->lock, held by the caller. Nothing here sleeps; only vma_isolate, vma_make and
 * vma_clone allocate.
 */
#ifndef LOFT_VMA_H
#define LOFT_VMA_H

#include <abi/errno.h>
#include <commit.h>
#include <mm.h>

/* Sets the node's largest_gap: struct tree's update function for mm.regions. */
void vma_update_gaps(struct tree_node *node);

/* Smallest region with start >= address; the region before; NULL if none. */
struct vma *vma_first_from(const struct mm *mm, vaddr_t address);

static inline struct vma *vma_prev(const struct vma *vma)
{
	return vma->prev;
}

static inline uint32_t vma_npages(const struct vma *vma)
{
	return (vma->end - vma->start) >> PAGE_SHIFT;
}

/* Page number in the object of the page at address. */
static inline uint32_t vma_index(const struct vma *vma, vaddr_t address)
{
	return vma->page_offset + ((address - vma->start) >> PAGE_SHIFT);
}

/*
 * Links a region whose range, flags and backing are set and whose range is free; counts it in mm.
 */
void vma_insert(struct mm *mm, struct vma *vma);
/* The same right before `next`, or as the last one (NULL). */
void vma_insert_before(struct mm *mm, struct vma *vma, struct vma *next);
/* Unlinks and uncounts it; its backing stays held. */
void vma_remove(struct mm *mm, struct vma *vma);
/* Moves the ends of a region in place, over free space; page_offset moves with the start. */
void vma_set_range(struct mm *mm, struct vma *vma, vaddr_t start, vaddr_t end);
/* Changes flags; VMA_GROWSDOWN and VMA_SHARED stay as they are. */
void vma_set_flags(struct mm *mm, struct vma *vma, uint32_t flags);

/*
 * Takes and drops the region's references to its object and file, and its place in the object's
 * list.
 */
void vma_hold_backing(struct vma *vma);
void vma_drop_backing(struct vma *vma);
/*
 * An unlinked region of anonymous memory, for whoever wants another kind to change; it holds no
 * references yet. NULL when memory is out.
 */
__must_check struct vma *vma_make(struct mm *mm, vaddr_t start, vaddr_t end, uint32_t flags);
/* Frees an unlinked region that holds no references. */
void vma_free(struct vma *vma);
/* An unlinked copy for mm `to` with its own references. NULL when memory is out. */
__must_check struct vma *vma_clone(const struct vma *vma, struct mm *to);
/* Ends an unlinked region: drops its backing, frees it. */
void vma_destroy(struct vma *vma);

/* True when high goes on where low ends in every respect. */
bool vma_continues(const struct vma *low, const struct vma *high);
/*
 * Joins the region with its neighbours where they continue each other; returns the region that then
 * holds it.
 */
struct vma *vma_merge(struct mm *mm, struct vma *vma);
/*
 * Links a region of vma_make, whose range is free, with references to its backing; or extends a
 * neighbour that it continues and frees it.
 */
void vma_place(struct mm *mm, struct vma *wanted);
/* Cuts the region so that [start, end), inside it, is one of its own, and returns that.
 * ERR_PTR(-ENOMEM) (memory, region limit): nothing has changed. */
__must_check struct vma *vma_isolate(struct mm *mm, struct vma *vma, vaddr_t start, vaddr_t end);

/*
 * Where a mapping of size bytes goes that may go anywhere: as high as possible below mmap_top, or
 * else above it. 0: nowhere.
 */
vaddr_t vma_find_place(struct mm *mm, size_t size);
/* True when [start, end) is free and keeps the guard distance to a stack above it. */
bool vma_range_is_free(const struct mm *mm, vaddr_t start, vaddr_t end);

/* ---- shared by the mmap family; mm->lock held ---- */

/* A limit of the current process, bytes. */
uint32_t mm_limit(unsigned resource);
/* True when npages more of a region with flags would break RLIMIT_AS or RLIMIT_DATA. */
bool mm_over_limits(const struct mm *mm, uint32_t flags, uint32_t npages);
/* True when npages more locked pages would break RLIMIT_MEMLOCK for the current process. */
bool mm_over_lock_limit(const struct mm *mm, uint32_t npages);
/* VMA_ACCOUNT if a new region with flags is a promise of memory (private, writable), else 0. */
static inline uint32_t vma_account(uint32_t flags)
{
	return (flags & (VMA_WRITE | VMA_SHARED | VMA_NORESERVE)) == VMA_WRITE ? VMA_ACCOUNT : 0;
}

/* True when a region with flags may not grow by npages, as that cannot be promised. */
static inline bool vma_over_commitment(const struct mm *mm, uint32_t flags, uint32_t npages)
{
	return (flags & VMA_ACCOUNT) && !commit_allows(mm, npages);
}

/*
 * May npages come, in a new region with flags, of which `replaced` are mapped now? -ENOMEM: that would
 * be too many regions, or more than the limits, or than can be promised.
 */
__must_check int mm_check_growth(const struct mm *mm, uint32_t flags, uint32_t npages,
				 uint32_t replaced);
/* -EAGAIN: flags lock the region in memory, and npages more of that would break RLIMIT_MEMLOCK. */
static inline __must_check int mm_check_lock_limit(const struct mm *mm, uint32_t flags,
						   uint32_t npages)
{
	return (flags & VMA_LOCKED) && mm_over_lock_limit(mm, npages) ? -EAGAIN : 0;
}

/* mm_map. */
__must_check int mm_map_locked(struct mm *mm, const struct mm_map_request *request,
			       vaddr_t *address);
/*
 * May an object with seals be mapped with *flags? -EPERM, or 0, with VMA_DENYWRITE_MAX added when the
 * mapping may not become writable.
 */
__must_check int mm_check_seals(const struct object *object, uint32_t *flags);
/* munmap of page-aligned [start, end): -ENOMEM with nothing changed. */
__must_check int mm_unmap_locked(struct mm *mm, vaddr_t start, vaddr_t end);
/*
 * Gives [start, end), inside vma, other flags; *vma becomes the region that holds it then. -ENOMEM:
 * nothing changed.
 */
__must_check int mm_change_flags(struct mm *mm, struct vma **vma, vaddr_t start, vaddr_t end,
				 uint32_t flags);

/*
 * MADV_PAGEOUT: what of [start, end), in vma, this program alone maps goes out of memory as far as
 * there is a place for it. MADV_COLD: it is what reclaim takes first. mm->lock is held; may sleep.
 */
void mm_page_out(struct vma *vma, vaddr_t start, vaddr_t end);
void mm_make_cold(struct vma *vma, vaddr_t start, vaddr_t end);

/*
 * Brings the page at `page` in from this slot of swap and maps it, not writable: 0; -ENOMEM, -EIO;
 * -EAGAIN: it is not, or no longer, there: look again. *major (if not NULL) becomes true when it had to
 * be read. mm->lock is held; may sleep.
 */
__must_check int fault_bring_in(struct vma *vma, vaddr_t page, swap_t swap, bool *major);

/* Makes the shared zero frame, once; false when memory is out. */
__must_check bool fault_prepare(void);

/*
 * The page-directory rights of a region's pages when nothing about the single page restricts them.
 */
static inline unsigned vma_page_rights(const struct vma *vma)
{
	unsigned rights = vma->flags & VMA_RIGHTS ? MAP_USER | MAP_READ : MAP_USER;

	return vma->flags & VMA_WRITE ? rights | MAP_WRITE : rights;
}

#endif
