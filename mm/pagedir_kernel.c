/*
 * The kernel half of all page directories.
 *
 * boot_pagedir, which the loader made and ran on, stays the kernel's own directory: user
 * directories copy its upper part. Three things are in it: the direct map of low memory in 4 MB
 * pages, except for the first 4 MB, where the image's text and read-only data are
 * write-protected 4 KB by 4 KB; page tables for the kernel ranges (KVRANGE, KMAP), all built
 * once; and nothing else. All entries are global where the processor has that, so that they
 * outlive a change of directory in the TLB.
 *
 * Caching (V6): an entry chooses one of the PAT's first four types by PWT and PCD (SDM 3A
 * 11.12.3). Type 1 (PWT), which at reset is write-through and of no use to us, is made
 * write-combining. Without a PAT, memory that would gain from write-combining is uncached.
 */
#include <pagedir.h>

#include <boot.h>
#include <format.h>
#include <panic.h>
#include <string.h>

#include "pagedir_internal.h"

#define PAT_WRITE_BACK 6ull
#define PAT_WRITE_COMBINING 1ull
#define PAT_UNCACHED_MINUS 7ull /* an MTRR may make it write-combining */
#define PAT_UNCACHED 0ull
#define PAT_HALF \
	(PAT_WRITE_BACK | PAT_WRITE_COMBINING << 8 | PAT_UNCACHED_MINUS << 16 | PAT_UNCACHED << 24)

#define VIDEO_MEMORY 0xa0000u
#define VIDEO_MEMORY_END 0xc0000u

/* The first 4 MB, with the kernel image, in 4 KB pages. */
static uint32_t image_table[TABLE_ENTRIES]
	__attribute__((aligned(PAGE_SIZE), section(".bss.page_aligned")));

/* ---- how memory is cached ---- */

static uint32_t cache_bits(enum cache_type cache)
{
	switch (cache) {
	case CACHE_WRITE_BACK:
		return 0;
	case CACHE_WRITE_COMBINING:
		if (cpu_has(CPU_PAT))
			return ENTRY_WRITE_THROUGH;
		break;
	case CACHE_UNCACHED:
		break;
	}
	return ENTRY_WRITE_THROUGH | ENTRY_CACHE_DISABLE;
}

/* ---- boot ---- */

static bool is_read_only(vaddr_t at)
{
	return (at >= (vaddr_t)text_start && at < (vaddr_t)text_end) ||
	       (at >= (vaddr_t)rodata_start && at < (vaddr_t)rodata_end);
}

/* The text screen: device memory, though the image's page holds it. */
static bool is_video(paddr_t paddr)
{
	return paddr >= VIDEO_MEMORY && paddr < VIDEO_MEMORY_END;
}

static __init_text void split_image_page(void)
{
	/* A larger image is welcome as long as what is protected comes first. */
	assert((vaddr_t)rodata_end <= KERNEL_VMA + LARGE_PAGE_SIZE);
	for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
		paddr_t paddr = i << PAGE_SHIFT;
		uint32_t entry = paddr | ENTRY_PRESENT | entry_global();

		if (!is_read_only((vaddr_t)paddr_to_virt(paddr)))
			entry |= ENTRY_WRITE;
		if (is_video(paddr))
			entry |= cache_bits(CACHE_UNCACHED);
		if (paddr_to_virt(paddr) == boot_stack_guard)
			entry = 0;
		image_table[i] = entry;
	}
	boot_pagedir[KERNEL_FIRST] = virt_to_paddr(image_table) | ENTRY_PRESENT | ENTRY_WRITE;
}

static __init_text void map_large(paddr_t paddr)
{
	boot_pagedir[KERNEL_FIRST + (paddr >> 22)] = paddr | ENTRY_PRESENT | ENTRY_WRITE |
						     ENTRY_LARGE | entry_global();
}

/*
 * What the processor offers for keeping PL0 and PL3 apart; global pages last, once the entries
 * say so (SDM 3A 4.10.2.4).
 */
static __init_text void enable_features(void)
{
	uint32_t cr4 = cpu_read_cr4();

	if (cpu_has(CPU_SMEP))
		cr4 |= CR4_SMEP;
	if (cpu_has(CPU_SMAP))
		cr4 |= CR4_SMAP;
	if (cpu_has(CPU_UMIP))
		cr4 |= CR4_UMIP;
	cpu_write_cr0(cpu_read_cr0() | CR0_WP);
	cpu_write_cr3(virt_to_paddr(boot_pagedir));
	if (cpu_has(CPU_PGE))
		cr4 |= CR4_PGE;
	cpu_write_cr4(cr4);
}

__init_text void pagedir_init_direct_map(const struct boot_info *info)
{
	cpu_init();
	assert(boot_pagedir[0] == 0 && KERNEL_VMA % LARGE_PAGE_SIZE == 0);
	for (unsigned i = 0; i < info->nram; i++) {
		paddr_t end = MIN(info->ram[i].end, LOWMEM_MAX);
		paddr_t at = ROUND_DOWN(info->ram[i].start, LARGE_PAGE_SIZE);

		for (; at < end; at += LARGE_PAGE_SIZE)
			map_large(at);
	}
	split_image_page();
	enable_features();
}

/* SDM 3A 11.12.4: caches off and empty while the table changes. */
static __init_text void program_pat(void)
{
	uint32_t cr0 = cpu_read_cr0();

	cpu_write_cr0(cr0 | CR0_CD);
	__asm__ volatile("wbinvd" : : : "memory");
	cpu_write_msr(MSR_PAT, PAT_HALF << 32 | PAT_HALF);
	__asm__ volatile("wbinvd" : : : "memory");
	cpu_write_cr0(cr0);
	cpu_write_cr3(cpu_read_cr3());
}

__init_text void pagedir_init_kernel_ranges(void)
{
	for (vaddr_t at = KVRANGE_BASE; at < KMAP_END; at += TABLE_SPAN) {
		struct frame *frame = frame_alloc(FRAME_PAGE_TABLE, FRAME_LOW | FRAME_ZERO);

		if (!frame)
			panic("no memory for the kernel's page tables");
		assert(boot_pagedir[directory_index(at)] == 0);
		boot_pagedir[directory_index(at)] = frame_paddr(frame) | ENTRY_PRESENT |
						    ENTRY_WRITE;
	}
	if (cpu_has(CPU_PAT) && cpu_has(CPU_MSR))
		program_pat();
}

void pagedir_forget_init(void)
{
	assert(image_table[table_index((vaddr_t)init_start)] & ENTRY_WRITE);
	frame_release_boot(virt_to_paddr(init_start), virt_to_paddr(init_end));
}

/* ---- kernel ranges ---- */

static uint32_t *kernel_entry(vaddr_t at)
{
	assert(at >= KVRANGE_BASE && at < KMAP_END && (at & PAGE_MASK) == 0);
	return &entry_table(boot_pagedir[directory_index(at)])[table_index(at)];
}

void pagedir_map_kernel(vaddr_t at, paddr_t paddr, size_t npages, unsigned rights,
			enum cache_type cache)
{
	uint32_t bits = ENTRY_PRESENT | entry_global() | cache_bits(cache);

	assert((paddr & PAGE_MASK) == 0 && !(rights & ~(MAP_READ | MAP_WRITE)));
	if (rights & MAP_WRITE)
		bits |= ENTRY_WRITE;
	for (; npages > 0; npages--, at += PAGE_SIZE, paddr += PAGE_SIZE) {
		uint32_t *entry = kernel_entry(at);

		assert(*entry == 0);
		*entry = paddr | bits;
	}
}

void pagedir_unmap_kernel(vaddr_t at, size_t npages)
{
	for (; npages > 0; npages--, at += PAGE_SIZE) {
		uint32_t *entry = kernel_entry(at);

		assert(*entry != 0);
		*entry = 0;
		cpu_invalidate_page(at);
	}
}

bool pagedir_kernel_paddr(vaddr_t at, paddr_t *paddr)
{
	uint32_t entry = boot_pagedir[directory_index(at)];

	assert(at >= KERNEL_VMA);
	if (!(entry & ENTRY_PRESENT))
		return false;
	if (entry & ENTRY_LARGE) {
		*paddr = (entry & ENTRY_ADDRESS_LARGE) | (at & ~ENTRY_ADDRESS_LARGE);
		return true;
	}
	entry = entry_table(entry)[table_index(at)];
	if (!(entry & ENTRY_PRESENT))
		return false;
	*paddr = (entry & ENTRY_ADDRESS) | (at & PAGE_MASK);
	return true;
}

/* ---- for a panic ---- */

static const char *cache_name(uint32_t entry)
{
	if (entry & ENTRY_CACHE_DISABLE)
		return " uncached";
	return entry & ENTRY_WRITE_THROUGH ? " write-combining" : "";
}

/* "writable user accessed ...": the bits of an entry in words. */
static int describe_bits(uint32_t entry, char *text, size_t size)
{
	if (entry && !entry_has_page(entry))
		return format(text, size, "in swap, slot %x", entry_slot(entry));
	if (!(entry & ENTRY_PRESENT))
		return format(text, size, "%s",
			      entry & ENTRY_HELD ? "held, no access" : "not present");
	return format(text, size, "%s %s%s%s%s%s%s%s",
		      entry & ENTRY_WRITE ? "writable" : "read-only",
		      entry & ENTRY_USER ? "user" : "PL0", cache_name(entry),
		      entry & ENTRY_ACCESSED ? " accessed" : "",
		      entry & ENTRY_DIRTY ? " dirty" : "", entry & ENTRY_LARGE ? " 4MB" : "",
		      entry & ENTRY_GLOBAL ? " global" : "",
		      entry & ENTRY_COW ? " copy-on-write" : "");
}

/*
 * True when a page table or directory at paddr can be read: a broken CR3 must not break the
 * panic too.
 */
static bool is_readable(paddr_t paddr)
{
	return frame_array ? paddr < frame_low_end() : paddr < LARGE_PAGE_SIZE;
}

void pagedir_describe(vaddr_t address, char *text, size_t size)
{
	paddr_t cr3 = cpu_read_cr3() & ENTRY_ADDRESS;
	uint32_t entry;
	size_t used;

	assert(size > 0);
	used = (size_t)format(text, size, "%08x: cr3 %08x", address, cr3);
	if (!is_readable(cr3) || used >= size)
		return;
	entry = entry_table(cr3)[directory_index(address)];
	used += (size_t)format(text + used, size - used, ", directory[%u] %08x ",
			       directory_index(address), entry);
	if (used >= size)
		return;
	used += (size_t)describe_bits(entry, text + used, size - used);
	if (!(entry & ENTRY_PRESENT) || entry & ENTRY_LARGE ||
	    !is_readable(entry & ENTRY_ADDRESS) || used >= size)
		return;
	entry = entry_table(entry)[table_index(address)];
	used += (size_t)format(text + used, size - used, ", table[%u] %08x ", table_index(address),
			       entry);
	if (used < size)
		describe_bits(entry, text + used, size - used);
}
