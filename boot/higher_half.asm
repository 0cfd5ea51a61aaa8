; The loader's end, the first code that runs where the kernel is linked: lets go of the identity
; map and calls C. A file of its own because it is linked elsewhere than boot/loader.asm.

	bits 32

%include "boot/paging.inc"

extern kernel_main

section .init.text progbits alloc exec nowrite align=16

; In: EBP, the Multiboot magic number; EBX, the physical address of the information block.
global loader_higher_half
loader_higher_half:
	; Nothing uses addresses below KERNEL_VMA any more: they belong to user processes.
	; Loading CR3 makes the processor forget the translation (Intel SDM 3A 4.10.4.1).
	mov	dword [boot_pagedir], 0
	mov	eax, cr3
	mov	cr3, eax

global loader_identity_dropped
loader_identity_dropped:
	mov	esp, boot_stack_top
	mov	eax, ebp
	mov	edx, ebx
	xor	ebp, ebp			; where a backtrace ends
	call	kernel_main			; kernel_main(magic, information block)
.halt:
	cli					; it does not return
	hlt
	jmp	.halt

section .bss align=4096

; The page below the stack, which C unmaps: what runs over the stack meets it.
global boot_stack_guard
boot_stack_guard:
	resb 4096
; The stack of the loader and of kernel_main. Before paging it is used at its physical address.
global boot_stack_bottom, boot_stack_top
boot_stack_bottom:
	resb 8192
boot_stack_top:

; The page directory: the kernel keeps it as its own.
global boot_pagedir
boot_pagedir:
	resb 4096
