/* Random locking, with what locked memory refuses. */
#define _GNU_SOURCE
#include "random.h"

static const struct call calls[] = {
	{ 'a', 5, do_map_private }, { 's', 3, do_map_shared }, { 'F', 2, do_map_file_shared },
	{ 'L', 8, do_lock },	    { 'M', 3, do_map_locked }, { 'u', 2, do_unmap },
	{ 'p', 4, do_protect },	    { 'W', 4, do_store_all },  { 'd', 5, do_dontneed },
	{ 'D', 2, do_remove },	    { 'v', 3, do_move },       { 'z', 4, do_resize },
	{ 'm', 4, do_msync },	    { 'l', 4, do_load },       { 0 },
};

int main(void)
{
	for (uint32_t seed = 31; seed <= 34; seed++)
		random_run(calls, seed, 400);
	return 0;
}
