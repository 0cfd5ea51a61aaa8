/*
 * Page frames and their allocator.
 *
 * Free frames of a zone are kept in two ways. Blocks of 2^order frames, aligned to their size,
 * lie on one list for each order, as in any buddy allocator: a block and its buddy, both free,
 * are one block of the next order. Single frames that were in use lie on two stacks, those
 * known to hold zeros and the others, and are *not* joined with their buddies: to free a frame
 * is to push it, to allocate one is to pop it. Only when a block is wanted and none is large
 * enough are the stacks emptied into the buddy lists. An empty stack is refilled from the
 * smallest block, a few frames at a time, so that one allocation takes constant time.
 *
 * Invariants (frame_check tells when one is broken):
 *   - a free frame has refs 0 and is exactly one of: the first of a free block
 *     (FRAME_FLAG_BLOCK), inside one (no flag), or single (FRAME_FLAG_SINGLE);
 *   - a block never crosses the border of the zones, and its buddy is not a free block of the
 *     same order;
 *   - kind_counts adds up to the frames of RAM; a zone's nfree is the number of its free
 *     frames.
 *
 * Memory above the direct map is used by user pages, and first, so that low memory, which alone
 * serves the kernel, is left to it. Protection: the kernel is not preempted and interrupt
 * handlers stay out.
 */
#include <frame.h>

#include <fail.h>
#include <kvrange.h>
#include <policy.h>
#include <reclaim.h>
#include <string.h>

#include "frame_internal.h"

#define REFILL_ORDER 4	 /* at most 16 frames move to the stack at a time */
#define ZEROED_MAX 16384 /* frames zeroed ahead, a zone; at most half of the free ones */

struct frame *frame_array;
pfn_t frame_array_end;
paddr_t frame_low_limit;

struct frame_state frame_state;
struct list frame_intake = LIST_INIT(frame_intake);

/* ---- blocks ---- */

void frame_block_add(struct zone *zone, struct frame *first, unsigned order)
{
	first->flags = FRAME_FLAG_BLOCK;
	first->order = (uint8_t)order;
	list_add(&zone->blocks[order], &first->link);
	zone->orders |= 1u << order;
}

static void block_remove(struct zone *zone, struct frame *first)
{
	unsigned order = first->order;

	assert(first->kind == FRAME_FREE && first->flags == FRAME_FLAG_BLOCK);
	list_remove(&first->link);
	first->flags = 0;
	if (list_empty(&zone->blocks[order]))
		zone->orders &= ~(1u << order);
}

struct frame *frame_free_buddy(const struct zone *zone, pfn_t pfn, unsigned order)
{
	pfn_t buddy_pfn = pfn ^ (1u << order);
	struct frame *buddy;

	if (order >= FRAME_MAX_ORDER || buddy_pfn < zone->start || buddy_pfn >= zone->end)
		return NULL;
	buddy = &frame_array[buddy_pfn];
	if (buddy->kind != FRAME_FREE || buddy->flags != FRAME_FLAG_BLOCK || buddy->order != order)
		return NULL;
	return buddy;
}

/*
 * Puts a block, whose frames are marked free with no flags, on the lists, joined with its
 * buddies.
 */
static void block_join(struct zone *zone, pfn_t pfn, unsigned order)
{
	struct frame *buddy;

	while ((buddy = frame_free_buddy(zone, pfn, order))) {
		block_remove(zone, buddy);
		pfn &= ~(1u << order);
		order++;
	}
	frame_block_add(zone, &frame_array[pfn], order);
}

/*
 * Takes a block of exactly `order` off the lists, split from the smallest that is large enough;
 * NULL if none is.
 */
static struct frame *block_take(struct zone *zone, unsigned order)
{
	uint32_t large_enough = zone->orders & ~((1u << order) - 1);
	struct frame *first;
	unsigned have;

	if (!large_enough)
		return NULL;
	have = (unsigned)__builtin_ctz(large_enough);
	first = list_first(&zone->blocks[have], struct frame, link);
	block_remove(zone, first);
	while (have > order) {
		have--;
		frame_block_add(zone, first + (1u << have), have);
	}
	return first;
}

/* ---- single frames ---- */

static void push(struct list **stack, struct frame *frame)
{
	frame->link.next = *stack;
	*stack = &frame->link;
}

static struct frame *pop(struct list **stack)
{
	struct list *top = *stack;

	if (!top)
		return NULL;
	*stack = top->next;
	return list_entry(top, struct frame, link);
}

static struct frame *pop_zeroed(struct zone *zone)
{
	struct frame *frame = pop(&zone->zeroed);

	if (frame)
		zone->nzeroed--;
	return frame;
}

static void push_single(struct zone *zone, struct frame *frame, bool zeroed)
{
	frame->flags = zeroed ? FRAME_FLAG_SINGLE | FRAME_FLAG_ZEROED : FRAME_FLAG_SINGLE;
	push(zeroed ? &zone->zeroed : &zone->unclean, frame);
	zone->nzeroed += zeroed;
}

/* Moves the frames of a small block to the stack. Constant time. */
static bool refill(struct zone *zone)
{
	struct frame *first = NULL;
	unsigned order = REFILL_ORDER;

	if (zone->orders & ((1u << REFILL_ORDER) - 1))
		order = (unsigned)__builtin_ctz(zone->orders);
	first = block_take(zone, order);
	if (!first)
		return false;
	/* The lowest address goes on top. */
	for (unsigned i = 1u << order; i-- > 0;)
		push_single(zone, first + i, false);
	return true;
}

static void join_single(struct zone *zone, struct frame *frame)
{
	frame->flags = 0;
	block_join(zone, frame_pfn(frame), 0);
}

/* Gives all single frames back to the blocks. */
static void empty_stacks(struct zone *zone)
{
	struct frame *frame;

	while ((frame = pop(&zone->unclean)))
		join_single(zone, frame);
	while ((frame = pop_zeroed(zone)))
		join_single(zone, frame);
}

static inline struct frame *take_unclean(struct zone *zone)
{
	if (!zone->unclean && !refill(zone))
		return NULL;
	return pop(&zone->unclean);
}

/* A single frame out of a zone that has one, of the wanted sort if possible. */
static struct frame *take_single(struct zone *zone, bool zeroed)
{
	struct frame *frame = zeroed ? pop_zeroed(zone) : take_unclean(zone);

	if (!frame)
		frame = zeroed ? take_unclean(zone) : pop_zeroed(zone);
	assert(frame);
	zone->nfree--;
	zone->nallocated++;
	return frame;
}

/* ---- the contract ---- */

/* Kinds of frames whose link is the replacement policy's. */
static inline bool is_user_kind(enum frame_kind kind)
{
	return kind == FRAME_ANON || kind == FRAME_CACHE;
}

/* Off the intake or whatever list of the policy's the frame is on. */
static inline void unlist(struct frame *frame)
{
	if (unlikely(frame->flags & FRAME_FLAG_LISTED)) {
		policy_leave(frame);
		return;
	}
	/* As list_remove, but that the link is about to have another meaning. */
	frame->link.prev->next = frame->link.next;
	frame->link.next->prev = frame->link.prev;
}

static void claim(struct frame *frame, enum frame_kind kind)
{
	assert(frame->refs == 0 && frame->kind == FRAME_FREE);
	if (is_user_kind(kind))
		list_add_tail(&frame_intake, &frame->link);
	else
		list_init(&frame->link);
	frame->refs = 1;
	frame->kind = (uint8_t)kind;
	frame->order = 0;
	frame->flags = 0;
	frame->object = NULL;
	frame->index = 0;
	frame->holds = 0;
	frame->slot = 0;
	frame_state.kind_counts[kind]++;
}

/* The low frames that only those have who free memory. */
static inline uint32_t reserve(void)
{
	return frame_state.marks[FRAME_MARK_MIN] / 4;
}

/* Low memory runs short: the zone, or NULL when what is left is not for this kind, or not for current. */
static __noinline struct zone *low_zone_short(bool user)
{
	uint32_t left = frame_state.low.nfree;

	reclaim_notice();
	if (left > frame_state.marks[FRAME_MARK_MIN])
		return &frame_state.low;
	/* What frees memory may have to read first where a file's blocks lie. */
	if ((user || left <= reserve()) && !reclaim_may_use_reserve())
		return NULL;
	return left > 0 ? &frame_state.low : NULL;
}

/* The zone to take a single frame from, or NULL when there is none for this kind. */
static inline struct zone *choose_zone(enum frame_kind kind, unsigned flags)
{
	bool user = is_user_kind(kind);

	if (user && frame_state.high.nfree > 0 && !(flags & FRAME_LOW))
		return &frame_state.high;
	if (likely(frame_state.low.nfree > frame_state.marks[FRAME_MARK_LOW]))
		return &frame_state.low;
	return low_zone_short(user);
}

struct frame *frame_alloc(enum frame_kind kind, unsigned flags)
{
	struct zone *zone = choose_zone(kind, flags);
	struct frame *frame;
	bool unclean;

	assert(kind >= FRAME_KERNEL && kind < FRAME_KINDS);
	if (!zone || fail_allocation())
		return NULL;
	frame = take_single(zone, flags & FRAME_ZERO);
	unclean = !(frame->flags & FRAME_FLAG_ZEROED);
	claim(frame, kind);
	if (flags & FRAME_ZERO && unclean)
		frame_zero(frame);
	return frame;
}

struct frame *frame_alloc_block(enum frame_kind kind, unsigned order, unsigned flags)
{
	struct frame *first;

	assert(kind >= FRAME_KERNEL && kind < FRAME_KINDS && order <= FRAME_MAX_ORDER);
	if (fail_allocation())
		return NULL;
	if (frame_is_short(FRAME_MARK_LOW))
		reclaim_notice();
	if (frame_state.low.nfree < reserve() + (1u << order) && !reclaim_may_use_reserve())
		return NULL;
	first = block_take(&frame_state.low, order);
	if (!first && frame_state.low.nfree >> order) {
		empty_stacks(&frame_state.low);
		first = block_take(&frame_state.low, order);
	}
	if (!first)
		return NULL;
	frame_state.low.nfree -= 1u << order;
	frame_state.low.nallocated += 1u << order;
	for (unsigned i = 0; i < 1u << order; i++) {
		claim(first + i, kind);
		if (flags & FRAME_ZERO)
			frame_zero(first + i);
	}
	first->order = (uint8_t)order;
	return first;
}

/* The common part of giving a frame back: it is free, but on no list yet. */
static inline __attribute__((always_inline)) void mark_free(struct zone *zone, struct frame *frame)
{
	assert(frame->refs == 0 && frame->kind > FRAME_FREE && frame->kind < FRAME_KINDS);
	if (is_user_kind(frame->kind))
		unlist(frame);
	frame_state.kind_counts[frame->kind]--;
	zone->nfree++;
	frame->kind = FRAME_FREE;
	frame->flags &= FRAME_FLAG_ZEROED;
#ifdef FRAME_JUNK
	/* Finds users of freed frames, at the price of a page write for each. */
	if (!frame->flags) {
		void *window = kmap(frame);

		memset(window, 0x6b, PAGE_SIZE);
		kunmap(window);
	}
#endif
}

void frame_free(struct frame *frame)
{
	struct zone *zone = zone_of(frame_pfn(frame));

	mark_free(zone, frame);
	push_single(zone, frame, frame->flags);
}

void frame_free_block(struct frame *first, unsigned order)
{
	pfn_t pfn = frame_pfn(first);

	assert(order <= FRAME_MAX_ORDER && (pfn & ((1u << order) - 1)) == 0);
	for (unsigned i = 0; i < 1u << order; i++) {
		assert(first[i].refs == 1);
		first[i].refs = 0;
		mark_free(&frame_state.low, &first[i]);
		first[i].flags = 0;
	}
	block_join(&frame_state.low, pfn, order);
}

void frame_set_kind(struct frame *frame, enum frame_kind kind)
{
	assert(frame->kind > FRAME_FREE && frame->kind < FRAME_KINDS && frame->refs > 0);
	assert(kind > FRAME_FREE && kind < FRAME_KINDS);
	if (is_user_kind(frame->kind))
		unlist(frame);
	frame_state.kind_counts[frame->kind]--;
	frame_state.kind_counts[kind]++;
	frame->kind = (uint8_t)kind;
	if (is_user_kind(kind))
		list_add_tail(&frame_intake, &frame->link);
}

void frame_release_boot(paddr_t start, paddr_t end)
{
	for (pfn_t pfn = (start + PAGE_MASK) >> PAGE_SHIFT; pfn < end >> PAGE_SHIFT; pfn++) {
		struct frame *frame = frame_from_pfn(pfn);
		struct zone *zone = zone_of(pfn);

		if (!frame || (frame->kind != FRAME_BOOT && frame->kind != FRAME_IMAGE))
			continue;
		assert(frame->refs == 1);
		frame->refs = 0;
		mark_free(zone, frame);
		frame->flags = 0;
		block_join(zone, pfn, 0);
	}
}

static bool zero_one(struct zone *zone)
{
	struct frame *frame;

	if (zone->nzeroed >= MIN(ZEROED_MAX, zone->nfree / 2))
		return false;
	frame = take_unclean(zone);
	if (!frame)
		return false;
	frame_zero(frame);
	push_single(zone, frame, true);
	return true;
}

bool frame_zero_one_idle(void)
{
	return zero_one(&frame_state.high) || zero_one(&frame_state.low);
}

bool frame_is_short(enum frame_mark mark)
{
	return frame_state.low.nfree < frame_state.marks[mark];
}

uint32_t frame_shortage(void)
{
	uint32_t wanted = frame_state.marks[FRAME_MARK_HIGH];

	return frame_state.low.nfree < wanted ? wanted - frame_state.low.nfree : 0;
}

bool frame_is_wanted(const struct frame *frame)
{
	return zone_of(frame_pfn(frame)) == &frame_state.low ||
	       frame_state.high.nfree < frame_state.high_wanted;
}

uint32_t frame_mark(enum frame_mark mark)
{
	return frame_state.marks[mark];
}

void frame_set_min(uint32_t nframes)
{
	uint32_t before = frame_state.marks[FRAME_MARK_MIN];

	for (unsigned mark = 0; mark < FRAME_MARKS; mark++)
		frame_state.marks[mark] += nframes - before;
}

bool frame_available(void)
{
	return choose_zone(FRAME_ANON, 0) && choose_zone(FRAME_PAGE_TABLE, 0);
}

uint32_t frame_usable(void)
{
	return frame_state.total - frame_state.kind_counts[FRAME_RESERVED] -
	       frame_state.kind_counts[FRAME_IMAGE];
}

void frame_count(struct frame_counts *counts)
{
	counts->total = frame_state.total;
	memcpy(counts->by_kind, frame_state.kind_counts, sizeof(frame_state.kind_counts));
	counts->free_low = frame_state.low.nfree;
	counts->free_high = frame_state.high.nfree;
	counts->by_kind[FRAME_FREE] = frame_state.low.nfree + frame_state.high.nfree;
	counts->allocated_low = frame_state.low.nallocated;
	counts->allocated_high = frame_state.high.nallocated;
	/* What was in use, and what came into use, is in use or has been freed. */
	counts->freed = frame_state.used_at_boot + counts->allocated_low + counts->allocated_high -
			(counts->total - counts->by_kind[FRAME_FREE]);
}

const char *frame_kind_name(enum frame_kind kind)
{
	static const char *const names[FRAME_KINDS] = {
		[FRAME_FREE] = "free",	    [FRAME_RESERVED] = "reserved",
		[FRAME_IMAGE] = "image",    [FRAME_BOOT] = "boot",
		[FRAME_KERNEL] = "kernel",  [FRAME_PAGE_TABLE] = "page table",
		[FRAME_ANON] = "anonymous", [FRAME_CACHE] = "page cache",
	};

	return kind < FRAME_KINDS ? names[kind] : "absent";
}
