/*
 * What becomes of one page that is to leave memory, and of pages that are being written.
 *
 * Private and shared memory: it gets a slot of swap if it has none (swap_add), its entries are made
 * the slot's (rmap_unmap), and it is written; if the slot has its content already, it just goes.
 * Pages of files are taken out of all page tables and go if they are clean; dirty ones are written
 * first, by the task that reclaims, and by nobody else: a program in need may hold what the file
 * system would wait for.
 *
 * What is being written is on the list `writing`, in the order in which it was sent off, marked
 * FRAME_FLAG_EVICTED. It may be asked for again, freed by its owner, or dropped by the swap cache when
 * its write is done; in the latter two cases it leaves the list by itself (reclaim_forget). Whoever
 * needs frames waits for the first of the list, and finishes what has been written: pages that nobody
 * wanted meanwhile go, the others return to the policy.
 *
 * A frame with other references than its mappings and its cache's stays: somebody is at work with it.
 */
#include <reclaim.h>

#include <abi/errno.h>
#include <assert.h>
#include <err.h>
#include <ledger.h>
#include <object.h>
#include <policy.h>
#include <rmap.h>
#include <swap.h>
#include <task.h>
#include <vm_events.h>

#define UNDER_IO (FRAME_FLAG_BUSY | FRAME_FLAG_WRITEBACK)
#define PENDING_MAX 64u /* after so many that are not written yet the younger ones need no look */
#define WRITE_RUN 32u	/* pages of a file that are written together, aligned */

static struct list writing = LIST_INIT(writing);
static uint32_t nwriting;
static uint32_t ngone; /* of them, those freed since reclaim_collect */

/*
 * To the policy, unless it has the frame, or the frame has been locked in memory while a write slept: one
 * that has changed kind is new to the policy (frame_intake).
 */
static void put_back(struct frame *frame, enum policy_class class)
{
	if (frame->flags & FRAME_FLAG_LISTED)
		return;
	list_remove(&frame->link);
	policy->put_back(frame, class);
}

/* ---- being written ---- */

static void writing_add(struct frame *frame)
{
	assert(!(frame->flags & (FRAME_FLAG_LISTED | FRAME_FLAG_EVICTED)));
	list_remove(&frame->link);
	frame->flags |= FRAME_FLAG_LISTED | FRAME_FLAG_EVICTED;
	list_add_tail(&writing, &frame->link);
	nwriting++;
}

static void writing_remove(struct frame *frame)
{
	assert(frame->flags & FRAME_FLAG_EVICTED && nwriting > 0);
	list_remove(&frame->link);
	frame->flags &= ~(FRAME_FLAG_LISTED | FRAME_FLAG_EVICTED);
	nwriting--;
}

static void count_gone(enum frame_kind kind)
{
	assert(kind == FRAME_ANON || kind == FRAME_CACHE);
	if (kind == FRAME_ANON)
		vm_count(PGSTEAL_ANON, 1);
	else
		vm_count(PGSTEAL_FILE, 1);
	vm_count(PGROTATED, 1);
}

void reclaim_forget(struct frame *frame)
{
	writing_remove(frame);
	/* Taken back by its owner, it becomes another kind of page, and stays. */
	if (frame->refs > 0)
		return;
	count_gone(frame->kind);
	ngone++;
}

uint32_t reclaim_nwriting(void)
{
	return nwriting;
}

/*
 * A page on no list, no longer under I/O, of which the caller holds no reference: true when it could be
 * freed, else it is the policy's again.
 */
static bool finish(struct frame *frame)
{
	assert(frame->refs > 0 && !(frame->flags & (UNDER_IO | FRAME_FLAG_LISTED)));
	/* The policy has it in any case, for as long as it lives. */
	policy->put_back(frame, policy_class(frame));
	if (frame->kind == FRAME_CACHE)
		return object_drop_page(frame);
	if (!frame->slot)
		return false;
	frame_get(frame);
	if (!swap_drop(frame)) {
		swap_put(frame);
		return false;
	}
	frame_put(frame);
	return true;
}

uint32_t reclaim_collect(void)
{
	struct frame *frame, *after;
	uint32_t freed = ngone, pending = 0;

	ngone = 0;
	list_for_each_safe(frame, after, &writing, link) {
		enum frame_kind kind = frame->kind;

		assert(frame->flags & FRAME_FLAG_LISTED && frame->flags & FRAME_FLAG_EVICTED);
		if (frame->flags & UNDER_IO && ++pending >= PENDING_MAX)
			break;
		if (frame->flags & UNDER_IO)
			continue;
		writing_remove(frame);
		if (finish(frame)) {
			count_gone(kind);
			freed++;
		}
	}
	return freed;
}

bool reclaim_wait_for_write(void)
{
	struct frame *frame;

	reclaim_submit();
	if (list_empty(&writing))
		return false;
	frame = list_first(&writing, struct frame, link);
	frame_get(frame);
	ledger_hold(frame);
	frame_wait(frame, UNDER_IO);
	ledger_release(frame);
	/*
	 * The swap cache would have dropped it, had the reference not been there: reclaim_collect
	 * does.
	 */
	frame_put(frame);
	return true;
}

void reclaim_submit(void)
{
	swap_submit();
}

/* ---- user memory ---- */

/* One that is locked in memory is not to be met again. */
static enum reclaim_result keep(struct frame *frame, enum policy_class class)
{
	if (!(frame->flags & FRAME_FLAG_LISTED) && rmap_locked(frame))
		policy_cull(frame);
	else
		put_back(frame, class);
	return RECLAIM_KEPT;
}

/* Starts the write of a page that nobody maps. */
static enum reclaim_result write_to_swap(struct frame *frame)
{
	int error;

	assert(frame->slot && frame->kind == FRAME_ANON && frame_mappings(frame) == 0);
	/* One that has changed kind is on its way to the policy, which is not to have it meanwhile. */
	list_remove(&frame->link);
	frame_get(frame);
	ledger_hold(frame);
	error = swap_write(frame);
	ledger_release(frame);
	/* It may have slept: whatever has become of the page, one list or the other has it. */
	if (!error && frame->flags & FRAME_FLAG_WRITEBACK && !(frame->flags & FRAME_FLAG_LISTED))
		writing_add(frame);
	else
		put_back(frame, POLICY_ANON);
	swap_put(frame);
	if (error)
		return RECLAIM_KEPT;
	vm_count(NR_VMSCAN_WRITE, 1);
	return RECLAIM_WRITING;
}

/* The slot has the page's content, and nobody maps it. */
static enum reclaim_result drop_from_swap_cache(struct frame *frame)
{
	bool dropped;

	assert(frame->slot && !(frame->flags & (UNDER_IO | FRAME_FLAG_DIRTY)));
	frame_get(frame);
	dropped = swap_drop(frame);
	if (!dropped)
		put_back(frame, POLICY_ANON);
	frame_put(frame);
	return dropped ? RECLAIM_FREED : RECLAIM_KEPT;
}

/* Makes a slot's what page tables say of the page: false when it cannot be. */
static bool unmap_to_swap(struct frame *frame)
{
	bool added = !frame->slot;

	if (frame_mappings(frame) == 0)
		return !added;
	if (rmap_locked(frame) || (added && swap_add(frame)))
		return false;
	if (rmap_unmap(frame, frame->slot) == 0)
		return true;
	/* Found in none of its page tables: then the slot is of no use. */
	if (added)
		swap_take(frame);
	return false;
}

static enum reclaim_result reclaim_anonymous(struct frame *frame)
{
	if (frame->holds || frame->flags & UNDER_IO || !unmap_to_swap(frame))
		return keep(frame, POLICY_ANON);
	policy->evicted(frame, POLICY_ANON);
	return frame->flags & FRAME_FLAG_DIRTY ? write_to_swap(frame) : drop_from_swap_cache(frame);
}

/* A page of shared memory: what is in its object is the slot, from then on. */
static enum reclaim_result reclaim_shared(struct frame *frame)
{
	bool gone;

	if (frame->holds || frame->flags & UNDER_IO || !frame->object || swap_free_npages == 0 ||
	    (frame_mappings(frame) > 0 && rmap_unmap(frame, 0)))
		return keep(frame, POLICY_ANON);
	frame_get(frame);
	gone = object_page_to_swap(frame) == 0;
	if (gone) {
		policy->evicted(frame, POLICY_ANON);
		/* The swap cache has it: this reference may go. */
		swap_put(frame);
		return write_to_swap(frame);
	}
	put_back(frame, POLICY_ANON);
	frame_put(frame);
	return RECLAIM_KEPT;
}

/* ---- pages of files ---- */

/* Writes the dirty pages around one; only in tasks of the kernel's. */
static void write_around(struct object *object, uint32_t index)
{
	uint32_t first = index & ~(WRITE_RUN - 1);

	if (!object_try_get(object))
		return;
	/* What fails is told to those who ask for it (object_error_check). */
	(void)object_write_back(object, first, first + WRITE_RUN - 1, false);
	object_put(object);
}

static enum reclaim_result write_to_file(struct frame *frame)
{
	frame_get(frame);
	ledger_hold(frame);
	if (current->process == &kernel_process && frame->object)
		write_around(frame->object, frame->index);
	ledger_release(frame);
	/* It may have slept. */
	if (frame->flags & FRAME_FLAG_WRITEBACK && !(frame->flags & FRAME_FLAG_LISTED))
		writing_add(frame);
	else
		put_back(frame, POLICY_FILE);
	frame_put(frame);
	return RECLAIM_DIRTY;
}

/* Nobody is at work with it but who writes it, and it may go once that is done. */
static enum reclaim_result wait_for_its_write(struct frame *frame)
{
	assert(frame->kind == FRAME_CACHE && frame->flags & FRAME_FLAG_WRITEBACK);
	if (!frame->object || rmap_locked(frame))
		return keep(frame, POLICY_FILE);
	writing_add(frame);
	return RECLAIM_WRITING;
}

static enum reclaim_result reclaim_file(struct frame *frame)
{
	if (frame->flags & FRAME_FLAG_WRITEBACK)
		return wait_for_its_write(frame);
	if (frame->holds || frame->flags & UNDER_IO || !frame->object)
		return keep(frame, POLICY_FILE);
	if (!(frame->flags & FRAME_FLAG_DIRTY) && frame_mappings(frame) > 0 && rmap_unmap(frame, 0))
		return keep(frame, POLICY_FILE);
	/* What the processor knows of writes is known now. */
	if (frame->flags & FRAME_FLAG_DIRTY)
		return frame->object->ops->map_blocks && !rmap_locked(frame)
			       ? write_to_file(frame)
			       : keep(frame, POLICY_FILE);
	policy->evicted(frame, POLICY_FILE);
	return object_drop_page(frame) ? RECLAIM_FREED : keep(frame, POLICY_FILE);
}

/* ---- any page ---- */

enum reclaim_result reclaim_page(struct frame *frame, enum policy_class class)
{
	assert(!(frame->flags & FRAME_FLAG_LISTED) && frame->refs > 0);
	if (class == POLICY_FILE && frame->kind == FRAME_CACHE)
		return reclaim_file(frame);
	if (frame->kind == FRAME_ANON)
		return reclaim_anonymous(frame);
	return class == POLICY_ANON ? reclaim_shared(frame) : keep(frame, class);
}

bool reclaim_class_can_go(enum policy_class class)
{
	return class == POLICY_FILE || swap_total_npages > 0;
}
