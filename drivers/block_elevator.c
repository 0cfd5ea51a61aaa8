/*
 * What a disk is to do next, and what goes with it.
 *
 * Somebody waits for a read, seldom for a write, so reads go first; after a few of them it is a
 * write's turn. What comes next is the request at or behind the place where the last transfer ended,
 * as a lift goes up floor by floor and then starts again at the bottom; but one that has waited too
 * long comes before. Its neighbours in both directions go with it, as far as the disk takes them in
 * one transfer. Flushes come before all: they are for what is done already.
 */
#include "block_internal.h"

#include <assert.h>
#include <clock.h>

/* Transfers of reads while a write waits; and how long any may wait for its turn. */
#define READS_AHEAD 4
#define WAIT_MAX_READ (NSEC_PER_SEC / 2)
#define WAIT_MAX_WRITE (5 * NSEC_PER_SEC)

#define CHAIN_SECTORS_MAX 1024 /* half a megabyte: more gains nothing */

static bool waited_too_long(const struct disk *disk, enum block_op op, uint64_t now)
{
	uint64_t limit = op == BLOCK_READ ? WAIT_MAX_READ : WAIT_MAX_WRITE;

	if (list_empty(&disk->aged[op]))
		return false;
	return now - list_first(&disk->aged[op], struct block_request, age_link)->submitted > limit;
}

static enum block_op choose_op(struct disk *disk, uint64_t now)
{
	if (list_empty(&disk->sorted[BLOCK_WRITE]))
		return BLOCK_READ;
	if (list_empty(&disk->sorted[BLOCK_READ]))
		return BLOCK_WRITE;
	if (disk->nreads_ahead < READS_AHEAD && !waited_too_long(disk, BLOCK_WRITE, now)) {
		disk->nreads_ahead++;
		return BLOCK_READ;
	}
	disk->nreads_ahead = 0;
	return BLOCK_WRITE;
}

/* There is one of that op. */
static struct block_request *choose(struct disk *disk, enum block_op op, uint64_t now)
{
	struct block_request *request;

	if (waited_too_long(disk, op, now))
		return list_first(&disk->aged[op], struct block_request, age_link);
	list_for_each(request, &disk->sorted[op], link)
		if (request->disk_sector >= disk->position)
			return request;
	return list_first(&disk->sorted[op], struct block_request, link);
}

/* May what failed before, or follows it, be joined to others? It goes alone. */
static bool may_join(const struct block_request *request)
{
	return request->errors == 0 && request->silences == 0;
}

static bool are_neighbours(const struct block_request *left, const struct block_request *right)
{
	return left->disk_sector + left->nsectors == right->disk_sector && may_join(left) &&
	       may_join(right);
}

/* What is left of the disk's limits for one transfer. */
struct room {
	uint32_t nsectors, nsegments;
};

static bool take_room(struct room *room, const struct block_request *request)
{
	if (request->nsectors > room->nsectors || request->nsegments > room->nsegments)
		return false;
	room->nsectors -= request->nsectors;
	room->nsegments -= request->nsegments;
	return true;
}

static struct room room_of(const struct disk *disk, const struct block_request *request)
{
	uint32_t sectors = disk->max_sectors ? disk->max_sectors : CHAIN_SECTORS_MAX;
	struct room room = { MIN(sectors, CHAIN_SECTORS_MAX),
			     disk->max_segments ? disk->max_segments : UINT32_MAX };
	bool fits = take_room(&room, request);

	assert(fits);
	return room;
}

static void unqueue(struct block_request *request)
{
	list_remove(&request->link);
	list_remove(&request->age_link);
}

/* Takes a request and its neighbours out of the queue, as a chain. */
static struct block_request *take_chain(struct disk *disk, struct block_request *chosen)
{
	struct list *sorted = &disk->sorted[chosen->op];
	struct room room = room_of(disk, chosen);
	struct block_request *first = chosen, *last = chosen, *other;

	while (first->link.prev != sorted) {
		other = list_entry(first->link.prev, struct block_request, link);
		if (!are_neighbours(other, first) || !take_room(&room, other))
			break;
		other->next = first;
		first = other;
	}
	while (last->link.next != sorted) {
		other = list_entry(last->link.next, struct block_request, link);
		if (!are_neighbours(last, other) || !take_room(&room, other))
			break;
		last->next = other;
		last = other;
	}
	for (other = first; other; other = other->next) {
		unqueue(other);
		other->merged = other != first;
	}
	return first;
}

/* All the flushes that wait are one: each covers what was done before the last was asked for. */
static struct block_request *take_flushes(struct disk *disk)
{
	struct block_request *first = NULL, **end = &first;

	while (!list_empty(&disk->flushes)) {
		*end = list_first(&disk->flushes, struct block_request, link);
		list_remove(&(*end)->link);
		(*end)->merged = *end != first;
		end = &(*end)->next;
	}
	return first;
}

struct block_request *block_take_next(struct disk *disk)
{
	uint64_t now = clock_coarse_ns();
	struct block_request *first = disk->held;
	enum block_op op;

	disk->held = NULL;
	if (first)
		return first;
	if (!list_empty(&disk->flushes))
		return take_flushes(disk);
	op = choose_op(disk, now);
	if (list_empty(&disk->sorted[op]))
		return NULL;
	first = take_chain(disk, choose(disk, op, now));
	return first;
}
