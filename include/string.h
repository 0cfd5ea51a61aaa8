/*
 * Memory and string routines, with the meaning that ISO C or POSIX gives them.
 * memcpy, memset and zero_page use the string instructions: one instruction a word.
 * None allocates or sleeps; all may be used in interrupt handlers.
 */
#ifndef LOFT_STRING_H
#define LOFT_STRING_H

#include <types.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *from, int byte, size_t size);

size_t strlen(const char *string);
size_t strnlen(const char *string, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
/* The terminating zero counts as part of the string: it can be looked for. */
char *strchr(const char *string, int byte);
char *strrchr(const char *string, int byte);
char *strstr(const char *string, const char *part);

/*
 * Copies at most size - 1 bytes and always terminates; returns strlen(from), so >= size means
 * cut.
 */
size_t strlcpy(char *to, const char *from, size_t size);

/*
 * Reads an unsigned number in base 8, 10 or 16 (0: by its prefix) that takes up the whole of
 * string. Base 16 allows, and does not ask for, a "0x" in front. No sign, no space. Returns 0
 * and stores it, or -EINVAL for anything else, or -ERANGE when it needs more than 32 bits.
 */
__must_check int parse_u32(const char *string, int base, uint32_t *value);

/* Fills one page, 4096 bytes at a 4-byte aligned address, with zeros. */
static inline void zero_page(void *page)
{
	uint32_t words = 1024;

	__asm__ volatile("rep stosl" : "+D"(page), "+c"(words) : "a"(0) : "memory");
}

/* Copies one page, 4096 bytes; the two do not overlap. */
static inline void copy_page(void *to, const void *from)
{
	uint32_t words = 1024;

	__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

#endif
