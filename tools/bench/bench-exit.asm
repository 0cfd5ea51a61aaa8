; What fork_exec_wait executes: a static ELF that only exits.
bits 32
global _start

section .text
_start:
	mov	eax, 1			; exit(0)
	xor	ebx, ebx
	int	0x80
	hlt				; a fault, if it comes back
