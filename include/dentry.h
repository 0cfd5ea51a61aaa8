/*
 * Dentries: the tree of names that paths walk along. Each holds its inode and its parent.
 *
 * A file system whose directories live in memory alone (ramfs, tmpfs, devtmpfs, devpts) pins its
 * dentries: they are the directory. Of one that keeps names (filesystem->keeps_names) dentries are a
 * cache of what its lookup said: they stay when nobody uses them, in a list by age, until memory is
 * wanted; and so do names that are not there, as dentries without an inode ("negative"), which no
 * function here hands out. The others (proc) are asked each time.
 *
 * Protected by: the kernel not being preempted, for looking; superblock->names (inode.h) of the file
 * system for whoever adds, removes or moves. An unused dentry may go whenever the processor is given
 * up; one that is held stays, but its name may go or move meanwhile.
 */
#ifndef LOFT_DENTRY_H
#define LOFT_DENTRY_H

#include <assert.h>
#include <inode.h>
#include <list.h>
#include <tree.h>
#include <types.h>

struct superblock;

/* One component of a path; not terminated. */
struct name {
	const char *text;
	size_t size;   /* 1..NAME_MAX */
	uint32_t hash; /* name_hash(text, size) */
};

#define DENTRY_PINNED 1u  /* holds a reference of its own: it is the directory entry */
#define DENTRY_LINKED 2u  /* in its parent's trees */
#define DENTRY_REMOVED 4u /* its name is gone */
#define DENTRY_UNUSED 8u  /* without references, in the list of such */

#define DENTRY_SHORT 20

struct dentry {
	uint32_t refs;
	uint32_t flags;		    /* DENTRY_* */
	struct dentry *parent;	    /* a reference; itself for a root */
	struct inode *inode;	    /* a reference; NULL: negative, which nobody holds */
	struct superblock *mounted; /* what is mounted on it, or NULL */
	struct tree_node by_name;   /* in parent->names, by hash, size and bytes */
	union {
		struct tree_node by_order; /* pinned: in parent->entries, by order */
		struct list unused_link;   /* kept: in the list of unused ones */
	};
	struct tree names, entries; /* the children */
	uint32_t nchildren;	    /* negative ones included */
	uint32_t order;		    /* age among its siblings: the position in getdents */
	uint32_t next_order;	    /* of the next child */
	uint32_t hash;
	uint32_t name_size;
	char *name; /* terminated: short_name, or on the heap */
	char short_name[DENTRY_SHORT];
};

/*
 * Of no bytes, and of one more. Simple: names that have one hash cost a comparison more, no longer
 * way through the tree.
 */
#define NAME_HASH_FIRST 5381u
static inline uint32_t name_hash_step(uint32_t hash, uint8_t byte)
{
	return hash * 33 + byte;
}

uint32_t name_hash(const char *text, size_t size);
struct name name_of(const char *text);
/*
 * A dentry for inode (its reference is taken over when it succeeds), unlinked, refs 1. parent NULL: a
 * root. NULL when memory is out.
 */
__must_check struct dentry *dentry_create(struct dentry *parent, const struct name *name,
					  struct inode *inode);
/*
 * The same in two steps, so that nothing fails once the file system has made the name: a dentry
 * without inode, which nobody else sees, ERR_PTR(-ENOMEM, -ENOSPC: the directory is worn out). names
 * held over both steps, or nothing sleeps in between. Either dentry_complete gives it the inode
 * (NULL: negative) and links it in the place of a negative one, or dentry_put takes it back.
 */
__must_check struct dentry *dentry_prepare(struct dentry *parent, const struct name *name);
void dentry_complete(struct dentry *dentry, struct inode *inode);

static inline void dentry_get(struct dentry *dentry)
{
	assert(dentry->refs > 0);
	dentry->refs++;
}

/* A reference to one just found, which may have had none. */
void dentry_reuse(struct dentry *dentry);
static inline void dentry_grab(struct dentry *dentry)
{
	assert(dentry->inode);
	if (dentry->refs++ == 0)
		dentry_reuse(dentry);
}

/* Lets go a dentry whose last holder has gone (refs is 0 already): for dentry_put only. */
void dentry_release(struct dentry *dentry);

/* May sleep when it was the last reference to an inode without names. */
static inline void dentry_put(struct dentry *dentry)
{
	assert(dentry->refs > 0);
	if (--dentry->refs == 0)
		dentry_release(dentry);
}

/* The linked child of that name without a reference (dentry_grab), or NULL. */
struct dentry *dentry_find(struct dentry *parent, const struct name *name);
/* The same, or a negative one, of which nothing but `inode` is to be looked at. */
struct dentry *dentry_find_any(struct dentry *parent, const struct name *name);
/*
 * Puts it among its parent's children; pinned where the file system pins. -ENOSPC when the
 * directory is worn out.
 */
__must_check int dentry_link(struct dentry *dentry);
/*
 * Its name is gone; those who hold it go on. What is cached below it goes. The caller holds it. May
 * sleep as dentry_put may.
 */
void dentry_unlink(struct dentry *dentry);
/*
 * Gives it another parent and name, in two steps. The first may fail, -ENOMEM or -ENOSPC, and its
 * *room is for one of the two others. The name must be free by the second.
 */
__must_check int dentry_prepare_move(struct dentry *dentry, const struct dentry *parent,
				     const struct name *name, char **room);
void dentry_cancel_move(struct dentry *dentry, char *room);
void dentry_move(struct dentry *dentry, struct dentry *parent, const struct name *name, char *room);
/* The two change places and names. */
void dentry_exchange(struct dentry *a, struct dentry *b);
/* Of a directory with pinned dentries: the first child whose order is at least `order`, or NULL. */
struct dentry *dentry_child_from(const struct dentry *parent, uint32_t order);
/* Is it a directory that is not empty? Of file systems that do not pin only they know: false. */
bool dentry_has_pinned_children(const struct dentry *dentry);
/* True when dentry is top or below it (mounts included). */
bool dentry_is_below(const struct dentry *dentry, const struct dentry *top);
/* The dentry above, over mount points too; a root's is itself. No reference. */
struct dentry *dentry_above(const struct dentry *dentry);
/*
 * The path from root (from the top of the tree when dentry is not below root) into the end of
 * buffer; returns a pointer in it. " (deleted)" behind when its name is gone.
 * ERR_PTR(-ENAMETOOLONG).
 */
char *dentry_path(const struct dentry *dentry, const struct dentry *root, char *buffer,
		  size_t size);
/*
 * The next dentry of a subtree in an order that visits parents first, NULL after the last; nothing
 * sleeps in between.
 */
struct dentry *dentry_next_in_tree(struct dentry *dentry, const struct dentry *top);
/* Unmount: drops every dentry below root; nobody uses any. May sleep. */
void dentry_drop_tree(struct dentry *root);

/*
 * For the shrinkers: frees unused dentries, the longest unused first, up to `goal`; how many. May
 * sleep; no lock is held.
 */
unsigned dentry_shrink(unsigned goal);
/* /proc/sys/fs/dentry-state: all, unused ones, negative ones among these. */
extern uint32_t dentry_count, dentry_unused_count, dentry_negative_count;

#endif
