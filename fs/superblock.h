/*
 * What fs/mount.c and fs/superblock.c share: the life of mounted file systems.
 */
#ifndef LOFT_SUPERBLOCK_H
#define LOFT_SUPERBLOCK_H

#include <vfs.h>

/* One mount, unmount or remount at a time, and nothing of the kind while the holder goes through. */
void mounts_lock(void);
void mounts_unlock(void);
/* For who can come again: false while somebody has it, perhaps for as long as a disk is silent. */
__must_check bool mounts_try_lock(void);
/* The next of all file systems but internal ones, detached ones last; NULL: the first, no more. */
struct superblock *superblock_next(const struct superblock *superblock);

/*
 * For the rest mounts_lock is held. A file system made ready, mounted nowhere; block with
 * needs_device. ERR_PTR(-EBUSY, -EACCES: the device is mounted already, cannot be written...).
 */
__must_check struct superblock *superblock_create(const struct filesystem *type, const char *source,
						  struct block_device *block, uint32_t flags,
						  const char *options);
/* Nobody uses it: writes what is dirty and frees it. */
void superblock_free(struct superblock *superblock);
/*
 * What is mounted from the device, if anything, is written as superblock_sync does. mounts_lock is
 * taken.
 */
__must_check int superblock_sync_device(const struct block_device *block);
/* Does anybody use it, beyond being mounted? */
bool superblock_busy(const struct superblock *superblock);
/* New flags and options (NULL: as they are): 0, -EBUSY (somebody writes), -EACCES, -EINVAL... */
__must_check int superblock_remount(struct superblock *superblock, uint32_t flags,
				    const char *options);
/* New flags that the file system need not know of: MS_NOSUID... and MS_RDONLY, as MS_BIND has it. */
__must_check int superblock_change_flags(struct superblock *superblock, uint32_t flags);

#endif
