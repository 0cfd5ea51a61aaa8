/*
 * What a signal handler finds on its stack: asm/sigcontext.h and asm/ucontext.h of the Linux
 * i386 ABI, and the two frames that debuggers and unwinders know by their layout.
 */
#ifndef LOFT_ABI_SIGFRAME_H
#define LOFT_ABI_SIGFRAME_H

#include <abi/signal.h>
#include <types.h>

struct sigcontext {
	uint32_t gs, fs, es, ds; /* 16 bits each, the upper halves 0 */
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t trap, error; /* of the last fault */
	uint32_t eip, cs, eflags;
	uint32_t esp_at_signal, ss;
	uint32_t fpstate;  /* address of the FPU state, 0: none */
	uint32_t old_mask; /* the first 32 blocked signals */
	uint32_t cr2;
};

struct ucontext {
	uint32_t flags;
	uint32_t link;
	struct sigaltstack stack;
	struct sigcontext context;
	sigset_t mask;
};

#define SIGFRAME_FPSTATE_SIZE 624 /* kept free for those who count on the offsets behind it */

struct sigframe {
	uint32_t return_address;
	int32_t signal;
	struct sigcontext context;
	uint8_t fpstate_unused[SIGFRAME_FPSTATE_SIZE];
	uint32_t extra_mask; /* blocked signals 33 to 64 */
	uint8_t return_code[8];
};

struct rt_sigframe {
	uint32_t return_address;
	int32_t signal;
	uint32_t info_pointer;
	uint32_t context_pointer;
	struct siginfo info;
	struct ucontext context;
	uint8_t return_code[8];
};

_Static_assert(sizeof(struct sigcontext) == 88, "the ABI's");
_Static_assert(sizeof(struct siginfo) == 128, "the ABI's");
_Static_assert(sizeof(struct sigframe) == 732, "the ABI's");

#endif
