/*
 * The page that the kernel writes and the vDSO reads, [vvar] in /proc/PID/maps: what the clocks
 * were at the last tick, and how to work out what they are now. One C structure for both sides.
 */
#ifndef LOFT_VDSO_DATA_H
#define LOFT_VDSO_DATA_H

#include <types.h>

#define VDSO_SCALE_SHIFT 24 /* nanoseconds a cycle, as a fixed-point number */

enum vdso_mode {
	VDSO_MODE_CALL,	     /* the TSC does not tell the time: the kernel has to be asked */
	VDSO_MODE_TSC,	     /* base + scaled cycles since */
	VDSO_MODE_TSC_FENCED /* likewise, and the processor has LFENCE */
};

enum vdso_clock { VDSO_REALTIME, VDSO_MONOTONIC, VDSO_CLOCKS };

struct vdso_data {
	/*
	 * Changes with each update. There is one processor and the kernel is not preempted: who
	 * reads the same number before and after has seen no update in between.
	 */
	volatile uint32_t sequence;
	uint32_t mode;	   /* enum vdso_mode */
	uint32_t scale;	   /* of a cycle, shifted by VDSO_SCALE_SHIFT */
	uint32_t coarse;   /* resolution of the coarse clocks, ns */
	uint64_t tsc_base; /* the TSC when the clocks were as below */
	struct {
		uint64_t sec;
		uint32_t nsec; /* below 10^9 */
		uint32_t unused;
	} base[VDSO_CLOCKS];
};

#endif
