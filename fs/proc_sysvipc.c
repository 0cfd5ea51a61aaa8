/*
 * /proc/sysvipc: the objects of System V IPC as tables, in Linux's format for 32-bit machines.
 */
#include "proc.h"

#include <ipc.h>

static int show_shm(struct proc_text *text, struct process *process)
{
	struct shmid64_ds at;
	uint32_t place = 0, resident;
	int32_t id;

	(void)process;
	proc_print(text, "       key      shmid perms       size  cpid  lpid nattch   uid   gid  "
			 "cuid  cgid      atime      dtime      ctime        rss       swap\n");
	for (; shm_tell_next(&place, &at, &id, &resident); place++) {
		proc_print(text, "%10d %10d  %4o %10u %5d %5d  %5u %5u %5u %5u %5u ", at.perm.key,
			   id, at.perm.mode, at.size, at.cpid, at.lpid, at.nattch, at.perm.uid,
			   at.perm.gid, at.perm.cuid, at.perm.cgid);
		proc_print(text, "%10u %10u %10u %10u %10u\n", at.atime, at.dtime, at.ctime,
			   resident * PAGE_SIZE, 0u);
	}
	return 0;
}

const struct proc_entry proc_sysvipc_entries[] = {
	PROC_FILE("shm", 0444, show_shm),
	{ .name = NULL },
};
