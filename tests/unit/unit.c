/*
 * Linked with every unit test: random numbers, and what the kernel's assert does on the host.
 */
#include "unit.h"

#include <assert.h>
#include <fail.h>

char *getenv(const char *name);
unsigned long strtoul(const char *text, char **end, int base);
long time(long *now);

void abort(void) __attribute__((noreturn));

/* Fails the case, unless it said expect_assert_failure. */
void assert_failed(const char *expression, const char *file, int line)
{
	mock_assert(0, expression, file, line);
	abort();
}

/* Which allocation is to fail: fail.h. The one after fail_armed - 1 others. */
uint32_t fail_armed;

bool fail_now(void)
{
	return --fail_armed == 0;
}

uint32_t unit_random(void)
{
	static uint32_t state;
	if (!state) {
		const char *seed = getenv("UNIT_SEED");
		state = seed ? strtoul(seed, NULL, 0) : (uint32_t)time(NULL);
		printf("UNIT_SEED=%u\n", state);
		state |= 1;
	}
	/* Marsaglia's xorshift (2003), 32 bits. */
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}
