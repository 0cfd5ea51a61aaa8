/*
 * Sets of bytes as sorted ranges, for the memory map that firmware reports: its entries come in any
 * order, overlap, touch, are empty, or lie where 32 bits do not reach.
 *
 * Both changes build the new list beside the old one, so that running out of room changes nothing.
 */
#include "bootmap.h"

#include <assert.h>
#include <layout.h>
#include <string.h>

struct span {
	uint64_t start, end;
};

static struct span make_span(uint64_t start, uint64_t size)
{
	uint64_t end = start + size;

	return (struct span){ start, end < start ? UINT64_MAX : end };
}

static struct span below_top(struct span span)
{
	return (struct span){ MIN(span.start, BOOTMAP_TOP), MIN(span.end, BOOTMAP_TOP) };
}

/* Appends to a list that may hold one range more than there is room for in the end. */
static void append(struct boot_range *list, unsigned *count, uint64_t start, uint64_t end)
{
	if (start < end)
		list[(*count)++] = (struct boot_range){ (paddr_t)start, (paddr_t)end };
}

static bool take_over(struct bootmap *map, const struct boot_range *list, unsigned count)
{
	if (count > BOOT_RANGES_MAX)
		return false;
	memcpy(map->ranges, list, count * sizeof(*list));
	map->count = count;
	return true;
}

bool bootmap_add(struct bootmap *map, uint64_t start, uint64_t size)
{
	struct boot_range list[BOOT_RANGES_MAX + 1];
	struct span whole = make_span(start, size), span = below_top(whole);
	unsigned count = 0, i = 0;

	if (span.start < span.end) {
		for (; i < map->count && map->ranges[i].end < span.start; i++)
			list[count++] = map->ranges[i];
		/* All that overlap or touch become one. */
		for (; i < map->count && map->ranges[i].start <= span.end; i++) {
			span.start = MIN(span.start, map->ranges[i].start);
			span.end = MAX(span.end, map->ranges[i].end);
		}
		append(list, &count, span.start, span.end);
		for (; i < map->count; i++)
			list[count++] = map->ranges[i];
		if (!take_over(map, list, count))
			return false;
	}
	if (whole.end > BOOTMAP_TOP)
		map->above += whole.end - MAX(whole.start, BOOTMAP_TOP);
	return true;
}

bool bootmap_remove(struct bootmap *map, uint64_t start, uint64_t size)
{
	struct boot_range list[BOOT_RANGES_MAX + 1];
	struct span span = below_top(make_span(start, size));
	unsigned count = 0;

	if (span.start >= span.end)
		return true;
	for (unsigned i = 0; i < map->count; i++) {
		const struct boot_range *old = &map->ranges[i];

		append(list, &count, old->start, MIN(old->end, span.start));
		append(list, &count, MAX(MAX(old->start, span.end), MIN(old->end, span.start)),
		       old->end);
	}
	return take_over(map, list, count);
}

void bootmap_trim(struct bootmap *map)
{
	unsigned count = 0;

	for (unsigned i = 0; i < map->count; i++) {
		uint64_t start = ROUND_UP((uint64_t)map->ranges[i].start, (uint64_t)PAGE_SIZE);

		append(map->ranges, &count, start, ROUND_DOWN(map->ranges[i].end, PAGE_SIZE));
	}
	map->count = count;
}

bool bootmap_holds(const struct bootmap *map, paddr_t start, paddr_t end)
{
	assert(start < end);
	for (unsigned i = 0; i < map->count; i++) {
		if (start >= map->ranges[i].start && end <= map->ranges[i].end)
			return true;
	}
	return false;
}

bool bootmap_touches(const struct bootmap *map, paddr_t start, paddr_t end)
{
	assert(start < end);
	for (unsigned i = 0; i < map->count; i++) {
		if (start < map->ranges[i].end && end > map->ranges[i].start)
			return true;
	}
	return false;
}
