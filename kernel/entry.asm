; Into the kernel and back to where it was called from: the code at both ends of struct trap_frame
; (include/trap.h), which it builds on the kernel stack of the current task. C functions have their
; first three arguments in EAX, EDX and ECX (gcc's -mregparm=3).
;
; Every gate is an interrupt gate, so we arrive with interrupts off. The processor has pushed SS and
; ESP (from PL3 only), EFLAGS, CS, EIP and for some exceptions an error code (Intel SDM 3A 6.12.1);
; it has cleared TF and NT but neither DF nor AC, which a program may have set: C wants DF clear,
; and with SMAP a set AC would let the kernel touch user memory unawares.
;
; On the way out a segment register or the IRET itself may find that what a program asked for with
; sigreturn or set_thread_area cannot be loaded. Those instructions have fix-ups: a bad selector
; becomes 0, a bad IRET a general protection fault of the program. The stack is then as the faulting
; instruction found it, since none of them moves ESP before it succeeds.
;
; System calls come by INT 0x80 from anywhere, or by SYSENTER, which saves nothing at all (Intel SDM
; 2B): the program goes on in the vDSO (kernel/vdso/entry.S), which has put its stack into EBP, and
; on that stack EBP's own value, EDX and ECX. SYSEXIT takes EIP and ESP from EDX and ECX, and so is
; only for going back to that very place; all else is left to IRET.

	bits 32

KERNEL_CS		equ 0x08	; these agree with include/trap.h
KERNEL_DS		equ 0x10
USER_CS			equ 0x1b
USER_DS			equ 0x23
TRAP_PROTECTION		equ 13
TRAP_IRQ_END		equ 48
TRAP_SYSCALL		equ 0x80
FRAME_EBP		equ 20		; offsets in struct trap_frame
FRAME_EAX		equ 24
FRAME_VECTOR		equ 44
FRAME_EIP		equ 52
FRAME_CS		equ 56
FRAME_EFLAGS		equ 60
FRAME_ESP		equ 64
TASK_SIGNALLED		equ 0		; in struct task

EFLAGS_RESERVED		equ 0x002	; always set
EFLAGS_TF		equ 0x100
EFLAGS_IF		equ 0x200
EFLAGS_RF		equ 0x10000
EFLAGS_VM		equ 0x20000

SYSCALL_COUNT		equ 452		; these agree with include/syscall.h
SYSCALL_ENTRY_SIZE	equ 8
SYSCALL_ENTER		equ 4
ENOSYS			equ 38
EFAULT			equ 14
RESTART_FIRST		equ 512		; ERESTARTSYS
RESTART_LAST		equ 516		; ERESTART_RESTARTBLOCK

STUB_SIZE		equ 16		; kernel/traps.c counts on it

extern trap_handlers, trap_exit_work, double_fault_handle
extern trap_virtual_8086, syscall_table, sched_need_resched, current
extern tss, sysenter_landing, sysenter_smap
TSS_ESP0		equ 4

section .text progbits alloc exec nowrite align=16

; ---- entries

; One entry of STUB_SIZE bytes for each exception and interrupt. Those with an error code: 8, 10
; to 14, 17, 21, 29, 30 (Intel SDM 3A, table 6-1; AMD64 APM 2, 8.2); the others push a 0 instead.
align STUB_SIZE
global trap_stubs
trap_stubs:
%assign vector 0
%rep TRAP_IRQ_END
	align STUB_SIZE
%if !(vector = 8 || (vector >= 10 && vector <= 14) || vector = 17 || vector = 21 || \
      vector = 29 || vector = 30)
	push	dword 0
%endif
	push	dword vector
	jmp	trap_enter
%assign vector vector + 1
%endrep

; The error code and the vector are on the stack: completes the frame and calls the handler.
align 16
global trap_enter
trap_enter:
	push	gs
	push	fs
	push	es
	push	ds
	push	eax
	push	ebp
	push	edi
	push	esi
	push	edx
	push	ecx
	push	ebx
	mov	eax, KERNEL_DS
	mov	ds, eax
	mov	es, eax
	push	dword EFLAGS_RESERVED
	popfd
	test	byte [esp + FRAME_EFLAGS + 2], EFLAGS_VM >> 16
	jnz	virtual_8086
	mov	ecx, [esp + FRAME_VECTOR]
	mov	eax, esp
	call	[trap_handlers + 4 * ecx]	; handler(frame)
	test	byte [esp + FRAME_CS], 3
	jnz	return_to_user

; Back to kernel code, which is not preempted. It does not use FS and GS, and what was in them
; when it was interrupted may no longer be loadable: they belonged to whichever program ran last.
	pop	ebx
	pop	ecx
	pop	edx
	pop	esi
	pop	edi
	pop	ebp
	pop	eax
	pop	ds
	pop	es
	add	esp, 16				; FS, GS, vector, error code
	iret

; Back to PL3 once there is nothing to do first. Interrupts stay off from the last look to the IRET,
; so that nothing can come up in between.
return_to_user:
	cli
	cmp	byte [sched_need_resched], 0
	jne	.work
	mov	eax, [current]
	cmp	byte [eax + TASK_SIGNALLED], 0
	je	restore
.work:
	mov	eax, esp
	call	trap_exit_work			; trap_exit_work(frame)

restore:
	pop	ebx
	pop	ecx
	pop	edx
	pop	esi
	pop	edi
	pop	ebp
	pop	eax
pop_ds:
	pop	ds
pop_es:
	pop	es
pop_fs:
	pop	fs
pop_gs:
	pop	gs
	add	esp, 8				; vector and error code
return:
	iret

; System call: number in EAX, arguments in EBX, ECX, EDX, ESI, EDI, EBP, result in EAX. C wants the
; first three arguments in EAX, EDX and ECX and the others on the stack, where they are copies: a
; C function may change its own.
align 16
global syscall_entry
syscall_entry:
	push	eax
	push	dword TRAP_SYSCALL
	push	gs
	push	fs
	push	es
	push	ds
	push	eax
	push	ebp
	push	edi
	push	esi
	push	edx
	push	ecx
	push	ebx
	mov	ebx, KERNEL_DS
	mov	ds, ebx
	mov	es, ebx
	push	dword EFLAGS_RESERVED | EFLAGS_IF
	popfd
	test	byte [esp + FRAME_EFLAGS + 2], EFLAGS_VM >> 16
	jnz	virtual_8086
	cmp	eax, SYSCALL_COUNT
	jae	.none
	mov	ebx, [syscall_table + SYSCALL_ENTRY_SIZE * eax + SYSCALL_ENTER]
	test	ebx, ebx
	jz	.none
	mov	eax, [esp]			; the frame's EBX
	xchg	ecx, edx
	push	ebp
	push	edi
	push	esi
	call	ebx
	add	esp, 12
	mov	[esp + FRAME_EAX], eax
	add	eax, RESTART_LAST
	cmp	eax, RESTART_LAST - RESTART_FIRST
	ja	return_to_user
	jmp	return_to_user.work		; to be restarted, signal or not
.none:
	mov	dword [esp + FRAME_EAX], -ENOSYS
	jmp	return_to_user

; The same by SYSENTER: interrupts are off, ESP is a small stack of the processor's own, EBP the
; program's, all other registers are as it had them, and of EFLAGS only IF, RF and VM are cleared.
; With TF set each instruction up to sysenter_settled is followed by a debug exception, which takes
; no notice (kernel/traps.c); the first comes on the small stack. The sixth argument is fetched
; with interrupts on, since that may sleep.
align 16
global sysenter_entry, sysenter_settled
sysenter_entry:
	mov	esp, [ss:tss + TSS_ESP0]
	push	dword USER_DS
	push	ebp
	pushfd
	or	byte [esp + 1], EFLAGS_IF >> 8
	push	dword USER_CS
	push	dword [ss:sysenter_landing]
	push	eax
	push	dword TRAP_SYSCALL
	push	gs
	push	fs
	push	es
	push	ds
	push	eax
	push	ebp				; makes room
	push	edi
	push	esi
	push	edx
	push	ecx
	push	ebx
	mov	ebx, KERNEL_DS
	mov	ds, ebx
	mov	es, ebx
	push	dword EFLAGS_RESERVED | EFLAGS_IF
	popfd
sysenter_settled:
	cmp	ebp, KERNEL_VMA - 4
	ja	bad_sixth
	cmp	byte [sysenter_smap], 0
	jne	fetch_opened
fetch_sixth:
	mov	ebp, [ebp]
sixth_fetched:
	mov	[esp + FRAME_EBP], ebp
	cmp	eax, SYSCALL_COUNT
	jae	syscall_entry.none
	mov	ebx, [syscall_table + SYSCALL_ENTRY_SIZE * eax + SYSCALL_ENTER]
	test	ebx, ebx
	jz	syscall_entry.none
	mov	eax, [esp]
	xchg	ecx, edx
	push	ebp
	push	edi
	push	esi
	call	ebx
	add	esp, 12
	mov	[esp + FRAME_EAX], eax
	add	eax, RESTART_LAST
	cmp	eax, RESTART_LAST - RESTART_FIRST
	jbe	return_to_user.work
	cli
	cmp	byte [sched_need_resched], 0
	jne	return_to_user.work
	mov	eax, [current]
	cmp	byte [eax + TASK_SIGNALLED], 0
	jne	return_to_user.work
	mov	edx, [esp + FRAME_EIP]
	cmp	edx, [sysenter_landing]		; not so after execve, sigreturn
	jne	restore
	test	dword [esp + FRAME_EFLAGS], EFLAGS_TF | EFLAGS_RF | EFLAGS_VM
	jnz	restore
	mov	ecx, [esp + FRAME_ESP]
	pop	ebx
	add	esp, 8				; the program has ECX and EDX on its stack
	pop	esi
	pop	edi
	pop	ebp
	pop	eax
exit_ds:
	pop	ds
exit_es:
	pop	es
exit_fs:
	pop	fs
exit_gs:
	pop	gs
	add	esp, 16				; vector, error code, EIP, CS
	and	byte [esp + 1], ~(EFLAGS_IF >> 8) & 0xff
	popfd
	sti					; takes effect after the next instruction
	sysexit
fetch_opened:
	stac
fetch_sixth_smap:
	mov	ebp, [ebp]
	clac
	jmp	sixth_fetched

; From a mode that no program of ours can be in, and yet: see trap_virtual_8086, which ends it.
virtual_8086:
	mov	eax, esp
	call	trap_virtual_8086		; trap_virtual_8086(frame)

; void trap_return(struct trap_frame *frame): leaves the stack it is called on for good.
global trap_return
trap_return:
	mov	esp, eax
	jmp	return_to_user

; ---- fix-ups

bad_ds:
	mov	dword [esp], 0
	jmp	pop_ds
bad_es:
	mov	dword [esp], 0
	jmp	pop_es
bad_fs:
	mov	dword [esp], 0
	jmp	pop_fs
bad_gs:
	mov	dword [esp], 0
	jmp	pop_gs
; No sixth argument is to be had: EFAULT, though the program will hardly live to see it, since it
; goes on by popping from the same stack.
bad_sixth:
	push	dword EFLAGS_RESERVED | EFLAGS_IF
	popfd
	mov	dword [esp + FRAME_EBP], 0
	mov	dword [esp + FRAME_EAX], -EFAULT
	jmp	return_to_user
bad_return:
	push	dword 0
	push	dword TRAP_PROTECTION
	jmp	trap_enter			; as if the program's next instruction had done it

; ---- the double fault, a task of its own (Intel SDM 3A 7.3): nothing of the old stack is used

global double_fault_entry
double_fault_entry:
	xor	ebp, ebp
	call	double_fault_handle
	hlt

; ---- loading the tables

; void segments_load(const void *gdtr): also all segment registers and the task register.
global segments_load
segments_load:
	lgdt	[eax]
	mov	eax, KERNEL_DS
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	xor	eax, eax
	mov	fs, eax
	mov	gs, eax
	lldt	ax
	mov	eax, 5 * 8			; GDT_TSS
	ltr	ax
	jmp	KERNEL_CS:.reloaded
.reloaded:
	ret

section __ex_table progbits alloc noexec nowrite align=4
	dd pop_ds, bad_ds
	dd pop_es, bad_es
	dd pop_fs, bad_fs
	dd pop_gs, bad_gs
	dd return, bad_return
	dd fetch_sixth, bad_sixth
	dd fetch_sixth_smap, bad_sixth
	dd exit_ds, bad_ds			; on to IRET: ECX and EDX are of no use to the vDSO
	dd exit_es, bad_es
	dd exit_fs, bad_fs
	dd exit_gs, bad_gs
