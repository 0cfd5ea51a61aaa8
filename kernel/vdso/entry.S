/*
 * What programs call to get into the kernel, and where signal handlers return to.
 *
 * The kernel cannot tell where SYSENTER was executed: it comes back to landing, whatever the
 * program. ECX and EDX are SYSEXIT's, and EBP tells the kernel where the stack is, so all three
 * are on that stack meanwhile; at its top lies EBP, the sixth argument. A system call that is to
 * be made again resumes two bytes earlier, at the INT, with all registers as they were: it finds
 * the same stack and, this time, its arguments in registers. Where there is no SYSENTER the four
 * NOPs stay, and the INT is always what is used.
 *
 * The unwind tables tell debuggers and C++ where each register is (DWARF 4, 6.4; the "S" of
 * .cfi_signal_frame: the address is where the program was interrupted, not a return address). The
 * code of the two sigreturns is byte for byte what unwinders without tables look for.
 */

	.text

	.balign	16
	.globl	__kernel_vsyscall
	.type	__kernel_vsyscall, @function
__kernel_vsyscall:
	.cfi_startproc
	pushl	%ecx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ecx, 0
	pushl	%edx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset edx, 0
	pushl	%ebp
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ebp, 0
	.globl	vdso_sysenter
vdso_sysenter:			/* becomes movl %esp, %ebp; sysenter */
	nop
	nop
	nop
	nop
	int	$0x80
	.globl	vdso_landing
vdso_landing:
	popl	%ebp
	.cfi_restore ebp
	.cfi_adjust_cfa_offset -4
	popl	%edx
	.cfi_restore edx
	.cfi_adjust_cfa_offset -4
	popl	%ecx
	.cfi_restore ecx
	.cfi_adjust_cfa_offset -4
	ret
	.cfi_endproc
	.size	__kernel_vsyscall, . - __kernel_vsyscall

/* A register's rule, DW_CFA_expression: it is saved at esp + offset, 0 <= offset < 0x2000. */
.macro saved_at register, offset
	.cfi_escape 0x10, \register, 3, 0x74, ((\offset) & 0x7f) | 0x80, (\offset) >> 7
.endm

/* All rules when struct sigcontext (include/abi/sigframe.h) is at esp + context. */
.macro context_at context
	/* DW_CFA_def_cfa_expression: the program's esp, loaded from esp + offset. */
	.cfi_escape 0x0f, 4, 0x74, ((\context + 28) & 0x7f) | 0x80, (\context + 28) >> 7, 0x06
	saved_at 0, \context + 44	/* eax */
	saved_at 1, \context + 40	/* ecx */
	saved_at 2, \context + 36	/* edx */
	saved_at 3, \context + 32	/* ebx */
	saved_at 5, \context + 24	/* ebp */
	saved_at 6, \context + 20	/* esi */
	saved_at 7, \context + 16	/* edi */
	saved_at 8, \context + 56	/* eip */
.endm

	/* Unwinders look one byte in front of a return address. */
	.balign	16
	.cfi_startproc
	.cfi_signal_frame
	context_at 4
	nop
	.globl	__kernel_sigreturn
	.type	__kernel_sigreturn, @function
__kernel_sigreturn:		/* on the stack: the signal's number, the context */
	popl	%eax
	context_at 0
	movl	$119, %eax
	int	$0x80
	.cfi_endproc
	.size	__kernel_sigreturn, . - __kernel_sigreturn

	.balign	16
	.cfi_startproc
	.cfi_signal_frame
	context_at 12 + 128 + 20
	nop
	.globl	__kernel_rt_sigreturn
	.type	__kernel_rt_sigreturn, @function
__kernel_rt_sigreturn:		/* on the stack: three arguments, siginfo, ucontext's first part */
	movl	$173, %eax
	int	$0x80
	.cfi_endproc
	.size	__kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	.section .note.GNU-stack, "", @progbits
