/*
 * What the memory manager has done since boot, counted under Linux's names: the lower half of
 * /proc/vmstat. Each counter goes round after 2^32. Not for interrupt handlers.
 */
#ifndef LOFT_VM_EVENTS_H
#define LOFT_VM_EVENTS_H

#include <types.h>

/* In the order, and with the names, of Linux 6.1 (include/linux/vm_event_item.h, mm/vmstat.c). */
#define VM_EVENTS(X) \
	X(NR_DIRTIED, "nr_dirtied")			      /* pages that became dirty */ \
	X(NR_WRITTEN, "nr_written")			      /* pages whose writing began */ \
	X(WORKINGSET_REFAULT_ANON, "workingset_refault_anon") /* evicted, and soon back */ \
	X(WORKINGSET_REFAULT_FILE, "workingset_refault_file") \
	X(WORKINGSET_ACTIVATE_ANON, "workingset_activate_anon") /* of these: so soon that it is */ \
	X(WORKINGSET_ACTIVATE_FILE, "workingset_activate_file") /* in use */ \
	X(NR_VMSCAN_WRITE, "nr_vmscan_write")	  /* pages that reclaim gave away to be written */ \
	X(PGPGIN, "pgpgin")			  /* KB from disks */ \
	X(PGPGOUT, "pgpgout")			  /* KB to disks */ \
	X(PSWPIN, "pswpin")			  /* pages from swap */ \
	X(PSWPOUT, "pswpout")			  /* pages to swap */ \
	X(ALLOCSTALL_NORMAL, "allocstall_normal") /* direct reclaims, for want of low memory */ \
	X(ALLOCSTALL_HIGH, "allocstall_high")	  /* or of any */ \
	X(PGACTIVATE, "pgactivate") \
	X(PGDEACTIVATE, "pgdeactivate") \
	X(PGREFILL, "pgrefill")		    /* active pages looked at */ \
	X(PGSTEAL_KSWAPD, "pgsteal_kswapd") /* pages reclaimed by the background task */ \
	X(PGSTEAL_DIRECT, "pgsteal_direct") /* by those in need themselves */ \
	X(PGSCAN_KSWAPD, "pgscan_kswapd")   /* pages looked at, likewise */ \
	X(PGSCAN_DIRECT, "pgscan_direct") \
	X(PGSCAN_DIRECT_THROTTLE, "pgscan_direct_throttle") /* waits for pages being written */ \
	X(PGSCAN_ANON, "pgscan_anon")			    /* the same by what was looked at */ \
	X(PGSCAN_FILE, "pgscan_file") \
	X(PGSTEAL_ANON, "pgsteal_anon") \
	X(PGSTEAL_FILE, "pgsteal_file") \
	X(SLABS_SCANNED, "slabs_scanned")   /* what shrinkers were asked for */ \
	X(PAGEOUTRUN, "pageoutrun")	    /* times that the background task set to work */ \
	X(PGROTATED, "pgrotated")	    /* pages written and then taken */ \
	X(DROP_PAGECACHE, "drop_pagecache") /* writes to /proc/sys/vm/drop_caches */ \
	X(DROP_SLAB, "drop_slab") \
	X(OOM_KILL, "oom_kill") \
	X(UNEVICTABLE_PGCULLED, "unevictable_pgs_culled")	/* pages put apart as locked */ \
	X(UNEVICTABLE_PGRESCUED, "unevictable_pgs_rescued")	/* and put back to the others */ \
	X(UNEVICTABLE_PGMLOCKED, "unevictable_pgs_mlocked")	/* the same, as */ \
	X(UNEVICTABLE_PGMUNLOCKED, "unevictable_pgs_munlocked") /* mlock has it */ \
	X(SWAP_RA, "swap_ra")	      /* pages read from swap with another */ \
	X(SWAP_RA_HIT, "swap_ra_hit") /* of these: found useful */

enum vm_event {
#define VM_EVENT(event, name) VM_EVENT_##event,
	VM_EVENTS(VM_EVENT)
#undef VM_EVENT
		VM_EVENTS_COUNT
};

extern uint32_t vm_events[VM_EVENTS_COUNT];

/* n more of one. vm_count(PGPGIN, 4). */
#define vm_count(event, n) ((void)(vm_events[VM_EVENT_##event] += (uint32_t)(n)))

/* The counter's line in /proc/vmstat. */
const char *vm_event_name(enum vm_event event);

#endif
