/*
 * The 32-bit cyclic redundancy check of Ethernet, ISO 3309 and GPT: polynomial 04C11DB7, bits taken
 * from the low end, all ones before and inverted behind.
 */
#ifndef LOFT_CRC32_H
#define LOFT_CRC32_H

#include <types.h>

/* The check of what came before (crc, 0: nothing) followed by size bytes. */
uint32_t crc32(uint32_t crc, const void *from, size_t size);

#endif
