/*
 * Arithmetic on the ranges of a boot memory map. Pure: no state, no kernel; tests/unit runs it
 * on the host.
 */
#ifndef LOFT_KERNEL_BOOTMAP_H
#define LOFT_KERNEL_BOOTMAP_H

#include <boot.h>

/*
 * The first byte that a range may not reach: the last page below 4 GB is given up, so that no
 * end is 0.
 */
#define BOOTMAP_TOP 0xfffff000ull

/* A set of bytes: sorted, disjoint and not touching ranges. */
struct bootmap {
	struct boot_range ranges[BOOT_RANGES_MAX];
	unsigned count;
	uint64_t above; /* bytes added at and above BOOTMAP_TOP, which are not in the set */
};

/*
 * Adds [start, start + size); a size that goes past 2^64 is cut there. False when the set would
 * need more than BOOT_RANGES_MAX ranges: then it is left as it was.
 */
bool bootmap_add(struct bootmap *map, uint64_t start, uint64_t size);
/* Takes bytes away; what is not there does no harm. False as above. */
bool bootmap_remove(struct bootmap *map, uint64_t start, uint64_t size);
/* Leaves the whole pages alone. */
void bootmap_trim(struct bootmap *map);
/* True when all of [start, end) is there; start < end. */
bool bootmap_holds(const struct bootmap *map, paddr_t start, paddr_t end);
/* True when any of it is. */
bool bootmap_touches(const struct bootmap *map, paddr_t start, paddr_t end);

#endif
