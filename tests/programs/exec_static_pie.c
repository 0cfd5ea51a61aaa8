/* A program that can be loaded anywhere and has no interpreter. CFLAGS: -static-pie -fPIE */
#include "task.h"

#include <elf.h>
#include <sys/auxv.h>

extern const Elf32_Ehdr __ehdr_start;
extern char _start[], _end[];

static int answer(void)
{
	return 42;
}

/* Relocated by the program itself. */
static int (*const pointer)(void) = answer;
static char zeros[100000];

int main(void)
{
	int sum = 0;

	for (unsigned i = 0; i < sizeof(zeros); i++)
		sum += zeros[i];
	printf("moved: %d, relocated: %d, zeros: %d\n", (uintptr_t)&__ehdr_start >= 4096, pointer(),
	       sum);
	printf("ENTRY %d, PHDR %d, BASE %lx\n", getauxval(AT_ENTRY) == (uintptr_t)_start,
	       getauxval(AT_PHDR) == (uintptr_t)&__ehdr_start + __ehdr_start.e_phoff,
	       getauxval(AT_BASE));
	printf("page offset kept: %d\n", ((uintptr_t)&__ehdr_start & 4095) == 0);
	printf("stack above: %d\n", (char *)&sum > _end);
	pid_t child = split();
	if (child == 0) {
		execl("/proc/self/exe-there-is-none", "x", NULL);
		leave(3);
	}
	reap("child", child);
	return 0;
}
