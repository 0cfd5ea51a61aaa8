/*
 * A disk in memory for the self-tests (kernel/selftest_disk.c).
 */
#ifndef LOFT_SELFTEST_DISK_H
#define LOFT_SELFTEST_DISK_H

#include <block.h>

#define TEST_DISK_PAGES 1024u

extern char *test_disk_blocks;	      /* what is on it */
extern uint64_t test_disk_bad_sector; /* a transfer that touches it fails; UINT64_MAX: none does */

/* The disk, made when it is first asked for; it stays. */
struct block_device *test_disk(void);

#endif
