/* Stacks: who makes them grow, how far, and what is at their end. */
#define _GNU_SOURCE
#include "regions.h"
#include <alloca.h>

static char *frame(void)
{
	return __builtin_frame_address(0);
}

/* Bytes of the main stack that are mapped. */
static long mapped(void)
{
	return status_kb("VmStk:") * 1024;
}

static void limit_stack(long bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };

	setrlimit(RLIMIT_STACK, &limit);
}

static void by_itself(void)
{
	long before = mapped();
	char *low = (char *)((unsigned long)frame() & ~(PAGE - 1)) - 60 * PAGE;

	printf("far below, to read: %s\n", mm_access(low, 0));
	printf("grown: %d\n", mapped() > before);
	before = mapped();
	printf("farther, to write: %s\n", mm_access(low - 40 * PAGE, 1));
	printf("grown: %ld pages\n", (mapped() - before) / (long)PAGE);
	printf("zeros there: %d\n", low[-20 * (int)PAGE]);
}

/* A system call that writes below the stack makes it grow as an access of its own would. */
static void by_the_kernel(void)
{
	char *low = frame() - 50 * PAGE;
	int zero = open("/dev/zero", O_RDONLY);
	long before = mapped();

	printf("read to below: %zd\n", read(zero, low, 100));
	printf("grown: %d\n", mapped() > before);
	low -= 50 * PAGE;
	before = mapped();
	mm_call("write from below", write(open("/dev/null", O_WRONLY), low, 10));
	printf("null device does not look: %d\n", mapped() == before);
	mm_call("getcwd to below", getcwd(low - 50 * PAGE, 4000) ? 0 : -1);
	printf("grown: %d\n", mapped() > before);
	close(zero);
}

static void to_the_limit(void)
{
	char *base = (char *)((unsigned long)frame() & ~(PAGE - 1));

	limit_stack(256 * 1024);
	printf("within the limit: %s\n", mm_access(base - 32 * PAGE, 1));
	printf("beyond it: %s\n", mm_access(base - 70 * PAGE, 1));
	printf("beyond it, by the kernel: %zd\n",
	       read(open("/dev/zero", O_RDONLY), base - 70 * PAGE, 1));
	limit_stack(1024 * 1024);
	printf("a higher limit: %s\n", mm_access(base - 70 * PAGE, 1));
	limit_stack(64 * 1024);
	printf("a lower one leaves what is there: %s\n", mm_access(base - 70 * PAGE, 1));
	printf("and lets nothing come: %s\n", mm_access(base - 90 * PAGE, 1));
	limit_stack(8 << 20);
}

/* In what is mapped by the program itself, too: it grows until a guard's width below. */
static void made_by_mmap(void)
{
	char *at = window_make(600);

	map_at(at + 500 * PAGE, 1, RW, ANON | MAP_GROWSDOWN, -1, 0);
	printf("one below: %s\n", mm_access(at + 499 * PAGE, 1));
	printf("ten below: %s\n", mm_access(at + 489 * PAGE, 0));
	show_regions("  regions", at, 600);
	map_at(at + 200 * PAGE, 1, RW, ANON, -1, 0);
	printf("257 above a region: %s\n", mm_access(at + 457 * PAGE, 1));
	printf("256 above it: %s\n", mm_access(at + 456 * PAGE, 1));
	mprotect(at + 200 * PAGE, PAGE, PROT_NONE);
	printf("256 above one without rights: %s\n", mm_access(at + 456 * PAGE, 1));
	printf("right above it: %s\n", mm_access(at + 201 * PAGE, 1));
	show_regions("  regions", at, 600);
	munmap(at, 600 * PAGE);
}

static void protected(void)
{
	char *at = window_make(300);

	map_at(at + 280 * PAGE, 2, RW, ANON | MAP_GROWSDOWN, -1, 0);
	mprotect(at + 280 * PAGE, PAGE, PROT_READ);
	show_regions("its lower page read-only", at, 300);
	printf("read below: %s\n", mm_access(at + 279 * PAGE, 0));
	printf("write below: %s\n", mm_access(at + 278 * PAGE, 1));
	show_regions("  regions", at, 300);
	mm_call("all that grew, from inside", mprotect(at + 280 * PAGE, PAGE, RW | PROT_GROWSDOWN));
	show_regions("  regions", at, 300);
	mm_call("what does not grow", mprotect(at, PAGE, RW | PROT_GROWSDOWN));
	munmap(at, 300 * PAGE);
}

int main(void)
{
	mm_catch();
	mm_child(by_itself);
	mm_child(by_the_kernel);
	mm_child(to_the_limit);
	made_by_mmap();
	protected();
	return 0;
}
