/*
 * Epolls in epolls: what keeps them from watching themselves, and from passing a wake on without
 * end.
 *
 * A wake goes from a file up to the epolls that watch it, from these to those that watch them, and
 * so on, with interrupts off. So the depth has a limit, there is no circle, and from no file are
 * there more ways up of each length than Linux allows. Each is looked at as an item is added.
 */
#include "epoll_internal.h"

#include <assert.h>
#include <string.h>

#define NESTS_MAX 4 /* epolls above an epoll, or below it */

/* How many ways of each length may lead from one file to epolls that nobody watches. */
static const uint16_t ways_max[NESTS_MAX + 1] = { 1000, 500, 100, 50, 10 };

static uint32_t search; /* the running number of a search: an epoll is visited once in each */

#define for_each_item(node, epoll) \
	for (node = tree_first(&(epoll)->items); node; node = tree_next(node))

static struct epoll_item *item_of(struct tree_node *node)
{
	return tree_entry(node, struct epoll_item, node);
}

/*
 * How many epolls deep `at` goes below itself: more than NESTS_MAX when it comes upon wanted, or
 * `depth` that the search has come is too much.
 */
static int levels_below(struct epoll *at, const struct epoll *wanted, int depth)
{
	struct tree_node *node;
	int levels = 0;

	if (at->visited == search)
		return at->levels;
	at->visited = search;
	for_each_item(node, at)
	{
		struct epoll *below = epoll_of(item_of(node)->file);

		if (!below)
			continue;
		if (below == wanted || depth > NESTS_MAX)
			levels = NESTS_MAX + 1;
		else
			levels = MAX(levels, levels_below(below, wanted, depth + 1) + 1);
		if (levels > NESTS_MAX)
			break;
	}
	at->levels = levels;
	return levels;
}

/* How many epolls lie above `at`, on the longest way. There are no circles above it. */
static int levels_above(struct epoll *at)
{
	const struct epoll_item *item;
	int levels = 0;

	if (at->visited == search)
		return at->levels;
	at->visited = search;
	list_for_each(item, &at->file->watchers, file_link)
		levels = MAX(levels, levels_above(item->epoll) + 1);
	assert(levels <= NESTS_MAX);
	at->levels = levels;
	return levels;
}

int epoll_check_loop(struct epoll *epoll, struct file *file)
{
	struct epoll *below = epoll_of(file);
	int levels;

	if (!below)
		return 0;
	assert(below != epoll);
	search++;
	levels = levels_below(below, epoll, 0) + 1;
	search++;
	if (levels <= NESTS_MAX)
		levels += levels_above(epoll);
	return levels > NESTS_MAX ? -ELOOP : 0;
}

/* ---- ways up ---- */

/* Counts the ways from a file to the top, by their length: false when there are too many. */
static bool count_ways(const struct file *file, int length, uint16_t ways[NESTS_MAX + 1])
{
	struct epoll_item *item;

	if (length > NESTS_MAX)
		return false;
	list_for_each(item, &file->watchers, file_link) {
		const struct file *above = item->epoll->file;

		if (list_empty(&above->watchers)) {
			if (++ways[length] > ways_max[length])
				return false;
		} else if (!count_ways(above, length + 1, ways)) {
			return false;
		}
	}
	return true;
}

/* For all files at the bottom that `file`, if an epoll, watches; each epoll once. */
static bool ways_allowed(const struct file *file)
{
	struct epoll *epoll = epoll_of(file);
	uint16_t ways[NESTS_MAX + 1] = { 0 };
	struct tree_node *node;

	if (!epoll)
		return count_ways(file, 0, ways);
	if (epoll->visited == search)
		return true;
	epoll->visited = search;
	for_each_item(node, epoll) if (!ways_allowed(item_of(node)->file)) return false;
	return true;
}

int epoll_check_paths(struct epoll *epoll, struct file *file)
{
	/* A file in an epoll that nobody watches: as many ways as there are epolls, and no further. */
	if (!epoll_of(file) && list_empty(&epoll->file->watchers))
		return 0;
	search++;
	return ways_allowed(file) ? 0 : -EINVAL;
}
