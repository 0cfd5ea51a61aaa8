/*
 * Other processes' memory for programs: process_vm_readv, process_vm_writev and /proc/PID/mem.
 *
 * Bytes go through a page of the kernel's, a part at a time that lies in one page of the other
 * process, so that neither address space is touched while the other's lock is held.
 *
 * Errors and their order are Linux's (mm/process_vm_access.c, fs/proc/base.c of 6.1).
 */
#include <process_vm.h>

#include <abi/capability.h>
#include <err.h>
#include <fs.h>
#include <kheap.h>
#include <mm.h>
#include <task.h>
#include <uaccess.h>
#include <uio.h>

#include "iovec.h"
#include "proc.h"

/* May current read and write the memory of process? By real ids, as ptrace's attach has it. */
static bool may_attach(const struct process *process)
{
	const struct credentials *own = &current->process->cred, *other = &process->cred;

	if (process == current->process || cred_can(CAP_SYS_PTRACE))
		return true;
	return process->dumpable && own->uid == other->uid && own->uid == other->euid &&
	       own->uid == other->suid && own->gid == other->gid && own->gid == other->egid &&
	       own->gid == other->sgid;
}

/* ---- process_vm_readv, process_vm_writev ---- */

/* Moves a part, inside a page there: bytes, or -EFAULT. */
static ssize_t move_part(struct mm *mm, vaddr_t at, char *page, size_t size, struct uio *io,
			 bool write)
{
	ssize_t moved;

	if (!write) {
		if (mm_read(mm, at, page, size) < size)
			return -EFAULT;
		return uio_copy_out(io, page, size);
	}
	moved = uio_copy_in(io, page, size);
	if (moved > 0 && mm_write(mm, at, page, (size_t)moved) < (size_t)moved)
		return -EFAULT;
	return moved;
}

/* One buffer there, as far as those here go: bytes, or -errno when there were none. */
static ssize_t move_buffer(struct mm *mm, const struct iovec *remote, char *page, struct uio *io,
			   bool write)
{
	vaddr_t at = (vaddr_t)remote->base;
	size_t size = MIN(remote->size, io->left), done = 0;

	while (done < size) {
		size_t part = MIN(PAGE_SIZE - ((at + done) & PAGE_MASK), size - done);
		ssize_t moved = move_part(mm, at + done, page, part, io, write);

		if (moved > 0)
			done += (size_t)moved;
		if (moved < (ssize_t)part)
			return done ? (ssize_t)done : -EFAULT;
		if (sched_give_way())
			break;
	}
	return (ssize_t)done;
}

static ssize_t move_all(struct mm *mm, const struct iovec *remote, uint32_t count, struct uio *io,
			bool write)
{
	char *page = kalloc(PAGE_SIZE);
	ssize_t total = 0, moved = 0;

	if (!page)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && io->left && moved >= 0; i++) {
		size_t wanted = MIN(remote[i].size, io->left);

		moved = move_buffer(mm, &remote[i], page, io, write);
		if (moved > 0)
			total += moved;
		if (moved >= 0 && (size_t)moved < wanted)
			break;
	}
	kfree(page);
	return total ? total : moved;
}

static ssize_t move_between(pid_t pid, const struct iovec *remote, uint32_t count, struct uio *io,
			    bool write)
{
	struct task *task;
	struct mm *mm;
	ssize_t done;

	for (uint32_t i = 0; i < count; i++)
		if ((ssize_t)remote[i].size < 0)
			return -EINVAL;
	while (count && !remote[count - 1].size)
		count--;
	if (!count)
		return 0;
	task = task_find(pid);
	if (!task || !task->process->mm)
		return -ESRCH;
	if (!may_attach(task->process))
		return -EPERM;
	mm = task->process->mm;
	mm_get(mm);
	done = move_all(mm, remote, count, io, write);
	mm_put(mm);
	return done;
}

static int32_t process_vm(pid_t pid, const struct iovec __user *local, uint32_t local_count,
			  const struct iovec __user *remote, uint32_t remote_count, uint32_t flags,
			  bool write)
{
	struct iovec few_here[IOVEC_FEW], few_there[IOVEC_FEW], *here, *there;
	ssize_t done;

	if (flags)
		return -EINVAL;
	here = iovec_copy(local, local_count, few_here);
	if (IS_ERR(here))
		return PTR_ERR(here);
	done = iovec_check(here, local_count);
	if (done > 0) {
		struct uio io = { .vec = here, .count = local_count, .left = (size_t)done };

		there = iovec_copy(remote, remote_count, few_there);
		done = IS_ERR(there) ? PTR_ERR(there)
				     : move_between(pid, there, remote_count, &io, write);
		if (!IS_ERR(there) && there != few_there)
			kfree(there);
	}
	if (here != few_here)
		kfree(here);
	return done;
}

/* ---- /proc/PID/mem ---- */

/*
 * The file remembers the number of the address space that it was opened for: its place in memory
 * may be that of another one after an exec, perhaps of a program with more rights.
 */
static uint32_t number_of(const struct mm *mm)
{
	return mm ? mm->number : 0;
}

static int mem_open(struct inode *inode, struct file *file)
{
	struct process *process;
	int error = proc_open(inode);

	if (error)
		return error;
	process = process_find(proc_node_of(inode)->pid);
	if (!process)
		return -ESRCH;
	if (!may_attach(process))
		return -EACCES;
	file->data = (void *)(uintptr_t)number_of(process->mm);
	return 0;
}

/* The address space with a reference for the caller; NULL: the process has another now, or ended. */
static struct mm *mem_space(const struct file *file)
{
	struct process *process = process_find(proc_node_of(file->inode)->pid);
	uint32_t number = (uint32_t)(uintptr_t)file->data;

	if (!process || !process->mm || process->mm->number != number || !may_attach(process))
		return NULL;
	mm_get(process->mm);
	return process->mm;
}

/* Moves what fits a page of the kernel's: bytes, -EIO where nothing is, -EFAULT. */
static ssize_t mem_part(struct mm *mm, vaddr_t at, char *page, struct uio *io, bool write)
{
	size_t size = MIN(io->left, PAGE_SIZE), got;

	if (write) {
		if (uio_copy_in(io, page, size) != (ssize_t)size)
			return -EFAULT;
		got = mm_write_forced(mm, at, page, size);
		return got ? (ssize_t)got : -EIO;
	}
	got = mm_read_forced(mm, at, page, size);
	if (!got)
		return -EIO;
	return uio_copy_out(io, page, got) == (ssize_t)got ? (ssize_t)got : -EFAULT;
}

static ssize_t mem_transfer(struct file *file, struct uio *io, loff_t *position, bool write)
{
	struct mm *mm = mem_space(file);
	char *page = mm ? kalloc(PAGE_SIZE) : NULL;
	ssize_t done = 0, moved = 0;

	if (!mm)
		return 0;
	while (page && io->left && moved >= 0) {
		uint64_t at = (uint64_t)*position + (uint64_t)done;
		size_t wanted = MIN(io->left, PAGE_SIZE);

		moved = at < USER_TOP ? mem_part(mm, (vaddr_t)at, page, io, write) : -EIO;
		if (moved > 0)
			done += moved;
		if ((moved >= 0 && (size_t)moved < wanted) || sched_give_way())
			break;
	}
	mm_put(mm);
	if (!page)
		return -ENOMEM;
	kfree(page);
	*position += done;
	return moved == -EFAULT || !done ? moved : done;
}

static ssize_t mem_read(struct file *file, struct uio *io, loff_t *position)
{
	return mem_transfer(file, io, position, false);
}

static ssize_t mem_write(struct file *file, struct uio *io, loff_t *position)
{
	return mem_transfer(file, io, position, true);
}

static loff_t mem_seek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->position;
	else if (whence != SEEK_SET)
		return -EINVAL;
	file->position = offset;
	return offset;
}

const struct file_ops proc_mem_ops = {
	.read = mem_read, .write = mem_write, .seek = mem_seek, .open = mem_open
};

/* ---- doorways ---- */

int32_t sys_process_vm_readv(pid_t pid, const struct iovec __user *local, uint32_t local_count,
			     const struct iovec __user *remote, uint32_t remote_count,
			     uint32_t flags)
{
	return process_vm(pid, local, local_count, remote, remote_count, flags, false);
}

int32_t sys_process_vm_writev(pid_t pid, const struct iovec __user *local, uint32_t local_count,
			      const struct iovec __user *remote, uint32_t remote_count,
			      uint32_t flags)
{
	return process_vm(pid, local, local_count, remote, remote_count, flags, true);
}
