/*
 * The page fault: from the processor's report to mm_fault's decision, and from there to what
 * becomes of the one who faulted (Intel SDM 3A 4.7 and 6.15, interrupt 14).
 *
 *   who            where                what
 *   program        user half            mm_fault: go on, or a signal by its result
 *   program        kernel half          SIGSEGV, SEGV_MAPERR: there is nothing for it
 *   kernel copy    user half            mm_fault: go on, or at the fix-up (EFAULT)
 *   kernel copy    kernel half          fix-up
 *   other kernel   anywhere             panic
 *
 * When memory is out the largest process ends, and the access is tried again.
 */
#include "trap_internal.h"

#include <assert.h>
#include <cpu.h>
#include <layout.h>
#include <log.h>
#include <mm.h>
#include <panic.h>
#include <signal.h>
#include <task.h>
#include <uaccess.h>

#define TURNS_TO_END 100u /* of the others, before a killed process is thought to be stuck */

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

/*
 * The process that ends when memory is out: the one with most of it, but never process 1. NULL:
 * none. As on Linux pages of files count, since shared memory is among them, and so do page tables.
 */
static struct process *largest_process(void)
{
	struct process *process, *largest = NULL;
	uint32_t most = 0;

	for (pid_t pid = 2; (process = process_next(pid)); pid = process->pid + 1) {
		struct mm *mm = process->mm;
		uint32_t npages = mm ? mm->pagedir.resident_anon + mm->pagedir.resident_file +
						  mm->pagedir.ntables
				     : 0;

		if (npages > most && !process->unkillable) {
			most = npages;
			largest = process;
		}
	}
	return largest;
}

static void kill_for_memory(struct process *process)
{
	/* One that is about to end was reported when it was killed. */
	if (!process->exiting && !(process->pending.set & SIGNAL_BIT(SIGKILL)))
		log_error("mm: out of memory: process %d (%s) killed", process->pid, process->name);
	signal_send_process(process, SIGKILL, NULL);
}

/*
 * Memory is out: ends the largest process and gives it time to go. True when it has gone, and the
 * access may be tried again; false when this very process is to end, or when that one does not go,
 * as it waits for something that this task holds.
 */
static bool make_room(void)
{
	struct process *largest = largest_process();
	pid_t pid = largest ? largest->pid : 0;

	if (!largest || largest == current->process) {
		kill_for_memory(current->process);
		return false;
	}
	kill_for_memory(largest);
	for (unsigned tries = 0; tries < TURNS_TO_END; tries++) {
		sched_yield();
		largest = process_find(pid); /* the number may be another's by now: no matter */
		if (!largest || !largest->mm)
			return true;
	}
	kill_for_memory(current->process);
	return false;
}

/* Somebody gave memory back meanwhile, or only a part of it was out: tried again, unless this one is to end. */
static bool memory_is_back(void)
{
	return frame_available() && !sched_give_way();
}

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
	if (frame->eflags & EFLAGS_IF)
		__asm__ volatile("sti" : : : "memory");
	if (address < USER_TOP && current->process->mm)
		result = mm_fault(current->process->mm, address, frame->error & ERROR_ACCESS);
	if (fault_satisfied(result))
		return;
	if (result == FAULT_NO_MEMORY) {
		if (memory_is_back() || make_room() || user)
			return;
	} else if (user) {
		signal_result(result, address, frame->error);
		return;
	}
	trap_fix_up(frame, "page fault");
}
