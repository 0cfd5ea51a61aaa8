; The loader: from the Multiboot loader's hands (protected mode, no paging) to the first C
; function in the higher half.
;
; On entry (Multiboot 0.6.96, 3.2): EAX holds the loader's magic number, EBX the physical address
; of its information block; the segments are flat, 4 GB from 0, so that a linear address is what
; the program says; paging is off, so that it is also the physical one; interrupts are off. The
; stack and the GDT are not to be relied on: we bring a stack here and leave the GDT to C, and
; until then load no segment register.
;
; The way, one global label for each step, so that a debugger can stop at it:
;
;   loader_entry            called by a Multiboot loader? has the processor 4 MB pages?
;   loader_map_identity     entry 0: linear 0..4 MB = physical 0..4 MB, where this code runs
;   loader_map_kernel       from entry KERNEL_VMA >> 22: physical memory from 0, as many 4 MB
;                           pages as the image and the boot data behind it need
;   loader_load_pagedir     CR3: where the page directory is
;   loader_enable_pse       CR4.PSE: entries may map 4 MB
;   loader_enable_paging    CR0.PG: from the next instruction on, addresses are translated
;   loader_paging_on        still at the physical address, thanks to the identity map
;   loader_higher_half      (higher_half.asm) at KERNEL_VMA: drops the identity map, calls C
;
; Everything in this file is linked at its physical address. A symbol of the higher half is an
; address not reachable before paging is on: PHYSICAL() names the same byte as physical.

	bits 32

%include "boot/paging.inc"

%define PHYSICAL(symbol) ((symbol) - KERNEL_VMA)

extern boot_pagedir
extern boot_stack_top
extern kernel_end
extern loader_higher_half

; ---- the Multiboot header (3.1): within the first 8192 bytes of the file

HEADER_MAGIC		equ 0x1BADB002
HEADER_PAGE_ALIGN	equ 1 << 0		; modules start at page boundaries
HEADER_MEMORY_INFO	equ 1 << 1		; memory sizes and map in the information block
HEADER_VIDEO_MODE	equ 1 << 2		; the wish below; text where it cannot be had
HEADER_FLAGS		equ HEADER_PAGE_ALIGN | HEADER_MEMORY_INFO | HEADER_VIDEO_MODE

section .multiboot progbits alloc noexec nowrite align=4

multiboot_header:
	dd HEADER_MAGIC
	dd HEADER_FLAGS
	dd -(HEADER_MAGIC + HEADER_FLAGS)	; the three add up to 0
	dd 0, 0, 0, 0, 0			; load addresses: those of the ELF file count
	dd 0					; mode type: linear frame buffer
	dd 1024, 768, 32			; width, height, bits per pixel

; ---- the information block (3.3): offsets, and the flags that say what is there

BOOT_MAGIC		equ 0x2BADB002

INFO_FLAGS		equ 0
INFO_COMMAND_LINE	equ 16
INFO_MODULE_COUNT	equ 20
INFO_MODULES		equ 24
INFO_MEMORY_MAP_SIZE	equ 44
INFO_MEMORY_MAP		equ 48
INFO_LOADER_NAME	equ 64
INFO_FRAMEBUFFER	equ 88			; 64-bit physical address
INFO_FRAMEBUFFER_PITCH	equ 96			; bytes from one row to the next
INFO_FRAMEBUFFER_FORMAT	equ 108			; a byte bits per pixel, a byte type
INFO_SIZE		equ 116

HAS_COMMAND_LINE	equ 1 << 2
HAS_MODULES		equ 1 << 3
HAS_MEMORY_MAP		equ 1 << 6
HAS_LOADER_NAME		equ 1 << 9
HAS_FRAMEBUFFER		equ 1 << 12
FRAMEBUFFER_RGB_32	equ 1 << 8 | 32

MODULE_END		equ 4			; in an entry of the module list
MODULE_STRING		equ 8
MODULE_ENTRY_SIZE	equ 16

STRING_MAX		equ 4096		; as much of a command line as C will read

; ---- bits of the processor (Intel SDM 3A 2.5, 2A CPUID)

EFLAGS_ID		equ 1 << 21		; can be changed: CPUID is there
CPUID_PSE		equ 1 << 3		; EDX of leaf 1: 4 MB pages

section .boot.text progbits alloc exec nowrite align=16

global loader_entry
loader_entry:
	cld
	mov	esp, PHYSICAL(boot_stack_top)
	mov	ebp, eax			; EBP: the magic number, EBX: the block, all the way
	mov	esi, message_not_multiboot
	cmp	ebp, BOOT_MAGIC
	jne	loader_fail

	; CPUID is there if EFLAGS.ID can be changed. It cannot on a 386 or an early 486, and
	; none of those knows 4 MB pages.
	pushfd
	pop	eax
	mov	ecx, eax
	xor	eax, EFLAGS_ID
	push	eax
	popfd
	pushfd
	pop	eax
	xor	eax, ecx
	test	eax, EFLAGS_ID
	mov	esi, message_no_cpuid
	jz	loader_fail

	mov	esi, ebx			; CPUID overwrites EBX
	mov	eax, 1
	cpuid
	mov	ebx, esi
	test	edx, CPUID_PSE
	mov	esi, message_no_pse
	jz	loader_fail

; The page directory is in .bss and so all zero: nothing mapped. A 4 MB page needs no page
; table: its directory entry holds the physical address and the rights (Intel SDM 3A 4.3).
global loader_map_identity
loader_map_identity:
	mov	dword [PHYSICAL(boot_pagedir)], PDE_PRESENT | PDE_WRITABLE | PDE_LARGE

; The kernel half: memory from physical 0 to the end of all that C must read before it has
; frames of its own: KERNEL_VMA + p is physical p. C extends it to all low memory.
global loader_map_kernel
loader_map_kernel:
	call	find_boot_data_end		; EDX: 4 MB pages to map, at least 1
	mov	edi, PHYSICAL(boot_pagedir) + 4 * (KERNEL_VMA >> LARGE_PAGE_SHIFT)
	mov	eax, PDE_PRESENT | PDE_WRITABLE | PDE_LARGE
.next_page:
	mov	[edi], eax
	add	edi, 4
	add	eax, 1 << LARGE_PAGE_SHIFT
	dec	edx
	jnz	.next_page

; The order matters: with CR0.PG set first the processor would fetch its next instruction
; through whatever CR3 happened to hold, and without CR4.PSE it would take our entries for
; pointers to page tables.
global loader_load_pagedir
loader_load_pagedir:
	mov	eax, PHYSICAL(boot_pagedir)
	mov	cr3, eax

global loader_enable_pse
loader_enable_pse:
	mov	eax, cr4
	or	eax, CR4_PSE
	mov	cr4, eax

global loader_enable_paging
loader_enable_paging:
	mov	eax, cr0
	or	eax, CR0_PG
	mov	cr0, eax

; EIP is still here, just above 1 MB. The identity map makes that a valid address; a jump
; through a register, which is absolute, takes us to where the kernel is linked.
global loader_paging_on
loader_paging_on:
	mov	eax, loader_higher_half
	jmp	eax

; ---- how much to map

; Finds the end of the boot data: the highest address of the image, the information block and
; all that it points to, as far as its flags say that it is there.
; In: EBX, the information block. Out: EDX, the number of 4 MB pages from physical 0 up to that
; end, no more than fit below the kernel's virtual ranges. Changes EAX, ECX, ESI.
find_boot_data_end:
	mov	edx, PHYSICAL(kernel_end)
	lea	eax, [ebx + INFO_SIZE]
	call	raise_end

	test	dword [ebx + INFO_FLAGS], HAS_COMMAND_LINE
	jz	.loader_name
	mov	eax, [ebx + INFO_COMMAND_LINE]
	call	raise_end_string
.loader_name:
	test	dword [ebx + INFO_FLAGS], HAS_LOADER_NAME
	jz	.memory_map
	mov	eax, [ebx + INFO_LOADER_NAME]
	call	raise_end_string
.memory_map:
	test	dword [ebx + INFO_FLAGS], HAS_MEMORY_MAP
	jz	.modules
	mov	eax, [ebx + INFO_MEMORY_MAP]
	add	eax, [ebx + INFO_MEMORY_MAP_SIZE]
	call	raise_end
.modules:
	test	dword [ebx + INFO_FLAGS], HAS_MODULES
	jz	.count_pages
	mov	esi, [ebx + INFO_MODULES]
	mov	ecx, [ebx + INFO_MODULE_COUNT]
	jecxz	.count_pages
.next_module:
	mov	eax, [esi + MODULE_END]
	call	raise_end
	mov	eax, [esi + MODULE_STRING]
	call	raise_end_string
	add	esi, MODULE_ENTRY_SIZE
	loop	.next_module
	mov	eax, esi			; the list itself ends here
	call	raise_end

.count_pages:
	dec	edx				; the last byte, so that nothing can wrap
	shr	edx, LARGE_PAGE_SHIFT
	inc	edx
	cmp	edx, LOWMEM_LARGE_PAGES
	jbe	.done
	mov	edx, LOWMEM_LARGE_PAGES
.done:
	ret

; EDX = the higher of EDX and EAX; for a string at EAX, of EDX and where it ends at the latest.
raise_end_string:
	add	eax, STRING_MAX
raise_end:
	cmp	eax, edx
	jbe	.done
	mov	edx, eax
.done:
	ret

; ---- when the kernel cannot run here

TEXT_SCREEN		equ 0xB8000		; VGA text memory: character, attribute, ...
TEXT_CELLS		equ 80 * 25
TEXT_BLANK		equ 0x4F20		; a space, white on red
TEXT_ATTRIBUTE		equ 0x4F

COM1			equ 0x3F8		; 16550 registers, from this port on
UART_DATA		equ COM1 + 0
UART_INTERRUPTS		equ COM1 + 1
UART_LINE_CONTROL	equ COM1 + 3
UART_LINE_STATUS	equ COM1 + 5
UART_8N1		equ 0x03
UART_DIVISOR_ACCESS	equ 0x80
UART_SEND_EMPTY		equ 0x20
UART_PATIENCE		equ 0x10000		; polls, then the byte is given up

; Says why on the screen and the serial line and stops for good.
; In: ESI, the message; EBP, the magic number; EBX, the information block if that is right.
global loader_fail
loader_fail:
	mov	edi, TEXT_SCREEN
	mov	ecx, TEXT_CELLS
	mov	eax, TEXT_BLANK
	rep	stosw

	mov	dx, UART_LINE_CONTROL		; 115200 baud: divisor 1
	mov	al, UART_DIVISOR_ACCESS | UART_8N1
	out	dx, al
	mov	dx, UART_DATA
	mov	al, 1
	out	dx, al
	mov	dx, UART_INTERRUPTS
	mov	al, 0
	out	dx, al
	mov	dx, UART_LINE_CONTROL
	mov	al, UART_8N1
	out	dx, al

	push	esi
	mov	edi, TEXT_SCREEN
.next_character:
	lodsb
	test	al, al
	jz	.said
	call	serial_send
	cmp	al, ' '				; the line's end is for the serial line alone
	jb	.next_character
	mov	ah, TEXT_ATTRIBUTE
	stosw
	jmp	.next_character
.said:
	pop	esi
	cmp	ebp, BOOT_MAGIC
	jne	loader_halt
	call	draw_message			; the boot loader may have left text mode

global loader_halt
loader_halt:
	cli
	hlt
	jmp	loader_halt

; Sends AL. A serial port that never gets ready, or is not there, only costs time.
; Changes ECX, EDX, AH.
serial_send:
	mov	ah, al
	mov	ecx, UART_PATIENCE
	mov	dx, UART_LINE_STATUS
.wait:
	in	al, dx
	test	al, UART_SEND_EMPTY
	loopz	.wait
	mov	dx, UART_DATA
	mov	al, ah
	out	dx, al
	ret

; Draws the message at the top of a frame buffer of 32-bit pixels, if there is one. The glyphs are
; those that every PC's BIOS has at a fixed address, and a processor that gets here is in such a PC:
; 8 bytes for each ASCII character, a byte for each row, the highest bit to the left.
; In: ESI, the message; EBX, the information block. Changes all other registers.
ROM_GLYPHS		equ 0xFFA6E
GLYPH_ROWS		equ 8
GLYPH_COLUMNS		equ 8

draw_message:
	test	dword [ebx + INFO_FLAGS], HAS_FRAMEBUFFER
	jz	.done
	cmp	word [ebx + INFO_FRAMEBUFFER_FORMAT], FRAMEBUFFER_RGB_32
	jne	.done
	cmp	dword [ebx + INFO_FRAMEBUFFER + 4], 0
	jne	.done				; beyond 4 GB, out of our reach
	mov	edi, [ebx + INFO_FRAMEBUFFER]
.next_character:
	xor	eax, eax
	lodsb
	cmp	al, ' '				; the line's end
	jb	.done
	lea	ebp, [ROM_GLYPHS + eax * GLYPH_ROWS]
	mov	dh, GLYPH_ROWS
	push	edi
.next_row:
	mov	dl, [ebp]
	inc	ebp
	push	edi
	mov	ecx, GLYPH_COLUMNS
.next_pixel:
	shl	dl, 1
	sbb	eax, eax			; all ones, white, if the bit was set
	stosd
	loop	.next_pixel
	pop	edi
	add	edi, [ebx + INFO_FRAMEBUFFER_PITCH]
	dec	dh
	jnz	.next_row
	pop	edi
	add	edi, GLYPH_COLUMNS * 4
	jmp	.next_character
.done:
	ret

section .boot.rodata progbits alloc noexec nowrite align=4

message_not_multiboot:
	db "Loft: not called by a Multiboot loader. Boot it with GRUB, from its ISO.", 13, 10, 0
message_no_cpuid:
	db "Loft: this processor has no CPUID, so it is too old for 4 MB pages (PSE).", 13, 10, 0
message_no_pse:
	db "Loft: this processor has no 4 MB pages (PSE), which Loft needs.", 13, 10, 0
