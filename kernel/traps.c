/*
 * Traps: which handler each vector has, and what the processor's exceptions mean.
 *
 * An exception of a program becomes a signal, with the number, si_code and si_addr that Linux gives
 * (arch/x86 is the ABI's only definition; Intel SDM 3A 6.15 is the processor's). One of the kernel
 * resumes at its fix-up when the exception table has one, and is a panic otherwise. The page fault
 * is in page_fault.c, interrupts in irq.c. Handlers are called with interrupts off and turn them on
 * when the interrupted code had them on.
 */
#include "trap_internal.h"

#include <abi/errno.h>
#include <assert.h>
#include <cpu.h>
#include <kvrange.h>
#include <layout.h>
#include <log.h>
#include <panic.h>
#include <reclaim.h>
#include <signal.h>
#include <syscall.h>
#include <task.h>
#include <uaccess.h>

/* ---- the interrupt descriptor table (Intel SDM 3A 6.11) */

#define IDT_ENTRIES 256
#define GATE_INTERRUPT 0x8e00u /* present, PL0 */
#define GATE_USER 0x6000u      /* may be reached by an INT instruction at PL3 */
#define GATE_TASK 0x8500u

struct gate {
	uint32_t low, high;
};

static struct gate idt[IDT_ENTRIES];

static void set_gate(unsigned vector, vaddr_t entry, uint32_t kind)
{
	idt[vector].low = (uint32_t)KERNEL_CS << 16 | (entry & 0xffff);
	idt[vector].high = (entry & 0xffff0000) | kind;
}

static void idt_init(void)
{
	const struct __attribute__((packed)) {
		uint16_t limit;
		uint32_t base;
	} idtr = { sizeof(idt) - 1, (vaddr_t)idt };

	for (unsigned i = 0; i < TRAP_IRQ_FIRST + TRAP_IRQS; i++)
		set_gate(i, (vaddr_t)trap_stubs + TRAP_STUB_SIZE * i, GATE_INTERRUPT);
	set_gate(TRAP_BREAKPOINT, (vaddr_t)trap_stubs + TRAP_STUB_SIZE * TRAP_BREAKPOINT,
		 GATE_INTERRUPT | GATE_USER);
	set_gate(TRAP_OVERFLOW, (vaddr_t)trap_stubs + TRAP_STUB_SIZE * TRAP_OVERFLOW,
		 GATE_INTERRUPT | GATE_USER);
	set_gate(TRAP_SYSCALL, (vaddr_t)syscall_entry, GATE_INTERRUPT | GATE_USER);
	idt[TRAP_DOUBLE_FAULT] = (struct gate){ GDT_TSS_DOUBLE_FAULT << 19, GATE_TASK };
	__asm__ volatile("lidt %0" : : "m"(idtr));
}

void traps_init(void)
{
	_Static_assert(sizeof(struct trap_frame) == 72, "kernel/entry.asm counts on it");
	_Static_assert(offsetof(struct trap_frame, eax) == 24, "likewise");
	_Static_assert(offsetof(struct trap_frame, vector) == 44, "likewise");
	_Static_assert(offsetof(struct trap_frame, ebp) == 20, "likewise");
	_Static_assert(offsetof(struct trap_frame, eip) == 52, "likewise");
	_Static_assert(offsetof(struct trap_frame, cs) == 56, "likewise");
	_Static_assert(offsetof(struct trap_frame, esp) == 64, "likewise");
	_Static_assert(offsetof(struct trap_frame, eflags) == 60, "likewise");
	_Static_assert(offsetof(struct task, signalled) == 0, "likewise");
	_Static_assert(sizeof(struct syscall_entry) == 8, "likewise");
	_Static_assert(offsetof(struct syscall_entry, enter) == 4, "likewise");
	_Static_assert(SYSCALL_COUNT == 452, "likewise");

	assert(!irq_enabled());
	segments_init();
	idt_init();
}

/* ---- exceptions */

#define DR6_STEP (1u << 14) /* EFLAGS.TF; Intel SDM 3B 17.2.3 */

/* Exception bits of the x87 status and control words and of MXCSR (Intel SDM 1, 8.1.3, 10.2.3). */
#define FLOAT_INVALID 0x01u
#define FLOAT_DENORMAL 0x02u
#define FLOAT_DIVIDE 0x04u
#define FLOAT_OVERFLOW 0x08u
#define FLOAT_UNDERFLOW 0x10u
#define FLOAT_PRECISION 0x20u
#define MXCSR_MASKS_SHIFT 7

/* What a program gets. Where si_code is SI_KERNEL, no address is told. */
struct exception {
	const char *name;
	uint8_t signal;
	uint8_t code;
	bool at_eip; /* si_addr: the instruction; else 0 */
};

static const struct exception exceptions[TRAP_EXCEPTIONS] = {
	[TRAP_DIVIDE] = { "divide error", SIGFPE, FPE_INTDIV, true },
	[TRAP_DEBUG] = { "debug exception", SIGTRAP, TRAP_TRACE, true },
	[TRAP_BREAKPOINT] = { "breakpoint", SIGTRAP, SI_KERNEL, false },
	[TRAP_OVERFLOW] = { "overflow", SIGSEGV, SI_KERNEL, false },
	[TRAP_BOUND] = { "bound range exceeded", SIGSEGV, SI_KERNEL, false },
	[TRAP_OPCODE] = { "invalid opcode", SIGILL, ILL_ILLOPN, true },
	[TRAP_FPU_OVERRUN] = { "coprocessor segment overrun", SIGFPE, SI_KERNEL, false },
	[TRAP_TSS] = { "invalid task state segment", SIGSEGV, SI_KERNEL, false },
	[TRAP_NOT_PRESENT] = { "segment not present", SIGBUS, SI_KERNEL, false },
	[TRAP_STACK] = { "stack segment fault", SIGBUS, SI_KERNEL, false },
	[TRAP_PROTECTION] = { "general protection fault", SIGSEGV, SI_KERNEL, false },
	[TRAP_FPU] = { "x87 floating-point error", SIGFPE, 0, true },
	[TRAP_ALIGNMENT] = { "alignment check", SIGBUS, BUS_ADRALN, false },
	[TRAP_SIMD] = { "SIMD floating-point error", SIGFPE, 0, true },
};

static void enable_as_interrupted(const struct trap_frame *frame)
{
	if (frame->eflags & EFLAGS_IF)
		__asm__ volatile("sti" : : : "memory");
}

void trap_fix_up(struct trap_frame *frame, const char *what)
{
	vaddr_t fixup = exception_fixup(frame->eip);

	if (!fixup)
		panic_at(frame, "%s in the kernel, error code %x", what, frame->error);
	frame->eip = fixup;
}

bool trap_is_stack_guard(vaddr_t address)
{
	return kvrange_is_guard(address) || address - (vaddr_t)boot_stack_guard < PAGE_SIZE;
}

static void fault_with_code(struct trap_frame *frame, int code)
{
	const struct exception *exception = &exceptions[frame->vector];

	enable_as_interrupted(frame);
	signal_fault(exception->signal, code, exception->at_eip ? frame->eip : 0, frame->vector,
		     frame->error);
}

static void fault(struct trap_frame *frame)
{
	const struct exception *exception = &exceptions[frame->vector];

	if (trap_from_user(frame))
		fault_with_code(frame, exception->code);
	else
		trap_fix_up(frame, exception->name);
}

/* Vectors that no processor of today raises, or that only come with features we leave off. */
static void unknown_exception(struct trap_frame *frame)
{
	if (!trap_from_user(frame))
		panic_at(frame, "exception %u, error code %x", frame->vector, frame->error);
	enable_as_interrupted(frame);
	signal_fault(SIGSEGV, SI_KERNEL, 0, frame->vector, frame->error);
}

/* A program that single-steps, at SYSENTER: its TF goes on until the entry has settled. */
static bool stepping_into_kernel(const struct trap_frame *frame)
{
	return frame->eip - (vaddr_t)sysenter_entry <=
	       (vaddr_t)sysenter_settled - (vaddr_t)sysenter_entry;
}

/* DR6 says why; it is ours to clear. Only a program single-steps. */
static void debug_exception(struct trap_frame *frame)
{
	uint32_t why;

	__asm__ volatile("movl %%dr6, %0" : "=r"(why));
	__asm__ volatile("movl %0, %%dr6" : : "r"(0));
	if (trap_from_user(frame))
		fault_with_code(frame, why & DR6_STEP ? TRAP_TRACE : TRAP_BRKPT);
	else if (!stepping_into_kernel(frame))
		log_warning("trap: debug exception in the kernel at %x, dr6 %x", frame->eip, why);
}

static void nmi(struct trap_frame *frame)
{
	log_error("trap: non-maskable interrupt at %02x:%08x", frame->cs & 0xffff, frame->eip);
}

static void machine_check(struct trap_frame *frame)
{
	panic_at(frame, "machine check: the processor reports broken hardware");
}

static void no_fpu(struct trap_frame *frame)
{
	if (!trap_from_user(frame))
		panic_at(frame, "floating-point instruction in the kernel");
	enable_as_interrupted(frame);
	fpu_handle_unavailable();
}

/* si_code for a set of x87 or SSE exception bits (the same in both); 0: none that counts. */
static int float_code(uint32_t raised)
{
	if (raised & FLOAT_INVALID)
		return FPE_FLTINV;
	if (raised & FLOAT_DIVIDE)
		return FPE_FLTDIV;
	if (raised & FLOAT_OVERFLOW)
		return FPE_FLTOVF;
	if (raised & (FLOAT_DENORMAL | FLOAT_UNDERFLOW))
		return FPE_FLTUND;
	if (raised & FLOAT_PRECISION)
		return FPE_FLTRES;
	return 0;
}

static void float_fault(struct trap_frame *frame, uint32_t raised)
{
	int code = float_code(raised);

	if (!trap_from_user(frame))
		panic_at(frame, "%s in the kernel", exceptions[frame->vector].name);
	if (code)
		fault_with_code(frame, code);
}

/* The state in the processor is the current task's: it has just run such an instruction. */
static void x87_error(struct trap_frame *frame)
{
	uint16_t status, control;

	__asm__ volatile("fnstsw %0" : "=m"(status));
	__asm__ volatile("fnstcw %0" : "=m"(control));
	float_fault(frame, status & ~control);
}

static void simd_error(struct trap_frame *frame)
{
	uint32_t mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	float_fault(frame, mxcsr & ~(mxcsr >> MXCSR_MASKS_SHIFT));
}

/*
 * Runs as a task of its own: what was interrupted is in the other TSS and cannot be resumed.
 * The usual reason is a kernel stack that ran over: the push of a page fault's frame faults
 * again.
 */
void double_fault_handle(void)
{
	struct trap_frame frame;

	segments_interrupted(&frame);
	if (trap_is_stack_guard(frame.esp - 1) || trap_is_stack_guard(cpu_read_cr2()))
		panic_at(&frame, "kernel stack overflow");
	panic_at(&frame, "double fault");
}

trap_handler *const trap_handlers[TRAP_IRQ_FIRST + TRAP_IRQS] = {
	[TRAP_DIVIDE] = fault,
	[TRAP_DEBUG] = debug_exception,
	[TRAP_NMI] = nmi,
	[TRAP_BREAKPOINT... TRAP_OPCODE] = fault,
	[TRAP_NO_FPU] = no_fpu,
	[TRAP_DOUBLE_FAULT] = unknown_exception, /* its gate leads elsewhere */
	[TRAP_FPU_OVERRUN... TRAP_PROTECTION] = fault,
	[TRAP_PAGE_FAULT] = page_fault,
	[TRAP_PAGE_FAULT + 1] = unknown_exception,
	[TRAP_FPU] = x87_error,
	[TRAP_ALIGNMENT] = fault,
	[TRAP_MACHINE_CHECK] = machine_check,
	[TRAP_SIMD] = simd_error,
	[TRAP_SIMD + 1 ... TRAP_EXCEPTIONS - 1] = unknown_exception,
	[TRAP_IRQ_FIRST... TRAP_IRQ_FIRST + TRAP_IRQS - 1] = irq_handle,
};

/*
 * A program runs in virtual-8086 mode. Only PL0 can begin that, and the kernel never does (Intel
 * SDM 2A, IRET); but QEMU's TCG does not ask who executes the IRET. This frame is not where
 * task->frame is, since the processor has pushed four segment registers more, so that all that
 * can be done for the program is to end it, an interrupt being served first.
 */
void trap_virtual_8086(struct trap_frame *frame)
{
	if (frame->vector - TRAP_IRQ_FIRST < TRAP_IRQS)
		irq_handle(frame);
	__asm__ volatile("sti" : : : "memory");
	process_exit(SIGSEGV);
}

/* ---- the way back */

static bool wants_restart(const struct trap_frame *frame)
{
	return frame->vector == TRAP_SYSCALL && (int32_t)frame->eax <= -ERESTARTSYS &&
	       (int32_t)frame->eax >= -ERESTART_RESTARTBLOCK;
}

void trap_exit_work(struct trap_frame *frame)
{
	assert(trap_from_user(frame));
	do {
		__asm__ volatile("sti" : : : "memory");
		if (sched_need_resched)
			sched_preempt();
		reclaim_if_low();
		if (current->signalled || wants_restart(frame))
			signal_deliver(frame);
		__asm__ volatile("cli" : : : "memory");
	} while (sched_need_resched || current->signalled);
}
