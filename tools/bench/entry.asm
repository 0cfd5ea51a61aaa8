; Laid over the kernel's entry point by tools/bench-boot.py: says on QEMU's debug port (isa-debugcon)
; what the time-stamp counter holds, low byte first, and leaves QEMU through isa-debug-exit.
; Linked nowhere: no address in it, and no stack.
bits 32
	rdtsc
	mov	ecx, 8
next:	out	0xe9, al
	shrd	eax, edx, 8
	shr	edx, 8
	loop	next
	mov	dx, 0xf4
	out	dx, al
stop:	hlt
	jmp	stop
