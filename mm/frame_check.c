/*
 * The frame allocator's books, checked: every free frame is on just one list or stack of its zone,
 * blocks are as mm/frame.c says, and the counters are what a count gives. For the ledger and the
 * self-tests; changes nothing.
 */
#include "frame_internal.h"

/* What frame_check has found so far. */
struct check {
	void (*report)(const char *text, pfn_t pfn);
	unsigned nfaults;
	uint32_t nlisted; /* free frames met on lists and stacks */
};

static void expect(struct check *check, bool condition, const char *text, pfn_t pfn)
{
	if (condition)
		return;
	check->nfaults++;
	check->report(text, pfn);
}

static void check_block(struct check *check, struct zone *zone, struct frame *first, unsigned order)
{
	pfn_t pfn = frame_pfn(first);

	expect(check, first->flags == FRAME_FLAG_BLOCK && first->order == order,
	       "block on the wrong list", pfn);
	expect(check, (pfn & ((1u << order) - 1)) == 0, "block not aligned", pfn);
	expect(check, pfn >= zone->start && pfn + (1u << order) <= zone->end,
	       "block outside its zone", pfn);
	expect(check, !frame_free_buddy(zone, pfn, order), "block not joined with its buddy", pfn);
	for (unsigned i = 0; i < 1u << order; i++)
		expect(check, first[i].kind == FRAME_FREE && (i == 0 || first[i].flags == 0),
		       "frame in a free block is not free", pfn + i);
	check->nlisted += 1u << order;
}

static void check_stack(struct check *check, struct zone *zone, struct list *top, uint16_t flags)
{
	for (; top; top = top->next) {
		struct frame *frame = list_entry(top, struct frame, link);
		pfn_t pfn = frame_pfn(frame);

		expect(check, frame->kind == FRAME_FREE && frame->flags == flags,
		       "frame on the wrong stack", pfn);
		expect(check, pfn >= zone->start && pfn < zone->end, "frame outside its zone", pfn);
		check->nlisted++;
	}
}

static void check_zone(struct check *check, struct zone *zone)
{
	uint32_t before = check->nlisted;

	for (unsigned order = 0; order < NORDERS; order++) {
		struct frame *first;

		expect(check, list_empty(&zone->blocks[order]) == !(zone->orders & (1u << order)),
		       "summary of the block lists is wrong", order);
		list_for_each(first, &zone->blocks[order], link)
			check_block(check, zone, first, order);
	}
	check_stack(check, zone, zone->unclean, FRAME_FLAG_SINGLE);
	check_stack(check, zone, zone->zeroed, FRAME_FLAG_SINGLE | FRAME_FLAG_ZEROED);
	expect(check, check->nlisted - before == zone->nfree, "free count of a zone is wrong",
	       zone->start);
}

/* Counts all frames by kind and compares with the counters. */
static void check_counts(struct check *check)
{
	uint32_t by_kind[FRAME_KINDS] = { 0 };
	uint32_t total = 0;

	for (pfn_t pfn = 0; pfn < frame_array_end; pfn++) {
		struct frame *frame = frame_from_pfn(pfn);

		if (!frame)
			continue;
		total++;
		expect(check, frame->kind < FRAME_KINDS, "no such kind", pfn);
		by_kind[frame->kind % FRAME_KINDS]++;
		expect(check, (frame->kind == FRAME_FREE) == (frame->refs == 0),
		       "references do not fit the kind", pfn);
	}
	expect(check, total == frame_state.total, "frames got lost", total);
	expect(check, by_kind[FRAME_FREE] == check->nlisted, "free frames on no list",
	       by_kind[FRAME_FREE] - check->nlisted);
	for (unsigned kind = FRAME_FREE + 1; kind < FRAME_KINDS; kind++)
		expect(check, by_kind[kind] == frame_state.kind_counts[kind],
		       "count of a kind is wrong", kind);
}

unsigned frame_check(void (*report)(const char *text, pfn_t pfn))
{
	struct check check = { .report = report };

	check_zone(&check, &frame_state.low);
	check_zone(&check, &frame_state.high);
	check_counts(&check);
	return check.nfaults;
}
