/* Shared memory is one memory for all descendants, also pages first touched after the fork. */
#define _GNU_SOURCE
#include "mm.h"

static volatile int *memory;

static void add(void)
{
	for (int page = 0; page < 8; page++)
		memory[page * 1024] += page + 1;
}

int main(void)
{
	memory = mmap(NULL, 8 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int round = 0; round < 5; round++)
		mm_child(add);
	for (int page = 0; page < 8; page++)
		printf("page %d: %d\n", page, memory[page * 1024]);
	return 0;
}
