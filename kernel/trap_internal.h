/*
 * What the files about traps share: kernel/entry.asm, segments.c, traps.c, page_fault.c, irq.c.
 */
#ifndef LOFT_KERNEL_TRAP_INTERNAL_H
#define LOFT_KERNEL_TRAP_INTERNAL_H

#include <trap.h>

#define TRAP_STUB_SIZE 16

/*
 * entry.asm: TRAP_STUB_SIZE bytes of code for each vector below the 8259s' end, and the system
 * call's.
 */
extern const char trap_stubs[];
void syscall_entry(void);
void sysenter_entry(void);
/* The first instruction of sysenter_entry's that no program's TF can follow into. */
extern const char sysenter_settled[];
void double_fault_entry(void);
void segments_load(const void *gdtr);

/* What entry.asm calls, interrupts off: the handler of a vector; what is left to do before PL3. */
typedef void trap_handler(struct trap_frame *frame);
extern trap_handler *const trap_handlers[TRAP_IRQ_FIRST + TRAP_IRQS];
void trap_exit_work(struct trap_frame *frame);
__noreturn void trap_virtual_8086(struct trap_frame *frame);
__noreturn void double_fault_handle(void);

/* segments.c: GDT and task state segments, loaded. */
void segments_init(void);
/* The registers that the processor saved when it left for the double fault's task. */
void segments_interrupted(struct trap_frame *frame);
/* True when address lies in the stack of the double fault's task. */
bool segments_is_double_fault_stack(vaddr_t address);

/* True for addresses in the unmapped page below a kernel stack. */
bool trap_is_stack_guard(vaddr_t address);

/* page_fault.c and irq.c */
trap_handler page_fault, irq_handle;
/* A fault of kernel code: goes on at its fix-up, or panics with what happened. */
void trap_fix_up(struct trap_frame *frame, const char *what);

#endif
