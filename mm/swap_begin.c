/*
 * How an area of swap begins: mkswap's header, and where the blocks of a file lie.
 *
 * The header is the first page (Linux 6.1, include/linux/swap.h, union swap_header). All that is in
 * it was written by somebody else: nothing is believed that the size of the device or file does not
 * bear out.
 *
 *      0   boot sector, disk label: not ours
 *   1024   version (1), last page, number of bad pages, UUID (16), volume name (16)
 *   1536   bad pages, 32 bits each, up to 637
 *   4086   "SWAPSPACE2"
 */
#include <abi/errno.h>
#include <assert.h>
#include <block.h>
#include <err.h>
#include <kheap.h>
#include <kvrange.h>
#include <ledger.h>
#include <log.h>
#include <object.h>
#include <string.h>
#include <task.h>

#include "swap_internal.h"

#define HEADER_AT 1024u
#define BAD_PAGES_AT 1536u
#define MAGIC_AT (PAGE_SIZE - MAGIC_SIZE)
#define MAGIC_SIZE 10u
#define BAD_PAGES_MAX ((MAGIC_AT - BAD_PAGES_AT) / 4)

struct header {
	uint32_t version, last_page, nbad;
	uint32_t bad[BAD_PAGES_MAX];
};

/* ---- the header ---- */

/* A header of a machine of the other byte order is read as well. */
static void swap_bytes(struct header *header)
{
	header->version = __builtin_bswap32(header->version);
	header->last_page = __builtin_bswap32(header->last_page);
	header->nbad = MIN(__builtin_bswap32(header->nbad), UINT32_MAX);
	for (unsigned i = 0; i < BAD_PAGES_MAX; i++)
		header->bad[i] = __builtin_bswap32(header->bad[i]);
}

static int decode_header(struct header *header, const char *page)
{
	if (memcmp(page + MAGIC_AT, "SWAPSPACE2", MAGIC_SIZE)) {
		log_error("Unable to find swap-space signature");
		return -EINVAL;
	}
	memcpy(header, page + HEADER_AT, offsetof(struct header, bad));
	memcpy(header->bad, page + BAD_PAGES_AT, sizeof(header->bad));
	if (__builtin_bswap32(header->version) == 1)
		swap_bytes(header);
	if (header->version == 1)
		return 0;
	log_warning("Unable to handle swap header version %u", header->version);
	return -EINVAL;
}

/* Reads the header through the page cache, where mkswap's write may still be. */
static int read_header(struct object *object, struct header *header)
{
	struct frame *frame = object_get_page(object, 0);
	const char *window;
	int error;

	if (IS_ERR(frame))
		return PTR_ERR(frame);
	window = kmap(frame);
	error = decode_header(header, window);
	kunmap(window);
	frame_put(frame);
	return error;
}

/* How many pages the area has, by the header and by what is there: 0 if that cannot be. */
static uint32_t count_pages(const struct header *header, const struct swap_source *source)
{
	uint64_t there = source->object->size >> PAGE_SHIFT;
	uint32_t most = 1u << SWAP_SLOT_BITS, npages = most;

	if (!header->last_page) {
		log_warning("Empty swap-file");
		return 0;
	}
	if (header->last_page > most)
		log_warning("Truncating oversized swap area, only using %uk out of %uk", most * 4,
			    header->last_page * 4);
	else
		npages = MIN(most, header->last_page + 1);
	if (npages > there) {
		log_warning("Swap area shorter than signature indicates");
		return 0;
	}
	if (header->nbad && (!source->device || header->nbad > BAD_PAGES_MAX))
		return 0;
	return npages;
}

/* The header itself, and what it says is bad. */
static int mark_bad(struct swap_area *area, const struct header *header)
{
	int error = swap_map_set_bad(&area->map, 0);

	for (uint32_t i = 0; i < header->nbad && !error; i++) {
		if (header->bad[i] == 0 || header->bad[i] > header->last_page)
			return -EINVAL;
		if (header->bad[i] < area->map.nslots)
			error = swap_map_set_bad(&area->map, header->bad[i]);
	}
	return error;
}

/* ---- where it lies ---- */

/* Room for twice as many extents. */
static int grow_extents(struct swap_area *area)
{
	uint32_t room = area->extents_room ? 2 * area->extents_room : 4;
	struct swap_extent *extents = kalloc(room * sizeof(*extents));

	if (!extents)
		return -ENOMEM;
	memcpy(extents, area->extents, area->nextents * sizeof(*extents));
	kfree(area->extents);
	area->extents = extents;
	area->extents_room = room;
	return 0;
}

/* One run of pages more, at the end. */
static int add_extent(struct swap_area *area, uint32_t first, uint32_t npages, uint64_t sector)
{
	struct swap_extent *last = area->extents + area->nextents - 1;

	assert(npages > 0 && first + npages <= area->map.nslots);
	assert(!area->nextents || last->first + last->npages <= first);
	if (area->nextents && last->first + last->npages == first &&
	    last->sector + (uint64_t)last->npages * SECTORS_PER_PAGE == sector) {
		last->npages += npages;
		return 0;
	}
	if (area->nextents == area->extents_room && grow_extents(area))
		return -ENOMEM;
	area->extents[area->nextents++] = (struct swap_extent){ first, npages, sector };
	return 0;
}

/* -EINVAL for a hole; *together: the blocks lie one after the other. */
static int check_blocks(const struct page_blocks *blocks, bool *together)
{
	*together = true;
	for (unsigned i = 0; i < blocks->nblocks; i++) {
		if (blocks->sector[i] == BLOCK_HOLE)
			return -EINVAL;
		*together &= blocks->sector[i] ==
			     blocks->sector[0] + (uint64_t)i * (blocks->block_size / SECTOR_SIZE);
	}
	return 0;
}

/* Looks up where page `index` of a file lies; one in pieces is left out. */
static int map_page(struct swap_area *area, uint32_t index)
{
	struct page_blocks blocks;
	bool together;
	int error = area->object->ops->map_blocks(area->object, index, NULL, &blocks);

	if (!error)
		error = check_blocks(&blocks, &together);
	if (error) {
		if (error == -EINVAL)
			log_error("swapon: swapfile has holes");
		return error;
	}
	if (area->device && area->device != blocks.device)
		return -EINVAL;
	area->device = blocks.device;
	return together ? add_extent(area, index, 1, blocks.sector[0])
			: swap_map_set_bad(&area->map, index);
}

static int map_file(struct swap_area *area)
{
	if (!area->object->ops->map_blocks)
		return -EINVAL;
	for (uint32_t i = 0; i < area->map.nslots; i++) {
		int error = map_page(area, i);

		if (error)
			return error;
		if (sched_give_way())
			return -EINTR;
	}
	return area->nextents ? 0 : -EINVAL;
}

/* ---- both ---- */

static int set_up(struct swap_area *area, const struct swap_source *source,
		  const struct header *header)
{
	uint32_t npages = count_pages(header, source);
	int error;

	if (!npages)
		return -EINVAL;
	error = swap_map_init(&area->map, npages);
	if (!error)
		error = mark_bad(area, header);
	if (!error)
		error = source->device ? add_extent(area, 0, npages, 0) : map_file(area);
	if (error)
		return error;
	area->npages = area->map.nfree;
	if (area->npages)
		return 0;
	log_warning("Empty swap-file");
	return -EINVAL;
}

/* From now on the disk alone has what is in the area: nobody writes to it but swap. */
static int empty_cache(struct object *object)
{
	int error = object_write_back(object, 0, UINT32_MAX, true);

	if (!error)
		object_drop_pages(object, 0, UINT32_MAX);
	return error;
}

static int prepare(struct swap_area *area, const struct swap_source *source)
{
	struct header *header = kalloc(sizeof(*header));
	int error;

	if (!header)
		return -ENOMEM;
	error = empty_cache(source->object);
	if (!error)
		error = read_header(source->object, header);
	if (!error)
		error = set_up(area, source, header);
	kfree(header);
	return error;
}

int swap_area_begin(const struct swap_source *source, int priority, unsigned *number)
{
	struct swap_area *area;
	int error;

	if (swap_area_find(source->object) >= 0)
		return -EBUSY;
	area = kzalloc(sizeof(*area));
	if (!area)
		return -ENOMEM;
	area->object = source->object;
	area->owner = source->owner;
	area->device = source->device;
	area->is_file = !source->device;
	error = swap_area_reserve(area);
	if (error) {
		kfree(area);
		return error;
	}
	/* Sleeps: the object counts as an area from here on. */
	error = prepare(area, source);
	if (error) {
		swap_area_free(area);
		return error;
	}
	swap_area_start(area, priority);
	*number = area->number;
	log_info("Adding %uk swap on %s.  Priority:%d extents:%u across:%uk", area->npages * 4,
		 source->name, area->priority, area->nextents, area->map.nslots * 4);
	return 0;
}
