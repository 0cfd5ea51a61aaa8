/*
 * Read-ahead: which pages to read before they are asked for (readahead.h).
 *
 *   window        | asked for |      behind       |
 *                 start       ^ mark              start + npages
 *
 * A sequential reader first meets a page that is not there: a window is begun, of which it waits for
 * what it asked for. When it gets to the mark, the next window, twice as large, is read while it
 * works on what is there already. From then on it finds every page in memory if the disk is as fast
 * as it is. A mapping's faults read around the page: programs and libraries are touched here and
 * there within a neighbourhood. Too many faults that find nothing, and the neighbourhood is given up.
 */
#include <readahead.h>

#include <assert.h>
#include <task.h>

#include "object_internal.h"

#define MISSES_MAX 100u /* faults beyond which a mapping is taken to be used at random */
#define NO_MARK UINT32_MAX

/* Pages of the object before its end. */
static uint32_t object_npages(const struct object *object)
{
	return (uint32_t)((object->size + PAGE_MASK) >> PAGE_SHIFT);
}

/* How many of npages pages from index on there are. */
static uint32_t clip(const struct object *object, uint32_t index, uint32_t npages)
{
	uint32_t end = object_npages(object);

	return index >= end ? 0 : MIN(npages, end - index);
}

/* Starts reading. What cannot be is found out by who needs it. */
static void read_pages(struct object *object, uint32_t index, uint32_t npages, uint32_t mark)
{
	npages = clip(object, index, npages);
	if (npages > 0)
		page_io_read(object, index, npages, mark);
}

static void read_window(struct readahead *ahead, struct object *object)
{
	assert(ahead->behind <= ahead->npages);
	read_pages(object, ahead->start, ahead->npages,
		   ahead->behind ? ahead->start + ahead->npages - ahead->behind : NO_MARK);
}

/* Of the first window: a small multiple of what is asked for. */
static uint32_t first_size(uint32_t npages)
{
	uint32_t size = 1;

	while (size < npages && size < READAHEAD_PAGES_MAX)
		size *= 2;
	if (size <= READAHEAD_PAGES_MAX / 32)
		return size * 4;
	return MIN(size * 2, READAHEAD_PAGES_MAX);
}

static uint32_t next_size(uint32_t size)
{
	if (size < READAHEAD_PAGES_MAX / 16)
		return MAX(size * 4, 4u);
	return MIN(size * 2, READAHEAD_PAGES_MAX);
}

static void begin_window(struct readahead *ahead, uint32_t index, uint32_t npages)
{
	ahead->start = index;
	ahead->npages = first_size(npages);
	ahead->behind = ahead->npages > npages ? ahead->npages - npages : 0;
	if (npages >= READAHEAD_PAGES_MAX)
		ahead->behind = ahead->npages / 2;
}

/* The window behind the last one; nobody waits for any of it. */
static void next_window(struct readahead *ahead, struct object *object, uint32_t npages)
{
	ahead->start += ahead->npages;
	ahead->npages = next_size(MAX(ahead->npages, MIN(npages, READAHEAD_PAGES_MAX / 2)));
	ahead->behind = ahead->npages;
	read_window(ahead, object);
}

void readahead_missing(struct readahead *ahead, struct object *object, uint32_t index,
		       uint32_t npages)
{
	bool sequential = index == 0 || index == ahead->next || index + 1 == ahead->next;

	assert(npages > 0);
	if (ahead->mode == READAHEAD_RANDOM) {
		read_pages(object, index, MIN(npages, READAHEAD_PAGES_MAX), NO_MARK);
	} else if (ahead->npages && index == ahead->start + ahead->npages) {
		next_window(ahead, object, npages);
	} else if (sequential || npages > READAHEAD_PAGES_MAX ||
		   ahead->mode == READAHEAD_SEQUENTIAL) {
		begin_window(ahead, index, npages);
		read_window(ahead, object);
	} else {
		read_pages(object, index, npages, NO_MARK);
	}
}

/* The first page from index on that is not there. */
static uint32_t first_missing(const struct object *object, uint32_t index)
{
	uint32_t end = index + READAHEAD_PAGES_MAX;

	while (index < end && radix_lookup(&object->pages, index))
		index++;
	return index;
}

void readahead_marked(struct readahead *ahead, struct object *object, uint32_t index,
		      uint32_t npages)
{
	object_set_ahead(object, index, false);
	if (ahead->mode == READAHEAD_RANDOM)
		return;
	if (ahead->npages && index == ahead->start + ahead->npages - ahead->behind) {
		next_window(ahead, object, npages);
		return;
	}
	/* Another file's mark, or of a window forgotten: there is a sequence all the same. */
	ahead->start = first_missing(object, index);
	ahead->npages = next_size(MIN(ahead->start - index + npages, READAHEAD_PAGES_MAX / 2));
	ahead->behind = ahead->npages;
	read_window(ahead, object);
}

void readahead_fault(struct readahead *ahead, struct object *object, uint32_t index,
		     enum readahead_mode advice)
{
	struct readahead none = { .npages = 0 };
	uint32_t half = READAHEAD_PAGES_MAX / 2;

	if (!ahead)
		ahead = &none;
	if (advice == READAHEAD_RANDOM || ahead->mode == READAHEAD_RANDOM)
		return;
	if (advice == READAHEAD_SEQUENTIAL) {
		readahead_missing(ahead, object, index, 1);
		return;
	}
	if (ahead->misses < 2 * MISSES_MAX)
		ahead->misses++;
	if (ahead->misses > MISSES_MAX)
		return;
	ahead->start = index > half ? index - half : 0;
	ahead->npages = READAHEAD_PAGES_MAX;
	ahead->behind = READAHEAD_PAGES_MAX / 4;
	read_window(ahead, object);
}

void readahead_fault_marked(struct readahead *ahead, struct object *object, uint32_t index)
{
	struct readahead none = { .npages = 0 };

	if (!ahead)
		ahead = &none;
	ahead->misses -= MIN(ahead->misses, READAHEAD_PAGES_MAX);
	readahead_marked(ahead, object, index, 1);
}

void readahead_force(struct object *object, uint32_t first, uint32_t npages)
{
	npages = clip(object, first, npages);
	for (uint32_t done = 0; done < npages; done += READAHEAD_PAGES_MAX) {
		/* It is advice: not worth what else is in memory, nor anybody's time without end. */
		if (frame_is_short(FRAME_MARK_LOW) || sched_give_way())
			break;
		read_pages(object, first + done, MIN(npages - done, READAHEAD_PAGES_MAX), NO_MARK);
	}
}
