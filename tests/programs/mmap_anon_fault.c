/* Each wrong access is a SIGSEGV that says where it was and what was wrong with it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile siginfo_t seen;

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	memcpy((void *)&seen, info, sizeof(seen));
	siglongjmp(back, 1);
}

static const char *code_name(int code)
{
	return code == SEGV_MAPERR ? "SEGV_MAPERR" : code == SEGV_ACCERR ? "SEGV_ACCERR" : "other";
}

static void try(const char *what, char *address, int write)
{
	volatile char *at = address;
	printf("%s, %s: ", what, write ? "write" : "read");
	if (sigsetjmp(back, 1) == 0) {
		if (write)
			*at = 1;
		else
			(void)*at;
		printf("allowed\n");
		return;
	}
	printf("signal %d, %s, address %s\n", seen.si_signo, code_name(seen.si_code),
	       seen.si_addr == address ? "right" : "WRONG");
}

static char *map(int prot)
{
	return mmap(NULL, 3 * 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &action, NULL);

	for (int write = 0; write < 2; write++) {
		try("no rights", map(PROT_NONE) + 17, write);
		try("read-only", map(PROT_READ) + 4095, write);
		try("read-write", map(PROT_READ | PROT_WRITE) + 8192, write);
		try("page 0", (char *)3, write);
		try("the last page", (char *)0xfffffff0, write);

		char *hole = map(PROT_READ | PROT_WRITE);
		memset(hole, 1, 3 * 4096);
		munmap(hole + 4096, 4096);
		try("before the hole", hole + 4095, write);
		try("the hole", hole + 4096, write);
		try("the hole's end", hole + 8191, write);
		try("after the hole", hole + 8192, write);

		mprotect(hole, 4096, PROT_READ);
		try("made read-only", hole + 100, write);
		mprotect(hole, 4096, PROT_NONE);
		try("made none", hole + 100, write);
		mprotect(hole, 4096, PROT_READ | PROT_WRITE);
		try("made read-write", hole + 100, write);
		printf("the byte beside it: %d\n", hole[101]);
	}
	return 0;
}
