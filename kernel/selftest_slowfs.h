/*
 * A file system for self-tests: it keeps its names (mount.h) on a "disk" that is a table in memory,
 * gives the processor up at random wherever a real one might wait for a disk, and checks at each
 * call what inode.h promises it.
 */
#ifndef LOFT_SELFTEST_SLOWFS_H
#define LOFT_SELFTEST_SLOWFS_H

#include <types.h>

#define SLOWFS_NAME "slowfs"

/* Random numbers for tests, from one seed. */
uint32_t slowfs_random(void);
void slowfs_seed(uint32_t seed);

/* From now on one step in `share` fails with -EIO, and changes nothing; 0: none. */
void slowfs_fail(uint32_t share);

/* Registers the type, once. */
void slowfs_register(void);
/*
 * Looks the disk through, when nothing is going on and all was written: link counts, entries,
 * nothing in use that no name leads to. The number of mistakes, each told in the log.
 */
unsigned slowfs_check(void);
/* How many inodes the disk has in use. */
unsigned slowfs_in_use(void);
/* How often it gave up the processor. */
unsigned slowfs_pauses(void);

#endif
