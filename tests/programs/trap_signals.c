/* What each exception of the processor becomes: signal, si_code, si_addr. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

static sigjmp_buf back;
static siginfo_t seen;
static volatile uintptr_t eip;
static volatile unsigned steps;

static void handler(int number, siginfo_t *info, void *context)
{
	const ucontext_t *user = context;

	(void)number;
	seen = *info;
	eip = user->uc_mcontext.gregs[REG_EIP];
	siglongjmp(back, 1);
}

static void step_handler(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	steps++;
	seen = *info;
}

/* Runs code that faults at the label `at_NAME`, or right behind it. */
#define TRY(name, code) \
	do { \
		extern char at_##name[]; \
		memset(&seen, 0, sizeof(seen)); \
		if (sigsetjmp(back, 1) == 0) { \
			__asm__ volatile(".globl at_" #name "\nat_" #name ": " code \
					 : \
					 : \
					 : "eax", "ecx", "edx", "memory", "cc"); \
			printf("%-12s nothing\n", #name); \
		} else { \
			printf("%-12s signal %d code %d address %s eip +%d\n", #name, \
			       seen.si_signo, seen.si_code, \
			       seen.si_addr == (void *)eip ? "eip" \
			       : seen.si_addr == NULL	   ? "0" \
							   : "other", \
			       (int)(eip - (uintptr_t)at_##name)); \
		} \
	} while (0)

static void catch_all(void)
{
	static const int signals[] = { SIGSEGV, SIGILL, SIGFPE, SIGTRAP, SIGBUS };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

static void single_step(void)
{
	struct sigaction action = { .sa_sigaction = step_handler, .sa_flags = SA_SIGINFO };

	sigaction(SIGTRAP, &action, NULL);
	__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl\n\t"
			 "nop; nop; nop\n\t"
			 "pushfl; andl $~0x100, (%%esp); popfl"
			 :
			 :
			 : "memory", "cc");
	printf("single step  %u traps, signal %d code %d\n", steps, seen.si_signo, seen.si_code);
	/* A system call with the flag set steps on behind it. */
	steps = 0;
	__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl\n\t"
			 "movl $64, %%eax; int $0x80\n\t"
			 "pushfl; andl $~0x100, (%%esp); popfl"
			 :
			 :
			 : "eax", "memory", "cc");
	printf("over int 80  %u traps\n", steps);
}

int main(void)
{
	catch_all();
	TRY(divide, "xorl %%ecx, %%ecx; xorl %%edx, %%edx; divl %%ecx");
	TRY(quotient, "movl $-1, %%edx; movl $1, %%ecx; divl %%ecx");
	TRY(breakpoint, "int3");
	TRY(int_3, ".byte 0xcd, 3");
	TRY(overflow, "movb $0x7f, %%al; addb $1, %%al; into");
	TRY(no_overflow, "xorl %%eax, %%eax; into");
	TRY(bound, "pushl $5; pushl $3; movl $7, %%eax; boundl %%eax, (%%esp)");
	TRY(opcode, "ud2");
	TRY(long_opcode, ".byte 0x0f, 0xff, 0xc0");
	TRY(halt, "hlt");
	TRY(interrupts, "cli");
	TRY(input, "movw $0x80, %%dx; inb %%dx, %%al");
	TRY(output, "outb %%al, $0x80");
	TRY(bad_int, "int $0x55");
	TRY(irq_int, "int $0x20");
	TRY(fault_int, "int $14");
	TRY(double_int, "int $8");
	TRY(control, "movl %%cr0, %%eax");
	TRY(write_cr3, "movl %%eax, %%cr3");
	TRY(debug_register, "movl %%dr7, %%eax");
	TRY(load_table, "subl $8, %%esp; lidt (%%esp)");
	TRY(invalidate, "invlpg (%%esp)");
	TRY(clear_ts, "clts");
	TRY(bad_selector, "movl $0x1230, %%eax; movl %%eax, %%es");
	TRY(kernel_data, "movl $0x10, %%eax; movl %%eax, %%es");
	TRY(no_stack, "xorl %%eax, %%eax; movl %%eax, %%ss");
	TRY(far_jump, "ljmp $0x1233, $0");
	single_step();
	return 0;
}
