/*
 * POSIX timers: of a process, on a clock, each expiry a signal.
 *
 * A timer has one signal record of its own, and so at most one signal on its way. A periodic timer
 * is not armed again before that signal is taken; then the intervals that have ended meanwhile are
 * its overruns. So a program that does not take its signals costs nothing. A signal that is ignored
 * is taken at once.
 *
 * Timers on wall or monotonic clocks are clock_timers. Those on processor time hang in one list,
 * which each tick that found somebody running compares with who it was.
 *
 * A timer that is deleted leaves a signal that is on its way to arrive.
 *
 * Guarded by interrupt-off sections: what firing and taking touch.
 */
#include <posix_timer.h>

#include <abi/sigevent.h>
#include <assert.h>
#include <clock_timer.h>
#include <err.h>
#include <kheap.h>
#include <signal.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>

#include "clock_internal.h"
#include "cpu_clock.h"

struct posix_timer {
	struct tree_node node; /* in process->posix_timers, by id */
	int32_t id;
	int32_t notify; /* SIGEV_* */
	bool on_cpu;	/* counts by cpu, else by clock.clock */
	bool active;	/* (irq) armed, or its signal is on its way and it will be again */
	struct process *process;
	struct task *target; /* of the signal; NULL: the whole process */
	bool target_gone;    /* there was one */
	struct signal_record *record;
	struct clock_timer clock; /* with on_cpu: expires and interval alone are used */
	struct cpu_clock cpu;
	struct list cpu_link; /* (irq) armed, in cpu_timers */
	int64_t overruns;     /* since the last signal was taken, -1: not even one expiry */
	int32_t told_overruns;
};

static struct list cpu_timers = LIST_INIT(cpu_timers);

#define timer_entry(tree_node) tree_entry(tree_node, struct posix_timer, node)

/* ---- the two kinds of clock ---- */

static void disarm(struct posix_timer *timer)
{
	clock_timer_stop(&timer->clock);
	list_remove(&timer->cpu_link);
}

static void arm(struct posix_timer *timer)
{
	uint32_t flags = irq_save();

	if (timer->on_cpu) {
		list_remove(&timer->cpu_link);
		list_add_tail(&cpu_timers, &timer->cpu_link);
	} else {
		clock_timer_restart(&timer->clock);
	}
	irq_restore(flags);
}

static uint64_t left(const struct posix_timer *timer)
{
	uint64_t now;

	if (!timer->on_cpu)
		return clock_timer_left(&timer->clock);
	now = cpu_clock_ns(&timer->cpu);
	return timer->clock.expires > now ? timer->clock.expires - now : 0;
}

/* The intervals that have ended; the timer moves on by them. */
static uint64_t forward(struct posix_timer *timer)
{
	struct clock_timer *clock = &timer->clock;
	uint64_t now, count;

	if (!timer->on_cpu)
		return clock_timer_forward(clock);
	now = cpu_clock_ns(&timer->cpu);
	if (now < clock->expires)
		return 0;
	count = (now - clock->expires) / clock->interval + 1;
	clock->expires += count * clock->interval;
	return count;
}

/* ---- expiry ---- */

static int32_t whole_overruns(const struct posix_timer *timer)
{
	return timer->overruns > INT32_MAX ? INT32_MAX : (int32_t)MAX(timer->overruns, 0);
}

/* The signal has arrived, or is forgotten. Interrupts off. */
static void signal_taken(struct signal_record *record, struct siginfo *info)
{
	struct posix_timer *timer = record->owner;

	timer->told_overruns = 0;
	if (timer->clock.interval && timer->active) {
		timer->overruns += (int64_t)forward(timer);
		timer->told_overruns = whole_overruns(timer);
		arm(timer);
	}
	timer->overruns = -1;
	if (info)
		info->timer.overrun += timer->told_overruns;
}

/* Interrupts off. */
static void expire(struct posix_timer *timer)
{
	assert(timer->notify != SIGEV_NONE);
	if (!timer->clock.interval)
		timer->active = false;
	if (timer->target_gone) {
		timer->active = false;
		return;
	}
	if (signal_send_record(timer->process, timer->target, timer->record))
		return;
	/* Ignored: nobody will take it. */
	if (timer->clock.interval) {
		timer->overruns += (int64_t)forward(timer);
		arm(timer);
	}
}

static void clock_expired(struct clock_timer *clock)
{
	expire(container_of(clock, struct posix_timer, clock));
}

void posix_timers_tick(void)
{
	struct posix_timer *timer, *after;

	if (!list_empty(&cpu_clock_sleepers.waiters))
		wake_all(&cpu_clock_sleepers);
	list_for_each_safe(timer, after, &cpu_timers, cpu_link) {
		if (!cpu_clock_counts_current(&timer->cpu) || left(timer) > 0)
			continue;
		list_remove(&timer->cpu_link);
		expire(timer);
	}
}

/* ---- life ---- */

static struct posix_timer *find(int32_t id)
{
	struct tree_node *at = current->process->posix_timers.root;

	while (at && timer_entry(at)->id != id)
		at = at->child[id > timer_entry(at)->id];
	return at ? timer_entry(at) : NULL;
}

/* Ids rise, but a thread may have slept between getting one and coming here. */
static void enter(struct process *process, struct posix_timer *timer)
{
	struct tree_node *parent = NULL, *at = process->posix_timers.root;
	int side = 0;

	while (at) {
		parent = at;
		side = timer->id > timer_entry(at)->id;
		at = at->child[side];
	}
	tree_insert(&process->posix_timers, &timer->node, parent, side);
	process->nposix_timers++;
}

/* Of a timer that is in no tree, or no longer. */
static void free_timer(struct posix_timer *timer)
{
	uint32_t flags = irq_save();

	disarm(timer);
	if (timer->record)
		signal_record_release(timer->record);
	irq_restore(flags);
	kfree(timer);
}

static void delete (struct posix_timer *timer)
{
	tree_remove(&timer->process->posix_timers, &timer->node);
	assert(timer->process->nposix_timers > 0);
	timer->process->nposix_timers--;
	free_timer(timer);
}

void posix_timers_delete(struct process *process)
{
	struct tree_node *node;

	while ((node = tree_first(&process->posix_timers)))
		delete (timer_entry(node));
	process->next_posix_timer = 0;
}

/* No process may be counted by the number of one before it. */
static void stop_counting(const struct task *task)
{
	bool last = task->process->ntasks <= 1;
	struct posix_timer *timer, *after;
	uint32_t flags = irq_save();

	list_for_each_safe(timer, after, &cpu_timers, cpu_link)
		if (timer->cpu.number == (timer->cpu.thread ? task->tid : task->process->pid) &&
		    (timer->cpu.thread || last))
			list_remove(&timer->cpu_link);
	irq_restore(flags);
}

void posix_timers_forget(const struct task *task)
{
	struct tree_node *node = tree_first(&task->process->posix_timers);

	if (!list_empty(&cpu_timers))
		stop_counting(task);
	for (; node; node = tree_next(node)) {
		struct posix_timer *timer = timer_entry(node);
		uint32_t flags = irq_save();

		if (timer->target == task) {
			timer->target_gone = true;
			timer->target = NULL;
		}
		irq_restore(flags);
	}
}

/* ---- timer_create ---- */

/* Whom a thread's signal goes to: NULL when the thread is not current's process's. */
static struct task *target_of(const struct sigevent *event)
{
	struct task *task = task_find(event->tid);

	return task && task->process == current->process ? task : NULL;
}

static int check_event(const struct sigevent *event)
{
	if (event->notify == SIGEV_NONE)
		return 0;
	if (event->notify != SIGEV_SIGNAL && event->notify != SIGEV_THREAD &&
	    event->notify != (SIGEV_SIGNAL | SIGEV_THREAD_ID))
		return -EINVAL;
	if (event->notify == (SIGEV_SIGNAL | SIGEV_THREAD_ID) && !target_of(event))
		return -EINVAL;
	return event->signal <= 0 || event->signal > NSIG ? -EINVAL : 0;
}

static int check_clock(int32_t clock)
{
	struct cpu_clock cpu;
	uint64_t now;

	if (is_cpu_clock(clock))
		return cpu_clock_find(clock, &cpu);
	if (clock_read(clock, &now) != 0)
		return -EINVAL;
	return clock_has_timers(clock) ? 0 : -EOPNOTSUPP;
}

static struct posix_timer *make(int32_t clock)
{
	struct process *process = current->process;
	struct posix_timer *timer;

	if (process->nposix_timers >= process->rlimits[RLIMIT_SIGPENDING].current)
		return NULL;
	timer = kzalloc(sizeof(*timer));
	if (!timer)
		return NULL;
	list_init(&timer->cpu_link);
	clock_timer_init(&timer->clock, is_cpu_clock(clock) ? CLOCK_MONOTONIC : clock,
			 clock_expired);
	timer->record = signal_record_create(timer, signal_taken);
	if (timer->record)
		return timer;
	free_timer(timer);
	return NULL;
}

/* event NULL: SIGALRM with the id for a value. */
static void describe(struct posix_timer *timer, const struct sigevent *event)
{
	struct siginfo *info = &timer->record->info;

	timer->id = current->process->next_posix_timer;
	/* Four thousand million timers on, the numbers would begin again: they stay at the end. */
	if (timer->id < INT32_MAX)
		current->process->next_posix_timer++;
	timer->process = current->process;
	timer->overruns = -1;
	timer->notify = event ? event->notify & ~SIGEV_THREAD_ID : SIGEV_SIGNAL;
	info->signo = event ? event->signal : SIGALRM;
	info->code = SI_TIMER;
	info->timer.id = timer->id;
	info->timer.value = event ? event->value : (uint32_t)timer->id;
	if (event && (event->notify & SIGEV_THREAD_ID))
		timer->target = target_of(event);
}

int32_t sys_timer_create(int32_t clock, const struct sigevent __user *user, int32_t __user *id)
{
	struct sigevent event;
	struct posix_timer *timer;
	int error;

	if (user && copy_from_user(&event, user, sizeof(event)) != 0)
		return -EFAULT;
	error = is_cpu_clock(clock) ? 0 : check_clock(clock);
	if (!error && user)
		error = check_event(&event);
	if (!error && is_cpu_clock(clock))
		error = check_clock(clock);
	if (error)
		return error;
	timer = make(clock);
	if (!timer || current->process->next_posix_timer == INT32_MAX) {
		if (timer)
			free_timer(timer);
		return -EAGAIN;
	}
	timer->on_cpu = is_cpu_clock(clock);
	if (timer->on_cpu)
		error = cpu_clock_find(clock, &timer->cpu);
	describe(timer, user ? &event : NULL);
	if (!error)
		error = put_user((uint32_t __user *)id, (uint32_t)timer->id);
	if (error) {
		free_timer(timer);
		return error;
	}
	/* The store may have slept: the thread to be told may have gone. */
	if (timer->target && timer->target != target_of(&event)) {
		timer->target = NULL;
		timer->target_gone = true;
	}
	enter(current->process, timer);
	return 0;
}

/* ---- setting and looking ---- */

/* Interrupts off. */
static void look(struct posix_timer *timer, uint64_t *value, uint64_t *interval)
{
	bool silent = timer->notify == SIGEV_NONE;

	*value = 0;
	*interval = timer->clock.interval;
	if (!timer->active)
		return;
	if (timer->clock.interval && (silent || signal_record_pending(timer->record)))
		timer->overruns += (int64_t)forward(timer);
	*value = left(timer);
	/* One that runs does not look as if it did not. */
	if (*value == 0 && !silent)
		*value = 1;
}

static void set(struct posix_timer *timer, bool absolute, uint64_t value, uint64_t interval)
{
	struct clock_timer *clock = &timer->clock;

	disarm(timer);
	timer->overruns = -1;
	timer->told_overruns = 0;
	timer->active = value != 0;
	if (timer->on_cpu) {
		clock->interval = interval;
		clock->expires = absolute ? value : cpu_clock_ns(&timer->cpu) + value;
	} else {
		clock_timer_set(clock, absolute, value, interval);
	}
	if (!value)
		clock->interval = 0;
	else if (timer->notify == SIGEV_NONE)
		disarm(timer);
	else
		arm(timer);
}

static int32_t settime(int32_t id, uint32_t flags, const void __user *from, void __user *old,
		       bool wide)
{
	uint64_t value, interval, old_value, old_interval;
	struct posix_timer *timer;
	uint32_t irq;
	int error;

	if (!from)
		return -EINVAL;
	error = itimerspec_get(&value, &interval, from, wide);
	if (error)
		return error;
	timer = find(id);
	if (!timer)
		return -EINVAL;
	irq = irq_save();
	look(timer, &old_value, &old_interval);
	set(timer, flags & TIMER_ABSTIME, value, interval);
	irq_restore(irq);
	return old ? itimerspec_put(old, old_value, old_interval, wide) : 0;
}

int32_t sys_timer_settime(int32_t id, uint32_t flags, const void __user *from, void __user *old)
{
	return settime(id, flags, from, old, false);
}

int32_t sys_timer_settime64(int32_t id, uint32_t flags, const void __user *from, void __user *old)
{
	return settime(id, flags, from, old, true);
}

static int32_t gettime(int32_t id, void __user *to, bool wide)
{
	struct posix_timer *timer = find(id);
	uint64_t value, interval;
	uint32_t irq;

	if (!timer)
		return -EINVAL;
	irq = irq_save();
	look(timer, &value, &interval);
	irq_restore(irq);
	return itimerspec_put(to, value, interval, wide);
}

int32_t sys_timer_gettime(int32_t id, void __user *to)
{
	return gettime(id, to, false);
}

int32_t sys_timer_gettime64(int32_t id, void __user *to)
{
	return gettime(id, to, true);
}

int32_t sys_timer_getoverrun(int32_t id)
{
	struct posix_timer *timer = find(id);

	return timer ? timer->told_overruns : -EINVAL;
}

int32_t sys_timer_delete(int32_t id)
{
	struct posix_timer *timer = find(id);

	if (!timer)
		return -EINVAL;
	delete (timer);
	return 0;
}
