/*
 * getcpu(2) and membarrier(2), for the one processor there is.
 *
 * A switch between tasks orders all that both see, and nobody else runs meanwhile: what membarrier
 * is asked for has happened by the time that it is called. What is left of it is the rule that the
 * expedited commands are for address spaces that have registered for them (linux/membarrier.h).
 */
#include <task.h>

#include <err.h>
#include <uaccess.h>

#define MEMBARRIER_QUERY 0
#define MEMBARRIER_GLOBAL 1
#define MEMBARRIER_GLOBAL_EXPEDITED 2
#define MEMBARRIER_REGISTER_GLOBAL_EXPEDITED 4
#define MEMBARRIER_PRIVATE_EXPEDITED 8
#define MEMBARRIER_REGISTER_PRIVATE_EXPEDITED 16
#define MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE 32
#define MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE 64
#define MEMBARRIER_PRIVATE_EXPEDITED_RSEQ 128
#define MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_RSEQ 256
#define MEMBARRIER_ALL 511 /* as Linux 6.1 has them */

#define MEMBARRIER_FLAG_CPU 1u

int32_t sys_getcpu(uint32_t __user *cpu, uint32_t __user *node, void __user *unused)
{
	(void)unused;
	if (cpu && put_user(cpu, 0))
		return -EFAULT;
	return node ? put_user(node, 0) : 0;
}

int32_t sys_membarrier(int command, uint32_t flags, int cpu)
{
	struct mm *mm = current->process->mm;

	(void)cpu;
	if (flags && (command != MEMBARRIER_PRIVATE_EXPEDITED_RSEQ || flags != MEMBARRIER_FLAG_CPU))
		return -EINVAL;
	switch (command) {
	case MEMBARRIER_QUERY:
		return MEMBARRIER_ALL;
	case MEMBARRIER_GLOBAL:
	case MEMBARRIER_GLOBAL_EXPEDITED:
		return 0;
	case MEMBARRIER_REGISTER_GLOBAL_EXPEDITED:
	case MEMBARRIER_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
	case MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_RSEQ:
		mm->membarriers |= (uint32_t)command >> 1;
		return 0;
	case MEMBARRIER_PRIVATE_EXPEDITED:
	case MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE:
	case MEMBARRIER_PRIVATE_EXPEDITED_RSEQ:
		return mm->membarriers & (uint32_t)command ? 0 : -EPERM;
	default:
		return -EINVAL;
	}
}
