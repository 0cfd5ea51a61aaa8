/* EXPECT: vdso_sixth.txt
 *
 * SYSENTER from elsewhere than the vDSO, with a stack that has no sixth argument, and by number
 * through the vDSO what the kernel answers in place of a return there: sigreturn and execve.
 */
#include "task.h"

#include <sys/auxv.h>
#include <ucontext.h>

static char altstack[16384];
static volatile uintptr_t entry;

static void fault(int signal, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	(void)signal;
	printf("eax %d, esp %s, eip %s, address %s\n", (int)at->uc_mcontext.gregs[REG_EAX],
	       at->uc_mcontext.gregs[REG_ESP] == at->uc_mcontext.gregs[REG_EBX] ? "as given"
										: "other",
	       (uintptr_t)at->uc_mcontext.gregs[REG_EIP] - entry < 32 ? "in the vDSO" : "other",
	       info->si_addr == (void *)at->uc_mcontext.gregs[REG_ESP] ? "the stack's" : "other");
	leave(0);
}

/* The stack in EBX as well, for fault to see. */
static void enter_with(uint32_t stack)
{
	pid_t child;

	printf("%08x ", stack);
	child = split();
	if (child == 0) {
		struct sigaction action = { .sa_sigaction = fault,
					    .sa_flags = SA_SIGINFO | SA_ONSTACK };
		stack_t other = { .ss_sp = altstack, .ss_size = sizeof(altstack) };

		sigaltstack(&other, NULL);
		sigaction(SIGSEGV, &action, NULL);
		__asm__ volatile("movl %0, %%ebx; movl %0, %%ebp; movl %1, %%eax; sysenter"
				 :
				 : "ri"(stack), "i"(SYS_getppid)
				 : "eax", "ebx", "ecx", "edx", "memory");
		leave(1);
	}
	reap("end", child);
}

int main(int argc, char **argv)
{
	static const uint32_t stacks[] = { 0, 4, 0x1000, 0xf8000000, 0xfffffffc, 0xffffffff };
	const char *const next[] = { "vdso_sixth", "again", NULL };
	char program[4096] = "";
	long result;
	pid_t child;

	(void)argv;
	if (argc > 1)
		return 42;
	entry = getauxval(AT_SYSINFO);
	for (size_t i = 0; i < sizeof(stacks) / sizeof(*stacks); i++)
		enter_with(stacks[i]);
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		return 1;
	child = split();
	if (child == 0) {
		__asm__ volatile("call *%1"
				 : "=a"(result)
				 : "D"(entry), "0"(SYS_execve), "b"(program), "c"(next),
				   "d"(environ)
				 : "memory");
		leave((int)-result);
	}
	reap("execve through the vDSO", child);
	return 0;
}
