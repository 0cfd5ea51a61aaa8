/* Restartable sequences: registration, and a section that a signal aborts. */
#include "task.h"

#include <linux/rseq.h>
#include <sys/rseq.h>
#include <sys/time.h>

#undef RSEQ_SIG
#define RSEQ_SIG 0x53053053

static struct rseq area __attribute__((aligned(32)));
static void handler(int signal)
{
	(void)signal;
}

/* Spins in a section until something aborts it: 1 by the abort handler, 0 by its end. */
static int spin(unsigned int rounds)
{
	int aborted;

	__asm__ volatile(
		".pushsection __rseq_cs, \"aw\"\n\t"
		".balign 32\n"
		"3: .long 0, 0, 1f, 0, 2f - 1f, 0, 4f, 0\n\t"
		".popsection\n\t"
		"movl $3b, %[section]\n"
		"1: decl %[rounds]\n\t"
		"jnz 1b\n\t"
		"movl $0, %[aborted]\n"
		"2: jmp 5f\n\t"
		".byte 0x0f, 0xb9, 0x3d\n\t"
		".long 0x53053053\n"
		"4: movl $1, %[aborted]\n"
		"5:"
		: [aborted] "=&r"(aborted), [rounds] "+&r"(rounds), [section] "=m"(area.rseq_cs)
		:
		: "memory");
	return aborted;
}

static long call(void *at, unsigned int size, int flags, unsigned int signature)
{
	return syscall(SYS_rseq, at, size, flags, signature);
}

int main(void)
{
	pid_t child;

	/* The library's own goes first. */
	struct rseq *library = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
	printf("the library's is registered: %d, processor known: %d\n", __rseq_size > 0,
	       library->cpu_id_start == library->cpu_id);
	printf("twice: %s\n", result_name(call(library, 32, 0, RSEQ_SIG)));
	printf("another: %s\n", result_name(call(&area, 32, 0, RSEQ_SIG)));
	printf("wrong signature: %s\n", result_name(call(library, 32, RSEQ_FLAG_UNREGISTER, 1)));
	printf("unregister: %s\n", result_name(call(library, 32, RSEQ_FLAG_UNREGISTER, RSEQ_SIG)));
	printf("processor: %d\n", (int)library->cpu_id);
	printf("again: %s\n", result_name(call(library, 32, RSEQ_FLAG_UNREGISTER, RSEQ_SIG)));
	printf("not aligned: %s\n", result_name(call((char *)&area + 4, 32, 0, RSEQ_SIG)));
	printf("too small: %s\n", result_name(call(&area, 16, 0, RSEQ_SIG)));
	printf("unknown flag: %s\n", result_name(call(&area, 32, 2, RSEQ_SIG)));
	printf("the kernel: %s\n", result_name(call((void *)0xfffff000, 32, 0, RSEQ_SIG)));
	printf("mine: %s\n", result_name(call(&area, 32, 0, RSEQ_SIG)));
	printf("processor known: %d\n", area.cpu_id_start == area.cpu_id);

	printf("a short section: %s\n", spin(10) ? "aborted" : "finished");
	handle(SIGALRM, handler, 0);
	ualarm(20000, 0);
	printf("a long one: %s", spin(0) ? "aborted" : "finished");
	printf(", section left: %d\n", area.rseq_cs == 0);
	/* That another had its turn may have ended it before the alarm did. */
	ualarm(0, 0);

	child = split();
	if (child == 0) {
		printf("kept over fork: %s\n", result_name(call(&area, 32, 0, RSEQ_SIG)));
		fflush(stdout);
		area.rseq_cs = 16;
		raise(SIGALRM);
		leave(0);
	}
	reap("a section nowhere", child);
	return 0;
}
