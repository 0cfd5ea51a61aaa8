; The switch from one task's kernel stack to another's. What C expects to find unchanged after a call
; (i386 psABI: ebx, esi, edi, ebp) stays on the stack that is left; all else is the caller's loss.

section .text

; void switch_stacks(vaddr_t *save, vaddr_t to): in EAX and EDX.
; Interrupts are off on both sides. A new task's stack is made to look as if it had called this.
global switch_stacks
switch_stacks:
	push	ebp
	push	ebx
	push	esi
	push	edi
	mov	[eax], esp
	mov	esp, edx
	pop	edi
	pop	esi
	pop	ebx
	pop	ebp
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
