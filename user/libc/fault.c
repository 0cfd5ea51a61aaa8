/*
 * Accesses that may fault. See fault.h.
 *
 * Each access leaves in `resume` where to go on, and in `resume_stack` the stack pointer to go
 * on with, since a call has pushed its return address before it faults.
 */
#include "fault.h"

static uint32_t resume, resume_stack;
static struct fault last;

static void note_fault(int sig, struct siginfo *info, struct ucontext *context)
{
	(void)sig;
	last.happened = true;
	last.code = info->si_code;
	last.address = info->si_addr;
	last.error = context->uc_mcontext.err;
	context->uc_mcontext.eip = resume;
	context->uc_mcontext.esp = resume_stack;
}

int fault_catch(void)
{
	return on_signal(SIGSEGV, note_fault, 0);
}

struct fault fault_try(enum access access, uint32_t address)
{
	last.happened = false;
	if (access == ACCESS_READ)
		__asm__ volatile("movl $1f, %0; movl %%esp, %1; movb (%2), %%al; 1:"
				 : "=m"(resume), "=m"(resume_stack)
				 : "r"(address)
				 : "eax", "memory");
	else if (access == ACCESS_WRITE)
		__asm__ volatile("movl $1f, %0; movl %%esp, %1; movb $0xc3, (%2); 1:"
				 : "=m"(resume), "=m"(resume_stack)
				 : "r"(address)
				 : "memory");
	else
		__asm__ volatile("movl $1f, %0; movl %%esp, %1; call *%2; 1:"
				 : "=m"(resume), "=m"(resume_stack)
				 : "r"(address)
				 : "eax", "ecx", "edx", "memory");
	return last;
}
