/* The frame of a handler: registers kept, registers changed, the way back, and frames that lie. */
#include "task.h"

#include <ucontext.h>

static volatile sig_atomic_t runs;
static int mode;

enum { LOOK, CHANGE, SKIP, BAD_CODE, BAD_STACK, BAD_FPU, FLAGS };

static void handler(int signal, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	runs++;
	switch (mode) {
	case LOOK:
		printf("cs and ss of PL3: %d %d, ds as es: %d, DF clear: %d\n",
		       (regs[REG_CS] & 3) == 3, (regs[REG_SS] & 3) == 3,
		       regs[REG_DS] == regs[REG_ES], !(__builtin_ia32_readeflags_u32() & 0x400));
		printf("trap %d, code %d, fpstate %d, uesp is esp %d\n", regs[REG_TRAPNO],
		       info->si_code, ((ucontext_t *)context)->uc_mcontext.fpregs != NULL,
		       regs[REG_UESP] == regs[REG_ESP]);
		break;
	case CHANGE:
		regs[REG_EBX] = 0x11111111;
		regs[REG_ESI] = 0x22222222;
		regs[REG_EDI] = 0x33333333;
		break;
	case SKIP:
		regs[REG_EIP] += 2;
		break;
	case BAD_CODE:
		regs[REG_CS] = 0x10;
		break;
	case BAD_STACK:
		regs[REG_SS] = 0x0b;
		break;
	case BAD_FPU:
		((ucontext_t *)context)->uc_mcontext.fpregs = (void *)16;
		break;
	case FLAGS:
		regs[REG_EFL] |= 0x3000 | 0x4000 | 0x20000 | 0x1; /* IOPL, NT, VM, CF */
		regs[REG_EFL] &= ~0x200;			  /* IF */
		break;
	}
}

struct registers {
	unsigned int ebx, ecx, edx, esi, edi, ebp, flags;
};

/* By name in the assembly below: no register is free there to hold an address. */
struct registers seen_registers;
unsigned int own_pid;

/* kill(own_pid, SIGUSR1) with known values in every register. */
static void raise_with_registers(struct registers *seen)
{
	own_pid = getpid();
	__asm__ volatile("pusha\n\t"
			 "movl own_pid, %%ebx\n\t"
			 "movl $10, %%ecx\n\t"
			 "movl $0xd0d0d0d0, %%edx\n\t"
			 "movl $0x51515151, %%esi\n\t"
			 "movl $0xd1d1d1d1, %%edi\n\t"
			 "movl $0xb0b0b0b0, %%ebp\n\t"
			 "movl $37, %%eax\n\t"
			 "std\n\t"
			 "int $0x80\n\t"
			 "pushf\n\t"
			 "popl seen_registers + 24\n\t"
			 "cld\n\t"
			 "movl %%ebx, seen_registers\n\t"
			 "movl %%ecx, seen_registers + 4\n\t"
			 "movl %%edx, seen_registers + 8\n\t"
			 "movl %%esi, seen_registers + 12\n\t"
			 "movl %%edi, seen_registers + 16\n\t"
			 "movl %%ebp, seen_registers + 20\n\t"
			 "popa"
			 :
			 :
			 : "memory", "cc");
	*seen = seen_registers;
	seen->ebx -= own_pid;
}

static void show(const char *what)
{
	struct registers seen;

	raise_with_registers(&seen);
	printf("%s: ebx %s %x, ecx %x, edx %x, esi %x, edi %x, ebp %x, flags %x\n", what,
	       seen.ebx ? "changed" : "kept", mode == CHANGE ? seen.ebx + getpid() : 0, seen.ecx,
	       seen.edx, seen.esi, seen.edi, seen.ebp, seen.flags & ~0x8d4);
}

static void in_child(const char *what, int how)
{
	pid_t child = split();

	if (child == 0) {
		mode = how;
		raise(SIGUSR1);
		leave(7);
	}
	reap(what, child);
}

/* sigreturn with whatever the stack holds. */
static void junk_return(const char *what, int number, unsigned int esp)
{
	pid_t child = split();

	if (child == 0) {
		__asm__ volatile("movl %0, %%esp; int $0x80; ud2" : : "r"(esp), "a"(number));
		_exit(0);
	}
	reap(what, child);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	static unsigned int zeros[1024];

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	mode = LOOK;
	show("looked");
	mode = CHANGE;
	show("changed");
	mode = FLAGS;
	show("flags");
	mode = SKIP;
	__asm__ volatile("ud2");
	printf("behind an invalid instruction, %d handlers\n", runs);
	in_child("kernel's code selector", BAD_CODE);
	in_child("kernel's data selector as stack", BAD_STACK);
	in_child("FPU state nowhere", BAD_FPU);
	junk_return("sigreturn, zeros", 119, (unsigned int)&zeros[512]);
	junk_return("rt_sigreturn, zeros", 173, (unsigned int)&zeros[512]);
	junk_return("sigreturn, nowhere", 119, 16);
	junk_return("rt_sigreturn, nowhere", 173, 16);
	junk_return("sigreturn, the kernel", 119, 0xfffff000);
	junk_return("rt_sigreturn, the kernel", 173, 0xfffffffc);
	return 0;
}
