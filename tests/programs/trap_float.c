/* x87 errors that a program has asked to hear of: si_code says which, si_addr where it was noticed. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>

static sigjmp_buf back;
static siginfo_t seen;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	seen = *info;
	siglongjmp(back, 1);
}

/* Everything masked but `enabled`, then an operation on a and b, noticed at the fwait. */
#define TRY(name, enabled, a, b, operation) \
	do { \
		extern char wait_##name[]; \
		uint16_t control = 0x37f & ~(enabled); \
		volatile double left = (a), right = (b); \
		__asm__ volatile("fninit; fldcw %0" : : "m"(control)); \
		if (sigsetjmp(back, 1) == 0) { \
			__asm__ volatile("fldl %0; fldl %1; " operation "\n" \
					 ".globl wait_" #name "\nwait_" #name ": fwait" \
					 : \
					 : "m"(left), "m"(right)); \
			__asm__ volatile("fninit"); \
			printf("%-10s nothing\n", #name); \
		} else { \
			__asm__ volatile("fninit"); \
			printf("%-10s signal %d code %d address %s\n", #name, seen.si_signo, \
			       seen.si_code, seen.si_addr == wait_##name ? "fwait" : "other"); \
		} \
	} while (0)

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	sigaction(SIGFPE, &action, NULL);
	TRY(masked, 0x00, 1.0, 0.0, "fdivrp");
	TRY(invalid, 0x01, 0.0, 0.0, "fdivrp");
	TRY(divide, 0x04, 1.0, 0.0, "fdivrp");
	TRY(inexact, 0x20, 1.0, 3.0, "fdivrp");
	TRY(exact, 0x3d, 6.0, 3.0, "fdivrp");
	return 0;
}
