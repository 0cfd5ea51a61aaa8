/*
 * The vDSO: a few pages of code and data of the kernel's in each program's memory, through which
 * it makes system calls the fast way (SYSENTER), reads the clocks without making any, and returns
 * from signal handlers. What is in the pages is built from kernel/vdso/.
 */
#ifndef LOFT_VDSO_H
#define LOFT_VDSO_H

#include <mm.h>
#include <types.h>

/* Places in the vDSO that the kernel knows of, as offsets from its start. */
enum vdso_place {
	VDSO_VSYSCALL,	   /* __kernel_vsyscall: AT_SYSINFO */
	VDSO_SYSENTER,	   /* four bytes for the entering instruction */
	VDSO_LANDING,	   /* where SYSENTER comes back to, behind an INT 0x80 */
	VDSO_SIGRETURN,	   /* where handlers return to: __kernel_sigreturn, */
	VDSO_RT_SIGRETURN, /* __kernel_rt_sigreturn */
	VDSO_PLACES
};
extern const uint32_t vdso_offsets[VDSO_PLACES];

/* Makes the pages; panics when memory is out. After kheap_init, before clock_init. */
void vdso_init(void);

/*
 * Maps data and code into a new program's address space, where mmap would put them, and notes the
 * place in mm->vdso. Costs no frame until a page is used. -ENOMEM. May sleep.
 */
__must_check int vdso_map(struct mm *mm);

/* "[vdso]", "[vvar]", or NULL for a region of anything else. */
const char *vdso_region_name(const struct vma *vma);

/* The address of a place in the vDSO of mm; mm->vdso is not 0. */
static inline vaddr_t vdso_address(const struct mm *mm, enum vdso_place place)
{
	return mm->vdso + vdso_offsets[place];
}

/* Where SYSENTER comes back to in the address space that is loaded; kernel/entry.asm reads it. */
extern vaddr_t sysenter_landing;
static inline void vdso_use(const struct mm *mm)
{
	sysenter_landing = vdso_address(mm, VDSO_LANDING);
}

/*
 * What the clocks show from now on, for programs: at the TSC count tsc_base each is base ns, and
 * each cycle is scale/2^24 ns more; scale 0: the TSC does not tell the time. From the tick,
 * interrupts off.
 */
void vdso_set_clocks(uint64_t realtime_ns, uint64_t monotonic_ns, uint64_t tsc_base,
		     uint32_t scale);

#endif
