/*
 * The address space, as a picture and as numbers. All follow from KERNEL_VMA,
 * a build setting (0xC0000000 unless told).
 *
 *   0xFFFFFFFF  top
 *               KMAP_BASE: temporary windows onto high frames, fixed slots
 *   KVRANGE_BASE..KVRANGE_END: kernel virtual ranges: stacks with guard
 *               pages, device memory, large allocations
 *   KERNEL_VMA  direct map of low memory, up to LOWMEM_MAX bytes; the kernel
 *               image at +1 MB
 *   USER_TOP    = KERNEL_VMA: user stack, mappings, heap, program
 *   PAGE_SIZE   lowest page a program may ask for; page 0 is never mapped
 */
#ifndef LOFT_LAYOUT_H
#define LOFT_LAYOUT_H

#ifdef LOFT_HOST_TEST
/* A unit test on the host: the direct map is an array of the test's. */
#undef KERNEL_VMA
#define KERNEL_VMA host_direct_map
#define LOWMEM_MAX host_lowmem_max
#endif

#ifndef KERNEL_VMA
#error "KERNEL_VMA comes from the Makefile"
#endif

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096u
#define PAGE_MASK (PAGE_SIZE - 1)
#define LARGE_PAGE_SIZE (4u << 20)

#define USER_LOWEST PAGE_SIZE
#define USER_TOP ((vaddr_t)KERNEL_VMA)

#define KVRANGE_BASE 0xF8000000u
#define KVRANGE_END 0xFF800000u
#define KMAP_BASE 0xFF800000u /* one page table of windows */
#define KMAP_END 0xFFC00000u

/* How much memory the direct map can hold; frames at and above it are high. */
#ifndef LOWMEM_MAX
#define LOWMEM_MAX (KVRANGE_BASE - (uint32_t)KERNEL_VMA)
#endif

#define KERNEL_STACK_SIZE (8u * 1024u)

#ifndef __ASSEMBLER__
#include <types.h>

/* Symbols of linker.ld; their addresses are what is meant. All page-aligned. */
extern char kernel_start[]; /* first byte of the image, at KERNEL_VMA + 1 MB or above */
extern char text_start[], text_end[];
extern char rodata_start[], rodata_end[];
extern char init_start[], init_end[]; /* __init_text and __init_data: freed after boot */
extern char data_start[], data_end[];
extern char bss_start[], bss_end[];
extern char kernel_end[];
/*
 * The boot stack, which becomes the idle task's, and the unmapped page below it
 * (boot/higher_half.asm).
 */
extern char boot_stack_guard[], boot_stack_bottom[], boot_stack_top[];
/* The loader's part, linked at its physical address and freed after boot. */
extern char boot_start[], boot_end[];

#ifdef LOFT_HOST_TEST
extern uintptr_t host_direct_map;
extern uint32_t host_lowmem_max;
#endif

/* Direct map: valid for physical addresses below the end of low memory. */
static inline void *paddr_to_virt(paddr_t paddr)
{
	return (void *)(paddr + (vaddr_t)KERNEL_VMA);
}

/* Inverse of paddr_to_virt: only for pointers into the direct map. */
static inline paddr_t virt_to_paddr(const void *pointer)
{
	return (vaddr_t)pointer - (vaddr_t)KERNEL_VMA;
}
#endif

#endif
