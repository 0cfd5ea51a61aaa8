/* The program break: grows, shrinks, gives zeros, refuses what cannot be. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static sigjmp_buf back;

static void handler(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

static int faults(volatile char *address)
{
	if (sigsetjmp(back, 1))
		return 1;
	*address = 1;
	return 0;
}

static char *set(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

int main(void)
{
	enum { MB = 1 << 20 };
	static char buffer[4096];
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer)); /* malloc would move the break */
	signal(SIGSEGV, handler);
	char *start = set(NULL);
	char *page = (char *)(((unsigned long)start + 4095) & ~4095ul);

	printf("grow: %d\n", set(page + 4 * MB) == page + 4 * MB);
	unsigned long dirty = 0;
	for (char *at = page; at < page + 4 * MB; at++)
		dirty += *at != 0;
	printf("not zero: %lu\n", dirty);
	memset(page, 0x55, 4 * MB);
	printf("behind it: fault %d\n", faults(page + 4 * MB));

	printf("shrink: %d\n", set(page + MB) == page + MB);
	printf("what is left: %d, what is gone: fault %d\n", page[MB - 1], faults(page + MB));
	set(page + 2 * MB);
	printf("grown again, zero: %d\n", page[MB] == 0 && page[2 * MB - 1] == 0);

	/* Inside a page: the whole page is there, and keeps its contents. */
	set(page + MB + 100);
	page[MB + 99] = 7;
	printf("to an odd place: %d\n", set(NULL) == page + MB + 100);
	printf("its page: fault %d\n", faults(page + MB + 4095));
	set(page + MB + 200);
	printf("kept: %d\n", page[MB + 99]);

	char *now = set(NULL);
	printf("below the start: unmoved %d\n", set((char *)4096) == now);
	printf("beyond all memory: unmoved %d\n", set((char *)0xfffff000) == now);
	printf("all given back: %d\n", set(start) == start);
	return 0;
}
