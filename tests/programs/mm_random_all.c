/* Random calls of every kind at once, forks among them. */
#define _GNU_SOURCE
#include "random_fork.h"

static const struct call calls[] = {
	{ 'k', 2, do_fork },
	{ 'a', 4, do_map_private },
	{ 's', 4, do_map_shared },
	{ 'f', 4, do_map_file },
	{ 'F', 4, do_map_file_shared },
	{ 'n', 2, do_map_free },
	{ 'g', 1, do_map_populated },
	{ 'M', 1, do_map_locked },
	{ 'u', 2, do_unmap },
	{ 'p', 5, do_protect },
	{ 'w', 6, do_store },
	{ 'W', 6, do_store_all },
	{ 'l', 4, do_load },
	{ 'd', 2, do_dontneed },
	{ 'D', 1, do_remove },
	{ 'b', 3, do_advice_for_fork },
	{ 'o', 2, do_populate },
	{ 't', 1, do_truncate },
	{ 'P', 3, do_write },
	{ 'R', 3, do_read },
	{ 'v', 4, do_move },
	{ '2', 3, do_duplicate },
	{ 'z', 3, do_resize },
	{ 'L', 3, do_lock },
	{ 'm', 2, do_msync },
	{ 0 },
};

int main(void)
{
	calls_of_children = calls;
	for (uint32_t seed = 51; seed <= 56; seed++)
		random_run(calls, seed, 250);
	return 0;
}
