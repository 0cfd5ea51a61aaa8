/* Floating-point exceptions that are not masked: the signal and its code. */
#include "task.h"

#include <setjmp.h>

static sigjmp_buf back;
static siginfo_t seen;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	seen = *info;
	siglongjmp(back, 1);
}

static void x87(const char *what, unsigned short unmask, double a, double b, int how)
{
	unsigned short control = 0x37f & ~unmask;
	volatile double result = 0;

	if (sigsetjmp(back, 1) == 0) {
		__asm__ volatile("fninit; fldcw %0" : : "m"(control));
		if (how == 0)
			__asm__ volatile("fldl %1; fdivl %2; fstpl %0; fwait"
					 : "=m"(result)
					 : "m"(a), "m"(b));
		else if (how == 1)
			__asm__ volatile("fldl %1; fmull %2; fstpl %0; fwait"
					 : "=m"(result)
					 : "m"(a), "m"(b));
		else
			__asm__ volatile("fldl %1; fsqrt; fstpl %0; fwait" : "=m"(result) : "m"(a));
		printf("x87 %s: %g\n", what, result);
	} else {
		printf("x87 %s: signal %d, code %d\n", what, seen.si_signo, seen.si_code);
	}
	__asm__ volatile("fninit");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	sigaction(SIGFPE, &action, NULL);
	x87("masked division by 0", 0, 1, 0, 0);
	x87("division by 0", 4, 1, 0, 0);
	x87("0 by 0", 1, 0, 0, 0);
	x87("overflow", 8, 1e300, 1e300, 1);
	x87("underflow", 16, 1e-300, 1e-300, 1);
	x87("inexact", 32, 1, 3, 0);
	x87("root of -1", 1, -1, 0, 2);
	x87("afterwards", 0, 1, 4, 0);
	if (sigsetjmp(back, 1) == 0) {
		volatile int zero = 0;
		printf("%d\n", 1 / zero);
	} else {
		printf("integer: signal %d, code %d\n", seen.si_signo, seen.si_code);
	}
	return 0;
}
