/*
 * Segments: flat, so that linear addresses are what programs write, but for the thread-local ones.
 *
 * The GDT has code and data for PL0 and PL3, two task state segments and three descriptors that the
 * scheduler fills from the running task (set_thread_area). Of the first TSS the processor uses the
 * kernel stack for entries from PL3 alone. The second is a task of its own for the double fault,
 * which arrives when the kernel stack has run into its guard page: its stack is another one
 * (Intel SDM 3A 3.4.5 descriptors, 7.2 task state, 7.3 task switch). SYSENTER counts on the order
 * of the first four.
 */
#include "trap_internal.h"

#include <assert.h>
#include <cpu.h>

#define GDT_ENTRIES (GDT_TLS_FIRST + GDT_TLS_COUNT)

#define SEGMENT_KERNEL_CODE 0x00cf9a000000ffffull /* base 0, limit 4 GB, 32 bits */
#define SEGMENT_KERNEL_DATA 0x00cf92000000ffffull
#define SEGMENT_USER_CODE 0x00cffa000000ffffull
#define SEGMENT_USER_DATA 0x00cff2000000ffffull
#define SEGMENT_TSS 0x0000890000000000ull /* 32-bit TSS, not busy, PL0 */

#define EFLAGS_RESERVED 0x2u
#define DOUBLE_FAULT_STACK 4096
#define SYSENTER_STACK 2048

/* Intel SDM 3A, figure 7-2. */
struct task_state_segment {
	uint32_t link;
	uint32_t esp0, ss0, esp1, ss1, esp2, ss2;
	uint32_t cr3;
	uint32_t eip, eflags;
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t es, cs, ss, ds, fs, gs;
	uint32_t ldt;
	uint16_t trap, io_map; /* io_map at the end: no port is PL3's */
};
_Static_assert(sizeof(struct task_state_segment) == 104, "as the processor has it");

static uint64_t gdt[GDT_ENTRIES];
struct task_state_segment tss; /* kernel/entry.asm takes esp0 from it */
bool sysenter_smap;	       /* for kernel/entry.asm: user memory has to be opened */
static struct task_state_segment double_fault_tss;
static char double_fault_stack[DOUBLE_FAULT_STACK] __attribute__((aligned(16)));
/* For what comes before SYSENTER's first instruction is over: a debug exception, an NMI. */
static char sysenter_stack[SYSENTER_STACK] __attribute__((aligned(16)));

static uint64_t tss_descriptor(const struct task_state_segment *segment)
{
	uint64_t base = (vaddr_t)segment;

	return SEGMENT_TSS | (sizeof(*segment) - 1) | (base & 0xffffff) << 16 | (base >> 24) << 56;
}

static void prepare_tasks(void)
{
	tss.ss0 = KERNEL_DS;
	tss.io_map = sizeof(tss);
	double_fault_tss = (struct task_state_segment){
		.cr3 = cpu_read_cr3(), /* the kernel's own directory, which stays */
		.eip = (vaddr_t)double_fault_entry,
		.eflags = EFLAGS_RESERVED,
		.esp = (vaddr_t)double_fault_stack + sizeof(double_fault_stack),
		.cs = KERNEL_CS,
		.ss = KERNEL_DS,
		.ds = KERNEL_DS,
		.es = KERNEL_DS,
		.io_map = sizeof(double_fault_tss),
	};
}

/* CS is what is told; the three other selectors follow it (Intel SDM 2B, SYSENTER). */
static void prepare_sysenter(void)
{
	_Static_assert(KERNEL_DS == KERNEL_CS + 8 && USER_CS == KERNEL_CS + 16 + 3 &&
			       USER_DS == KERNEL_CS + 24 + 3,
		       "SYSENTER and SYSEXIT count on it");

	if (!cpu_has(CPU_SEP))
		return;
	sysenter_smap = cpu_has(CPU_SMAP);
	cpu_write_msr(MSR_SYSENTER_CS, KERNEL_CS);
	cpu_write_msr(MSR_SYSENTER_ESP, (vaddr_t)sysenter_stack + sizeof(sysenter_stack));
	cpu_write_msr(MSR_SYSENTER_EIP, (vaddr_t)sysenter_entry);
}

void segments_init(void)
{
	const struct __attribute__((packed)) {
		uint16_t limit;
		uint32_t base;
	} gdtr = { sizeof(gdt) - 1, (vaddr_t)gdt };

	prepare_tasks();
	gdt[KERNEL_CS >> 3] = SEGMENT_KERNEL_CODE;
	gdt[KERNEL_DS >> 3] = SEGMENT_KERNEL_DATA;
	gdt[USER_CS >> 3] = SEGMENT_USER_CODE;
	gdt[USER_DS >> 3] = SEGMENT_USER_DATA;
	gdt[GDT_TSS] = tss_descriptor(&tss);
	gdt[GDT_TSS_DOUBLE_FAULT] = tss_descriptor(&double_fault_tss);
	segments_load(&gdtr);
	prepare_sysenter();
}

void traps_set_kernel_stack(vaddr_t top)
{
	tss.esp0 = top;
}

void traps_set_tls(unsigned index, uint64_t descriptor)
{
	assert(index < GDT_TLS_COUNT);
	gdt[GDT_TLS_FIRST + index] = descriptor;
}

void segments_interrupted(struct trap_frame *frame)
{
	*frame = (struct trap_frame){
		.ebx = tss.ebx,
		.ecx = tss.ecx,
		.edx = tss.edx,
		.esi = tss.esi,
		.edi = tss.edi,
		.ebp = tss.ebp,
		.eax = tss.eax,
		.ds = tss.ds,
		.es = tss.es,
		.fs = tss.fs,
		.gs = tss.gs,
		.vector = TRAP_DOUBLE_FAULT,
		.eip = tss.eip,
		.cs = tss.cs,
		.eflags = tss.eflags,
		.esp = tss.esp,
		.ss = tss.ss,
	};
}

bool segments_is_double_fault_stack(vaddr_t address)
{
	return address - (vaddr_t)double_fault_stack < sizeof(double_fault_stack);
}
