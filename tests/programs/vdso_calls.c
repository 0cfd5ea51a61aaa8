/*
 * System calls through __kernel_vsyscall: six arguments, errors, calls started again after a
 * handler, single steps, and handlers that return through the vDSO.
 */
#include "task.h"

#include <poll.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unwind.h>

/* long enter(void *entry, const long call[7]): EAX to EBP from call, through entry. */
long enter(void *entry, const long *call);
__asm__(".text; .globl enter; enter:\n"
	"	pushl %ebp; pushl %ebx; pushl %esi; pushl %edi\n"
	"	movl 20(%esp), %eax\n"
	"	movl 24(%esp), %ebp\n"
	"	pushl %eax\n"
	"	movl (%ebp), %eax; movl 4(%ebp), %ebx; movl 8(%ebp), %ecx; movl 12(%ebp), %edx\n"
	"	movl 16(%ebp), %esi; movl 20(%ebp), %edi; movl 24(%ebp), %ebp\n"
	"	call *(%esp)\n"
	"	addl $4, %esp\n"
	"	popl %edi; popl %esi; popl %ebx; popl %ebp\n"
	"	ret\n");

static void *entry;
static volatile sig_atomic_t signals;

#define CALL(...) enter(entry, (const long[7]){ __VA_ARGS__ })

static void count(int signal)
{
	(void)signal;
	signals++;
}

static void six_arguments(void)
{
	char file[] = "six", text[4096];
	int fd = open(file, O_RDWR | O_CREAT, 0600);
	char *at;

	memset(text, 'a', sizeof(text));
	for (int i = 0; i < 3; i++, text[0]++)
		if (write(fd, text, sizeof(text)) != sizeof(text))
			abort();
	at = (char *)CALL(SYS_mmap2, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 2);
	printf("mmap2, page 2: %c\n", at[0]);
	munmap(at, 4096);
	close(fd);
	unlink(file);
}

static void results(void)
{
	long pid = CALL(SYS_getpid), parent = CALL(SYS_getppid);

	printf("getpid %d, getppid %d\n", pid == getpid(), parent == getppid());
	printf("no such call: %ld, %ld, %ld\n", CALL(SYS_pivot_root + 100000), CALL(-1),
	       CALL(0x7fffffff));
	printf("close(-1): %ld\n", CALL(SYS_close, -1));
	printf("a bad pointer: %ld\n", CALL(SYS_pipe, 0));
}

static void arm(int first, int again)
{
	struct itimerval timer = { { 0, again }, { 0, first } };

	signals = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void restarts(void)
{
	int ends[2];
	char byte = 0;
	pid_t child;
	long result;
	struct timespec half = { 0, 300000000 }, left = { 9, 9 };

	if (pipe(ends))
		abort();
	handle(SIGALRM, count, SA_RESTART);
	child = split();
	if (child == 0) {
		usleep(300000);
		_exit(write(ends[1], "x", 1) != 1);
	}
	arm(20000, 20000);
	result = CALL(SYS_read, ends[0], (long)&byte, 1);
	printf("read, started again: %ld %c\n", result, byte);
	printf("signals came: %d\n", signals > 3);
	arm(0, 0);
	reap("writer", child);
	handle(SIGALRM, count, 0);
	arm(20000, 0);
	printf("read, without SA_RESTART: %ld\n", CALL(SYS_read, ends[0], (long)&byte, 1));
	arm(20000, 0);
	result = CALL(SYS_nanosleep, (long)&half, (long)&left);
	printf("nanosleep: %ld, left %d\n", result, left.tv_sec == 0 && left.tv_nsec > 0);
	child = split();
	if (child == 0) {
		struct pollfd none = { -1, 0, 0 };

		/* Stopped and continued without a handler: restart_syscall. */
		leave((int)CALL(SYS_poll, (long)&none, 1, 400));
	}
	usleep(100000);
	kill(child, SIGSTOP);
	usleep(100000);
	kill(child, SIGCONT);
	reap("poll, stopped and continued", child);
	close(ends[0]);
	close(ends[1]);
}

/* ---- single steps ---- */

static volatile int steps, in_vdso, strange;
static uintptr_t vdso;

static void step(int signal, siginfo_t *info, void *context)
{
	ucontext_t *at = context;
	uintptr_t eip = (uintptr_t)at->uc_mcontext.gregs[REG_EIP];

	strange += signal != SIGTRAP || info->si_code != TRAP_TRACE || info->si_addr != (void *)eip;
	steps++;
	in_vdso += eip - vdso < 0x2000;
}

static void single_steps(void)
{
	struct sigaction action = { .sa_sigaction = step, .sa_flags = SA_SIGINFO };
	long call[7] = { SYS_getppid }, result, flags;

	sigaction(SIGTRAP, &action, NULL);
	__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl\n\t"
			 "call *%2\n\t"
			 "pushfl; popl %1; pushl %1; andl $~0x100, (%%esp); popfl"
			 : "=a"(result), "=&r"(flags)
			 : "m"(entry), "0"(call[0])
			 : "memory", "cc");
	printf("stepped: result %d, TF on after it %d, in the vDSO %d, strange %d\n",
	       result == getppid(), !!(flags & 0x100), in_vdso >= 7, strange);
}

static void odd_flags(void)
{
	long result, flags, call = SYS_getppid;

	__asm__ volatile("pushfl; orl $0x44000, (%%esp); popfl; std\n\t"
			 "call *%2\n\t"
			 "pushfl; popl %1; pushl $0x202; popfl"
			 : "=a"(result), "=&r"(flags)
			 : "m"(entry), "0"(call)
			 : "memory", "cc");
	printf("AC, NT and DF set: result %d, kept %lx\n", result == getppid(), flags & 0x44400);
}

/* ---- handlers without a restorer ---- */

struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

static volatile int frames, through_vdso;

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *from)
{
	int before = 0;
	uintptr_t ip = _Unwind_GetIPInfo(context, &before);

	(void)from;
	frames++;
	through_vdso += ip - vdso < 0x2000;
	return frames < 50 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static void unwinding(int signal)
{
	(void)signal;
	frames = through_vdso = 0;
	_Unwind_Backtrace(visit, NULL);
	signals++;
}

static void raise_by_kernel(int flags)
{
	struct kernel_action action = { unwinding, (unsigned long)flags, NULL, 0 };
	volatile int kept = 12345;

	signals = 0;
	syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 8);
	kill(getpid(), SIGUSR1);
	printf("handler %s: ran %d, frames unwound %d, the vDSO's %d, kept %d\n",
	       flags & SA_SIGINFO ? "with siginfo" : "without", signals, frames > 2, through_vdso,
	       kept);
}

int main(void)
{
	entry = (void *)getauxval(AT_SYSINFO);
	vdso = getauxval(AT_SYSINFO_EHDR);
	if (!entry)
		return 1;
	results();
	six_arguments();
	restarts();
	single_steps();
	odd_flags();
	raise_by_kernel(0);
	raise_by_kernel(SA_SIGINFO);
	return 0;
}
