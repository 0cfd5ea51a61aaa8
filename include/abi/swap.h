/*
 * swapon's flags (Linux 6.1, include/linux/swap.h).
 */
#ifndef LOFT_ABI_SWAP_H
#define LOFT_ABI_SWAP_H

#define SWAP_FLAG_PREFER 0x8000u /* a priority is given: */
#define SWAP_FLAG_PRIO_MASK 0x7fffu
/* To tell the disk of slots that have come free: a hint, which Loft does not pass on. */
#define SWAP_FLAG_DISCARD 0x10000u
#define SWAP_FLAG_DISCARD_ONCE 0x20000u
#define SWAP_FLAG_DISCARD_PAGES 0x40000u
#define SWAP_FLAGS_VALID 0x7ffffu

#endif
