/* clone3: what it refuses, children in and out of their parent's memory, and their handlers. */
#include "task.h"

#include <linux/sched.h>
#include <stddef.h>

struct arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
	uint64_t later[4];
};

static volatile uint32_t parent_word, child_word;
static volatile int shared;
static char stack[65536] __attribute__((aligned(16)));

static void refused(const char *what, struct arguments arguments, size_t size)
{
	errno = 0;
	long pid = syscall(SYS_clone3, &arguments, size);

	if (pid == 0)
		_exit(0);
	printf("%s: %s\n", what, result_name(pid));
	if (pid > 0)
		waitpid((pid_t)pid, NULL, __WALL);
}

#define REFUSED(...) refused(#__VA_ARGS__, (struct arguments){ __VA_ARGS__ }, 88)

static void refusals(void)
{
	static const size_t sizes[] = { 0, 63, 64, 65, 79, 80, 88, 96, 120, 4096, 4097, 1 << 20 };
	static struct {
		struct arguments arguments;
		char more[8192];
	} large = { .arguments.exit_signal = SIGCHLD };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		errno = 0;
		long pid = syscall(SYS_clone3, &large, sizes[i]);

		if (pid == 0)
			_exit(0);
		printf("size %zu: %s\n", sizes[i], result_name(pid));
		if (pid > 0)
			waitpid((pid_t)pid, NULL, 0);
	}
	refused("more, not zero", (struct arguments){ .exit_signal = SIGCHLD, .later = { 0, 1 } },
		sizeof(struct arguments));
	errno = 0;
	printf("nowhere: %s\n", result_name(syscall(SYS_clone3, 4096, 88)));
	REFUSED(.flags = SIGCHLD);
	REFUSED(.flags = 1ull << 34);
	REFUSED(.flags = 1ull << 63);
	REFUSED(.flags = CLONE_DETACHED, .exit_signal = SIGCHLD);
	REFUSED(.exit_signal = 65);
	REFUSED(.exit_signal = 256 + SIGCHLD);
	REFUSED(.exit_signal = 1ull << 32);
	REFUSED(.flags = CLONE_VM | CLONE_SIGHAND | CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD);
	REFUSED(.flags = CLONE_SIGHAND, .exit_signal = SIGCHLD);
	REFUSED(.flags = CLONE_PARENT, .exit_signal = SIGCHLD);
	REFUSED(.flags = CLONE_THREAD, .exit_signal = SIGCHLD);
	REFUSED(.flags = CLONE_THREAD);
	REFUSED(.exit_signal = SIGCHLD, .stack = 4096);
	REFUSED(.exit_signal = SIGCHLD, .stack_size = 4096);
	REFUSED(.exit_signal = SIGCHLD, .set_tid_size = 1);
	REFUSED(.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&shared);
	REFUSED(.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&shared, .set_tid_size = 33);
	REFUSED(.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = 99);
}

static void handler(int signal)
{
	(void)signal;
}

static uint32_t handler_of(int signal)
{
	struct sigaction action;

	sigaction(signal, NULL, &action);
	return (uint32_t)(uintptr_t)action.sa_handler;
}

static void like_fork(void)
{
	struct arguments arguments = {
		.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CLEAR_SIGHAND,
		.parent_tid = (uintptr_t)&parent_word,
		.child_tid = (uintptr_t)&child_word,
		.exit_signal = SIGCHLD,
	};
	long pid;

	handle(SIGUSR1, handler, 0);
	handle(SIGUSR2, SIG_IGN, 0);
	fflush(stdout);
	pid = syscall(SYS_clone3, &arguments, 88);
	if (pid == 0) {
		printf("child: its word %d, handler %u, ignored %u\n",
		       child_word == (uint32_t)syscall(SYS_gettid), handler_of(SIGUSR1),
		       handler_of(SIGUSR2));
		leave(5);
	}
	printf("parent: its word %d, the child's %u, handler %d\n", parent_word == (uint32_t)pid,
	       child_word, handler_of(SIGUSR1) == (uint32_t)(uintptr_t)handler);
	reap("like fork", (pid_t)pid);
}

/* In the same memory, on a stack of its own: stores to shared and ends with 9. */
static void on_its_stack(uint64_t flags)
{
	struct arguments arguments = {
		.flags = CLONE_VM | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID | flags,
		.child_tid = (uintptr_t)&parent_word,
		.parent_tid = (uintptr_t)&parent_word,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)stack,
		.stack_size = sizeof(stack),
	};
	long pid;
	int status = 0;

	shared = 0;
	fflush(stdout);
	__asm__ volatile("int $0x80\n\t"
			 "testl %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "movl %%esp, (%%edi)\n\t"
			 "movl $1, %%eax\n\t"
			 "movl $9, %%ebx\n\t"
			 "int $0x80\n"
			 "1:"
			 : "=a"(pid)
			 : "0"(SYS_clone3), "b"(&arguments), "c"(88), "D"(&shared)
			 : "memory", "cc");
	waitpid((pid_t)pid, &status, __WALL);
	printf("on its stack: %d, %s, word %u\n", shared == (int)(uintptr_t)(stack + sizeof(stack)),
	       status_text(status), parent_word);
}

int main(void)
{
	refusals();
	like_fork();
	on_its_stack(0);
	on_its_stack(CLONE_VFORK);
	return 0;
}
