/*
 * The page fault: from the processor's report to mm_fault's decision, and from there to what
 * becomes of the one who faulted (Intel SDM 3A 4.7 and 6.15, interrupt 14).
 *
 *   who            where                what
 *   program        user half            mm_fault: go on, or a signal by its result
 *   program        kernel half          SIGSEGV, SEGV_MAPERR: there is nothing for it
 *   kernel copy    user half            mm_fault: go on, or at the fix-up (EFAULT)
 *   kernel copy    kernel half          fix-up
 *   kernel copy that may not sleep      fix-up (uaccess.h)
 *   other kernel   anywhere             panic
 *
 * When memory is out a process ends (oom.h), and the access is tried again.
 */
#include "trap_internal.h"

#include <assert.h>
#include <cpu.h>
#include <layout.h>
#include <mm.h>
#include <oom.h>
#include <panic.h>
#include <signal.h>
#include <task.h>
#include <uaccess.h>

/* The processor's error code. */
#define ERROR_PRESENT 1u
#define ERROR_WRITE 2u
#define ERROR_USER 4u
#define ERROR_RESERVED 8u
#define ERROR_FETCH 16u

/* Panics unless this is a user copy that may fault: then its fix-up is known to be there. */
static void check_kernel_fault(const struct trap_frame *frame, vaddr_t address)
{
	const char *access = frame->error & ERROR_WRITE ? "write" : "read";

	if (frame->error & ERROR_RESERVED)
		panic_at(frame, "page fault: reserved bits set in an entry for %08x", address);
	if (trap_is_stack_guard(address))
		panic_at(frame, "kernel stack overflow: %s of guard page %08x", access, address);
	if (!exception_fixup(frame->eip))
		panic_at(frame, "page fault: %s of %08x in the kernel", access, address);
	if (cpu_has(CPU_SMAP) && (frame->error & ERROR_PRESENT) && !(frame->eflags & EFLAGS_AC))
		panic_at(frame, "page fault: %s of user page %08x kept out by SMAP", access,
			 address);
}

/* Of the error code, what mm_fault wants to know. */
#define ERROR_ACCESS (FAULT_PRESENT | FAULT_WRITE | FAULT_USER | FAULT_EXEC)

_Static_assert(ERROR_PRESENT == FAULT_PRESENT && ERROR_WRITE == FAULT_WRITE &&
		       ERROR_USER == FAULT_USER && ERROR_FETCH == FAULT_EXEC,
	       "the error code's bits are mm_fault's");

/* Linux shows every address of the kernel half as present, so that nothing can be learnt of it. */
static void signal_result(enum fault_result result, vaddr_t address, uint32_t error)
{
	int signal = SIGSEGV, code = SEGV_MAPERR;

	if (result == FAULT_NO_RIGHT)
		code = SEGV_ACCERR;
	if (result == FAULT_BEYOND_END || result == FAULT_IO_ERROR) {
		signal = SIGBUS;
		code = BUS_ADRERR;
	}
	if (address >= USER_TOP)
		error |= ERROR_PRESENT;
	signal_fault(signal, code, address, TRAP_PAGE_FAULT, error);
}

void page_fault(struct trap_frame *frame)
{
	vaddr_t address = cpu_read_cr2();
	bool user = trap_from_user(frame);
	enum fault_result result = FAULT_NO_REGION;

	if (!user)
		check_kernel_fault(frame, address);
	if (user_faults_refused) {
		assert(!user);
		trap_fix_up(frame, "page fault");
		return;
	}
	if (frame->eflags & EFLAGS_IF)
		__asm__ volatile("sti" : : : "memory");
	if (address < USER_TOP && current->process->mm)
		result = mm_fault(current->process->mm, address, frame->error & ERROR_ACCESS);
	if (fault_satisfied(result))
		return;
	if (result == FAULT_NO_MEMORY) {
		if (oom_make_room(false) || user)
			return;
	} else if (user) {
		signal_result(result, address, frame->error);
		return;
	}
	trap_fix_up(frame, "page fault");
}
