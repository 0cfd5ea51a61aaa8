/*
 * Promised memory: how much the kernel would have to find if every program used all it asked for
 * (Linux's commit accounting, Documentation/mm/overcommit-accounting).
 *
 * What is promised is in each case the sum over two kinds of holders, kept true where these change:
 * - private writable mappings (regions with VMA_ACCOUNT), counted with the other sums of an address
 *   space in mm/vma.c;
 * - objects whose pages have nowhere else to be: shared anonymous memory by its size, files of
 *   tmpfs by the pages they have (mm/object.c).
 * Who is about to promise asks commit_allows first. The ledger adds all holders up again.
 *
 * Protected by: the kernel not being preempted.
 */
#ifndef LOFT_COMMIT_H
#define LOFT_COMMIT_H

#include <types.h>

struct mm;

/* vm.overcommit_memory */
#define COMMIT_GUESS 0	/* what is hopeless at a glance is refused */
#define COMMIT_ALWAYS 1 /* nothing is */
#define COMMIT_NEVER 2	/* the sum stays below commit_limit() */

extern struct commit_policy {
	int32_t overcommit;	   /* COMMIT_* */
	int32_t ratio;		   /* percent of memory that may be promised under COMMIT_NEVER, */
	uint32_t limit_kb;	   /* unless this says how much */
	uint32_t admin_reserve_kb; /* kept back from all but the superuser, */
	uint32_t user_reserve_kb;  /* and from large processes (at most 1/32 of their size) */
} commit_policy;

/* Pages promised now. */
extern uint32_t commit_npages;

/* Sets the reserves by how much memory is free, as Linux does at boot. */
void commit_init(void);
/* Pages that may be promised under COMMIT_NEVER. */
uint32_t commit_limit(void);
/* May npages more be promised, to mm (NULL: to nobody in particular)? */
bool commit_allows(const struct mm *mm, uint32_t npages);
/* npages more, or with a negative number fewer, are promised. */
static inline void commit_add(int32_t npages)
{
	commit_npages += (uint32_t)npages;
}

#endif
