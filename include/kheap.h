/*
 * Kernel heap: size classes (slabs) for small objects, whole frame blocks for
 * large ones. All from low memory. Freed memory is filled with junk (0x6b) in every build
 * with assertions. Not for interrupt handlers.
 */
#ifndef LOFT_KHEAP_H
#define LOFT_KHEAP_H

#include <types.h>

/* Before the first kalloc; after frame_init. */
void kheap_init(void);
/*
 * size bytes, 16-byte aligned, not cleared; size > 0. NULL when memory is out, and for more than
 * 4 MB. Does not sleep.
 */
__must_check void *kalloc(size_t size);
/* The same, cleared. */
__must_check void *kzalloc(size_t size);
/* Gives back what kalloc returned; NULL is allowed. */
void kfree(void *pointer);
/* A copy of a string on the heap, or NULL. */
__must_check char *kstrdup(const char *string);
/* Objects and bytes in use: a leak shows as a growing number. */
void kheap_count(uint32_t *objects, uint32_t *bytes);
/*
 * Gives back the frames that the heap keeps without an object in them, so that frame counts
 * before and after compare.
 */
void kheap_trim(void);

#endif
