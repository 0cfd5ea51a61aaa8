; Into the kernel and back to where it was called from: the code at both ends of struct trap_frame
; (include/trap.h), which it builds on the kernel stack of the current task.
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

	bits 32

KERNEL_CS		equ 0x08	; these agree with include/trap.h
KERNEL_DS		equ 0x10
TRAP_PROTECTION		equ 13
TRAP_IRQ_END		equ 48
TRAP_SYSCALL		equ 0x80
FRAME_EAX		equ 24		; offsets in struct trap_frame
FRAME_VECTOR		equ 44
FRAME_CS		equ 56
FRAME_EFLAGS		equ 60
TASK_SIGNALLED		equ 0		; in struct task

EFLAGS_RESERVED		equ 0x002	; always set
EFLAGS_IF		equ 0x200
EFLAGS_VM		equ 0x20000

SYSCALL_COUNT		equ 452		; these agree with include/syscall.h
SYSCALL_ENTRY_SIZE	equ 8
SYSCALL_ENTER		equ 4
ENOSYS			equ 38
RESTART_FIRST		equ 512		; ERESTARTSYS
RESTART_LAST		equ 516		; ERESTART_RESTARTBLOCK

STUB_SIZE		equ 16		; kernel/traps.c counts on it

extern trap_handlers, trap_exit_work, double_fault_handle
extern trap_virtual_8086, syscall_table, sched_need_resched, current

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
	mov	eax, [esp + FRAME_VECTOR]
	push	esp
	call	[trap_handlers + 4 * eax]	; handler(frame)
	add	esp, 4
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
	push	esp
	call	trap_exit_work			; trap_exit_work(frame)
	add	esp, 4

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

; System call: number in EAX, arguments in EBX, ECX, EDX, ESI, EDI, EBP, result in EAX. The
; arguments are copied, since a C function may change its own.
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
	mov	edx, KERNEL_DS
	mov	ds, edx
	mov	es, edx
	push	dword EFLAGS_RESERVED | EFLAGS_IF
	popfd
	test	byte [esp + FRAME_EFLAGS + 2], EFLAGS_VM >> 16
	jnz	virtual_8086
	cmp	eax, SYSCALL_COUNT
	jae	.none
	mov	ecx, [syscall_table + SYSCALL_ENTRY_SIZE * eax + SYSCALL_ENTER]
	test	ecx, ecx
	jz	.none
%rep 6
	push	dword [esp + 20]		; the frame's EBP, EDI, ..., EBX, as ESP moves down
%endrep
	call	ecx
	add	esp, 24
	mov	[esp + FRAME_EAX], eax
	add	eax, RESTART_LAST
	cmp	eax, RESTART_LAST - RESTART_FIRST
	ja	return_to_user
	jmp	return_to_user.work		; to be restarted, signal or not
.none:
	mov	dword [esp + FRAME_EAX], -ENOSYS
	jmp	return_to_user

; From a mode that no program of ours can be in, and yet: see trap_virtual_8086, which ends it.
virtual_8086:
	push	esp
	call	trap_virtual_8086		; trap_virtual_8086(frame)

; void trap_return(struct trap_frame *frame): leaves the stack it is called on for good.
global trap_return
trap_return:
	mov	esp, [esp + 4]
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
	mov	eax, [esp + 4]
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
