/*
 * Nodes of block devices in /dev, as they come and go (fs/devfs.c).
 */
#ifndef LOFT_DEVFS_H
#define LOFT_DEVFS_H

#include <types.h>

/* In every devtmpfs that is mounted; those mounted later ask the block layer. -ENOMEM. May sleep. */
int devfs_add_block(const char *name, dev_t device);
/* Takes the node away again, unless another thing has the name by now. May sleep. */
void devfs_remove_block(const char *name, dev_t device);

#endif
