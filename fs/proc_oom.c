/*
 * /proc/PID/oom_score, oom_score_adj and oom_adj, the older scale of the same (Linux's
 * filesystems/proc.rst, 3.1 and 3.2).
 */
#include "proc.h"

#include <oom.h>
#include <task.h>

/* The older scale: from -16 to 15, and -17 for never. */
#define OLD_NEVER (-17)
#define OLD_MIN (-16)
#define OLD_MAX 15

int proc_show_oom_score(struct proc_text *text, struct process *process)
{
	proc_print(text, "%u\n", oom_score(process));
	return 0;
}

int proc_show_oom_score_adj(struct proc_text *text, struct process *process)
{
	proc_print(text, "%d\n", process->oom_score_adj);
	return 0;
}

int proc_store_oom_score_adj(const char *text, struct process *process)
{
	int32_t adj;
	int error = proc_parse_number(text, &adj);

	if (error)
		return error;
	if (adj < OOM_ADJ_MIN || adj > OOM_ADJ_MAX)
		return -EINVAL;
	return oom_set_adj(process, adj, false);
}

int proc_show_oom_adj(struct proc_text *text, struct process *process)
{
	int adj = process->oom_score_adj;

	proc_print(text, "%d\n",
		   adj == OOM_ADJ_MAX ? OLD_MAX : MIN(adj * -OLD_NEVER / OOM_ADJ_MAX, OLD_MAX));
	return 0;
}

int proc_store_oom_adj(const char *text, struct process *process)
{
	int32_t adj;
	int error = proc_parse_number(text, &adj);

	if (error)
		return error;
	if ((adj < OLD_MIN || adj > OLD_MAX) && adj != OLD_NEVER)
		return -EINVAL;
	adj = adj == OLD_MAX ? OOM_ADJ_MAX : adj * OOM_ADJ_MAX / -OLD_NEVER;
	return oom_set_adj(process, adj, true);
}
