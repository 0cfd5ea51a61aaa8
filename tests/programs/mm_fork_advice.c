/* DONTFORK, WIPEONFORK and locking over fork and vfork, for every kind of memory and its parts. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 6

static char *at;

static void see(void)
{
	show_bytes("  bytes", at, NPAGES);
	show_regions("  regions", at, NPAGES);
}

static void grandchild(void)
{
	see();
	mm_child(see);
}

static void begin(int flags)
{
	munmap(at, NPAGES * PAGE);
	map_at(at, NPAGES, RW, flags, -1, 0);
	fill_bytes(at, NPAGES, 'a');
}

static void left_out(void)
{
	begin(ANON);
	mm_call("left out", madvise(at + PAGE, 2 * PAGE, MADV_DONTFORK));
	mm_child(see);
	mm_call("taken again", madvise(at + PAGE, PAGE, MADV_DOFORK));
	mm_child(see);
	begin(MAP_SHARED | MAP_ANONYMOUS);
	mm_call("shared, left out", madvise(at, 5 * PAGE, MADV_DONTFORK));
	mm_child(see);
}

static void wiped(void)
{
	begin(ANON);
	mm_call("wiped", madvise(at + PAGE, 2 * PAGE, MADV_WIPEONFORK));
	mm_child(grandchild);
	mm_call("kept again", madvise(at + PAGE, PAGE, MADV_KEEPONFORK));
	mm_child(see);
	mprotect(at + 2 * PAGE, PAGE, PROT_READ);
	mm_child(see);
	begin(MAP_SHARED | MAP_ANONYMOUS);
	mm_call("shared, wiped", madvise(at, PAGE, MADV_WIPEONFORK));
	mm_call("shared, kept", madvise(at, PAGE, MADV_KEEPONFORK));
}

static void both(void)
{
	begin(ANON);
	madvise(at, 2 * PAGE, MADV_WIPEONFORK);
	madvise(at + PAGE, 2 * PAGE, MADV_DONTFORK);
	puts("wiped, both, left out");
	mm_child(see);
	madvise(at, 3 * PAGE, MADV_DOFORK);
	mm_child(see);
}

/* Moved and split, advice goes along. */
static void moved(void)
{
	begin(ANON);
	madvise(at, 2 * PAGE, MADV_WIPEONFORK);
	mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + 4 * PAGE);
	puts("moved");
	mm_child(see);
	munmap(at + PAGE, PAGE);
	map_at(at + PAGE, 1, RW, ANON, -1, 0);
	at[PAGE] = 'n';
	puts("mapped anew");
	mm_child(see);
}

static void locked_child(void)
{
	printf("  locked: %ld kB\n", status_kb("VmLck:"));
	mm_call("  may be dropped", madvise(at, PAGE, MADV_DONTNEED));
}

static void locked(void)
{
	begin(ANON);
	mlock(at, 2 * PAGE);
	puts("locked");
	mm_child(locked_child);
	printf("  here still: %ld kB\n", status_kb("VmLck:"));
	munlock(at, 2 * PAGE);
}

/* A vfork child shares all of it, advised or not. */
static void by_vfork(void)
{
	begin(ANON);
	madvise(at, PAGE, MADV_DONTFORK);
	madvise(at + PAGE, PAGE, MADV_WIPEONFORK);
	if (vfork() == 0) {
		at[0]++;
		at[PAGE]++;
		munmap(at + 2 * PAGE, PAGE);
		_exit(0);
	}
	wait(NULL);
	puts("after a vfork child");
	see();
}

int main(void)
{
	mm_catch();
	at = window_make(NPAGES);
	left_out();
	wiped();
	both();
	moved();
	locked();
	by_vfork();
	return 0;
}
