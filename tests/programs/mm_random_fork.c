/* Random calls with forks among them: the child goes on for some steps, then the parent does. */
#define _GNU_SOURCE
#include "random_fork.h"

static const struct call calls[] = {
	{ 'k', 4, do_fork },
	{ 'a', 5, do_map_private },
	{ 's', 4, do_map_shared },
	{ 'f', 3, do_map_file },
	{ 'F', 3, do_map_file_shared },
	{ 'u', 2, do_unmap },
	{ 'p', 5, do_protect },
	{ 'w', 8, do_store },
	{ 'W', 6, do_store_all },
	{ 'd', 3, do_dontneed },
	{ 'D', 2, do_remove },
	{ 'b', 5, do_advice_for_fork },
	{ 't', 1, do_truncate },
	{ 'P', 2, do_write },
	{ 'R', 2, do_read },
	{ 'v', 3, do_move },
	{ 'l', 3, do_load },
	{ 0 },
};

int main(void)
{
	calls_of_children = calls;
	for (uint32_t seed = 41; seed <= 44; seed++)
		random_run(calls, seed, 250);
	return 0;
}
