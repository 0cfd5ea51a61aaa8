/* Random calls on private anonymous memory: map, unmap, protect, store, load, drop. */
#define _GNU_SOURCE
#include "random.h"

static const struct call calls[] = {
	{ 'a', 6, do_map_private }, { 'n', 3, do_map_free }, { 'g', 2, do_map_populated },
	{ 'u', 4, do_unmap },	    { 'p', 8, do_protect },  { 'w', 8, do_store },
	{ 'W', 6, do_store_all },   { 'l', 6, do_load },     { 'd', 3, do_dontneed },
	{ 'o', 3, do_populate },    { 'c', 2, do_mincore },  { 0 },
};

int main(void)
{
	for (uint32_t seed = 1; seed <= 4; seed++)
		random_run(calls, seed, 400);
	return 0;
}
