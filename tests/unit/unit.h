/*
 * What a unit test includes first: cmocka, and the few functions of the host's C library that
 * tests want. The host's own headers would clash with the kernel's types; include the kernel's.
 */
#ifndef LOFT_UNIT_H
#define LOFT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void free(void *memory);
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A random number of 32 bits; the seed is UNIT_SEED of the environment, or new, and printed. */
uint32_t unit_random(void);

#endif
