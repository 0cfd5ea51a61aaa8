/*
 * The processor: what it can do, and the instructions that C has no words for.
 * Facts from Intel SDM 2A (CPUID) and 3A 2.5 (control registers).
 */
#ifndef LOFT_CPU_H
#define LOFT_CPU_H

#include <types.h>

/* Control-register bits that the kernel uses. */
#define CR0_WP (1u << 16) /* read-only pages are read-only for PL0 too */
#define CR0_CD (1u << 30) /* no new cache lines */
#define CR4_PSE (1u << 4)
#define CR4_PGE (1u << 7)
#define CR4_OSFXSR (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_UMIP (1u << 11)
#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)

#define EFLAGS_ID (1u << 21) /* can be changed: there is CPUID */

#define MSR_SYSENTER_CS 0x174u
#define MSR_SYSENTER_ESP 0x175u
#define MSR_SYSENTER_EIP 0x176u
#define MSR_PAT 0x277u

/* Features by the CPUID word that tells of them: word * 32 + bit. */
enum cpu_word { CPU_WORD_1_EDX, CPU_WORD_1_ECX, CPU_WORD_7_EBX, CPU_WORD_7_ECX, CPU_WORDS };
enum cpu_feature {
	CPU_FPU = CPU_WORD_1_EDX * 32 + 0,
	CPU_PSE = CPU_WORD_1_EDX * 32 + 3,
	CPU_TSC = CPU_WORD_1_EDX * 32 + 4,
	CPU_MSR = CPU_WORD_1_EDX * 32 + 5,
	CPU_APIC = CPU_WORD_1_EDX * 32 + 9,
	CPU_SEP = CPU_WORD_1_EDX * 32 + 11,
	CPU_PGE = CPU_WORD_1_EDX * 32 + 13,
	CPU_CMOV = CPU_WORD_1_EDX * 32 + 15,
	CPU_PAT = CPU_WORD_1_EDX * 32 + 16,
	CPU_FXSR = CPU_WORD_1_EDX * 32 + 24,
	CPU_SSE = CPU_WORD_1_EDX * 32 + 25,
	CPU_SSE2 = CPU_WORD_1_EDX * 32 + 26,
	CPU_RDRAND = CPU_WORD_1_ECX * 32 + 30,
	CPU_HYPERVISOR = CPU_WORD_1_ECX * 32 + 31,
	CPU_SMEP = CPU_WORD_7_EBX * 32 + 7,
	CPU_SMAP = CPU_WORD_7_EBX * 32 + 20,
	CPU_UMIP = CPU_WORD_7_ECX * 32 + 2
};

struct cpu {
	bool has_cpuid;
	uint32_t words[CPU_WORDS]; /* of features; all 0 without CPUID */
	char vendor[13];	   /* "GenuineIntel"; "unknown" without CPUID */
	char model_name[49];	   /* brand string, or one made from family and model */
	unsigned family, model, stepping;
};

/* The processor that we run on; filled by cpu_init. */
extern struct cpu cpu;

/* Asks the processor what it is. Runs on a 486 without CPUID. May be called again, at no cost. */
void cpu_init(void);

static inline bool cpu_has(enum cpu_feature feature)
{
	return cpu.words[feature / 32] & (1u << (feature % 32));
}

/*
 * Writes what /proc/cpuinfo says, in Linux's format, cut to size and terminated; returns the
 * length of the whole text. khz: the TSC's frequency, or 0 when not known.
 */
int cpu_describe(char *text, size_t size, uint32_t khz);

static inline uint32_t cpu_read_cr0(void)
{
	uint32_t value;

	__asm__ volatile("movl %%cr0, %0" : "=r"(value));
	return value;
}

static inline void cpu_write_cr0(uint32_t value)
{
	__asm__ volatile("movl %0, %%cr0" : : "r"(value) : "memory");
}

/* The linear address of the last page fault. */
static inline vaddr_t cpu_read_cr2(void)
{
	vaddr_t value;

	__asm__ volatile("movl %%cr2, %0" : "=r"(value));
	return value;
}

static inline paddr_t cpu_read_cr3(void)
{
	paddr_t value;

	__asm__ volatile("movl %%cr3, %0" : "=r"(value));
	return value;
}

/* Changes the page directory, and so forgets all translations that are not global. */
static inline void cpu_write_cr3(paddr_t value)
{
	__asm__ volatile("movl %0, %%cr3" : : "r"(value) : "memory");
}

/* CR4 exists where CPUID does (and on a 486 with PSE). */
static inline uint32_t cpu_read_cr4(void)
{
	uint32_t value;

	__asm__ volatile("movl %%cr4, %0" : "=r"(value));
	return value;
}

static inline void cpu_write_cr4(uint32_t value)
{
	__asm__ volatile("movl %0, %%cr4" : : "r"(value) : "memory");
}

/*
 * Forgets the translation of the page at address, a global one too, and all cached directory
 * entries.
 */
static inline void cpu_invalidate_page(vaddr_t address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static inline uint64_t cpu_read_msr(uint32_t msr)
{
	uint64_t value;

	__asm__ volatile("rdmsr" : "=A"(value) : "c"(msr));
	return value;
}

static inline void cpu_write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "A"(value) : "memory");
}

/* Only where cpu_has(CPU_TSC). */
static inline uint64_t cpu_read_tsc(void)
{
	uint64_t value;

	__asm__ volatile("rdtsc" : "=A"(value));
	return value;
}

/*
 * Opens and closes PL0's way to user pages where the processor has SMAP; only mm/uaccess.c has
 * reason to. The mnemonics stac and clac are newer than -march=i486: their bytes stand here.
 */
static inline void cpu_user_access_begin(void)
{
	if (cpu_has(CPU_SMAP))
		__asm__ volatile(".byte 0x0f, 0x01, 0xcb" : : : "memory", "cc");
}

static inline void cpu_user_access_end(void)
{
	if (cpu_has(CPU_SMAP))
		__asm__ volatile(".byte 0x0f, 0x01, 0xca" : : : "memory", "cc");
}

#endif
