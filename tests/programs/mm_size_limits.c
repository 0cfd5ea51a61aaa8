/* RLIMIT_AS and RLIMIT_DATA: which call counts what, and what is still allowed at the limit. */
#define _GNU_SOURCE
#include "regions.h"

#define ROOM 8 /* pages left under the limit */

static char *at;

static void limit_size(int resource, long bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };

	if (setrlimit(resource, &limit))
		perror("setrlimit");
}

static void map_free(const char *what, int first, int npages, int prot, int flags)
{
	mm_call(what, map_at(at + first * PAGE, npages, prot, flags, -1, 0));
}

static void address_space(void)
{
	map_at(at, 4, RW, ANON, -1, 0);
	limit_size(RLIMIT_AS, status_kb("VmSize:") * 1024 + ROOM * PAGE);
	map_free("as: all the room", 8, ROOM, RW, ANON);
	map_free("as: one more", 20, 1, RW, ANON);
	map_free("as: one more without rights", 20, 1, PROT_NONE, ANON);
	map_free("as: in place of another", 8, ROOM, PROT_READ, ANON);
	map_free("as: in place of another and more", 8, ROOM + 1, PROT_READ, ANON);
	mm_call("as: grow", mremap(at, 4 * PAGE, 5 * PAGE, 0) == MAP_FAILED ? -1 : 0);
	mm_call("as: move", mremap(at, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				   at + 20 * PAGE) == MAP_FAILED
				    ? -1
				    : 0);
	mm_call("as: move and leave",
		mremap(at + 20 * PAGE, 4 * PAGE, 4 * PAGE,
		       MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, at) == MAP_FAILED
			? -1
			: 0);
	munmap(at + 8 * PAGE, PAGE);
	map_free("as: one went, one comes", 30, 1, RW, ANON);
	map_free("as: shared counts as well", 31, 1, RW, MAP_SHARED | MAP_ANONYMOUS);
	limit_size(RLIMIT_AS, PAGE);
	mm_call("as: below what there is, protect", mprotect(at + 20 * PAGE, PAGE, PROT_READ));
	mm_call("as: below what there is, unmap", munmap(at + 20 * PAGE, PAGE));
	map_free("as: below what there is, map", 20, 1, RW, ANON);
}

static void data(void)
{
	int fd = mm_file(PAGE);

	map_at(at, 4, RW, ANON, -1, 0);
	limit_size(RLIMIT_DATA, status_kb("VmData:") * 1024 + ROOM * PAGE);
	map_free("data: all the room", 8, ROOM, RW, ANON);
	map_free("data: one more", 20, 1, RW, ANON);
	map_free("data: one more, read-only", 20, 1, PROT_READ, ANON);
	mm_call("data: made writable", mprotect(at + 20 * PAGE, PAGE, RW));
	map_free("data: shared", 21, 1, RW, MAP_SHARED | MAP_ANONYMOUS);
	map_free("data: a stack", 24, 1, RW, ANON | MAP_GROWSDOWN);
	mm_call("data: a private file", map_at(at + 25 * PAGE, 1, RW, MAP_PRIVATE, fd, 0));
	mm_call("data: a shared file", map_at(at + 25 * PAGE, 1, RW, MAP_SHARED, fd, 0));
	mm_call("data: grow", mremap(at, 4 * PAGE, 5 * PAGE, 0) == MAP_FAILED ? -1 : 0);
	mm_call("data: made read-only", mprotect(at, 4 * PAGE, PROT_READ));
	map_free("data: there is room now", 30, 4, RW, ANON);
	mm_call("data: and not for this", mprotect(at, PAGE, RW));
	limit_size(RLIMIT_DATA, 0);
	map_free("data: 0 is no limit to mmap", 35, 1, RW, ANON);
	close(fd);
}

static void lock(void)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };

	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		perror("setrlimit");
	if (setresuid(1000, 1000, 1000))
		perror("setresuid");
	map_free("lock: mapped locked", 0, 3, RW, ANON | MAP_LOCKED);
	map_free("lock: beyond", 4, 2, RW, ANON | MAP_LOCKED);
	map_free("lock: in place of locked", 0, 4, RW, ANON | MAP_LOCKED);
	munlock(at, 3 * PAGE);
	map_free("lock: after unlocking", 0, 4, RW, ANON | MAP_LOCKED);
	mm_call("lock: all to come", mlockall(MCL_FUTURE));
	map_free("lock: then", 6, 1, RW, ANON);
	map_free("lock: without rights", 6, 1, PROT_NONE, ANON);
	mm_call("lock: all there is", mlockall(MCL_CURRENT));
	mm_call("lock: none", munlockall());
}

int main(void)
{
	at = window_make(40);
	mm_child(address_space);
	mm_child(data);
	mm_child(lock);
	return 0;
}
