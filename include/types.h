/*
 * Basic types that every part of the kernel shares.
 */
#ifndef LOFT_TYPES_H
#define LOFT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t paddr_t; /* a physical address in bytes (below 4 GB) */
typedef uint32_t vaddr_t; /* a linear (virtual) address in bytes */
typedef uint32_t pfn_t;	  /* a page frame number: paddr_t / PAGE_SIZE */
typedef int32_t ssize_t;
typedef int64_t loff_t; /* a position in a file, in bytes */
typedef int32_t pid_t;
typedef uint32_t uid_t;
typedef uint32_t gid_t;
typedef uint32_t mode_t; /* file type and permission bits, Linux's S_IF* */
typedef uint32_t dev_t;	 /* (major << 8) | minor for minors below 256 */
typedef uint32_t ino_t;

/* A pointer into user space: only the routines of uaccess.h may follow it. */
#define __user
#define __must_check __attribute__((warn_unused_result))
#define __noreturn __attribute__((noreturn))
#define __noinline __attribute__((noinline))
#define __printf(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
/* Code and data needed only while booting; their frames are given back. */
#define __init_text __attribute__((section(".init.text"), cold))
#define __init_data __attribute__((section(".init.data")))

#define KB 1024u
#define MB (1024u * KB)
#define GB (1024u * MB)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
/* unit must be a power of two; wraps to 0 when value is in the last unit */
#define ROUND_UP(value, unit) (((value) + ((unit)-1)) & ~((unit)-1))
#define ROUND_DOWN(value, unit) ((value) & ~((unit)-1))
#define DIV_ROUND_UP(value, unit) (((value) + (unit)-1) / (unit))

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

#endif
