/* mlock, mlock2, munlock, mlockall: what is locked after each, over every shape of regions. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 10
#define ONFAULT 1

static char *at;

/* rw 0-4, r 4-6, none 6-7, hole 7-8, shared 8-10. */
static void begin(void)
{
	munmap(at, NPAGES * PAGE);
	map_at(at, 4, RW, ANON, -1, 0);
	map_at(at + 4 * PAGE, 2, PROT_READ, ANON, -1, 0);
	map_at(at + 6 * PAGE, 1, PROT_NONE, ANON, -1, 0);
	map_at(at + 8 * PAGE, 2, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void after(const char *what, long result)
{
	mm_call(what, result);
	printf("  %ld kB locked, resident ", status_kb("VmLck:"));
	for (int page = 0; page < NPAGES; page++) {
		unsigned char there;

		putchar(mincore(at + page * PAGE, PAGE, &there) ? '.' : there & 1 ? '#' : '-');
	}
	putchar('\n');
	show_regions("  regions", at, NPAGES);
}

static void lock(const char *what, int first, int npages)
{
	begin();
	after(what, mlock(at + first * PAGE, npages * PAGE));
}

static void on_fault(const char *what, int first, int npages)
{
	begin();
	after(what, syscall(SYS_mlock2, at + first * PAGE, npages * PAGE, ONFAULT));
}

static void unlock(const char *what, int first, int npages)
{
	begin();
	mlock(at, 4 * PAGE);
	after(what, munlock(at + first * PAGE, npages * PAGE));
}

static void ranges(void)
{
	lock("a region", 0, 4);
	lock("its middle", 1, 2);
	lock("what may be read", 4, 2);
	lock("what has no rights", 6, 1);
	lock("into what has no rights", 4, 3);
	lock("into the hole", 4, 4);
	lock("the hole", 7, 1);
	lock("from the hole", 7, 3);
	lock("shared memory", 8, 2);
	lock("two regions", 2, 4);
	on_fault("on fault", 0, 4);
	on_fault("on fault, its middle", 1, 2);
	on_fault("on fault, no rights", 6, 1);
	on_fault("on fault, into the hole", 4, 4);
	unlock("all of it", 0, 4);
	unlock("its middle", 1, 2);
	unlock("what is not locked", 4, 2);
	unlock("into the hole", 3, 5);
	unlock("the hole", 7, 1);
}

static void words(void)
{
	begin();
	fill_bytes(at, 4, 'a');
	after("no size", mlock(at, 0));
	after("a byte in the middle of a page", mlock(at + 2000, 1));
	after("two bytes over an edge", mlock(at + 2 * PAGE - 1, 2));
	after("the same again", mlock(at + 2 * PAGE - 1, 2));
	after("on fault, again", syscall(SYS_mlock2, at, PAGE, ONFAULT));
	after("unknown flag", syscall(SYS_mlock2, at, PAGE, 2));
	after("unlock a byte", munlock(at + 10, 1));
	after("unlock from no page", munlock(at + PAGE + 10, 2 * PAGE));
	after("unlock nothing", munlock(at, 0));
}

static void everything(void)
{
	begin();
	after("a mapping, while all to come is locked", mlockall(MCL_FUTURE));
	after("  mapped", map_at(at + 7 * PAGE, 1, RW, ANON, -1, 0));
	after("  mapped without rights", map_at(at + 2 * PAGE, 1, PROT_NONE, ANON, -1, 0));
	after("on fault as well", mlockall(MCL_FUTURE | MCL_ONFAULT));
	after("  mapped", map_at(at + 3 * PAGE, 1, RW, ANON, -1, 0));
	at[3 * PAGE] = 1;
	after("  touched", 0);
	after("unlock all", munlockall());
	after("  mapped", map_at(at + 3 * PAGE, 1, RW, ANON, -1, 0));
}

static void in_a_child(void)
{
	after("a child has nothing locked", 0);
	after("  nor what it maps", map_at(at + 7 * PAGE, 1, RW, ANON, -1, 0));
}

int main(void)
{
	at = window_make(NPAGES);
	ranges();
	words();
	everything();
	begin();
	mlockall(MCL_FUTURE);
	mlock(at, 4 * PAGE);
	mm_child(in_a_child);
	return 0;
}
