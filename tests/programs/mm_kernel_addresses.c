/* EXPECT: mm_kernel_addresses.txt
 * The kernel's half: no access, no call, no system call gets at it; where it begins is i386's. */
#define _GNU_SOURCE
#include "mm.h"
#include <sys/uio.h>

static siginfo_t seen;
static sigjmp_buf back;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	seen = *info;
	siglongjmp(back, 1);
}

static void tell(const char *what)
{
	printf("%s: signal %d code %d at %p\n", what, seen.si_signo, seen.si_code, seen.si_addr);
}

static void access_to(unsigned long address)
{
	volatile char *byte = (char *)address;

	if (sigsetjmp(back, 1) == 0)
		(void)*byte;
	else
		tell("read");
	if (sigsetjmp(back, 1) == 0)
		*byte = 1;
	else
		tell("write");
	if (sigsetjmp(back, 1) == 0)
		((void (*)(void))address)();
	else
		tell("execute");
}

static void calls(unsigned long address)
{
	struct iovec vector = { (void *)address, 10 };
	int fd = mm_file(PAGE);

	mm_call("read to it", read(fd, (void *)address, 10));
	mm_call("write from it", write(fd, (void *)address, 10));
	mm_call("readv to it", readv(fd, &vector, 1));
	mm_call("map there", mmap((void *)(address & ~(PAGE - 1)), PAGE, RW, ANON | MAP_FIXED, -1,
				  0) == MAP_FAILED
				     ? -1
				     : 0);
	mm_call("unmap it", munmap((void *)(address & ~(PAGE - 1)), PAGE));
	mm_call("protect it", mprotect((void *)(address & ~(PAGE - 1)), PAGE, RW));
	mm_call("advise", madvise((void *)(address & ~(PAGE - 1)), PAGE, MADV_DONTNEED));
	mm_call("lock it", mlock((void *)(address & ~(PAGE - 1)), PAGE));
	mm_call("sync it", msync((void *)(address & ~(PAGE - 1)), PAGE, MS_SYNC));
	mm_call("remap it",
		mremap((void *)(address & ~(PAGE - 1)), PAGE, PAGE, 0) == MAP_FAILED ? -1 : 0);
	close(fd);
}

int main(void)
{
	static const unsigned long addresses[] = { 0xc0000000, 0xc0100000, 0xe0000123, 0xfffff000 };
	static char stack[64 * 1024];
	stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&other, NULL);
	sigaction(SIGSEGV, &action, NULL);
	for (unsigned at = 0; at < sizeof(addresses) / sizeof(*addresses); at++) {
		printf("%lx\n", addresses[at]);
		access_to(addresses[at]);
		calls(addresses[at]);
	}
	return 0;
}
