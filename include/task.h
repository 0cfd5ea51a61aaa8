/*
 * Tasks and processes. A task is what the scheduler runs: a kernel stack and, unless it is a
 * kernel task, user registers. A process is what tasks share: address space, files, signal
 * actions, identity. fork gives a process one task; clone(CLONE_THREAD) adds more.
 *
 * Lifetimes: a task lives until it has been switched away from for the last time. A process
 * lives until its zombie is waited for (or at once, when the parent does not want to know). A
 * pid lives while a task, a process, a group or a session goes by its number.
 *
 * Protected by: the kernel not being preempted; fields marked (irq) are also used by interrupt
 * handlers and guarded by interrupt-off sections.
 */
#ifndef LOFT_TASK_H
#define LOFT_TASK_H

#include <abi/resource.h>
#include <abi/signal.h>
#include <clock.h>
#include <list.h>
#include <mm.h>
#include <signal.h>
#include <trap.h>
#include <types.h>
#include <wait.h>

enum task_state {
	TASK_RUNNING,  /* on the run queue or the processor */
	TASK_SLEEPING, /* interruptible: signals wake it */
	TASK_KILLABLE, /* SIGKILL alone wakes it */
	TASK_WAITING,  /* uninterruptible */
	TASK_STOPPED,  /* SIGSTOP and the like */
	TASK_DEAD      /* never runs again; its stack goes when somebody else runs */
};

struct files;	   /* open file table, fs.h */
struct fs_context; /* root, working directory, umask, fs.h */
struct tty;
struct robust_list_head;
struct pidfd_link;
struct unix_rights;
struct futex_pi;

#define NGROUPS_MAX 32
#define PID_MAX 32768 /* numbers are below it */

struct credentials {
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
	gid_t groups[NGROUPS_MAX];
	unsigned ngroups;
	uint64_t permitted, effective, inheritable; /* capabilities */
};

/*
 * A number in use: as a task's, a process's, a group's or a session's. Free again when it is
 * none of these.
 */
struct pid {
	pid_t number;
	struct task *task;	 /* NULL: no such task (any more) */
	struct process *process; /* zombies too */
	struct list group;	 /* members, by process.group_link */
	struct list session;	 /* members, by process.session_link */
};

struct process {
	struct list all_link; /* every process, by age */
	struct pid *id;	      /* NULL for kernel tasks' process */
	pid_t pid;
	pid_t pgid, sid;
	struct list group_link, session_link;
	struct process *parent; /* never NULL but for pid 1 and kernel tasks' */
	struct list children, sibling_link;
	struct list tasks; /* by task.process_link */
	unsigned ntasks;

	struct mm *mm; /* NULL for kernel tasks and zombies */
	struct files *files;
	struct fs_context *fs;
	bool shares_files, shares_fs; /* with another process (CLONE_FILES, CLONE_FS) */
	struct signal_actions *actions;
	struct credentials cred;
	struct rlimit rlimits[RLIMIT_COUNT];
	char name[16];	 /* comm */
	struct tty *tty; /* controlling terminal or NULL */
	bool did_exec;	 /* since fork, for setpgid */
	bool dumpable;
	bool no_new_privileges;
	bool keep_capabilities;
	bool subreaper; /* orphans below come here (PR_SET_CHILD_SUBREAPER) */
	uint32_t personality;
	int parent_death_signal; /* 0: none */
	int nice;
	int16_t oom_score_adj, oom_score_adj_min; /* oom.h; the latter as the superuser set it */
	bool oom_passed_over; /* it was to end for want of memory, and could not */

	/* signals to the process as a whole (irq) */
	struct sigpending pending;
	int exit_signal; /* to the parent at the end: SIGCHLD, or clone's */
	bool unkillable; /* process 1: signals with default action do nothing */

	/* the end and stops */
	bool exiting; /* every task is to end, with exit_status */
	bool zombie;
	struct task *exec_task; /* it wants to be the only task left, for exec */
	int exit_status;	/* as wait4 reports it */
	int stop_report;	/* a stop's status or 0xffff (continued), not yet waited for */
	int stopping;		/* (irq) the signal that stops it, 0: none */
	unsigned nstopped;	/* (irq) tasks that have stopped so far */
	bool stopped;		/* (irq) all have */
	bool continued;		/* (irq) the parent is still to be told */
	struct wait_queue child_wait; /* this process's tasks wait here for children */

	/* accounting: ticks (irq) */
	uint32_t ticks_user, ticks_system;
	uint32_t children_user, children_system;
	uint64_t past_faults_minor, past_faults_major; /* in address spaces it has left */
	uint32_t peak_resident_pages;		       /* likewise */
	uint64_t children_faults_minor, children_faults_major;
	uint32_t children_peak_resident_pages;
	uint64_t start_ns;
	uint64_t voluntary_switches, involuntary_switches;
	uint64_t children_voluntary, children_involuntary;
	struct timer alarm; /* ITIMER_REAL */
	uint64_t alarm_interval_ns;
	struct cpu_timer { /* ITIMER_VIRTUAL, ITIMER_PROF: processor time (irq) */
		uint64_t left_ns, interval_ns;
	} cpu_timers[2];
	struct pidfd_link *pidfd; /* its pidfds', NULL: none ever */
	struct tree posix_timers; /* by id */
	unsigned nposix_timers;
	int32_t next_posix_timer; /* id */
};

/* fxsave's 512 bytes, at a 16-byte boundary as it wants them: the heap gives no other addresses. */
#define FPU_STATE_SIZE 512u
struct fpu_state {
	uint8_t registers[FPU_STATE_SIZE] __attribute__((aligned(16)));
	bool used; /* since exec: else the state is the initial one */
};

struct task {
	/* signal_deliver has something to do (irq); first, where kernel/entry.asm finds it */
	volatile bool signalled;
	struct list run_link; /* run queue (irq) */
	struct list process_link;
	struct list all_link;
	struct pid *id; /* NULL for kernel tasks */
	pid_t tid;
	const char *kernel_name; /* of a kernel task; else NULL */
	char own_name[16];	 /* comm, but of a process's first task: see task_name */
	struct process *process;
	enum task_state state;	  /* (irq) */
	vaddr_t kernel_esp;	  /* saved by the switch */
	void *kernel_stack;	  /* with a guard page below; NULL: the boot stack */
	struct trap_frame *frame; /* the user registers: the top of the kernel stack */
	unsigned slice;		  /* ticks left before another's turn (irq) */
	bool urgent;		  /* runs before those that are not (irq) */
	bool woken;		  /* a wake came after wait_prepare (irq) */
	bool timed_out;		  /* sleep_timer fired (irq) */
	bool exiting;		  /* on its way through task_exit */
	struct timer sleep_timer;
	uint32_t ticks_user, ticks_system; /* (irq) */
	uint64_t switches_voluntary, switches_involuntary;
	uint64_t start_ns; /* clock_monotonic_ns */

	uint64_t tls[GDT_TLS_COUNT]; /* GDT descriptors, 0: none */
	struct fpu_state fpu;

	sigset_t blocked;
	sigset_t saved_blocked; /* of sigsuspend, to be restored after delivery */
	bool restore_blocked;
	sigset_t awaited;	   /* sigtimedwait sleeps for these, though they are blocked */
	struct sigpending pending; /* (irq) */
	struct sigaltstack altstack;
	/* the last fault, for signal frames */
	uint32_t fault_trap, fault_error, fault_address;

	uint32_t __user *clear_child_tid;
	uint32_t __user *set_child_tid; /* to be stored to by the new task itself */
	struct robust_list_head __user *robust_list;
	uint32_t robust_list_size;
	struct futex_pi *pi_lock; /* that it sleeps for (kernel/futex_pi.c) */
	void __user *rseq;	  /* struct rseq of the ABI, NULL: not registered */
	uint32_t rseq_size, rseq_signature;
	bool rseq_check; /* preempted since it was last looked at (irq) */
	/* restart_syscall: what to go on with */
	int32_t (*restart)(struct task *task);
	uint64_t restart_deadline;
	uint32_t restart_argument;
	uint32_t restart_arguments[4];

	uint32_t fail_nth; /* allocations until one fails (fail.h); 0: none will */
	bool fail_met;	   /* one failed as asked since oom_make_room last wanted to know */
	struct unix_rights
		*rights_to_free;  /* fs/unix_rights.c: files from messages, to be let go of */
	bool frees_rights;	  /* and it is at that */
	struct vfork_done *vfork; /* its parent waits for exec or exit; NULL: nobody does */
	struct task *switched_from;
};

/* On the stack of a vforking parent. */
struct vfork_done {
	struct wait_queue wait;
	bool done;
};

extern struct task *current; /* never NULL after sched_init */
extern struct list all_processes, all_tasks;

/* ---- scheduler (kernel/sched.c, kernel/switch.asm) ---- */

/* Makes the boot flow of control the idle task. */
void sched_init(void);
/*
 * Makes a sleeping task (not a stopped one) runnable. From anywhere, interrupt handlers
 * included.
 */
void sched_wake(struct task *task);
/* The same where interrupts are off already. */
void sched_wake_masked(struct task *task);
/* The same, for new and stopped tasks too. */
void sched_resume(struct task *task);
/* Gives up the processor; returns when it is this task's turn again. */
void sched_yield(void);
/* Called by the tick: accounting, slice; sets sched_need_resched. */
void sched_tick(bool from_user);
extern volatile bool sched_need_resched;
/* Runs other tasks until current is woken (state already set). Interrupts are off. */
void sched_block(void);
/*
 * The processor is taken from current on its way back to PL3: what the trap exit calls when
 * sched_need_resched.
 */
void sched_preempt(void);
/*
 * For loops of the kernel's that a program can make as long as it likes: lets other tasks run when
 * it is their turn. True when this one is to end, and so the loop with it. May sleep.
 */
static inline bool sched_give_way(void)
{
	if (likely(!sched_need_resched && !current->signalled))
		return false;
	if (sched_need_resched)
		sched_preempt();
	return signal_fatal_pending();
}

/* Loads mm (NULL: no user half). The caller then drops what was loaded before. */
void sched_use_mm(struct mm *mm);
/* The current task is over and never comes back; its stack is freed by whoever runs next. */
__noreturn void sched_end(void);
/*
 * Runs first in every new task, on its own stack, interrupts off: frees what the task before
 * left behind.
 */
void sched_finish_switch(void);
/* The idle loop: never returns; zeroes frames, halts. */
__noreturn void sched_idle(void);
/*
 * Exponentially decaying load averages (1, 5, 15 minutes), fixed point with 11 fraction bits,
 * and counts.
 */
void sched_load(uint32_t load[3], unsigned *running, unsigned *total);
/* What each tick since boot found running: a program, one that is nice, the kernel, or nothing. */
struct cpu_ticks {
	uint32_t user, nice, system, idle;
};
struct cpu_ticks sched_ticks(void);
/* Switches since boot. */
uint64_t sched_switches(void);

/* ---- tasks (kernel/task.c) ---- */

/* Kernel tasks' process; no user half, all rights. */
extern struct process kernel_process;
/*
 * A task of process with a kernel stack, linked nowhere yet: NULL when memory is out. First
 * run, it enters start().
 */
__must_check struct task *task_create(void (*start)(void));
/* Undoes task_create; frees a dead task. Not for current. */
void task_free(struct task *task);
/* Enters a task in its process and the list of all. id NULL: a kernel task. */
void task_attach(struct task *task, struct process *process, struct pid *id);
/* Takes it out again; the number is given back if nothing else has it. */
void task_detach(struct task *task);
/*
 * A kernel task: runs entry(argument) on its own stack in the kernel's address space. NULL when
 * memory is out.
 */
struct task *task_create_kernel(const char *name, void (*entry)(void *argument), void *argument);
/* Keeps a few kernel stacks in stock. Called by the idle loop. */
void task_stock_stacks(void);

/* ---- processes (kernel/process.c) ---- */

/* A free number, used by nobody yet. ERR_PTR: -ENOMEM, or -EAGAIN when numbers are out. */
__must_check struct pid *pid_allocate(void);
/* The number given out last, and how many were since boot. */
pid_t pid_last(void);
uint32_t pid_count(void);
struct pid *pid_find(pid_t number);
/* Frees the number when nothing goes by it any more. */
void pid_release(struct pid *pid);

struct process *process_find(pid_t pid);
struct task *task_find(pid_t tid);
/* The process with the lowest number at or above pid, or NULL: for /proc. */
struct process *process_next(pid_t pid);
/* Cleared, lists made, linked nowhere. NULL when memory is out. */
__must_check struct process *process_alloc(void);
/*
 * Enters process as id's, a child of parent, in the same group and session as parent (its own
 * for process 1).
 */
void process_attach(struct process *process, struct pid *id, struct process *parent);
/* Takes a zombie, or one that never ran, out of all lists and frees it. */
void process_free(struct process *process);
void process_join_group(struct process *process, struct pid *group);
void process_join_session(struct process *process, struct pid *session);
/* The only task, or the first of several; NULL for a zombie. */
struct task *process_main_task(struct process *process);
/*
 * True when no member of the group (but `ignored`) has a parent in another group of the same
 * session.
 */
bool process_group_orphaned(pid_t pgid, const struct process *ignored);
/*
 * When process has lost lost_parent (NULL: is ending itself) and its group has become orphaned
 * by that with members stopped, they get SIGHUP and SIGCONT.
 */
void process_group_check_orphaned(struct process *process, struct process *lost_parent);
void process_set_name(struct process *process, const char *path);
/* comm, at most 15 bytes: that of a process is its first task's. */
const char *task_name(const struct task *task);
void task_set_name(struct task *task, const char *name);
/* Zombies included. */
unsigned process_count(void);
unsigned process_count_of_user(uid_t uid);

/*
 * Creates process 1 running /init (or init=): the file, its arguments. Panics with the reason
 * when none can run.
 */
void process_start_init(void);
/* Ends the current task's whole process with a wait status ((code << 8) or a signal number). */
__noreturn void process_exit(int status);
/* Ends the current task alone, and the process with it when it was the last. */
__noreturn void task_exit(int status);
/*
 * Makes the other tasks of the current process end and waits for it, for exec. -EAGAIN when
 * another does the same already.
 */
__must_check int process_become_single(void);
/*
 * Drops the address space on exec and exit: wakes a vforking parent, clears and wakes the tid
 * word, ends rseq.
 */
void task_release_mm(struct task *task);
/* Adds up what a process used so far. */
void process_usage(const struct process *process, struct rusage *usage);
void process_usage_children(const struct process *process, struct rusage *usage);
/* The counters of mm that process leaves are added to its past ones. */
void process_keep_counters(struct process *process, const struct mm *mm);
/* Tells process's parent of its end. True when nobody will wait for it: the caller frees it. */
__must_check bool process_notify_end(struct process *process);
/* Tells the parent of a stop or a continuation (CLD_STOPPED, CLD_CONTINUED). */
void process_notify_stop(struct process *process, int code, int signal);

/* True when current may signal / inspect target (kill(2) rules). */
bool process_may_signal(const struct process *target, int signal);
/* A superuser? (effective uid 0) */
static inline bool current_is_root(void)
{
	return current->process->cred.euid == 0;
}
/* Credentials of process 1: user 0 with all capabilities. */
void credentials_init(struct credentials *cred);
/*
 * What cred becomes by exec of a program with this owner, group and mode (set-user-id bits
 * count if may_raise). True: the program is to distrust its environment (AT_SECURE).
 */
bool credentials_exec(struct credentials *cred, uid_t owner, gid_t group, mode_t mode,
		      bool may_raise);
/* capability: CAP_* of abi/capability.h. */
bool credentials_has(const struct credentials *cred, unsigned capability);
/* Supplementary groups; -EINVAL when one of them is none. count <= NGROUPS_MAX. */
__must_check int credentials_set_groups(struct credentials *cred, const gid_t *groups,
					unsigned count);
bool credentials_in_group(const struct credentials *cred, gid_t gid);

/* Linux's limits of process 1. */
void rlimits_init(struct rlimit limits[RLIMIT_COUNT]);

/* ---- FPU (kernel/fpu.c) ---- */
void fpu_init(void);
/* Lazily: sets CR0.TS unless to's state is in the registers. Interrupts off. */
void fpu_switch(struct task *to);
void fpu_handle_unavailable(void);		   /* #NM */
void fpu_copy(struct task *to, struct task *from); /* fork; from is current */
void fpu_reset(struct task *task);		   /* exec, exit */
/*
 * The frame that signal handlers see and may change: 112 bytes of fsave's layout, then, with
 * fxsave, its 512.
 */
size_t fpu_frame_size(void);
/* task is current. -EFAULT. frame + 112 is 16-byte aligned. */
__must_check int fpu_store_frame(void __user *frame);
/* frame NULL: the initial state. -EFAULT, the state then being the initial one. */
__must_check int fpu_load_frame(const void __user *frame);

/* ---- TLS (kernel/tls.c) ---- */
/* Loads to's segments where they differ from from's: tls_load, if any do. */
void tls_load(const struct task *from, const struct task *to);
static inline void tls_switch(const struct task *from, const struct task *to)
{
	uint64_t differ = 0;

#pragma GCC unroll 4
	for (unsigned i = 0; i < GDT_TLS_COUNT; i++)
		differ |= to->tls[i] ^ from->tls[i];
	if (unlikely(differ))
		tls_load(from, to);
}
/*
 * A struct user_desc of the ABI for task: -EFAULT, -EINVAL, -ESRCH (no free entry). allocate:
 * entry -1 finds one.
 */
__must_check int tls_set(struct task *task, void __user *user_desc, bool allocate);
void tls_clear(struct task *task);
/* True when a data segment register of PL3 may hold selector: else loading it would fault. */
bool tls_selector_ok(const struct task *task, uint32_t selector);

/* ---- doorways ---- */
int32_t sys_sched_yield(void);
int32_t sys_fork(void);
int32_t sys_vfork(void);
int32_t sys_clone(uint32_t flags, vaddr_t stack, uint32_t __user *parent_tid, void __user *tls,
		  uint32_t __user *child_tid);
int32_t sys_clone3(const void __user *arguments, uint32_t size);
int32_t sys_exit(int code);
int32_t sys_exit_group(int code);
int32_t sys_waitpid(pid_t pid, uint32_t __user *status, int options);
int32_t sys_wait4(pid_t pid, uint32_t __user *status, int options, struct rusage __user *usage);
int32_t sys_waitid(int which, pid_t id, struct siginfo __user *info, int options,
		   struct rusage __user *usage);
int32_t sys_getpid(void);
int32_t sys_gettid(void);
int32_t sys_getppid(void);
int32_t sys_getpgrp(void);
int32_t sys_getpgid(pid_t pid);
int32_t sys_setpgid(pid_t pid, pid_t pgid);
int32_t sys_getsid(pid_t pid);
int32_t sys_setsid(void);
int32_t sys_set_tid_address(uint32_t __user *address);
int32_t sys_set_thread_area(void __user *user_desc);
int32_t sys_get_thread_area(void __user *user_desc);
int32_t sys_prctl(int option, uint32_t a, uint32_t b, uint32_t c, uint32_t d);
int32_t sys_personality(uint32_t personality);

int32_t sys_getrlimit(unsigned resource, void __user *limit);
int32_t sys_ugetrlimit(unsigned resource, struct rlimit __user *limit);
int32_t sys_setrlimit(unsigned resource, const struct rlimit __user *limit);
int32_t sys_prlimit64(pid_t pid, unsigned resource, const struct rlimit64 __user *new_limit,
		      struct rlimit64 __user *old_limit);
int32_t sys_getrusage(int who, struct rusage __user *usage);

int32_t sys_getpriority(int which, int who);
int32_t sys_setpriority(int which, int who, int nice);
int32_t sys_nice(int increment);
int32_t sys_sched_getscheduler(pid_t pid);
int32_t sys_sched_setscheduler(pid_t pid, int policy, const uint32_t __user *parameter);
int32_t sys_sched_getparam(pid_t pid, uint32_t __user *parameter);
int32_t sys_sched_setparam(pid_t pid, const uint32_t __user *parameter);
int32_t sys_sched_get_priority_max(int policy);
int32_t sys_sched_get_priority_min(int policy);
int32_t sys_sched_getaffinity(pid_t pid, uint32_t size, uint32_t __user *mask);
int32_t sys_sched_setaffinity(pid_t pid, uint32_t size, const uint32_t __user *mask);

int32_t sys_getcpu(uint32_t __user *cpu, uint32_t __user *node, void __user *unused);
int32_t sys_membarrier(int command, uint32_t flags, int cpu);

int32_t sys_getuid(void);
int32_t sys_geteuid(void);
int32_t sys_getgid(void);
int32_t sys_getegid(void);
int32_t sys_setuid(uid_t uid);
int32_t sys_setgid(gid_t gid);
int32_t sys_setreuid(uid_t uid, uid_t euid);
int32_t sys_setregid(gid_t gid, gid_t egid);
int32_t sys_setresuid(uid_t uid, uid_t euid, uid_t suid);
int32_t sys_setresgid(gid_t gid, gid_t egid, gid_t sgid);
int32_t sys_getresuid(uint32_t __user *uid, uint32_t __user *euid, uint32_t __user *suid);
int32_t sys_getresgid(uint32_t __user *gid, uint32_t __user *egid, uint32_t __user *sgid);
int32_t sys_setfsuid(uid_t uid);
int32_t sys_setfsgid(gid_t gid);
int32_t sys_getgroups(int count, uint32_t __user *list);
int32_t sys_setgroups(int count, const uint32_t __user *list);
int32_t sys_capget(void __user *header, void __user *data);
int32_t sys_capset(void __user *header, const void __user *data);
/* The 16-bit calls of old: -1 and large numbers as Linux translates them. */
int32_t sys_getuid16(void);
int32_t sys_geteuid16(void);
int32_t sys_getgid16(void);
int32_t sys_getegid16(void);
int32_t sys_setuid16(uint16_t uid);
int32_t sys_setgid16(uint16_t gid);
int32_t sys_setreuid16(uint16_t uid, uint16_t euid);
int32_t sys_setregid16(uint16_t gid, uint16_t egid);
int32_t sys_setresuid16(uint16_t uid, uint16_t euid, uint16_t suid);
int32_t sys_setresgid16(uint16_t gid, uint16_t egid, uint16_t sgid);
int32_t sys_getresuid16(uint16_t __user *uid, uint16_t __user *euid, uint16_t __user *suid);
int32_t sys_getresgid16(uint16_t __user *gid, uint16_t __user *egid, uint16_t __user *sgid);
int32_t sys_setfsuid16(uint16_t uid);
int32_t sys_setfsgid16(uint16_t gid);
int32_t sys_getgroups16(int count, uint16_t __user *list);
int32_t sys_setgroups16(int count, const uint16_t __user *list);

#endif
