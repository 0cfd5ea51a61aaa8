/*
 * /proc/PID/fail-nth: which allocation of the process's first task is to fail (fail.h). Written: N,
 * or 0 for none. Read: how many are still to come, 0 when it has failed. Neither allocates
 * anything, so that what a test does between two of these is all that is counted.
 */
#include "proc.h"

#include <fail.h>
#include <format.h>
#include <task.h>

static int find_task(struct file *file, struct task **task)
{
	int error;
	struct process *process = proc_process_to_read(proc_node_of(file->inode), &error);

	if (error)
		return error;
	*task = process_main_task(process);
	return *task ? 0 : -ESRCH;
}

static int fail_open(struct inode *inode, struct file *file)
{
	(void)file;
	return proc_open(inode);
}

static ssize_t fail_read(struct file *file, struct uio *io, loff_t *position)
{
	char text[16];
	struct task *task;
	int length, error = find_task(file, &task);
	ssize_t done;

	if (error)
		return error;
	length = format(text, sizeof(text), "%u\n", task->fail_nth);
	if (*position < 0 || *position >= length || io->left == 0)
		return 0;
	done = uio_copy_out(io, text + *position, (size_t)(length - *position));
	if (done > 0)
		*position += done;
	return done;
}

static ssize_t fail_write(struct file *file, struct uio *io, loff_t *position)
{
	ssize_t size = (ssize_t)io->left;
	char text[16];
	struct task *task;
	int32_t nth;
	int error;

	(void)position;
	if (io->left >= sizeof(text))
		return -EINVAL;
	if (uio_copy_in(io, text, io->left) != size)
		return -EFAULT;
	text[size] = '\0';
	/* The copy may have slept: the task is looked for now. */
	error = find_task(file, &task);
	if (!error)
		error = proc_parse_number(proc_strip(text), &nth);
	if (!error && nth < 0)
		error = -EINVAL;
	if (error)
		return error;
	fail_set_task(task, (uint32_t)nth);
	return size;
}

const struct file_ops proc_fail_ops = { .read = fail_read, .write = fail_write, .open = fail_open };
