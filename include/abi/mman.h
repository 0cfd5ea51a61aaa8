/*
 * Memory mapping constants of the Linux i386 ABI (asm-generic/mman*.h, linux/mman.h give the
 * values).
 */
#ifndef LOFT_ABI_MMAN_H
#define LOFT_ABI_MMAN_H

#define PROT_NONE 0x0u
#define PROT_READ 0x1u
#define PROT_WRITE 0x2u
#define PROT_EXEC 0x4u
#define PROT_SEM 0x8u
#define PROT_GROWSDOWN 0x01000000u
#define PROT_GROWSUP 0x02000000u

/*
 * The mmap flags carry MMAP_ here: MAP_ belongs to the page-directory manager (pagedir.h).
 */
#define MMAP_SHARED 0x01u
#define MMAP_PRIVATE 0x02u
#define MMAP_SHARED_VALIDATE 0x03u
#define MMAP_TYPE 0x0fu
#define MMAP_FIXED 0x10u
#define MMAP_ANONYMOUS 0x20u
#define MMAP_GROWSDOWN 0x0100u
#define MMAP_DENYWRITE 0x0800u
#define MMAP_EXECUTABLE 0x1000u
#define MMAP_LOCKED 0x2000u
#define MMAP_NORESERVE 0x4000u
#define MMAP_POPULATE 0x8000u
#define MMAP_NONBLOCK 0x10000u
#define MMAP_STACK 0x20000u
#define MMAP_HUGETLB 0x40000u
#define MMAP_SYNC 0x80000u
#define MMAP_FIXED_NOREPLACE 0x100000u

#define MREMAP_MAYMOVE 1u
#define MREMAP_FIXED 2u
#define MREMAP_DONTUNMAP 4u

#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MS_SYNC 4

#define MCL_CURRENT 1
#define MCL_FUTURE 2
#define MCL_ONFAULT 4
#define MLOCK_ONFAULT 1

#define MADV_NORMAL 0
#define MADV_RANDOM 1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED 3
#define MADV_DONTNEED 4
#define MADV_FREE 8
#define MADV_REMOVE 9
#define MADV_DONTFORK 10
#define MADV_DOFORK 11
#define MADV_MERGEABLE 12
#define MADV_UNMERGEABLE 13
#define MADV_HUGEPAGE 14
#define MADV_NOHUGEPAGE 15
#define MADV_DONTDUMP 16
#define MADV_DODUMP 17
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#define MADV_DONTNEED_LOCKED 24

#endif
