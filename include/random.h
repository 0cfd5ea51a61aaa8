/*
 * Random numbers: ChaCha20 keyed from RDRAND where there is, time stamps and interrupt timing.
 */
#ifndef LOFT_RANDOM_H
#define LOFT_RANDOM_H

#include <types.h>

/* Wants cpu_init; the clock, if it runs, adds to the seed. */
void random_init(void);
/* From an interrupt handler: a little more unpredictability. */
void random_stir(uint32_t word);
/* Fills memory with random bytes. Callable from anywhere but interrupt handlers. */
void random_bytes(void *to, size_t size);

/*
 * The cipher itself: block number counter for a key of 8 words and a nonce of zeros, 16 words
 * to `to`.
 */
void chacha20_block(const uint32_t *key, uint32_t counter, uint32_t *to);

/* Flags of getrandom(2). */
#define GRND_NONBLOCK 1u
#define GRND_RANDOM 2u
#define GRND_INSECURE 4u
int32_t sys_getrandom(void __user *to, size_t size, uint32_t flags);

#endif
