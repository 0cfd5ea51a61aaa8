/*
 * Traps: the one way into the kernel. kernel/entry.asm builds this frame on the kernel stack of
 * the current task.
 */
#ifndef LOFT_TRAP_H
#define LOFT_TRAP_H

#include <types.h>

/* In memory order, lowest address first (Intel SDM 3A, 6.12.1 for the processor's part). */
struct trap_frame {
	/* A system call's arguments in order, then its number. */
	uint32_t ebx, ecx, edx, esi, edi, ebp, eax;
	uint32_t ds, es, fs, gs; /* the upper halves mean nothing */
	uint32_t vector;	 /* trap or interrupt number; 0x80: system call */
	uint32_t error; /* the processor's error code, 0 if none; system call: original eax */
	uint32_t eip, cs, eflags;
	uint32_t esp, ss; /* only there when coming from PL3; see trap_from_user */
};

#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define USER_CS 0x1b /* GDT entry 3, RPL 3 */
#define USER_DS 0x23
#define GDT_TSS 5
#define GDT_TSS_DOUBLE_FAULT 6
/* Three TLS segments; any numbers do, since set_thread_area tells them. */
#define GDT_TLS_FIRST 7
#define GDT_TLS_COUNT 3

#define EFLAGS_CF 0x1u
#define EFLAGS_TF 0x100u
#define EFLAGS_IF 0x200u
#define EFLAGS_DF 0x400u
#define EFLAGS_IOPL 0x3000u
#define EFLAGS_NT 0x4000u
#define EFLAGS_RF 0x10000u
#define EFLAGS_VM 0x20000u
#define EFLAGS_AC 0x40000u
/* What a program may set through sigreturn. */
#define EFLAGS_USER 0x40dd5u

/* Vectors: the processor's exceptions, the 8259s' lines from TRAP_IRQ_FIRST, the system call. */
#define TRAP_EXCEPTIONS 32
#define TRAP_IRQ_FIRST 32
#define TRAP_IRQS 16
#define TRAP_SYSCALL 0x80

enum trap_exception {
	TRAP_DIVIDE,
	TRAP_DEBUG,
	TRAP_NMI,
	TRAP_BREAKPOINT,
	TRAP_OVERFLOW,
	TRAP_BOUND,
	TRAP_OPCODE,
	TRAP_NO_FPU,
	TRAP_DOUBLE_FAULT,
	TRAP_FPU_OVERRUN,
	TRAP_TSS,
	TRAP_NOT_PRESENT,
	TRAP_STACK,
	TRAP_PROTECTION,
	TRAP_PAGE_FAULT,
	TRAP_FPU = 16,
	TRAP_ALIGNMENT,
	TRAP_MACHINE_CHECK,
	TRAP_SIMD
};

static inline bool trap_from_user(const struct trap_frame *frame)
{
	return (frame->cs & 3) == 3;
}

/* GDT, TSS, IDT; every exception has an answer from here on. */
void traps_init(void);
/* The TSS's stack for the next entry from PL3: top of the task's kernel stack. */
void traps_set_kernel_stack(vaddr_t top);
/* One GDT TLS entry of the CPU (0..2) as an 8-byte descriptor; 0 clears it. */
void traps_set_tls(unsigned index, uint64_t descriptor);

/* Returns to PL3 with the registers of frame (kernel/entry.asm); how a new task starts. */
__noreturn void trap_return(struct trap_frame *frame);

/* ---- interrupts ---- */

/* Handler for ISA IRQ line 0..15 (8259). Called with interrupts off. -EBUSY if taken. */
__must_check int irq_register(unsigned irq, void (*handler)(void *context), void *context);
/*
 * A handler for a line that others may share: called with interrupts off at each of its interrupts;
 * true when its own device had one, which is quiet now. IRQ_POLLED for irq: there is no line, it is
 * called at each tick. Never taken back. 0, -EBUSY (taken by irq_register), -ENOMEM. Does not sleep.
 */
#define IRQ_POLLED 255u
__must_check int irq_share(unsigned irq, bool (*handler)(void *context), void *context);
/* For handlers: did the interrupt come while a program ran? */
bool irq_from_user(void);
/* How often line irq (0..15) has been served. */
uint32_t irq_count(unsigned irq);

/* Interrupt-off sections; nestable by the saved value. */
static inline uint32_t irq_save(void)
{
	uint32_t flags;

	__asm__ volatile("pushfl; popl %0; cli" : "=r"(flags) : : "memory");
	return flags;
}
static inline void irq_restore(uint32_t flags)
{
	if (flags & EFLAGS_IF)
		__asm__ volatile("sti" : : : "memory");
}
static inline bool irq_enabled(void)
{
	uint32_t flags;

	__asm__ volatile("pushfl; popl %0" : "=r"(flags));
	return flags & EFLAGS_IF;
}

#endif
