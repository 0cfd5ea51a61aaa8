/*
 * Tasks and processes. A task is what the scheduler runs: a kernel stack and, unless it is a kernel task, user registers. A process
 * is what tasks share: address space, files, signal actions, identity. Today's fork gives each process one task; threads add more.
 *
 * Protected by: the kernel not being preempted; fields marked (irq) are also used by interrupt handlers and guarded by interrupt-off
 * sections.
 */
#ifndef LOFT_TASK_H
#define LOFT_TASK_H

#include <abi/signal.h>
#include <clock.h>
#include <list.h>
#include <mm.h>
#include <signal.h>
#include <trap.h>
#include <types.h>
#include <wait.h>

enum task_state {
	TASK_RUNNING,		/* on the run queue or the processor */
	TASK_SLEEPING,		/* interruptible: signals wake it */
	TASK_WAITING,		/* uninterruptible */
	TASK_STOPPED,		/* SIGSTOP and the like */
	TASK_DEAD		/* never runs again; its stack goes when somebody else runs */
};

/* Resource limits (Linux numbers), RLIM_INFINITY = 0xffffffff. */
#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
#define RLIMIT_LOCKS 10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE 12
#define RLIMIT_NICE 13
#define RLIMIT_RTPRIO 14
#define RLIMIT_RTTIME 15
#define RLIMIT_COUNT 16
#define RLIM_INFINITY 0xffffffffu

struct rlimit {
	uint32_t current, maximum;
};

struct files;		/* open file table, fs.h */
struct fs_context;	/* root, working directory, umask, fs.h */
struct tty;

#define NGROUPS_MAX 32

struct credentials {
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
	gid_t groups[NGROUPS_MAX];
	unsigned ngroups;
};

struct process {
	struct list all_link;		/* every process, by age */
	pid_t pid;
	pid_t pgid, sid;
	struct process *parent;		/* never NULL but for pid 1 and kernel tasks' */
	struct list children, sibling_link;
	struct list tasks;		/* by task.process_link */
	unsigned ntasks;

	struct mm *mm;			/* NULL for kernel tasks and zombies */
	struct files *files;
	struct fs_context *fs;
	struct signal_actions *actions;
	struct credentials cred;
	struct rlimit rlimits[RLIMIT_COUNT];
	char name[16];			/* comm */
	struct tty *tty;		/* controlling terminal or NULL */
	bool did_exec;			/* since fork, for setpgid */
	bool dumpable;
	int nice;

	/* signals to the process as a whole (irq) */
	struct sigpending pending;
	int exit_signal;		/* to the parent at the end: SIGCHLD, or clone's */

	/* end and stops, for wait */
	bool zombie;
	int exit_status;		/* as wait4 reports it */
	int stop_report;		/* a stop (status) or continue (0xffff) not yet waited for, 0: none */
	bool stopped;
	struct wait_queue child_wait;	/* this process's tasks wait here for children */
	struct wait_queue vfork_wait;	/* the parent of a vfork child waits here for exec or exit */
	bool vfork_child;		/* the parent waits */

	/* accounting: ticks (irq) */
	uint32_t ticks_user, ticks_system;
	uint32_t children_user, children_system;
	uint64_t start_ns;
	uint64_t voluntary_switches, involuntary_switches;
	struct timer alarm;		/* ITIMER_REAL */
	uint64_t alarm_interval_ns;
};

struct task {
	struct list run_link;		/* run queue (irq) */
	struct list process_link;
	struct list all_link;
	pid_t tid;
	struct process *process;
	enum task_state state;		/* (irq) */
	vaddr_t kernel_esp;		/* saved by the switch */
	void *kernel_stack;		/* kvrange_alloc: KERNEL_STACK_SIZE with a guard page */
	struct trap_frame *frame;	/* the user registers, when in the kernel on the task's behalf */
	unsigned slice;			/* ticks left before another's turn (irq) */
	bool woken;			/* a wake came after wait_prepare (irq) */
	struct timer sleep_timer;

	uint64_t tls[GDT_TLS_COUNT];	/* GDT descriptors, 0: none */
	void *fpu;			/* saved x87/SSE state, 16-byte aligned; NULL until first used */
	bool fpu_used;

	sigset_t blocked;
	sigset_t saved_blocked;		/* of sigsuspend, to be restored after delivery */
	bool restore_blocked;
	struct sigpending pending;	/* (irq) */
	struct sigaltstack altstack;

	uint32_t __user *clear_child_tid;
	void __user *robust_list;
	uint32_t robust_list_size;
	void __user *rseq;		/* struct rseq of the ABI, NULL: not registered */
	uint32_t rseq_size, rseq_signature;
	/* restart_syscall: what to go on with */
	int32_t (*restart)(struct task *task);
	uint64_t restart_deadline;
	uint32_t restart_argument;

	struct task *switched_from;
};

extern struct task *current;	/* never NULL after sched_init */
extern struct list all_processes, all_tasks;

/* ---- scheduler (kernel/sched.c, kernel/switch.asm) ---- */

/* Makes the boot flow of control the idle task. */
void sched_init(void);
/* Puts a task that is not runnable on the run queue. From anywhere, interrupt handlers included. */
void sched_wake(struct task *task);
/* Gives up the processor; returns when it is this task's turn again. */
void sched_yield(void);
/* Called by the tick: accounting, slice; sets sched_need_resched. */
void sched_tick(bool from_user);
extern volatile bool sched_need_resched;
/* Runs other tasks until current is woken (state already set). */
void sched_block(void);
/* A kernel task: runs entry(argument) on its own stack in the kernel's address space. NULL when memory is out. */
struct task *task_create_kernel(const char *name, void (*entry)(void *argument), void *argument);
/* The idle loop: never returns; zeroes frames, halts. */
__noreturn void sched_idle(void);
/* Exponentially decaying load averages (1, 5, 15 minutes), fixed point with 11 fraction bits, and counts. */
void sched_load(uint32_t load[3], unsigned *running, unsigned *total);

/* ---- processes ---- */

struct process *process_find(pid_t pid);
struct task *task_find(pid_t tid);
/* Creates process 1 running /init (or init=): the file, its arguments. Panics with the reason when none can run. */
void process_start_init(void);
/* Ends the current task's whole process with a wait status ((code << 8) or signal | 0x80 core). */
__noreturn void process_exit(int status);
/* Free pids, process counts. */
unsigned process_count(void);
/* True when current may signal / inspect target (kill(2) rules). */
bool process_may_signal(const struct process *target, int signal);
/* A superuser? (effective uid 0) */
static inline bool current_is_root(void)
{
	return current->process->cred.euid == 0;
}

/* ---- FPU (kernel/fpu.c) ---- */
void fpu_init(void);
void fpu_switch(struct task *from, struct task *to);	/* lazily: sets CR0.TS */
void fpu_handle_unavailable(void);			/* #NM */
__must_check int fpu_copy(struct task *to, struct task *from);	/* fork */
void fpu_reset(struct task *task);			/* exec, exit */

#endif
