/*
 * The slots of one area of swap: which are free, and how many hold each of the others.
 *
 * Slots come in clusters of 256. What is known of a cluster's slots is kept in memory only while one
 * of them is in use or bad; so an area costs 8 bytes a megabyte, and 8 bytes for each page that is
 * in it. Memory is needed once in 256 slots, and only to take one: to duplicate a reference, to enter
 * a frame or to give back needs none.
 *
 * Pages that go out together are wanted back together: slots are taken one after the other, and a
 * run that has ended is continued in a cluster that is free as a whole while there is one. The search
 * goes round, so that what was freed behind it is not filled at once with single pages.
 *
 * Invariants: a cluster's slots are NULL exactly when all of them are free; nfree of the map is the
 * sum of those of its clusters; a bad slot without references counts as neither free nor in use.
 *
 * Knows nothing of disks and frames (a unit test runs it on the host).
 */
#include <abi/errno.h>
#include <kheap.h>

#include "swap_internal.h"

static uint32_t cluster_capacity(const struct swap_map *map, uint32_t number)
{
	return MIN(CLUSTER_SLOTS, map->nslots - number * CLUSTER_SLOTS);
}

int swap_map_init(struct swap_map *map, uint32_t nslots)
{
	uint32_t nclusters = DIV_ROUND_UP(nslots, CLUSTER_SLOTS);

	assert(nslots > 0 && nslots <= 1u << SWAP_SLOT_BITS);
	*map = (struct swap_map){ .nslots = nslots, .nclusters = nclusters };
	map->clusters = kzalloc(nclusters * sizeof(*map->clusters));
	if (!map->clusters)
		return -ENOMEM;
	for (uint32_t i = 0; i < nclusters; i++)
		map->clusters[i].nfree = cluster_capacity(map, i);
	map->nfree = nslots;
	map->nempty = nclusters;
	return 0;
}

void swap_map_destroy(struct swap_map *map)
{
	for (uint32_t i = 0; i < map->nclusters; i++) {
		struct swap_slot *slots = map->clusters[i].slots;

		for (unsigned j = 0; slots && j < CLUSTER_SLOTS; j++)
			assert(slots[j].references == 0 && !slots[j].frame);
		kfree(slots);
	}
	kfree(map->clusters);
	*map = (struct swap_map){ 0 };
}

struct swap_slot *swap_map_find(const struct swap_map *map, uint32_t slot)
{
	struct swap_slot *slots;

	if (slot >= map->nslots)
		return NULL;
	slots = map->clusters[slot >> CLUSTER_BITS].slots;
	if (!slots)
		return NULL;
	slots += slot & (CLUSTER_SLOTS - 1);
	return slots->references || slots->bad ? slots : NULL;
}

/* The first free slot of a cluster at or after a place in it, or before that; it has one. */
static uint32_t first_free(const struct swap_cluster *cluster, uint32_t from, uint32_t capacity)
{
	assert(cluster->nfree > 0 && from < capacity);
	if (!cluster->slots)
		return from;
	for (uint32_t i = from;; i = i + 1 < capacity ? i + 1 : 0)
		if (!cluster->slots[i].references && !cluster->slots[i].bad)
			return i;
}

/*
 * The next cluster, going round from number on, that has a free slot; whole: that is free as a whole.
 * There is one.
 */
static uint32_t next_cluster(const struct swap_map *map, uint32_t number, bool whole)
{
	assert(whole ? map->nempty > 0 : map->nfree > 0);
	while (whole ? map->clusters[number].slots != NULL : map->clusters[number].nfree == 0)
		number = number + 1 < map->nclusters ? number + 1 : 0;
	return number;
}

/* The one after number, going round, that has a free slot and needs no memory; false: none. */
static bool next_begun_cluster(const struct swap_map *map, uint32_t *number)
{
	for (uint32_t i = 0; i < map->nclusters; i++) {
		*number = *number + 1 < map->nclusters ? *number + 1 : 0;
		if (map->clusters[*number].slots && map->clusters[*number].nfree > 0)
			return true;
	}
	return false;
}

/* Memory to keep count of a cluster's slots. */
static bool begin_cluster(struct swap_map *map, struct swap_cluster *cluster)
{
	if (cluster->slots)
		return true;
	cluster->slots = kzalloc(CLUSTER_SLOTS * sizeof(*cluster->slots));
	if (!cluster->slots)
		return false;
	assert(map->nempty > 0);
	map->nempty--;
	return true;
}

/* None of a cluster's slots is in use or bad any more, perhaps. */
static void end_cluster(struct swap_map *map, uint32_t number)
{
	struct swap_cluster *cluster = &map->clusters[number];

	if (cluster->nfree < cluster_capacity(map, number))
		return;
	kfree(cluster->slots);
	cluster->slots = NULL;
	map->nempty++;
}

static void take(struct swap_map *map, uint32_t slot)
{
	struct swap_cluster *cluster = &map->clusters[slot >> CLUSTER_BITS];

	assert(cluster->nfree > 0 && map->nfree > 0);
	cluster->nfree--;
	map->nfree--;
}

bool swap_map_alloc(struct swap_map *map, uint32_t *slot)
{
	uint32_t number = map->next >> CLUSTER_BITS, from = map->next & (CLUSTER_SLOTS - 1);
	struct swap_slot *taken;

	if (map->nfree == 0)
		return false;
	/* Where a cluster begins, rather one that is free as a whole. */
	if (map->clusters[number].nfree == 0 || (from == 0 && map->nempty > 0)) {
		number = next_cluster(map, number, map->nempty > 0);
		from = 0;
	}
	if (!begin_cluster(map, &map->clusters[number])) {
		if (!next_begun_cluster(map, &number))
			return false;
		from = 0;
	}
	*slot = number * CLUSTER_SLOTS +
		first_free(&map->clusters[number], from, cluster_capacity(map, number));
	take(map, *slot);
	taken = &map->clusters[number].slots[*slot & (CLUSTER_SLOTS - 1)];
	assert(!taken->frame && !taken->bad);
	taken->references = 1;
	map->next = *slot + 1 < map->nslots ? *slot + 1 : 0;
	return true;
}

void swap_map_put(struct swap_map *map, uint32_t slot)
{
	struct swap_slot *found = swap_map_find(map, slot);

	assert(found && found->references > 0);
	if (--found->references > 0)
		return;
	assert(!found->frame);
	if (found->bad)
		return;
	map->clusters[slot >> CLUSTER_BITS].nfree++;
	map->nfree++;
	end_cluster(map, slot >> CLUSTER_BITS);
}

int swap_map_set_bad(struct swap_map *map, uint32_t slot)
{
	struct swap_slot *found = swap_map_find(map, slot);

	assert(slot < map->nslots);
	if (!found) {
		struct swap_cluster *cluster = &map->clusters[slot >> CLUSTER_BITS];

		if (!begin_cluster(map, cluster))
			return -ENOMEM;
		take(map, slot);
		found = &cluster->slots[slot & (CLUSTER_SLOTS - 1)];
	}
	found->bad = true;
	return 0;
}
