/* Random calls on views of a file, private and shared, while it is written and changes its size. */
#define _GNU_SOURCE
#include "random.h"

static const struct call calls[] = {
	{ 'f', 5, do_map_file },
	{ 'F', 5, do_map_file_shared },
	{ 'a', 2, do_map_private },
	{ 'u', 3, do_unmap },
	{ 'p', 6, do_protect },
	{ 'w', 8, do_store },
	{ 'W', 6, do_store_all },
	{ 'l', 6, do_load },
	{ 'd', 3, do_dontneed },
	{ 'o', 3, do_populate },
	{ 't', 4, do_truncate },
	{ 'P', 6, do_write },
	{ 'R', 5, do_read },
	{ 'm', 2, do_msync },
	{ 0 },
};

int main(void)
{
	for (uint32_t seed = 11; seed <= 14; seed++)
		random_run(calls, seed, 400);
	return 0;
}
