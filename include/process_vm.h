/*
 * Reading and writing the memory of other processes (fs/process_vm.c).
 */
#ifndef LOFT_PROCESS_VM_H
#define LOFT_PROCESS_VM_H

#include <types.h>
#include <uio.h>

/*
 * Bytes moved between buffers here and there, fewer where a page there may not be had: -EINVAL,
 * -EFAULT, -ESRCH, -EPERM (as ptrace's attach), -ENOMEM. May sleep.
 */
int32_t sys_process_vm_readv(pid_t pid, const struct iovec __user *local, uint32_t local_count,
			     const struct iovec __user *remote, uint32_t remote_count,
			     uint32_t flags);
int32_t sys_process_vm_writev(pid_t pid, const struct iovec __user *local, uint32_t local_count,
			      const struct iovec __user *remote, uint32_t remote_count,
			      uint32_t flags);

#endif
