/*
 * When memory is out. What counts and who is spared is in oom.h; this is how.
 *
 * The chosen one is sent a SIGKILL and the one that asks sleeps until it has gone, or memory has come
 * free otherwise. It may take a while, when it waits for a disk; and it may be unable to go, as it
 * waits for something that this very task holds: after some seconds it is passed over, and the next
 * in order is chosen. While one is on its way already no other is. Nothing here allocates.
 *
 * The log says who asked, who are the largest and who was chosen, as on Linux.
 */
#include <oom.h>

#include <abi/capability.h>
#include <assert.h>
#include <clock.h>
#include <err.h>
#include <log.h>
#include <mm.h>
#include <panic.h>
#include <reclaim.h>
#include <signal.h>
#include <swap.h>
#include <task.h>
#include <vm_events.h>
#include <wait.h>

#define PATIENCE_NS 5000000000ull /* after that a killed process is thought to be stuck */
#define LOOK_NS 10000000ull	  /* between two looks at it */
#define TABLE_ROWS 8u
#define LARGE_SHARE 16u /* only_if_large: of memory */
#define UNIT 1024u	/* a frame, when shares of frames are added up */

struct oom_policy oom_policy = { .dump_tasks = 1 };

/* ---- badness ---- */

struct sum {
	uint64_t units;
	const struct frame *table; /* the page table of the page before */
};

/* Does it go with the last that maps it? */
static bool goes_with_users(const struct frame *frame)
{
	return frame->kind == FRAME_ANON ||
	       (frame->kind == FRAME_CACHE && frame->object && frame->object->transient);
}

static bool add_page(void *context, vaddr_t at, const struct page_mapping *page)
{
	struct sum *sum = context;

	(void)at;
	if (page->table != sum->table) {
		sum->table = page->table;
		sum->units += UNIT / MAX(page->table->refs, 1u);
	}
	if (page->frame && goes_with_users(page->frame))
		sum->units += UNIT / MAX(page_mappings(page), 1u);
	/* As on Linux what is in swap weighs as much: it would be in memory if it could. */
	if (page->swap)
		sum->units += UNIT / MAX(swap_entries(page->swap) + page->table->refs - 1, 1u);
	return true;
}

/* Frames that the end of whoever uses mm gives back. */
static uint32_t frames_held(const struct mm *mm)
{
	struct sum sum = { .units = UNIT }; /* the directory */

	pagedir_walk(&mm->pagedir, 0, USER_TOP, add_page, &sum);
	return (uint32_t)(sum.units / UNIT);
}

/* May it be ended at all? Nor may who shares its memory be one that may not. */
static bool may_end(const struct process *process)
{
	const struct process *other;

	if (!process->mm)
		return false;
	list_for_each(other, &all_processes, all_link)
		if (other->mm == process->mm &&
		    (other->unkillable || other->oom_score_adj == OOM_ADJ_MIN))
			return false;
	return true;
}

/*
 * held: what it holds of `total` frames. Linux cuts total off at whole thousands; on a machine with few
 * of them 1000 would then no longer mean to go first.
 */
static int32_t badness(const struct process *process, uint32_t held, uint32_t total)
{
	return (int32_t)held + (int32_t)((int64_t)process->oom_score_adj * total / OOM_ADJ_MAX);
}

uint32_t oom_score(const struct process *process)
{
	uint32_t total = frame_usable() + swap_total_npages;
	int64_t bad;

	if (!process->mm || process->unkillable || process->oom_score_adj == OOM_ADJ_MIN)
		return 0;
	bad = badness(process, frames_held(process->mm), total);
	return (uint32_t)((OOM_ADJ_MAX + bad * OOM_ADJ_MAX / (int32_t)total) * 2 / 3);
}

/* ---- the log ---- */

struct row {
	struct process *process;
	uint32_t held;
	int32_t bad;
};

/* Keeps the rows sorted, the worst first. */
static void enter_row(struct row *rows, struct row row)
{
	for (unsigned i = 0; i < TABLE_ROWS; i++) {
		struct row next = rows[i];

		if (next.process && next.bad >= row.bad)
			continue;
		rows[i] = row;
		row = next;
		if (!row.process)
			return;
	}
}

static void log_rows(const struct row *rows)
{
	log_error("oom:   pid   uid    size KB  resident KB  frees KB    adj  name");
	for (unsigned i = 0; i < TABLE_ROWS && rows[i].process; i++) {
		const struct process *process = rows[i].process;
		const struct mm *mm = process->mm;

		log_error("oom: %5d %5u %10u %12u %9u %6d  %s", process->pid, process->cred.uid,
			  mm->npages * (PAGE_SIZE / KB),
			  (mm->pagedir.resident_anon + mm->pagedir.resident_file) *
				  (PAGE_SIZE / KB),
			  rows[i].held * (PAGE_SIZE / KB), process->oom_score_adj, process->name);
	}
}

static void log_memory(void)
{
	struct frame_counts counts;

	frame_count(&counts);
	log_error("oom: %s (%d) finds no memory: %u KB free, %u KB anonymous, %u KB cached, "
		  "%u KB page tables, %u KB kernel",
		  current->process->name, current->process->pid,
		  counts.by_kind[FRAME_FREE] * (PAGE_SIZE / KB),
		  counts.by_kind[FRAME_ANON] * (PAGE_SIZE / KB),
		  counts.by_kind[FRAME_CACHE] * (PAGE_SIZE / KB),
		  counts.by_kind[FRAME_PAGE_TABLE] * (PAGE_SIZE / KB),
		  counts.by_kind[FRAME_KERNEL] * (PAGE_SIZE / KB));
}

/* ---- choosing ---- */

static bool is_ending(const struct process *process)
{
	return process->exiting || (process->pending.set & SIGNAL_BIT(SIGKILL));
}

/* One that was told to end and still can: to be waited for before another is. */
static struct process *ending_process(void)
{
	struct process *process;

	list_for_each(process, &all_processes, all_link)
		if (process->mm && is_ending(process) && !process->oom_passed_over &&
		    process != current->process)
			return process;
	return NULL;
}

/* The worst first; rows[0].process NULL: there is nobody. */
static void find_worst(struct row *rows)
{
	uint32_t total = frame_usable() + swap_total_npages;
	struct process *process;

	list_for_each(process, &all_processes, all_link) {
		struct row row = { .process = process };

		if (process->oom_passed_over || !may_end(process))
			continue;
		row.held = frames_held(process->mm);
		row.bad = badness(process, row.held, total);
		enter_row(rows, row);
	}
}

/* ---- ending ---- */

/* Ends it and all that use the same memory, which would come back with none of them alone. */
static void end_sharers(struct process *victim)
{
	struct process *process;

	list_for_each(process, &all_processes, all_link) {
		if (process->mm != victim->mm)
			continue;
		if (process != victim)
			log_error("mm: out of memory: process %d (%s) shares its memory: killed",
				  process->pid, process->name);
		signal_send_process(process, SIGKILL, NULL);
	}
}

/* Its mm has gone, or is about to with its last reader. */
static bool has_gone(pid_t pid)
{
	const struct process *process = process_find(pid);

	/* The number may be another's by now: no matter. */
	return !process || !process->mm;
}

/*
 * True: it has gone, or somebody has given memory back meanwhile. False: it is stuck, or current is to
 * end itself.
 */
static bool wait_for_end(pid_t pid)
{
	const uint64_t end = clock_monotonic_ns() + PATIENCE_NS;
	struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);

	sched_yield();
	while (!has_gone(pid) && !frame_available()) {
		uint64_t now = clock_monotonic_ns();

		if (now >= end || is_ending(current->process))
			return false;
		(void)wait_until(&nobody, has_gone(pid), WAIT_UNINTERRUPTIBLE, now + LOOK_NS);
	}
	return true;
}

/* Chooses and ends one: NULL when nobody may or should be. */
static struct process *end_worst(bool only_if_large)
{
	struct row rows[TABLE_ROWS] = { { .process = NULL } };
	struct process *victim;

	find_worst(rows);
	victim = rows[0].process;
	if (only_if_large && rows[0].held < frame_usable() / LARGE_SHARE)
		return NULL;
	if (oom_policy.kill_allocating && may_end(current->process))
		victim = current->process;
	log_memory();
	if (oom_policy.dump_tasks)
		log_rows(rows);
	if (oom_policy.panic)
		panic("out of memory: vm.panic_on_oom is %d", oom_policy.panic);
	if (!victim)
		return NULL;
	log_error("mm: out of memory: process %d (%s) killed, oom_score_adj %d", victim->pid,
		  victim->name, victim->oom_score_adj);
	vm_count(OOM_KILL, 1);
	end_sharers(victim);
	return victim;
}

/* Nobody can be ended. A program's access that can never succeed must not go on for ever. */
static bool give_up(bool only_if_large)
{
	if (only_if_large || current->process == &kernel_process)
		return false;
	if (current->process->unkillable)
		panic("out of memory, and nobody is left to be ended");
	signal_send_process(current->process, SIGKILL, NULL);
	return false;
}

bool oom_make_room(bool only_if_large)
{
	bool on_request = current->fail_met;

	/* Somebody gave memory back meanwhile, or it was said to be out on request (fail.h). */
	current->fail_met = false;
	if (frame_available())
		return !(on_request && only_if_large) && !sched_give_way();
	if (reclaim_make_room())
		return true;
	for (;;) {
		struct process *victim = ending_process();
		pid_t pid;

		if (is_ending(current->process))
			return false;
		if (!victim)
			victim = end_worst(only_if_large);
		if (!victim)
			return give_up(only_if_large);
		if (victim->mm == current->process->mm)
			return false;
		pid = victim->pid;
		if (wait_for_end(pid))
			return true;
		victim = process_find(pid);
		if (victim && !is_ending(current->process))
			victim->oom_passed_over = true;
	}
}

/* ---- oom_score_adj ---- */

/* vfork's child has its parent's memory for a moment only. */
static bool is_vfork_child(struct process *process)
{
	const struct task *task = process_main_task(process);

	return task && task->vfork;
}

int oom_set_adj(struct process *process, int32_t adj, bool by_oom_adj)
{
	bool may_all = credentials_has(&current->process->cred, CAP_SYS_RESOURCE);
	int32_t lowest = by_oom_adj ? process->oom_score_adj : process->oom_score_adj_min;
	struct process *other;

	assert(adj >= OOM_ADJ_MIN && adj <= OOM_ADJ_MAX);
	if (adj < lowest && !may_all)
		return -EACCES;
	list_for_each(other, &all_processes, all_link) {
		bool shares = other->mm && other->mm == process->mm && !other->unkillable &&
			      !is_vfork_child(process) && !is_vfork_child(other);

		if (other != process && !shares)
			continue;
		other->oom_score_adj = (int16_t)adj;
		if (!by_oom_adj && may_all)
			other->oom_score_adj_min = (int16_t)adj;
	}
	return 0;
}
