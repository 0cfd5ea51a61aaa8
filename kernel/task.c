/*
 * Tasks: making them, finding them, freeing them; kernel tasks.
 *
 * A task's kernel stack holds, from the top down: the trap frame of its user registers (where
 * every entry from PL3 puts it, so task->frame never changes), and while it does not run, what
 * switch_stacks saved. A new task's stack is laid out to "return" from switch_stacks into its
 * start function.
 *
 * Mapping a stack and clearing it costs more than all else that a fork allocates here, so a few
 * stacks are kept in stock. The idle loop refills and trims the stock, so that at rest it
 * always has the same size and the count of free frames can be compared before and after.
 */
#include <task.h>

#include <abi/capability.h>
#include <assert.h>
#include <fail.h>
#include <kheap.h>
#include <kvrange.h>
#include <string.h>

#define STACK_STOCK 2

struct list all_tasks = LIST_INIT(all_tasks);
static void *stock[STACK_STOCK];
static unsigned nstock;

struct process kernel_process = {
	.all_link = LIST_INIT(kernel_process.all_link),
	.group_link = LIST_INIT(kernel_process.group_link),
	.session_link = LIST_INIT(kernel_process.session_link),
	.children = LIST_INIT(kernel_process.children),
	.sibling_link = LIST_INIT(kernel_process.sibling_link),
	.tasks = LIST_INIT(kernel_process.tasks),
	.pending = { .queue = LIST_INIT(kernel_process.pending.queue) },
	.child_wait = WAIT_QUEUE_INIT(kernel_process.child_wait),
	.cred = { .permitted = CAPABILITIES_ALL, .effective = CAPABILITIES_ALL },
	.name = "kernel",
};

/* What switch_stacks pops, lowest address first. */
struct switch_frame {
	uint32_t edi, esi, ebx, ebp;
	void (*start)(void);
	uint32_t no_caller; /* ends a backtrace */
};

static void *stack_get(void)
{
	if (nstock > 0)
		return stock[--nstock];
	return kvrange_alloc(KERNEL_STACK_SIZE / PAGE_SIZE);
}

static void stack_put(void *stack)
{
	if (nstock < STACK_STOCK)
		stock[nstock++] = stack;
	else
		kvrange_free(stack);
}

void task_stock_stacks(void)
{
	while (nstock < STACK_STOCK) {
		void *stack = kvrange_alloc(KERNEL_STACK_SIZE / PAGE_SIZE);

		if (!stack)
			return;
		/* An interrupt does not allocate, and nobody else runs: still the same slot. */
		stock[nstock++] = stack;
	}
}

static void wake_sleeper(void *context)
{
	struct task *task = context;

	task->timed_out = true;
	sched_wake(task);
}

struct task *task_create(void (*start)(void))
{
	struct task *task = kzalloc(sizeof(*task));
	struct switch_frame *frame;

	if (!task)
		return NULL;
	task->kernel_stack = stack_get();
	if (!task->kernel_stack) {
		kfree(task);
		return NULL;
	}
	task->frame = (struct trap_frame *)((char *)task->kernel_stack + KERNEL_STACK_SIZE) - 1;
	frame = (struct switch_frame *)task->frame - 1;
	*frame = (struct switch_frame){ .start = start };
	task->kernel_esp = (vaddr_t)frame;
	task->state = TASK_WAITING;
	task->altstack.flags = SS_DISABLE;
	list_init(&task->run_link);
	list_init(&task->process_link);
	list_init(&task->all_link);
	list_init(&task->pending.queue);
	timer_init(&task->sleep_timer, wake_sleeper, task);
	return task;
}

void task_free(struct task *task)
{
	assert(task != current);
	assert(list_empty(&task->run_link) && list_empty(&task->all_link));
	assert(task->state == TASK_DEAD || task->state == TASK_WAITING);
	assert(task->pending.nqueued == 0 && !task->vfork);
	fail_set_task(task, 0);
	fpu_reset(task);
	stack_put(task->kernel_stack);
	kfree(task);
}

/*
 * Interrupt handlers walk the list of all tasks (load averages) and a process's tasks (signals):
 * both change with interrupts off.
 */
void task_attach(struct task *task, struct process *process, struct pid *id)
{
	uint32_t flags;

	assert(list_empty(&task->process_link) && task->state != TASK_DEAD);
	task->process = process;
	task->id = id;
	task->tid = id ? id->number : 0;
	task->start_ns = clock_monotonic_ns();
	if (id) {
		assert(!id->task);
		id->task = task;
	}
	flags = irq_save();
	list_add_tail(&process->tasks, &task->process_link);
	process->ntasks++;
	list_add_tail(&all_tasks, &task->all_link);
	irq_restore(flags);
}

void task_detach(struct task *task)
{
	struct pid *id = task->id;
	uint32_t flags = irq_save();

	list_remove(&task->process_link);
	list_remove(&task->all_link);
	assert(task->process->ntasks > 0);
	task->process->ntasks--;
	irq_restore(flags);
	task->id = NULL;
	if (!id)
		return;
	id->task = NULL;
	pid_release(id);
}

struct task *task_find(pid_t tid)
{
	struct pid *pid = pid_find(tid);

	return pid ? pid->task : NULL;
}

/* ---- kernel tasks ---- */

/*
 * Runs on the new stack; what to do was left in the place of the user registers, which a kernel
 * task has not.
 */
static void start_kernel_task(void)
{
	void (*entry)(void *) = (void (*)(void *))current->frame->eax;
	void *argument = (void *)current->frame->ebx;

	sched_finish_switch();
	__asm__ volatile("sti");
	entry(argument);
	irq_save();
	task_detach(current);
	sched_end();
}

struct task *task_create_kernel(const char *name, void (*entry)(void *argument), void *argument)
{
	struct task *task = task_create(start_kernel_task);

	if (!task)
		return NULL;
	task->kernel_name = name;
	memset(task->frame, 0, sizeof(*task->frame));
	task->frame->eax = (uint32_t)entry;
	task->frame->ebx = (uint32_t)argument;
	task_attach(task, &kernel_process, NULL);
	sched_resume(task);
	return task;
}
