/*
 * Words of mount -o that ext2 knows.
 */
#ifndef LOFT_EXT2_OPTIONS_H
#define LOFT_EXT2_OPTIONS_H

#include "ext2.h"

/*
 * Reads "a,b=c" on top of what is in *options: 0, -EINVAL (a word it does not know, a number that
 * is none; nothing is changed), -ENOMEM.
 */
__must_check int ext2_options_read(struct ext2_options *options, const char *text);
/* Writes those that differ from the superblock's own, each after a comma. */
void ext2_options_show(const struct ext2_options *options, const struct ext2_super_disk *disk,
		       char *to, size_t size);

#endif
