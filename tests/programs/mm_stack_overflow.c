/* Without an alternative stack, a stack that cannot grow ends the program. */
#include <string.h>
#include <sys/resource.h>

static __attribute__((noinline)) unsigned descend(unsigned to)
{
	volatile unsigned char page[4096];

	page[0] = 1;
	return to ? page[0] + descend(to - 1) : page[4095];
}

int main(void)
{
	struct rlimit limit = { 1 << 20, 1 << 20 };
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_STACK, &limit);
	return descend(100000) == 7;
}
