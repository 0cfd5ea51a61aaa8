/* The alternate signal stack. */
#include "task.h"

static char room[65536] __attribute__((aligned(16)));
static volatile int depth;

static int on_it(void)
{
	char here;

	return &here >= room && &here < room + sizeof(room);
}

static void show(const char *what)
{
	stack_t now;

	sigaltstack(NULL, &now);
	printf("%s: on it %d, flags %x, size %zu\n", what, on_it(), now.ss_flags, now.ss_size);
}

static void handler(int signal)
{
	stack_t other = { .ss_sp = room, .ss_size = sizeof(room) };

	show(signal == SIGUSR1 ? "USR1" : "USR2");
	printf("change it here: %s\n", result_name(sigaltstack(&other, NULL)));
	if (depth++ == 0)
		raise(SIGUSR1);
	depth--;
}

static void segv(int signal)
{
	char here;

	(void)signal;
	printf("overflow handled on it: %d\n", &here >= room && &here < room + sizeof(room));
	leave(0);
}

static int deep(int n)
{
	volatile char frame[4096];

	frame[0] = (char)n;
	return n < 0 ? 0 : deep(n + 1) + frame[0];
}

int main(void)
{
	stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };

	setvbuf(stdout, NULL, _IONBF, 0);
	show("none yet");
	TELL(sigaltstack(&stack, NULL));
	show("set");
	handle(SIGUSR1, handler, SA_ONSTACK | SA_NODEFER);
	handle(SIGUSR2, handler, SA_NODEFER);
	raise(SIGUSR1);
	depth = 1;
	raise(SIGUSR2);
	depth = 0;
	stack.ss_size = 1000;
	TELL(sigaltstack(&stack, NULL));
	stack.ss_size = 2048;
	TELL(sigaltstack(&stack, NULL));
	stack.ss_flags = 4;
	TELL(sigaltstack(&stack, NULL));
	stack.ss_flags = SS_ONSTACK;
	TELL(sigaltstack(&stack, NULL));
	TELL(sigaltstack((stack_t *)16, NULL));
	TELL(sigaltstack(NULL, (stack_t *)16));
	stack.ss_flags = SS_DISABLE;
	TELL(sigaltstack(&stack, NULL));
	show("disabled");
	depth = 1;
	raise(SIGUSR1);
	stack.ss_flags = (int)(1u << 31); /* SS_AUTODISARM */
	stack.ss_size = sizeof(room);
	TELL(sigaltstack(&stack, NULL));
	raise(SIGUSR1);
	show("after it");
	stack.ss_flags = 0;
	sigaltstack(&stack, NULL);

	pid_t child = split();
	if (child == 0) {
		show("after fork");
		handle(SIGSEGV, segv, SA_ONSTACK);
		deep(0);
	}
	reap("child", child);
	child = split();
	if (child == 0) { /* too small for a frame and what the handler does */
		stack.ss_sp = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);
		stack.ss_size = 4096;
		mprotect(stack.ss_sp, 8192, PROT_READ);
		sigaltstack(&stack, NULL);
		raise(SIGUSR1);
		leave(0);
	}
	reap("a stack that cannot be written", child);
	return 0;
}
