/*
 * Random numbers: ChaCha20 keyed from RDRAND where there is, time stamps and interrupt timing.
 */
#ifndef LOFT_RANDOM_H
#define LOFT_RANDOM_H

#include <types.h>

void random_init(void);
/* From an interrupt handler: a little more unpredictability. */
void random_stir(uint32_t word);
void random_bytes(void *to, size_t size);

#endif
