/*
 * Self-tests of tasks, the scheduler, sleeping and waking.
 */
#include <selftest.h>

#include <err.h>
#include <task.h>

#define MILLISECOND 1000000ull

static struct wait_queue queue = WAIT_QUEUE_INIT(queue);
static struct wait_queue finished = WAIT_QUEUE_INIT(finished);
static unsigned running, sum;
static bool open;

static void finish_one(void)
{
	running--;
	wake_all(&finished);
}

static void start(void (*entry)(void *), unsigned count)
{
	running = count;
	for (unsigned i = 0; i < count; i++)
		if (!task_create_kernel("selftest", entry, (void *)i))
			finish_one();
}

static void wait_for_all(void)
{
	wait_event_uninterruptible(&finished, running == 0);
}

/* ---- tasks ---- */

static void add(void *argument)
{
	for (unsigned i = 0; i < 10; i++) {
		sum += (unsigned)argument;
		sched_yield();
	}
	finish_one();
}

SELFTEST(task_kernel_tasks_run_and_end)
{
	uint32_t load[3];
	unsigned before, after, unused;

	sched_load(load, &unused, &before);
	sum = 0;
	start(add, 20);
	wait_for_all();
	EXPECT(sum == 10 * (19 * 20 / 2));
	sched_yield(); /* the last one is off its stack then */
	sched_load(load, &unused, &after);
	EXPECT(before == after);
}

SELFTEST(task_numbers_are_unique_and_come_back)
{
	struct pid *pids[50];

	for (unsigned i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = pid_allocate();
		EXPECT(!IS_ERR(pids[i]) && pid_find(pids[i]->number) == pids[i]);
		EXPECT(i == 0 || pids[i]->number != pids[i - 1]->number);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(pids); i++) {
		pid_t number = pids[i]->number;

		pid_release(pids[i]);
		EXPECT(!pid_find(number) && !process_find(number) && !task_find(number));
	}
}

SELFTEST(task_numbers_wrap_around)
{
	pid_t last = 0;
	bool wrapped = false;

	for (unsigned i = 0; i < PID_MAX + 10; i++) {
		struct pid *pid = pid_allocate();

		if (IS_ERR(pid)) {
			EXPECT(!IS_ERR(pid));
			return;
		}
		EXPECT(pid->number > 0 && pid->number < PID_MAX);
		wrapped |= pid->number < last;
		last = pid->number;
		pid_release(pid);
	}
	EXPECT(wrapped);
}

/* ---- sleeping and waking ---- */

SELFTEST(wait_ends_at_the_deadline)
{
	uint64_t start_ns = clock_monotonic_ns();
	int result = wait_until(&queue, false, WAIT_UNINTERRUPTIBLE, start_ns + 30 * MILLISECOND);

	EXPECT(result == -ETIMEDOUT);
	EXPECT(clock_monotonic_ns() >= start_ns + 30 * MILLISECOND);
	result = wait_until(&queue, false, WAIT_UNINTERRUPTIBLE, start_ns);
	EXPECT(result == -ETIMEDOUT);
	result = wait_until(&queue, true, WAIT_UNINTERRUPTIBLE, start_ns);
	EXPECT(result == 0);
}

SELFTEST(wait_no_wake_is_lost)
{
	struct waiter waiter;

	wait_enter(&queue, &waiter);
	wait_prepare(WAIT_UNINTERRUPTIBLE);
	wake_all(&queue); /* after the look at the condition, before the sleep */
	EXPECT(wait_sleep(WAIT_FOREVER) == 0);
	wait_leave(&waiter);
	EXPECT(current->state == TASK_RUNNING);
}

static void pass_gate(void *argument)
{
	(void)argument;
	wait_event_uninterruptible(&queue, open);
	sum++;
	finish_one();
}

SELFTEST(wait_wake_all_wakes_all)
{
	sum = 0;
	open = false;
	start(pass_gate, 10);
	sched_yield();
	EXPECT(sum == 0);
	open = true;
	wake_all(&queue);
	wait_for_all();
	EXPECT(sum == 10);
}

static unsigned tickets;

static bool take_ticket(void)
{
	if (tickets == 0)
		return false;
	tickets--;
	return true;
}

static void wait_for_ticket(void *argument)
{
	(void)argument;
	wait_event_uninterruptible(&queue, take_ticket());
	sum++;
	finish_one();
}

SELFTEST(wait_two_wakes_reach_two)
{
	sum = tickets = 0;
	start(wait_for_ticket, 3);
	sched_yield();
	tickets = 2;
	wake_one(&queue);
	wake_one(&queue);
	sched_yield();
	sched_yield();
	EXPECT(sum == 2);
	tickets = 1;
	wake_one(&queue);
	wait_for_all();
	EXPECT(sum == 3);
}

/* ---- mutexes ---- */

static struct mutex mutex;
static bool inside;

static void exclude(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < 20; i++) {
		mutex_lock(&mutex);
		EXPECT(!inside && mutex_is_mine(&mutex));
		inside = true;
		sched_yield();
		inside = false;
		sum++;
		mutex_unlock(&mutex);
	}
	finish_one();
}

SELFTEST(wait_a_mutex_lets_one_in)
{
	mutex_init(&mutex);
	sum = 0;
	start(exclude, 8);
	wait_for_all();
	EXPECT(sum == 160);
	EXPECT(!mutex_is_mine(&mutex));
}

/* ---- signals ---- */

SELFTEST(signal_sets_and_actions)
{
	struct signal_actions *actions = signal_actions_create(), *copy;

	if (!actions) {
		EXPECT(actions);
		return;
	}
	actions->action[SIGUSR1 - 1].handler = 0x1000;
	actions->action[SIGUSR1 - 1].flags = SA_RESTART;
	actions->action[SIGUSR2 - 1].handler = SIG_IGN;
	copy = signal_actions_copy(actions);
	EXPECT(copy && copy->refs == 1 && copy->action[SIGUSR1 - 1].handler == 0x1000);
	signal_actions_exec(actions);
	EXPECT(actions->action[SIGUSR1 - 1].handler == SIG_DFL);
	EXPECT(actions->action[SIGUSR1 - 1].flags == 0);
	EXPECT(actions->action[SIGUSR2 - 1].handler == SIG_IGN);
	signal_actions_put(actions);
	if (copy)
		signal_actions_put(copy);
}
