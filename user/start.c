/*
 * start: process 1 of an image with busybox.
 *
 * Debian's i386 programs want an i686: they use CMOV, and end on a 486 or Pentium with SIGILL. So
 * this, which wants nothing, becomes busybox's init where the processor has CMOV, and our own
 * init, which starts our own shell, where it has not.
 */
#include "libc/libc.h"

#define CPUID_CMOV (1u << 15) /* leaf 1, EDX (SDM 2A, CPUID) */

/* The kernel has made sure that there is CPUID. */
static bool has_cmov(void)
{
	uint32_t eax = 1, ebx, ecx, edx;
	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	return edx & CPUID_CMOV;
}

int main(int argc, char **argv, char **envp)
{
	const char *path = has_cmov() ? "/sbin/init" : "/sbin/loft-init";
	(void)argc;
	argv[0] = (char *)path;
	int32_t error = syscall3(SYS_execve, path, argv, envp);
	print("start: %s: error %d\n", path, -error);
	return 1;
}
