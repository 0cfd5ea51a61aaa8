/*
 * What fs/inode.c and fs/inode_cache.c share: the life of inodes.
 */
#ifndef LOFT_INODE_CACHE_H
#define LOFT_INODE_CACHE_H

#include <vfs.h>

/* Cleared but for refs (1), the lock and the object; NULL when memory is out. */
__must_check struct inode *inode_allocate(struct superblock *superblock);
/* Frees what is left when nobody can find it: the object's last reference takes the memory. */
void inode_free(struct inode *inode);
/* The last reference to one in its superblock's tree has gone. May sleep. */
void inode_let_go(struct inode *inode);

#endif
