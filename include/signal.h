/*
 * Signals: sending, masks, delivery on the way back to PL3, sigreturn. Linux i386 frames (32-bit and rt).
 */
#ifndef LOFT_SIGNAL_H
#define LOFT_SIGNAL_H

#include <abi/signal.h>
#include <types.h>

struct task;
struct process;
struct trap_frame;

/* Sends to a process (any task of it that does not block it) or to one task. info NULL: SI_KERNEL. Callable from
 * interrupt handlers. Never fails: without memory a queued real-time signal loses its info. */
void signal_send_process(struct process *process, int signal, const struct siginfo *info);
void signal_send_task(struct task *task, int signal, const struct siginfo *info);
/* To every process of a process group; -ESRCH when it has none. */
int signal_send_group(pid_t pgid, int signal, const struct siginfo *info);
/* A synchronous fault of the current task: cannot be blocked or ignored (then it kills). */
void signal_fault(int signal, int code, vaddr_t address, uint32_t trap, uint32_t error);

/* True when the current task has something to act on before it goes on (also fatal ones). */
bool signal_pending(void);
/* Called on each way back to PL3 (kernel/entry): delivers, restarts system calls, stops, dies. May not return. */
void signal_deliver(struct trap_frame *frame);

/* fork and exec */
struct signal_actions;
__must_check struct signal_actions *signal_actions_create(void);
__must_check struct signal_actions *signal_actions_copy(const struct signal_actions *from);
void signal_actions_put(struct signal_actions *actions);
void signal_actions_exec(struct signal_actions *actions);	/* handlers become default */

#endif
