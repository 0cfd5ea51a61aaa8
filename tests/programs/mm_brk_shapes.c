/* brk: each way to move it, what lies in the way, what it leaves, and its limits. */
#define _GNU_SOURCE
#include "regions.h"

static unsigned long start;

static unsigned long move_to(long offset)
{
	return syscall(SYS_brk, start + offset);
}

static void moved(const char *what, long offset)
{
	unsigned long got = move_to(offset);

	printf("%s: asked %ld, at %ld\n", what, offset, (long)(got - start));
}

static void sizes(void)
{
	moved("nothing", 0);
	moved("a byte", 1);
	moved("two", 2);
	moved("a page", PAGE);
	moved("a page and a byte", PAGE + 1);
	moved("ten pages", 10 * PAGE);
	moved("five", 5 * PAGE);
	moved("back", 0);
	printf("asking: %d\n", syscall(SYS_brk, 0) == (long)start);
	printf("below: %d\n", syscall(SYS_brk, 0x1000) == (long)start);
	printf("the kernel: %d\n", syscall(SYS_brk, 0xfffff000) == (long)start);
	printf("the top: %d\n", syscall(SYS_brk, 0xffffffff) == (long)start);
}

static void contents(void)
{
	char *heap = (char *)start;

	moved("four pages", 4 * PAGE);
	fill_bytes(heap, 4, 'a');
	show_bytes("stored", heap, 5);
	moved("two and a half", 2 * PAGE + PAGE / 2);
	show_bytes("what is cut off goes with its page", heap, 5);
	moved("four again", 4 * PAGE);
	show_bytes("and is zero when it comes back", heap, 5);
	moved("back", 0);
	show_bytes("nothing", heap, 5);
}

static void in_the_way(void)
{
	char *heap = (char *)start;

	map_at(heap + 6 * PAGE, 1, PROT_READ, ANON, -1, 0);
	moved("up to a mapping, a page between", 5 * PAGE);
	moved("up to it", 6 * PAGE);
	moved("over it", 8 * PAGE);
	munmap(heap + 6 * PAGE, PAGE);
	moved("it is gone", 8 * PAGE);
	mprotect(heap + PAGE, PAGE, PROT_READ);
	show_regions("a page of it read-only", heap, 10);
	munmap(heap + 3 * PAGE, PAGE);
	show_regions("a page of it unmapped", heap, 10);
	moved("shrunk over the hole", 2 * PAGE);
	show_regions("  regions", heap, 10);
	moved("grown again", 6 * PAGE);
	show_regions("  regions", heap, 10);
	moved("back", 0);
}

static void limited(void)
{
	struct rlimit limit = { 1 << 20, RLIM_INFINITY };

	setrlimit(RLIMIT_DATA, &limit);
	printf("half of RLIMIT_DATA: %d\n", move_to(1 << 19) == start + (1 << 19));
	printf("all of it and more: %d\n", move_to(1 << 20) == start + (1 << 19));
	limit.rlim_cur = 0;
	setrlimit(RLIMIT_DATA, &limit);
	printf("down is always right: %d\n", move_to(PAGE) == start + PAGE);
	printf("up is not: %d\n", move_to(2 * PAGE) == start + PAGE);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_DATA, &limit);
	limit.rlim_cur = status_kb("VmSize:") * 1024 + 2 * PAGE;
	setrlimit(RLIMIT_AS, &limit);
	printf("RLIMIT_AS, to it: %d\n", move_to(3 * PAGE) == start + 3 * PAGE);
	printf("RLIMIT_AS, beyond: %d\n", move_to(4 * PAGE) == start + 3 * PAGE);
}

static void in_a_child(void)
{
	moved("a child moves its own", 3 * PAGE);
	*(char *)start = 'c';
	mlockall(MCL_FUTURE);
	moved("locked when it comes", 6 * PAGE);
	show_resident("  resident", (char *)start, 6);
}

int main(void)
{
	setvbuf(stdout, malloc(BUFSIZ), _IOFBF, BUFSIZ);
	fclose(fopen("/proc/self/maps", "r"));
	start = (syscall(SYS_brk, 0) + 0x100000 + PAGE - 1) & ~(PAGE - 1);
	syscall(SYS_brk, start);
	mm_catch();
	sizes();
	contents();
	in_the_way();
	mm_child(in_a_child);
	moved("the parent's is where it was", 0);
	mm_child(limited);
	return 0;
}
