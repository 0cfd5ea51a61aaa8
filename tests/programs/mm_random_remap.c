/* Random mremaps between private, shared and file mappings. */
#define _GNU_SOURCE
#include "random.h"

static const struct call calls[] = {
	{ 'a', 6, do_map_private },
	{ 's', 4, do_map_shared },
	{ 'f', 2, do_map_file },
	{ 'F', 2, do_map_file_shared },
	{ 'u', 2, do_unmap },
	{ 'p', 3, do_protect },
	{ 'W', 6, do_store_all },
	{ 'w', 4, do_store },
	{ 'l', 3, do_load },
	{ 'v', 8, do_move },
	{ 'V', 5, do_move_and_leave },
	{ '2', 5, do_duplicate },
	{ 'z', 8, do_resize },
	{ 'd', 1, do_dontneed },
	{ 0 },
};

int main(void)
{
	for (uint32_t seed = 21; seed <= 24; seed++)
		random_run(calls, seed, 400);
	return 0;
}
