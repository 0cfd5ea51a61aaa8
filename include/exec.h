/*
 * exec: a process becomes another program.
 */
#ifndef LOFT_EXEC_H
#define LOFT_EXEC_H

#include <types.h>

/*
 * Runs the program at a kernel-side path in the current process; argv and envp are kernel-side
 * too, NULL-terminated. 0: task->frame holds the new program's first registers. -errno: nothing
 * has changed. May end the process when the program turns out broken too late. May sleep.
 */
__must_check int exec_kernel(const char *path, const char *const *argv, const char *const *envp);

int32_t sys_execveat(int fd, const char __user *path, const uint32_t __user *argv,
		     const uint32_t __user *envp, uint32_t flags);
int32_t sys_execve(const char __user *path, const uint32_t __user *argv,
		   const uint32_t __user *envp);

#endif
