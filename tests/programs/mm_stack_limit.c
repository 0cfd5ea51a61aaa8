/* Recursion without end meets RLIMIT_STACK: SIGSEGV on the alternative stack, and then the limit
 * raised lets it go on. */
#define _GNU_SOURCE
#include "mm.h"

static volatile unsigned depth;

static __attribute__((noinline)) unsigned descend(unsigned to)
{
	volatile unsigned char page[PAGE];

	page[0] = page[PAGE - 1] = 1;
	depth++;
	return to ? page[0] + descend(to - 1) : page[PAGE - 1];
}

static const char *go(unsigned to)
{
	depth = 0;
	if (sigsetjmp(mm_back, 1) == 0) {
		descend(to);
		return "done";
	}
	return mm_seen.si_code == SEGV_MAPERR ? "SEGV_MAPERR" : "other";
}

int main(void)
{
	struct rlimit limit = { 1 << 20, RLIM_INFINITY };

	mm_catch();
	setrlimit(RLIMIT_STACK, &limit);
	printf("200 pages: %s\n", go(200));
	printf("1000 pages: %s", go(1000));
	printf(", between 200 and 256: %d\n", depth >= 200 && depth <= 256);
	limit.rlim_cur = 4 << 20;
	setrlimit(RLIMIT_STACK, &limit);
	printf("900 pages with a higher limit: %s\n", go(900));
	return 0;
}
