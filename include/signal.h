/*
 * Signals: sending, masks, delivery on the way back to PL3, sigreturn. Linux i386 frames
 * (32-bit and rt).
 */
#ifndef LOFT_SIGNAL_H
#define LOFT_SIGNAL_H

#include <abi/signal.h>
#include <types.h>
#include <wait.h>

struct task;
struct process;
struct trap_frame;

/*
 * A pending signal's info. Those with an owner are its own, not the queue's: `taken` is called with
 * interrupts off when the signal is delivered (info: the copy that goes to the program) or forgotten
 * (info NULL), and the record may be sent again.
 */
struct signal_record {
	struct list link; /* empty: not pending */
	void *owner;
	void (*taken)(struct signal_record *record, struct siginfo *info);
	struct siginfo info;
};

/* What a process does about each signal; shared by CLONE_SIGHAND. */
struct signal_actions {
	uint32_t refs;
	struct sigaction action[NSIG]; /* by signal - 1 */
};

/* Signals that a fault of the instruction itself raises: dealt with before all others. */
#define SIGNALS_SYNCHRONOUS \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS))
/* What default action stops; what is ignored by default. Every other one kills. */
#define SIGNALS_STOP \
	(SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))
#define SIGNALS_IGNORED \
	(SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH))
/* What no mask and no action touches. */
#define SIGNALS_UNMASKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

/* ---- sending (kernel/signal.c) ---- */

/*
 * Sends to a process (any task of it that does not block it) or to one task. info NULL:
 * SI_KERNEL. With info NULL callable from interrupt handlers. Never fails: without memory the
 * info is lost, and the signal comes as from the kernel.
 */
void signal_send_process(struct process *process, int signal, const struct siginfo *info);
void signal_send_task(struct task *task, int signal, const struct siginfo *info);
/*
 * The same, for senders that want to know that a real-time signal found no room in the queue:
 * -EAGAIN.
 */
__must_check int signal_queue_process(struct process *process, int signal,
				      const struct siginfo *info);
__must_check int signal_queue_task(struct task *task, int signal, const struct siginfo *info);
/* For kill and its kin: what current may not do is -EPERM, what is no signal -EINVAL; 0 only asks. */
__must_check int signal_send_checked(struct process *target, int signal,
				     const struct siginfo *info);
/* To every process of a process group; -ESRCH when it has none. */
int signal_send_group(pid_t pgid, int signal, const struct siginfo *info);
/* A record to be sent again and again; its info is the owner's to fill. NULL: no memory. */
__must_check struct signal_record *signal_record_create(void *owner,
							void (*taken)(struct signal_record *record,
								      struct siginfo *info));
/* Its owner goes; one that is pending arrives all the same. */
void signal_record_release(struct signal_record *record);
static inline bool signal_record_pending(const struct signal_record *record)
{
	return !list_empty(&record->link);
}
/*
 * Sends it to a process, or a task of it (else NULL); from interrupt handlers too. One that is
 * pending already counts it in info.timer.overrun. False: the signal is ignored.
 */
__must_check bool signal_send_record(struct process *process, struct task *task,
				     struct signal_record *record);
/* A synchronous fault of the current task: cannot be blocked or ignored (then it kills). */
void signal_fault(int signal, int code, vaddr_t address, uint32_t trap, uint32_t error);
/* Makes sure that signal kills the current process: no handler, no mask. */
void signal_force_fatal(int signal);

/* Who waits for signals by a descriptor: woken by each that becomes pending anywhere. */
extern struct wait_queue signalfd_waiters;

/* True when the current task has something to act on before it goes on (also fatal ones). */
bool signal_pending(void);
/* True when the current task is to end. */
bool signal_fatal_pending(void);
/* True when the current task blocks the signal or its process ignores it: tty. */
bool signal_is_ignored(int signal);
/* True when process's action for signal is SIG_IGN, or SIG_DFL and that means ignoring. */
bool signal_action_ignores(const struct process *process, int signal);
/* Sets the current task's mask (never SIGKILL, SIGSTOP) and looks again at what is pending. */
void signal_set_blocked(sigset_t blocked);
/* Looks again at whether task has something to act on. */
void signal_recalculate(struct task *task);
/*
 * Takes one pending signal of `wanted` from the current task or its process: its number, 0 when
 * there is none.
 */
int signal_take(sigset_t wanted, struct siginfo *info);
/* Forgets all that is pending in these. */
void signal_flush(struct sigpending *pending, sigset_t which);
/* Who kill(2), tgkill(2) say they are: the current process. */
void signal_info_user(struct siginfo *info, int signal, int code);
/* Everything that stops a process or makes it go on, undone: SIGCONT, SIGKILL. */
void signal_continue(struct process *process);

/* ---- delivery (kernel/sigdeliver.c, kernel/sigframe.c) ---- */

/*
 * Called on each way back to PL3 (kernel/entry): delivers, restarts system calls, stops, dies.
 * May not return.
 */
void signal_deliver(struct trap_frame *frame);
/*
 * Builds the frame of a handler on the user's stack and points the registers at it: -EFAULT.
 * mask: what sigreturn restores.
 */
__must_check int signal_push_frame(struct trap_frame *frame, int signal, const struct siginfo *info,
				   const struct sigaction *action, sigset_t mask);
/* Bytes of stack that the largest frame takes: AT_MINSIGSTKSZ. */
size_t signal_frame_size_max(void);

/* ---- fork, exec, exit ---- */

__must_check struct signal_actions *signal_actions_create(void);
__must_check struct signal_actions *signal_actions_copy(const struct signal_actions *from);
void signal_actions_get(struct signal_actions *actions);
void signal_actions_put(struct signal_actions *actions);
void signal_actions_exec(struct signal_actions *actions); /* handlers become default */
/*
 * Makes process->alarm (ITIMER_REAL) ready: SIGALRM when it fires, again after
 * alarm_interval_ns if that is not 0.
 */
void signal_alarm_init(struct process *process);

/* ---- doorways (kernel/sigsyscalls.c, kernel/kill.c, kernel/sigframe.c) ---- */

int32_t sys_rt_sigaction(int signal, const struct sigaction __user *action,
			 struct sigaction __user *old, uint32_t set_size);
int32_t sys_sigaction(int signal, const struct old_sigaction __user *action,
		      struct old_sigaction __user *old);
int32_t sys_signal(int signal, uint32_t handler);
int32_t sys_rt_sigprocmask(int how, const sigset_t __user *set, sigset_t __user *old,
			   uint32_t set_size);
int32_t sys_sigprocmask(int how, const uint32_t __user *set, uint32_t __user *old);
int32_t sys_sgetmask(void);
int32_t sys_ssetmask(uint32_t mask);
int32_t sys_rt_sigpending(sigset_t __user *set, uint32_t set_size);
int32_t sys_sigpending(uint32_t __user *set);
int32_t sys_rt_sigsuspend(const sigset_t __user *set, uint32_t set_size);
int32_t sys_sigsuspend(int unused1, int unused2, uint32_t set);
int32_t sys_pause(void);
int32_t sys_rt_sigtimedwait(const sigset_t __user *set, struct siginfo __user *info,
			    const void __user *timeout, uint32_t set_size);
int32_t sys_rt_sigtimedwait_time64(const sigset_t __user *set, struct siginfo __user *info,
				   const void __user *timeout, uint32_t set_size);
int32_t sys_sigaltstack(const struct sigaltstack __user *stack, struct sigaltstack __user *old);
int32_t sys_restart_syscall(void);
int32_t sys_kill(pid_t pid, int signal);
int32_t sys_tkill(pid_t tid, int signal);
int32_t sys_tgkill(pid_t tgid, pid_t tid, int signal);
int32_t sys_rt_sigqueueinfo(pid_t pid, int signal, const struct siginfo __user *info);
int32_t sys_rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int signal, const struct siginfo __user *info);
int32_t sys_sigreturn(void);
int32_t sys_rt_sigreturn(void);

#endif
