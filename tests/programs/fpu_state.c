/*
 * x87 and SSE registers belong to a process: over switches, forks, handlers, exec. CFLAGS:
 * -msse2
 */
#include "task.h"

#include <sched.h>
#include <ucontext.h>

struct state {
	double st[4];
	unsigned char xmm[8][16];
	unsigned short control;
	unsigned int mxcsr;
};

static void load(int seed)
{
	double values[4] = { seed + 0.5, seed + 1.25, seed + 2.125, seed * 3.0 };
	unsigned char xmm[8][16];
	unsigned short control = 0x37f & ~(seed & 1 ? 0x300 : 0);
	unsigned int mxcsr = 0x1f80 | (seed & 3) << 13;

	for (int i = 0; i < 128; i++)
		xmm[i / 16][i % 16] = (unsigned char)(seed * 7 + i);
	__asm__ volatile("fninit; fldcw %0; fldl %1; fldl %2; fldl %3; fldl %4; ldmxcsr %5"
			 :
			 : "m"(control), "m"(values[3]), "m"(values[2]), "m"(values[1]),
			   "m"(values[0]), "m"(mxcsr));
	__asm__ volatile("movdqu (%0), %%xmm0; movdqu 16(%0), %%xmm1; movdqu 32(%0), %%xmm2;"
			 "movdqu 48(%0), %%xmm3; movdqu 64(%0), %%xmm4; movdqu 80(%0), %%xmm5;"
			 "movdqu 96(%0), %%xmm6; movdqu 112(%0), %%xmm7"
			 :
			 : "r"(xmm)
			 : "memory");
}

static void store(struct state *to)
{
	__asm__ volatile("movdqu %%xmm0, (%0); movdqu %%xmm1, 16(%0); movdqu %%xmm2, 32(%0);"
			 "movdqu %%xmm3, 48(%0); movdqu %%xmm4, 64(%0); movdqu %%xmm5, 80(%0);"
			 "movdqu %%xmm6, 96(%0); movdqu %%xmm7, 112(%0)"
			 :
			 : "r"(to->xmm)
			 : "memory");
	__asm__ volatile("fnstcw %0; stmxcsr %1; fstpl %2; fstpl %3; fstpl %4; fstpl %5"
			 : "=m"(to->control), "=m"(to->mxcsr), "=m"(to->st[0]), "=m"(to->st[1]),
			   "=m"(to->st[2]), "=m"(to->st[3]));
	__asm__ volatile("fninit");
	unsigned int plain = 0x1f80;
	__asm__ volatile("ldmxcsr %0" : : "m"(plain));
}

static int wrong(const struct state *state, int seed)
{
	int bad = 0;

	bad += state->st[0] != seed + 0.5;
	bad += state->st[1] != seed + 1.25;
	bad += state->st[2] != seed + 2.125;
	bad += state->st[3] != seed * 3.0;
	bad += state->control != (0x37f & ~(seed & 1 ? 0x300 : 0));
	bad += (state->mxcsr & ~0x3f) != (0x1f80u | (seed & 3) << 13);
	for (int i = 0; i < 128; i++)
		bad += state->xmm[i / 16][i % 16] != (unsigned char)(seed * 7 + i);
	return bad;
}

/* Raw, so that no library code runs in between. */
static inline long raw(long number, long a, long b)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b) : "memory");
	return result;
}

static void switches(void)
{
	struct state state;

	for (int child = 1; child <= 3; child++) {
		if (split() == 0) {
			int bad = 0;

			for (int round = 0; round < 200; round++) {
				load(child * 100 + round);
				raw(SYS_sched_yield, 0, 0);
				store(&state);
				bad += wrong(&state, child * 100 + round);
			}
			_exit(bad != 0);
		}
	}
	int status, sum = 0;
	while (wait(&status) > 0)
		sum += status;
	printf("three processes in turn: %s\n", sum == 0 ? "kept" : "LOST");
}

static void preempted(void)
{
	struct state state;

	for (int child = 0; child < 2; child++) {
		if (split() == 0) {
			load(child + 50);
			for (volatile int i = 0; i < 30000000; i++)
				;
			store(&state);
			_exit(wrong(&state, child + 50) != 0);
		}
	}
	int status, sum = 0;
	while (wait(&status) > 0)
		sum += status;
	printf("two that compute: %s\n", sum == 0 ? "kept" : "LOST");
}

static void forked(void)
{
	struct state state;
	int status;

	fflush(stdout);
	load(9);
	long child = raw(SYS_fork, 0, 0);
	store(&state);
	if (child == 0)
		_exit(wrong(&state, 9));
	printf("over fork, parent: %d wrong\n", wrong(&state, 9));
	waitpid(child, &status, 0);
	printf("over fork, child: %s\n", status_text(status));
}

static volatile int in_handler_wrong, change;

static void handler(int signal, siginfo_t *info, void *context)
{
	struct state state;
	ucontext_t *user = context;
	unsigned short control;
	unsigned int mxcsr;

	(void)signal, (void)info;
	__asm__ volatile("fnstcw %0; stmxcsr %1" : "=m"(control), "=m"(mxcsr));
	in_handler_wrong = control != 0x37f || mxcsr != 0x1f80;
	load(77);
	store(&state);
	in_handler_wrong += wrong(&state, 77);
	if (change) {
		struct _libc_fpstate *fp = user->uc_mcontext.fpregs;

		fp->cw = 0xffff0f7f;
		memset((char *)fp + 112 + 160, 0xab, 16); /* xmm0 */
	}
}

static void handlers(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	struct state state;
	long pid = getpid();

	sigaction(SIGUSR1, &action, NULL);
	load(33);
	raw(SYS_kill, pid, SIGUSR1);
	store(&state);
	printf("over a handler: %d wrong, in it: %d\n", wrong(&state, 33), in_handler_wrong);
	change = 1;
	load(34);
	raw(SYS_kill, pid, SIGUSR1);
	store(&state);
	printf("changed by a handler: control %x, xmm0 %x, st0 %g\n", state.control,
	       state.xmm[0][5], state.st[0]);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		unsigned short control, status;
		unsigned int mxcsr;

		__asm__ volatile("fnstcw %0; fnstsw %1; stmxcsr %2"
				 : "=m"(control), "=m"(status), "=m"(mxcsr));
		printf("after exec: control %x, status %x, mxcsr %x\n", control, status & 0x3800,
		       mxcsr & ~0x3f);
		return 0;
	}
	switches();
	preempted();
	forked();
	handlers();
	fflush(stdout);
	load(55);
	execl("/proc/self/exe", argv[0], "exec", NULL);
	return 1;
}
