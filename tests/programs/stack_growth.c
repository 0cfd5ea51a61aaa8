/* The stack grows by faults down to its limit, and no further. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long deepest;
static sigjmp_buf back;

/* Uses about size bytes of stack, a page in each frame. */
static unsigned deep(unsigned long size)
{
	volatile char page[4000];
	page[0] = size;
	page[3999] = 1;
	deepest = (unsigned long)page;
	if (size <= sizeof(page))
		return 1;
	return deep(size - sizeof(page)) + page[3999];
}

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)context;
	unsigned long address = (unsigned long)info->si_addr;
	printf("signal %d, code %d, just below the deepest frame: %d\n", sig, info->si_code,
	       address < deepest + 8192 && address > deepest - 65536);
	siglongjmp(back, 1);
}

static void until_the_limit(void)
{
	static char other[65536];
	stack_t stack = { .ss_sp = other, .ss_size = sizeof(other) };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	if (sigsetjmp(back, 1) == 0)
		deep(64ul << 20);
	else
		printf("back from the other stack\n");
}

int main(void)
{
	struct rlimit limit;
	int status;
	unsigned long top = (unsigned long)&limit;
	getrlimit(RLIMIT_STACK, &limit);
	printf("limit of %lu KB\n", (unsigned long)limit.rlim_cur >> 10);
	printf("4 MB deep: %d, used %d\n", deep(4ul << 20) > 1000, top - deepest > 4 << 20);
	until_the_limit();

	/* Without another stack for the handler, the signal kills. */
	fflush(stdout);
	if (fork() == 0) {
		signal(SIGSEGV, (void (*)(int))exit);
		stack_t none = { .ss_flags = SS_DISABLE };
		sigaltstack(&none, NULL);
		deep(64ul << 20);
		_exit(0);
	}
	wait(&status);
	printf("no room for a handler: signal %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return 0;
}
