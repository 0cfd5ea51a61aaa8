/*
 * What fs/dentry.c and fs/dentry_cache.c share: dentries that are kept though nobody uses them.
 */
#ifndef LOFT_DENTRY_CACHE_H
#define LOFT_DENTRY_CACHE_H

#include <vfs.h>

/* A linked dentry has lost its last reference, and is used again or about to go. */
void dentry_keep_unused(struct dentry *dentry);
void dentry_forget_unused(struct dentry *dentry);
/* Frees an unused dentry without children; its parent may become unused by it. May sleep. */
void dentry_drop_unused(struct dentry *dentry);
/* Frees all that is cached and unused below a dentry. May sleep. */
void dentry_drop_below(struct dentry *top);

#endif
