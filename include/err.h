/*
 * Pointers that may carry a negative errno instead of an address.
 */
#ifndef LOFT_ERR_H
#define LOFT_ERR_H

#include <abi/errno.h>
#include <types.h>

#define ERRNO_MAX 4095

static inline void *ERR_PTR(int error)
{
	return (void *)(intptr_t)error;
}

static inline int PTR_ERR(const void *pointer)
{
	return (int)(intptr_t)pointer;
}

/* True when pointer is in the last page of the address space, where no object ever is. */
static inline bool IS_ERR(const void *pointer)
{
	return (uintptr_t)pointer >= (uintptr_t)-ERRNO_MAX;
}

#endif
