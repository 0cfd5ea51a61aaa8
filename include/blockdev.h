/*
 * Block devices as files: /dev/sda, /dev/vda1; and who uses one, alone or with others.
 */
#ifndef LOFT_BLOCKDEV_H
#define LOFT_BLOCKDEV_H

#include <types.h>

struct block_device;
struct file_ops;

/* What files of block special nodes begin with. */
extern const struct file_ops blockdev_ops;

/* Listens to the block layer: page caches and nodes in /dev for what it finds. Once, at boot. */
void blockdev_init(void);

/*
 * One user more. holder: NULL, or who is to be the only one with a holder (a mount, swap, an open
 * with O_EXCL): -EBUSY while another is, of the device, or of the whole disk or a partition of it.
 * May sleep, while the last one's pages go.
 */
__must_check int blockdev_use(struct block_device *device, const void *holder);
/* One fewer. With the last one what is dirty is written and the page cache emptied. May sleep. */
void blockdev_unuse(struct block_device *device, const void *holder);
/* Writes the device's dirty pages, waits for them, flushes the disk: 0 or the first error. Sleeps. */
__must_check int blockdev_sync(struct block_device *device);

#endif
