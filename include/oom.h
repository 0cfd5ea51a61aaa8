/*
 * When memory is out: who ends so that others can go on.
 *
 * A process's badness is what its end would give back, in frames: pages of its own whole, pages that
 * others map as well by its share of them, shared memory that goes with its last user likewise, and
 * page tables; files' pages not at all, since they stay. oom_score_adj adds as many thousandths of the
 * machine's memory; -1000 means never. The worst ends, with all that share its memory.
 */
#ifndef LOFT_OOM_H
#define LOFT_OOM_H

#include <types.h>

struct process;

#define OOM_ADJ_MIN (-1000) /* never to be ended */
#define OOM_ADJ_MAX 1000

extern struct oom_policy {
	int32_t panic;		 /* vm.panic_on_oom: not 0: the machine stops instead */
	int32_t kill_allocating; /* vm.oom_kill_allocating_task: who asks ends, whoever is worst */
	int32_t dump_tasks;	 /* vm.oom_dump_tasks: the log shows the largest processes */
} oom_policy;

/*
 * Ends a process and waits for it to go. True: memory may have come back, ask again; false: current is
 * to end itself, or nobody could be ended. With only_if_large none ends who would not give back a
 * sixteenth of memory: for pages of files, which can be refused. Sleeps; mm->lock is not held.
 */
__must_check bool oom_make_room(bool only_if_large);
/* /proc/PID/oom_score: 0 (never) to 2000 as Linux scales it. */
uint32_t oom_score(const struct process *process);
/*
 * oom_score_adj, from OOM_ADJ_MIN to OOM_ADJ_MAX, of process and those that share its memory. -EACCES:
 * lower than the superuser set it last, or, by_oom_adj, lower than it is, for who is no superuser.
 */
__must_check int oom_set_adj(struct process *process, int32_t adj, bool by_oom_adj);

#endif
