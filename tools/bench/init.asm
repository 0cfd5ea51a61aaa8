; Process 1 of tools/bench-boot.py: its first instruction reads the time-stamp counter, the rest
; says what it held, "@first-instruction HHHHHHHHLLLLLLLL", and switches the machine off.
bits 32
global _start

section .text
_start:
	rdtsc
	mov	ebp, eax
	mov	edi, digits
	call	put_word		; EDX
	mov	edx, ebp
	call	put_word
	mov	eax, 4			; write(1, text, size)
	mov	ebx, 1
	mov	ecx, text
	mov	edx, text_end - text
	int	0x80
	mov	eax, 88			; reboot(..., power off)
	mov	ebx, 0xfee1dead
	mov	ecx, 672274793
	mov	edx, 0x4321fedc
	int	0x80
	hlt				; a fault, if it comes back

; EDX as eight digits at EDI, which moves on.
put_word:
	mov	ecx, 8
digit:	rol	edx, 4
	mov	eax, edx
	and	eax, 15
	mov	al, [hexadecimal + eax]
	stosb
	loop	digit
	ret

section .data
hexadecimal: db "0123456789abcdef"
text:	db "@first-instruction "
digits:	times 16 db '?'
	db 10
text_end:
