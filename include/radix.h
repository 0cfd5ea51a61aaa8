/*
 * Radix tree: a sparse array of pointers indexed by a 32-bit number. Height
 * grows with the largest index. Nodes come from the kernel heap (kheap.h).
 */
#ifndef LOFT_RADIX_H
#define LOFT_RADIX_H

#include <types.h>

struct radix_node;

struct radix {
	struct radix_node *root;
	unsigned height; /* levels of nodes; 0 when empty */
	uint32_t count;	 /* entries present */
};

/* The entry at index, or NULL. */
void *radix_lookup(const struct radix *radix, uint32_t index);

/*
 * The entries whose indices differ from index in the lowest RADIX_GROUP_BITS bits alone, in order,
 * NULL where there is none; NULL when there is none at all. Good until the tree changes.
 */
#define RADIX_GROUP_BITS 4
#define RADIX_GROUP (1u << RADIX_GROUP_BITS)
void *const *radix_group(const struct radix *radix, uint32_t index);

/* Stores a non-NULL entry at an index that is empty. Returns 0, or -ENOMEM with nothing changed. */
__must_check int radix_insert(struct radix *radix, uint32_t index, void *entry);

/* Stores another non-NULL entry where one is; its tags stay. Returns the old one. */
void *radix_replace(struct radix *radix, uint32_t index, void *entry);

/* Takes out and returns the entry at index (NULL if none), tags and all; empty nodes are freed. */
void *radix_remove(struct radix *radix, uint32_t index);

/* The first entry at or after *index, whose index is stored to *index; NULL if there is none. */
void *radix_next(const struct radix *radix, uint32_t *index);

/*
 * Tags: bits of an entry by which it is found quickly among many. Setting and clearing do not
 * allocate; the entry must be there.
 */
enum radix_tag { RADIX_DIRTY, RADIX_WRITEBACK, RADIX_TAGS };
void radix_tag_set(struct radix *radix, uint32_t index, enum radix_tag tag);
void radix_tag_clear(struct radix *radix, uint32_t index, enum radix_tag tag);
bool radix_tagged(const struct radix *radix, uint32_t index, enum radix_tag tag);
/* radix_next among the entries with a tag. */
void *radix_next_tagged(const struct radix *radix, uint32_t *index, enum radix_tag tag);

#endif
