/*
 * Read-ahead: pages of an object that are likely to be wanted next are read before they are, many in
 * one request and without anybody waiting for them.
 *
 * A struct readahead belongs to an open file; it remembers the last window that was read. A read that
 * goes on where the last one ended (or begins at 0) is sequential: windows begin at four pages or
 * what is asked for and double up to `npages_max`. The first page of a window's second part carries a
 * mark (OBJECT_ENTRY_AHEAD): whoever meets it starts the next window, so that the disk is always one
 * window in front. What is not sequential reads what it asks for and no more.
 *
 * Protected by: the kernel not being preempted; tasks that share a file share its state, which is
 * only ever a guess.
 */
#ifndef LOFT_READAHEAD_H
#define LOFT_READAHEAD_H

#include <object.h>
#include <types.h>

#define READAHEAD_PAGES_MAX (128u * KB / PAGE_SIZE)

enum readahead_mode { READAHEAD_NORMAL, READAHEAD_RANDOM, READAHEAD_SEQUENTIAL };

struct readahead {
	uint32_t start, npages; /* the last window */
	uint32_t behind;	/* its last so many pages were asked for by nobody yet */
	uint32_t next;		/* the page behind the last one that was read, of this file */
	uint16_t misses;	/* faults of mappings that found no page, less those that did */
	uint8_t mode;		/* enum readahead_mode: fadvise */
};

/*
 * Page `index` is wanted and not there, as the first of npages that will be: starts reading it and
 * what goes with it. Errors are found by who then waits for the page. May sleep (map_blocks), but not
 * for what it reads.
 */
void readahead_missing(struct readahead *ahead, struct object *object, uint32_t index,
		       uint32_t npages);
/*
 * Page `index`, with OBJECT_ENTRY_AHEAD, has been met by one who wants npages from there on: the next
 * window is read. May sleep likewise.
 */
void readahead_marked(struct readahead *ahead, struct object *object, uint32_t index,
		      uint32_t npages);
/*
 * A fault of a mapping needs page `index`, which is not there: reads it with those around it.
 * advice: the region's, as enum readahead_mode. ahead may be NULL. May sleep likewise.
 */
void readahead_fault(struct readahead *ahead, struct object *object, uint32_t index,
		     enum readahead_mode advice);
/* A fault has met a page with OBJECT_ENTRY_AHEAD. Likewise. */
void readahead_fault_marked(struct readahead *ahead, struct object *object, uint32_t index);
/*
 * Starts reading those of pages first..first + npages - 1 that are not there and lie below size:
 * readahead(2), fadvise and madvise WILLNEED. May sleep likewise.
 */
void readahead_force(struct object *object, uint32_t first, uint32_t npages);

#endif
