/*
 * IRET with the virtual-8086 flag: only PL0 can begin that mode, so that a processor does not look
 * at the flag. QEMU does; then the program must end and the kernel go on. What becomes of the
 * program is therefore not shown.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLAGS_IOPL 0x3000u
#define FLAGS_VM 0x20000u

static unsigned code_segment(void)
{
	unsigned selector;

	__asm__("mov %%cs, %0" : "=r"(selector));
	return selector & 0xffff;
}

/* Comes back from an IRET to `segment`, ends with 7 and, below 64 KB, in virtual-8086 mode. */
static void try(const char *what, unsigned flags, unsigned segment, int must_go_on)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		alarm(5);
		__asm__ volatile("pushf; orl %0, (%%esp); push %1; push $1f; iret\n\t"
				 "1: mov $1, %%eax; mov $7, %%ebx; int $0x80"
				 :
				 : "r"(flags), "r"(segment));
	}
	waitpid(child, &status, 0);
	if (must_go_on)
		printf("%s: %x\n", what, status);
	else
		printf("%s: ended\n", what);
}

int main(void)
{
	unsigned segment = code_segment();

	try("plain", 0, segment, 1);
	try("nested task", 0x4000, segment, 1);
	try("no such segment", 0, 0x43, 1);
	try("PL0's segment", 0, 8, 1);
	try("virtual 8086", FLAGS_VM, segment, 0);
	try("virtual 8086, segment 0", FLAGS_VM, 0, 0);
	try("virtual 8086, segment 1", FLAGS_VM, 1, 0);
	try("virtual 8086, segment 3", FLAGS_VM, 3, 0);
	try("virtual 8086 and ports", FLAGS_VM | FLAGS_IOPL, 0, 0);
	return 0;
}
