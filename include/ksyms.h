/*
 * Names for addresses of the kernel's functions, for backtraces and the log. The table is made
 * from the finished image and linked in by a second link (tools/ksyms.awk).
 */
#ifndef LOFT_KSYMS_H
#define LOFT_KSYMS_H

#include <types.h>

/*
 * The name of the function that address lies in, and in *offset how many bytes into it (offset
 * may be NULL). NULL, and *offset unchanged, when address is in no function of the kernel.
 * Neither allocates nor sleeps nor takes a lock: for panic's use too.
 */
const char *ksyms_lookup(vaddr_t address, uint32_t *offset);

#endif
