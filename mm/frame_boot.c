/*
 * The frame array at boot: which frames there are, which are taken, and all others on the free
 * lists.
 *
 * RAM is walked by ranges and not by frames wherever that is possible, and free memory goes on
 * the lists in blocks of up to 4 MB: what boot costs is clearing the array, and little more.
 */
#include <boot.h>
#include <panic.h>
#include <string.h>

#include "frame_internal.h"

#define RESERVE_MAX 64
#define MARK_STEP_MAX 256 /* between marks */

/* What part of RAM is not free at the start, as frame numbers [start, end). */
struct occupied {
	pfn_t start, end;
	enum frame_kind kind;
};

static struct occupied occupied[2 * BOOT_RANGES_MAX + 2] __init_data;
static unsigned noccupied __init_data;

/* Adds a range of bytes; frames that it has a part of count as whole. */
static __init_text void occupy(paddr_t start, paddr_t end, enum frame_kind kind)
{
	assert(noccupied < ARRAY_SIZE(occupied) && start <= end);
	occupied[noccupied++] = (struct occupied){ start >> PAGE_SHIFT,
						   (end >> PAGE_SHIFT) + ((end & PAGE_MASK) != 0),
						   kind };
}

/* The lowest occupied range that has frames of [start, end), or NULL. */
static __init_text const struct occupied *first_occupied(pfn_t start, pfn_t end)
{
	const struct occupied *first = NULL;

	for (unsigned i = 0; i < noccupied; i++) {
		const struct occupied *one = &occupied[i];

		if (one->start < end && one->end > start && (!first || one->start < first->start))
			first = one;
	}
	return first;
}

/* The lowest free run of npages frames in low memory above 1 MB. */
static __init_text pfn_t find_room(const struct boot_info *info, uint32_t npages)
{
	for (unsigned i = 0; i < info->nram; i++) {
		pfn_t at = MAX(info->ram[i].start, MB) >> PAGE_SHIFT;
		pfn_t end = MIN(info->ram[i].end, frame_low_limit) >> PAGE_SHIFT;

		while (at < end && end - at >= npages) {
			const struct occupied *obstacle = first_occupied(at, at + npages);

			if (!obstacle)
				return at;
			at = obstacle->end;
		}
	}
	panic("no room for the frame array: %u pages in low memory", npages);
}

static __init_text void init_zone(struct zone *zone, pfn_t start, pfn_t end)
{
	zone->start = start;
	zone->end = end;
	for (unsigned order = 0; order < NORDERS; order++)
		list_init(&zone->blocks[order]);
}

/*
 * All RAM free with no flags, all holes absent. The bytes of FRAME_FREE and of everything else
 * in a free frame are 0.
 */
static __init_text void fill_array(const struct boot_info *info)
{
	pfn_t covered = 0;

	memset(frame_array, 0, frame_array_end * sizeof(struct frame));
	for (unsigned i = 0; i < info->nram; i++) {
		pfn_t start = info->ram[i].start >> PAGE_SHIFT;

		for (; covered < start; covered++)
			frame_array[covered].kind = FRAME_ABSENT;
		covered = info->ram[i].end >> PAGE_SHIFT;
		frame_state.total += covered - start;
	}
	assert(covered == frame_array_end);
}

/* Frames outside RAM stay absent; of overlapping ranges the first one added wins. */
static __init_text void mark_occupied(const struct occupied *range)
{
	for (pfn_t pfn = range->start; pfn < range->end; pfn++) {
		struct frame *frame = frame_from_pfn(pfn);

		if (!frame || frame->kind != FRAME_FREE)
			continue;
		frame->kind = (uint8_t)range->kind;
		frame->refs = 1;
		frame_state.kind_counts[range->kind]++;
	}
}

/*
 * Puts a run of free frames on the lists, in the largest blocks that are aligned; a run's own
 * blocks need no joining.
 */
static __init_text void add_free_run(pfn_t at, pfn_t end)
{
	while (at < end) {
		struct zone *zone = zone_of(at);
		uint32_t room = MIN(end, zone->end) - at;
		unsigned order = FRAME_MAX_ORDER;

		while (room < 1u << order || at & ((1u << order) - 1))
			order--;
		frame_block_add(zone, &frame_array[at], order);
		zone->nfree += 1u << order;
		at += 1u << order;
	}
}

static __init_text void add_free_ram(const struct boot_range *ram)
{
	pfn_t at = ram->start >> PAGE_SHIFT, end = ram->end >> PAGE_SHIFT;

	while (at < end) {
		const struct occupied *obstacle = first_occupied(at, end);

		add_free_run(at, obstacle ? MAX(obstacle->start, at) : end);
		at = obstacle ? obstacle->end : end;
	}
}

/* On small machines in proportion: a 64th of memory each. */
static __init_text void set_marks(void)
{
	uint32_t share = frame_state.low.nfree / 64;
	uint32_t min = MIN(share, RESERVE_MAX), step = MIN(share, MARK_STEP_MAX);

	frame_state.marks[FRAME_MARK_MIN] = min;
	frame_state.marks[FRAME_MARK_LOW] = min + step;
	frame_state.marks[FRAME_MARK_HIGH] = min + 2 * step;
	frame_state.high_wanted = MIN(frame_state.high.nfree / 64, MARK_STEP_MAX);
}

__init_text void frame_init(const struct boot_info *info)
{
	paddr_t ram_end = info->ram[info->nram - 1].end;
	pfn_t array_pfn;
	uint32_t array_pages;

	assert(!frame_array && info->nram > 0);
	frame_array_end = ram_end >> PAGE_SHIFT;
	frame_low_limit = MIN(ram_end, LOWMEM_MAX);
	init_zone(&frame_state.low, 0, frame_low_limit >> PAGE_SHIFT);
	init_zone(&frame_state.high, frame_state.low.end, frame_array_end);
	for (unsigned i = 0; i < info->nreserved; i++)
		occupy(info->reserved[i].start, info->reserved[i].end, FRAME_RESERVED);
	occupy(virt_to_paddr(kernel_start), virt_to_paddr(kernel_end), FRAME_IMAGE);
	for (unsigned i = 0; i < info->nboot; i++)
		occupy(info->boot[i].start, info->boot[i].end, FRAME_BOOT);
	array_pages = DIV_ROUND_UP(frame_array_end * sizeof(struct frame), PAGE_SIZE);
	array_pfn = find_room(info, array_pages);
	occupy(array_pfn << PAGE_SHIFT, (array_pfn + array_pages) << PAGE_SHIFT, FRAME_IMAGE);
	frame_array = paddr_to_virt(array_pfn << PAGE_SHIFT);
	fill_array(info);
	for (unsigned i = 0; i < noccupied; i++)
		mark_occupied(&occupied[i]);
	for (unsigned i = 0; i < info->nram; i++)
		add_free_ram(&info->ram[i]);
	frame_state.used_at_boot = frame_state.total - frame_state.low.nfree -
				   frame_state.high.nfree;
	set_marks();
}
