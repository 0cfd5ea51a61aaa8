/*
 * The scheduler: round robin on one processor.
 *
 * A runnable task waits in one of two lists. One that has used up its slice goes to the end of
 * `expired_slice` with a fresh one; one that slept before its slice was over keeps the rest and
 * waits in `slice_left`, which is served first. So what waits for people and devices comes
 * before what computes, and yet cannot starve it: each tick is charged to somebody, and whose
 * slice is gone queues behind.
 *
 * A task that is urgent waits in a list of its own and runs before all others: there are few, they do
 * little at a time, and others wait for what they do (disks).
 *
 * The tick only marks that the processor should change hands (sched_need_resched); it does so
 * on the way back to PL3, for the kernel itself is not preempted. Interrupts are off while the
 * lists are changed and across the switch, and come back with the flags of whoever runs next.
 *
 * A task that is over cannot free the stack it stands on: the next one to run does, in
 * sched_finish_switch.
 */
#include <task.h>

#include <assert.h>
#include <frame.h>
#include <kvrange.h>
#include <string.h>
#include <vdso.h>

#define SLICE_TICKS 5 /* at nice 0: 50 ms */
#define SLICE_TICKS_MAX 10

/*
 * Load averages: fixed point, 11 fraction bits; decay over 5 s as exp(-5/60), exp(-5/300),
 * exp(-5/900).
 */
#define LOAD_SHIFT 11
#define LOAD_INTERVAL (5 * HZ)

void switch_stacks(vaddr_t *save, vaddr_t to);

struct task *current;
volatile bool sched_need_resched;

static struct task idle_task;
static struct list urgent = LIST_INIT(urgent);		     /* (irq) */
static struct list slice_left = LIST_INIT(slice_left);	     /* (irq) */
static struct list expired_slice = LIST_INIT(expired_slice); /* (irq) */
static unsigned nready;					     /* (irq) tasks in the lists */
static struct mm *loaded_mm;	     /* whose user half cr3 has; NULL: none */
static struct cpu_ticks tick_counts; /* (irq) */
static uint64_t nswitches;

static uint32_t load_average[3];
static const uint32_t load_decay[3] = { 1884, 2014, 2037 };
static unsigned load_countdown = LOAD_INTERVAL;

/* ---- the run queue; interrupts off ---- */

static unsigned slice_of(const struct task *task)
{
	int ticks = (20 - task->process->nice) * SLICE_TICKS / 20;

	return (unsigned)MAX(1, MIN(ticks, SLICE_TICKS_MAX));
}

static void queue_add(struct task *task)
{
	assert(task->state == TASK_RUNNING && task != &idle_task);
	assert(list_empty(&task->run_link));
	nready++;
	if (unlikely(task->urgent)) {
		list_add_tail(&urgent, &task->run_link);
		return;
	}
	if (task->slice > 0) {
		list_add_tail(&slice_left, &task->run_link);
		return;
	}
	task->slice = slice_of(task);
	list_add_tail(&expired_slice, &task->run_link);
}

static struct task *queue_take(void)
{
	struct list *from = list_empty(&slice_left) ? &expired_slice : &slice_left;
	struct task *task;

	if (nready == 0)
		return &idle_task;
	if (!list_empty(&urgent))
		from = &urgent;
	assert(!list_empty(from));
	task = list_first(from, struct task, run_link);
	list_remove(&task->run_link);
	nready--;
	assert(task->state == TASK_RUNNING);
	return task;
}

/* ---- switching ---- */

void sched_use_mm(struct mm *mm)
{
	if (mm == loaded_mm)
		return;
	loaded_mm = mm;
	if (mm) {
		vdso_use(mm);
		pagedir_activate(&mm->pagedir);
	} else {
		pagedir_activate_kernel();
	}
}

void sched_finish_switch(void)
{
	struct task *before = current->switched_from;

	assert(!irq_enabled() && before != current);
	if (before && before->state == TASK_DEAD)
		task_free(before);
	current->switched_from = NULL;
}

/*
 * Interrupts off; current is queued, asleep or dead. A task without a user half (idle, kernel
 * tasks) leaves the one before it loaded: its owner cannot go without running, and loads
 * another before it drops it.
 */
static void switch_to_next(void)
{
	struct task *from = current;
	struct task *to;

	assert(!irq_enabled() && kmap_none_held());
	to = queue_take();
	sched_need_resched = false;
	if (to == from)
		return;
	assert(to->state == TASK_RUNNING);
	nswitches++;
	current = to;
	to->switched_from = from;
	if (to->process->mm)
		sched_use_mm(to->process->mm);
	if (to->kernel_stack)
		traps_set_kernel_stack((vaddr_t)to->kernel_stack + KERNEL_STACK_SIZE);
	tls_switch(from, to);
	fpu_switch(to);
	switch_stacks(&from->kernel_esp, to->kernel_esp);
	sched_finish_switch();
}

void sched_yield(void)
{
	uint32_t flags = irq_save();

	assert(current->state == TASK_RUNNING);
	if (nready > 0) {
		current->slice = 0;
		if (current != &idle_task)
			queue_add(current);
		switch_to_next();
	}
	irq_restore(flags);
}

void sched_preempt(void)
{
	uint32_t flags = irq_save();

	sched_need_resched = false;
	if (nready > 0 && current != &idle_task) {
		current->switches_involuntary++;
		current->process->involuntary_switches++;
		if (current->rseq)
			current->rseq_check = current->signalled = true;
		queue_add(current);
		/* Whom an urgent task interrupts goes on afterwards, if its slice is not over. */
		if (!list_empty(&urgent) && current->run_link.next == &slice_left) {
			list_remove(&current->run_link);
			list_add(&slice_left, &current->run_link);
		}
		switch_to_next();
	}
	irq_restore(flags);
}

void sched_block(void)
{
	assert(current != &idle_task && !irq_enabled());
	if (current->state == TASK_RUNNING)
		return;
	current->switches_voluntary++;
	current->process->voluntary_switches++;
	switch_to_next();
}

__noreturn void sched_end(void)
{
	irq_save();
	assert(current != &idle_task && list_empty(&current->all_link));
	current->state = TASK_DEAD;
	switch_to_next();
	__builtin_unreachable();
}

/* ---- waking ---- */

/* Interrupts off. */
static void resume(struct task *task)
{
	assert(task->state != TASK_DEAD);
	task->state = TASK_RUNNING;
	if (task == current || !list_empty(&task->run_link))
		return;
	/* One that has slept is served before one that has computed for longer. */
	if (current == &idle_task || task->slice > current->slice || task->urgent)
		sched_need_resched = true;
	queue_add(task);
}

void sched_resume(struct task *task)
{
	uint32_t flags = irq_save();

	resume(task);
	irq_restore(flags);
}

void sched_wake_masked(struct task *task)
{
	task->woken = true;
	if (task->state == TASK_SLEEPING || task->state == TASK_WAITING ||
	    task->state == TASK_KILLABLE)
		resume(task);
}

void sched_wake(struct task *task)
{
	uint32_t flags = irq_save();

	sched_wake_masked(task);
	irq_restore(flags);
}

/* ---- the tick ---- */

static void load_update(void)
{
	struct task *task;
	uint32_t active = nready + (current != &idle_task);

	list_for_each(task, &all_tasks, all_link)
		active += task->state == TASK_WAITING;
	active <<= LOAD_SHIFT;
	for (unsigned i = 0; i < 3; i++) {
		uint32_t scale = 1u << LOAD_SHIFT;
		uint32_t next = load_average[i] * load_decay[i] + active * (scale - load_decay[i]);

		/* Rounded up on the way up, so that a steady load is reached. */
		if (active >= load_average[i])
			next += scale - 1;
		load_average[i] = next >> LOAD_SHIFT;
	}
}

/* RLIMIT_CPU: SIGXCPU each second beyond the limit, SIGKILL at the hard one. */
static void check_cpu_limit(struct process *process)
{
	const struct rlimit *limit = &process->rlimits[RLIMIT_CPU];
	uint32_t used = process->ticks_user + process->ticks_system;

	if (limit->current == RLIM_INFINITY || used % HZ != 0)
		return;
	if (used / HZ >= limit->maximum)
		signal_send_process(process, SIGKILL, NULL);
	else if (used / HZ >= limit->current)
		signal_send_process(process, SIGXCPU, NULL);
}

void sched_tick(bool from_user)
{
	struct process *process = current->process;

	if (--load_countdown == 0) {
		load_countdown = LOAD_INTERVAL;
		load_update();
	}
	if (current == &idle_task) {
		tick_counts.idle++;
		return;
	}
	if (from_user) {
		(*(process->nice > 0 ? &tick_counts.nice : &tick_counts.user))++;
		process->ticks_user++;
		current->ticks_user++;
	} else {
		tick_counts.system++;
		process->ticks_system++;
		current->ticks_system++;
	}
	check_cpu_limit(process);
	if (current->slice > 0 && --current->slice > 0)
		return;
	if (nready > 0)
		sched_need_resched = true;
	else
		current->slice = slice_of(current);
}

void sched_load(uint32_t load[3], unsigned *running, unsigned *total)
{
	struct task *task;

	memcpy(load, load_average, sizeof(load_average));
	*running = nready + (current != &idle_task);
	*total = 0;
	list_for_each(task, &all_tasks, all_link)
		++*total;
}

struct cpu_ticks sched_ticks(void)
{
	return tick_counts;
}

uint64_t sched_switches(void)
{
	return nswitches;
}

/* ---- the idle task ---- */

void sched_init(void)
{
	list_init(&idle_task.run_link);
	list_init(&idle_task.process_link);
	list_init(&idle_task.all_link);
	list_init(&idle_task.pending.queue);
	idle_task.process = &kernel_process;
	idle_task.state = TASK_RUNNING;
	credentials_init(&kernel_process.cred);
	current = &idle_task;
	task_stock_stacks();
}

__noreturn void sched_idle(void)
{
	assert(current == &idle_task);
	for (;;) {
		task_stock_stacks();
		while (nready == 0 && frame_zero_one_idle())
			;
		__asm__ volatile("cli");
		if (nready > 0)
			switch_to_next();
		else
			/* sti takes effect after the next instruction: no wake is missed. */
			__asm__ volatile("sti; hlt" : : : "memory");
		__asm__ volatile("sti");
	}
}

int32_t sys_sched_yield(void)
{
	sched_yield();
	return 0;
}
