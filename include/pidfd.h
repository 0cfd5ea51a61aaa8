/*
 * pidfds: descriptors that stand for a process.
 */
#ifndef LOFT_PIDFD_H
#define LOFT_PIDFD_H

#include <types.h>

struct process;
struct siginfo;

/* The process has become a zombie; it is about to be freed. Neither sleeps. */
void pidfd_process_ended(struct process *process);
void pidfd_process_gone(struct process *process);
/*
 * The pid behind a descriptor, 0 when it has been waited for: *nonblocking as it was opened.
 * -EBADF.
 */
__must_check pid_t pidfd_pid(int fd, bool *nonblocking);

int32_t sys_pidfd_open(pid_t pid, uint32_t flags);
int32_t sys_pidfd_send_signal(int fd, int signal, const struct siginfo __user *info,
			      uint32_t flags);

#endif
