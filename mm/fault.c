/*
 * The page-fault handler: which region, is it allowed, and then what has to be done.
 *
 *   region?            none (and no stack to grow)             NO_REGION
 *   allowed?           no                                      NO_RIGHT
 *   page present?      write to a page mapped read-only:
 *                        shared region                         CACHE_PAGE (now dirty)
 *                        the only holder of an anonymous frame COW_REUSE (its slot in swap, if
 *                                                              it has one, is given up)
 *                        else                                  COW_COPY
 *                      else                                    SPURIOUS
 *   page in swap       read, or nobody else has it             SWAP_IN
 *                      write to what others share              SWAP_IN (and copied at once)
 *   page absent,       read                                    ZERO_PAGE (one for all)
 *    anonymous         write                                   ZEROED_FRAME
 *   page absent,       past the object's end                   BEYOND_END
 *    of an object      write to a private region               COW_COPY (from the cache at once)
 *                      else                                    CACHE_PAGE
 *
 * Runs under mm->lock, so the tree stands still also while a page is being read from disk; pages of
 * an object do not (truncation), so its size is looked at again after that.
 *
 * A shared page of an object with a backing store is writable only from its first write on: that
 * fault gets it a place there and marks it dirty. A disk that is full is FAULT_IO_ERROR.
 */
#include <mm.h>

#include <assert.h>
#include <err.h>
#include <fault_trace.h>
#include <kvrange.h>
#include <ledger.h>
#include <oom.h>
#include <rmap.h>
#include <readahead.h>
#include <task.h>
#include <unevictable.h>
#include <vma.h>
#include <writeback.h>

#define FAULT_AROUND 16u

uint32_t fault_counts[FAULT_RESULTS];
uint32_t fault_major_count;

/*
 * Zeros to read wherever nothing was written yet. Of the kernel's kind: nobody's resident memory.
 * Held for ever.
 */
static struct frame *zero_frame;

bool fault_prepare(void)
{
	if (zero_frame)
		return true;
	zero_frame = frame_alloc(FRAME_KERNEL, FRAME_ZERO);
	if (zero_frame)
		ledger_hold(zero_frame);
	return zero_frame;
}

bool fault_is_zero_frame(const struct frame *frame)
{
	return frame == zero_frame;
}

const char *fault_result_name(enum fault_result result)
{
	static const char *const names[FAULT_RESULTS] = {
		[FAULT_ZERO_PAGE] = "zero page",       [FAULT_ZEROED_FRAME] = "zeroed frame",
		[FAULT_CACHE_PAGE] = "cache page",     [FAULT_SWAP_IN] = "swap in",
		[FAULT_COW_COPY] = "copy on write",    [FAULT_COW_REUSE] = "reuse on write",
		[FAULT_STACK_GROWTH] = "stack growth", [FAULT_SPURIOUS] = "spurious",
		[FAULT_NO_REGION] = "no region",       [FAULT_NO_RIGHT] = "no right",
		[FAULT_BEYOND_END] = "beyond end",     [FAULT_IO_ERROR] = "i/o error",
		[FAULT_NO_MEMORY] = "no memory",
	};

	assert(result < FAULT_RESULTS);
	return names[result];
}

/* What was relied on has changed over a sleep: what is there now decides. */
#define DECIDE_AGAIN FAULT_RESULTS

/* Maps a frame whose reference the caller gives away, or drops it. */
static enum fault_result map_frame(struct mm *mm, vaddr_t page, struct frame *frame,
				   unsigned rights, enum fault_result result)
{
	mm->note.frame = frame;
	if (pagedir_map(&mm->pagedir, page, frame, rights) == 0)
		return result;
	frame_put(frame);
	return FAULT_NO_MEMORY;
}

/* ---- the page is absent ---- */

static enum fault_result fault_anonymous(struct vma *vma, vaddr_t page, bool write)
{
	struct frame *frame;

	if (!write) {
		frame_get(zero_frame);
		return map_frame(vma->mm, page, zero_frame, MAP_USER | MAP_READ | MAP_COW,
				 FAULT_ZERO_PAGE);
	}
	if (!anon_family_prepare(vma))
		return FAULT_NO_MEMORY;
	frame = frame_alloc(FRAME_ANON, FRAME_ZERO);
	if (!frame)
		return FAULT_NO_MEMORY;
	rmap_enter(frame, vma, page);
	return map_frame(vma->mm, page, frame, vma_page_rights(vma), FAULT_ZEROED_FRAME);
}

/* Private copy of a cache page whose reference the caller gives away. */
static enum fault_result map_private_copy(struct vma *vma, vaddr_t page, struct frame *cached)
{
	struct frame *copy = anon_family_prepare(vma) ? frame_alloc(FRAME_ANON, 0) : NULL;

	if (copy)
		frame_copy(copy, cached);
	frame_put(cached);
	if (!copy)
		return FAULT_NO_MEMORY;
	rmap_enter(copy, vma, page);
	return map_frame(vma->mm, page, copy, vma_page_rights(vma), FAULT_COW_COPY);
}

/* Every fault counts as a minor one first: see mm_fault. */
static void count_major(struct mm *mm)
{
	mm->faults_major++;
	mm->faults_minor--;
	fault_major_count++;
}

/* What its file remembers of reads, NULL: none. */
static struct readahead *vma_readahead(const struct vma *vma)
{
	return vma->file && vma_file_ops->readahead ? vma_file_ops->readahead(vma->file) : NULL;
}

static enum readahead_mode vma_advice(const struct vma *vma)
{
	if (vma->flags & VMA_RANDOM)
		return READAHEAD_RANDOM;
	return vma->flags & VMA_SEQUENTIAL ? READAHEAD_SEQUENTIAL : READAHEAD_NORMAL;
}

static bool beyond_end(const struct object *object, uint32_t index)
{
	return (uint64_t)index << PAGE_SHIFT >= object->size;
}

/*
 * The range of pages around one in which a fault may do more than it was asked for, when that
 * costs no frame: FAULT_AROUND pages, aligned, of the region.
 */
static void window_around(const struct vma *vma, vaddr_t page, vaddr_t *start, vaddr_t *end)
{
	vaddr_t first = page & ~(FAULT_AROUND * PAGE_SIZE - 1);

	*start = MAX(first, vma->start);
	*end = MIN(first + FAULT_AROUND * PAGE_SIZE, vma->end);
}

/*
 * A page has been mapped for reading: those around it that are in the cache already come along.
 * The cache keeps them in groups by their index, of which a window of addresses meets two at most;
 * that of this page will do.
 */
static void map_cached_around(struct vma *vma, vaddr_t page, unsigned rights)
{
	struct object *object = vma->object;
	uint32_t index = vma_index(vma, page), first = index & ~(RADIX_GROUP - 1), before, behind;
	void *const *group = radix_group(&object->pages, index);
	vaddr_t start, end;

	assert(group && group[index - first]);
	window_around(vma, page, &start, &end);
	before = MIN(index - first, (page - start) >> PAGE_SHIFT);
	behind = MIN(first + RADIX_GROUP - index, (end - page) >> PAGE_SHIFT);
	/* What a truncation may have left beyond the end is nobody's to see. */
	behind = MIN(behind, ((object->size + PAGE_MASK) >> PAGE_SHIFT) - index);
	vma->mm->note.nmore -= vma->mm->pagedir.resident_file;
	pagedir_map_more(&vma->mm->pagedir, page - before * PAGE_SIZE,
			 (struct frame *const *)group + (index - first - before), before + behind,
			 rights);
	vma->mm->note.nmore += vma->mm->pagedir.resident_file;
	_Static_assert(FAULT_AROUND - 1 <= FAULT_REGION_MORE, "a record has room for it");
}

/*
 * The page with a reference, read with what lies around it if it is not in memory; or NULL, and
 * *result says why not. May sleep.
 */
static struct frame *bring_in(struct vma *vma, uint32_t index, enum fault_result *result)
{
	struct object *object = vma->object;
	void *entry = radix_lookup(&object->pages, index);
	struct frame *frame;

	if (object_has_store(object) && !object_entry_frame(entry))
		count_major(vma->mm);
	if (((uintptr_t)entry & OBJECT_ENTRY_SWAP) && !swap_is_cached(swap_from_entry(entry)))
		count_major(vma->mm);
	if (object->ops->map_blocks && !entry)
		readahead_fault(vma_readahead(vma), object, index, vma_advice(vma));
	else if (object->ops->map_blocks && ((uintptr_t)entry & OBJECT_ENTRY_AHEAD))
		readahead_fault_marked(vma_readahead(vma), object, index);
	frame = object_get_page(object, index);
	/* It may have slept: truncated meanwhile? */
	if (!IS_ERR(frame) && !beyond_end(object, index))
		return frame;
	if (!IS_ERR(frame)) {
		frame_put(frame);
		*result = FAULT_BEYOND_END;
	} else {
		*result = PTR_ERR(frame) == -ENOMEM ? FAULT_NO_MEMORY : FAULT_IO_ERROR;
	}
	return NULL;
}

/*
 * A page of a shared region, which the caller holds, is about to be written through it: it gets its
 * place on disk and is dirty from now on. FAULT_SPURIOUS: that took time, and the page is another's
 * or nobody's now; the access shows. May sleep.
 */
static enum fault_result make_dirty(struct object *object, uint32_t index, struct frame *frame)
{
	int error = 0;

	if (object->ops->map_blocks) {
		ledger_hold(frame);
		error = object_prepare_write(object, index);
		ledger_release(frame);
	}
	if (error)
		return error == -ENOMEM ? FAULT_NO_MEMORY : FAULT_IO_ERROR;
	if (beyond_end(object, index))
		return FAULT_BEYOND_END;
	if (frame->object != object || frame->index != index)
		return FAULT_SPURIOUS;
	object_mark_dirty(frame);
	return FAULT_CACHE_PAGE;
}

static enum fault_result fault_object(struct vma *vma, vaddr_t page, bool write)
{
	struct object *object = vma->object;
	uint32_t index = vma_index(vma, page);
	unsigned rights = vma_page_rights(vma);
	enum fault_result result = FAULT_CACHE_PAGE;
	struct frame *frame;

	if (beyond_end(object, index))
		return FAULT_BEYOND_END;
	frame = radix_lookup(&object->pages, index);
	if (likely(frame && !((uintptr_t)frame & OBJECT_ENTRY_BITS)))
		frame_get(frame);
	else
		frame = bring_in(vma, index, &result);
	if (unlikely(!frame))
		return result;
	if (!(vma->flags & VMA_SHARED)) {
		if (write)
			return map_private_copy(vma, page, frame);
		rights = (rights & ~MAP_WRITE) | MAP_COW;
	} else if (write) {
		result = make_dirty(object, index, frame);
	} else if (object_has_store(object)) {
		rights &= ~MAP_WRITE;
	}
	if (unlikely(result != FAULT_CACHE_PAGE)) {
		frame_put(frame);
		return result;
	}
	result = map_frame(vma->mm, page, frame, rights, FAULT_CACHE_PAGE);
	if (!write && result == FAULT_CACHE_PAGE)
		map_cached_around(vma, page, rights);
	return result;
}

/* ---- the page is there ---- */

/*
 * The only holder of a frame may write it; and, while at it, those around it that it alone holds:
 * all that a child has left behind would otherwise fault page by page.
 */
static enum fault_result fault_reuse(struct vma *vma, vaddr_t page)
{
	vaddr_t start, end;

	window_around(vma, page, &start, &end);
	pagedir_protect(&vma->mm->pagedir, start, end, vma_page_rights(vma), true);
	return FAULT_COW_REUSE;
}

/* What one process alone maps, and has in swap besides, needs its slot no more once it is written. */
static inline bool leave_swap(struct frame *frame)
{
	return frame->slot && frame->refs == 2 && swap_take(frame);
}

static enum fault_result fault_copy_on_write(struct vma *vma, vaddr_t page, struct frame *frame)
{
	struct frame *copy;

	if (frame->kind == FRAME_ANON && (frame->refs == 1 || leave_swap(frame)))
		return fault_reuse(vma, page);
	if (!anon_family_prepare(vma))
		return FAULT_NO_MEMORY;
	copy = frame_alloc(FRAME_ANON, frame == zero_frame ? FRAME_ZERO : 0);
	if (!copy)
		return FAULT_NO_MEMORY;
	if (frame != zero_frame)
		frame_copy(copy, frame);
	rmap_enter(copy, vma, page);
	vma->mm->note.frame = copy;
	unevictable_note_replaced(frame, vma->mm, page);
	pagedir_replace(&vma->mm->pagedir, page, copy, vma_page_rights(vma));
	return FAULT_COW_COPY;
}

/*
 * A write to a page whose page table is shared since a fork, or was: with a table of its own, the
 * page may turn out to be writable, when nobody else has had the table any more.
 */
static enum fault_result fault_forked(struct vma *vma, vaddr_t page, struct frame *frame)
{
	struct pagedir *pagedir = &vma->mm->pagedir;
	struct page_mapping now;
	bool there;

	if (pagedir_own(pagedir, page, page + PAGE_SIZE))
		return FAULT_NO_MEMORY;
	there = pagedir_lookup(pagedir, page, &now);
	assert(there && now.frame == frame);
	return now.rights & MAP_WRITE ? FAULT_COW_REUSE : fault_copy_on_write(vma, page, frame);
}

/* A page of a shared region is there and clean: the first write to it since it became so. */
static enum fault_result fault_first_write(struct vma *vma, vaddr_t page, struct frame *frame)
{
	enum fault_result result;
	struct page_mapping now;

	frame_get(frame);
	result = make_dirty(vma->object, vma_index(vma, page), frame);
	/* It may have slept: the page may have been taken out of the table meanwhile. */
	if (result == FAULT_CACHE_PAGE) {
		if (pagedir_lookup(&vma->mm->pagedir, page, &now) && now.frame == frame)
			pagedir_set_rights(&vma->mm->pagedir, page, vma_page_rights(vma));
		else
			result = FAULT_SPURIOUS;
	}
	frame_put(frame);
	return result;
}

static enum fault_result fault_present(struct vma *vma, vaddr_t page, bool write,
				       const struct page_mapping *found)
{
	if (!write || (found->rights & MAP_WRITE))
		return FAULT_SPURIOUS;
	if (found->rights & MAP_FORKED)
		return fault_forked(vma, page, found->frame);
	if (!(vma->flags & VMA_SHARED))
		return fault_copy_on_write(vma, page, found->frame);
	return fault_first_write(vma, page, found->frame);
}

/* ---- the page is in swap ---- */

static enum fault_result fault_swapped(struct vma *vma, vaddr_t page, bool write, swap_t swap)
{
	enum fault_result result;
	struct page_mapping now;
	bool major = false;
	int error = fault_bring_in(vma, page, swap, &major);

	if (major)
		count_major(vma->mm);
	if (error == -EAGAIN)
		return DECIDE_AGAIN;
	if (error)
		return error == -ENOMEM ? FAULT_NO_MEMORY : FAULT_IO_ERROR;
	if (!write)
		return FAULT_SWAP_IN;
	pagedir_lookup(&vma->mm->pagedir, page, &now);
	assert(now.frame && !(now.rights & MAP_FORKED));
	result = fault_copy_on_write(vma, page, now.frame);
	return fault_satisfied(result) ? FAULT_SWAP_IN : result;
}

/* ---- the decision ---- */

/* Extends a stack down to page, as far as its limits, and the region below, allow. */
static bool grow_stack(struct vma *vma, vaddr_t page)
{
	struct vma *below = vma_prev(vma);
	uint32_t npages = (vma->start - page) >> PAGE_SHIFT;

	if (!(vma->flags & VMA_GROWSDOWN) || page < USER_LOWEST)
		return false;
	if (below && !(below->flags & VMA_GROWSDOWN) && (below->flags & VMA_RIGHTS) &&
	    page - below->end < MM_STACK_GUARD)
		return false;
	if (vma->end - page > mm_limit(RLIMIT_STACK) || mm_over_limits(vma->mm, vma->flags, npages))
		return false;
	if ((vma->flags & VMA_LOCKED) && mm_over_lock_limit(vma->mm, npages))
		return false;
	if (vma_over_commitment(vma->mm, vma->flags, npages))
		return false;
	vma_set_range(vma->mm, vma, page, vma->end);
	fault_counts[FAULT_STACK_GROWTH]++;
	fault_trace_add(vma->mm, page, 0, FAULT_STACK_GROWTH);
	return true;
}

static enum fault_result decide(struct mm *mm, vaddr_t page, bool write)
{
	struct vma *vma = mm_find_at_or_above(mm, page);
	struct page_mapping found;

	mm->note.vma = vma;
	mm->note.nmore = 0;
	if (!vma || (page < vma->start && !grow_stack(vma, page)))
		return FAULT_NO_REGION;
	if (!(vma->flags & (write ? VMA_WRITE : VMA_RIGHTS)))
		return FAULT_NO_RIGHT;
	if (pagedir_lookup(&mm->pagedir, page, &found)) {
		mm->note.frame = found.frame;
		if (unlikely(found.swap))
			return fault_swapped(vma, page, write, found.swap);
		return fault_present(vma, page, write, &found);
	}
	if (vma->object)
		return fault_object(vma, page, write);
	return fault_anonymous(vma, page, write);
}

/* A program that has locked regions was maybe given a page, and those around it. */
static __noinline void keep_if_locked(struct mm *mm, vaddr_t address, enum fault_result result)
{
	const struct vma *vma = mm->note.vma;
	vaddr_t start = ROUND_DOWN(address, PAGE_SIZE), end = start + PAGE_SIZE;

	assert(mutex_is_mine(&mm->lock));
	if (!fault_satisfied(result) || !(vma->flags & VMA_LOCKED))
		return;
	if (mm->note.nmore)
		window_around(vma, start, &start, &end);
	unevictable_enter(mm, start, end);
}

enum fault_result mm_fault(struct mm *mm, vaddr_t address, unsigned access)
{
	enum fault_result result;
	uint32_t resident;

	mutex_lock(&mm->lock);
	mm->note.began = fault_trace_now();
	mm->faults_minor++;
	do
		result = decide(mm, ROUND_DOWN(address, PAGE_SIZE), access & FAULT_WRITE);
	while (unlikely(result == DECIDE_AGAIN));
	resident = mm->pagedir.resident_anon + mm->pagedir.resident_file;
	if (resident > mm->peak_resident)
		mm->peak_resident = resident;
	if (unlikely(mm->locked_npages))
		keep_if_locked(mm, address, result);
	fault_trace_add(mm, address, access, result);
	mutex_unlock(&mm->lock);
	fault_counts[result]++;
	if (access & FAULT_WRITE)
		writeback_throttle(NULL);
	return result;
}

enum fault_result mm_fault_making_room(struct mm *mm, vaddr_t address, unsigned access)
{
	enum fault_result result;

	do
		result = mm_fault(mm, address, access);
	while (result == FAULT_NO_MEMORY && (!frame_available() || !current->fail_met) &&
	       oom_make_room(false));
	return result;
}
