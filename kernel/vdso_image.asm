; The vDSO as it was built (kernel/vdso/), and where in it is what the kernel has to know.

	bits 32

%include "symbols.inc"

section .init.data progbits alloc noexec write align=4

global vdso_image, vdso_image_end
vdso_image:
	incbin "vdso.so"
vdso_image_end:

section .rodata progbits alloc noexec nowrite align=4

; In the order of enum vdso_place (include/vdso.h).
global vdso_offsets
vdso_offsets:
	dd VDSO___kernel_vsyscall
	dd VDSO_vdso_sysenter
	dd VDSO_vdso_landing
	dd VDSO___kernel_sigreturn
	dd VDSO___kernel_rt_sigreturn

section .note.GNU-stack noalloc noexec nowrite progbits
