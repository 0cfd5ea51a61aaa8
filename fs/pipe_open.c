/*
 * The ends of pipes and FIFOs: opening, closing, and who waits for whom.
 *
 * A pipe exists while an end of it is open. Who opens one end of a FIFO waits for the other to be
 * opened, perhaps only for a moment: so what is waited for is a change of the number of opens, not
 * of the number of those who have it open.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <assert.h>
#include <uaccess.h>

#include "pipe_internal.h"

static void count_in(struct pipe *pipe, const struct file *file)
{
	pipe->files++;
	if (file_may_read(file)) {
		pipe->readers++;
		pipe->reader_opens++;
	}
	if (file_may_write(file)) {
		pipe->writers++;
		pipe->writer_opens++;
	}
	wake_all(&pipe->readable);
	wake_all(&pipe->writable);
}

static void count_out(struct inode *inode, const struct file *file)
{
	struct pipe *pipe = inode->pipe;

	if (file_may_read(file))
		pipe->readers--;
	if (file_may_write(file))
		pipe->writers--;
	wake_all(&pipe->readable);
	wake_all(&pipe->writable);
	assert(pipe->files > 0);
	if (--pipe->files > 0)
		return;
	inode->pipe = NULL;
	pipe_free(pipe);
}

/* Waits until the other side has been opened, perhaps only for a moment. */
static int wait_for_partner(struct pipe *pipe, struct file *file)
{
	uint32_t seen;

	if (file_may_read(file) && file_may_write(file))
		return 0;
	if (file_may_read(file)) {
		if (pipe->writers)
			return 0;
		if (file->flags & O_NONBLOCK) {
			file->data = (void *)(uintptr_t)pipe->writer_opens;
			return 0;
		}
		seen = pipe->writer_opens;
		return wait_event(&pipe->readable, pipe->writer_opens != seen);
	}
	if (pipe->readers)
		return 0;
	seen = pipe->reader_opens;
	return wait_event(&pipe->writable, pipe->reader_opens != seen);
}

static int fifo_open(struct inode *inode, struct file *file)
{
	bool named = !inode->kind;
	int error;

	if ((file->flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	if (!inode->pipe)
		inode->pipe = pipe_create();
	if (!inode->pipe)
		return -ENOMEM;
	if (named && !file_may_read(file) && (file->flags & O_NONBLOCK) && !inode->pipe->readers) {
		if (!inode->pipe->files) {
			pipe_free(inode->pipe);
			inode->pipe = NULL;
		}
		return -ENXIO;
	}
	/* No number of opens: hung up as soon as there is no writer. */
	file->data = (void *)(uintptr_t)UINT32_MAX;
	count_in(inode->pipe, file);
	error = named ? wait_for_partner(inode->pipe, file) : 0;
	if (error)
		count_out(inode, file);
	return error;
}

static void fifo_release(struct file *file)
{
	count_out(file->inode, file);
}

const struct file_ops fifo_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.seek = file_no_seek,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
	.open = fifo_open,
	.release = fifo_release,
};

/* ---- system calls ---- */

/* One end of a pipe that both ends have in common by their inode. */
static struct file *make_end(struct inode *inode, uint32_t flags)
{
	struct file *file = file_create(inode, NULL, flags);
	int error;

	if (!file)
		return ERR_PTR(-ENOMEM);
	file->ops = &fifo_ops;
	error = fifo_open(inode, file);
	if (!error)
		return file;
	file_free_unopened(file);
	return ERR_PTR(error);
}

static int make_ends(struct file *ends[2], uint32_t flags)
{
	struct inode *inode = inode_create(NULL, S_IFIFO | 0600);
	int error = 0;

	if (!inode)
		return -ENOMEM;
	inode->kind = "pipe";
	inode->uid = current->process->cred.fsuid;
	inode->gid = current->process->cred.fsgid;
	ends[0] = make_end(inode, O_RDONLY | flags);
	ends[1] = IS_ERR(ends[0]) ? ends[0] : make_end(inode, O_WRONLY | flags);
	inode_put(inode);
	if (IS_ERR(ends[1]))
		error = PTR_ERR(ends[1]);
	if (error && !IS_ERR(ends[0]))
		file_put(ends[0]);
	return error;
}

/* Takes both files over. On failure neither is left open. */
static int install_ends(struct file *ends[2], int fds[2], bool close_on_exec)
{
	struct files *files = current->process->files;

	fds[0] = files_install(files, ends[0], 0, close_on_exec);
	if (fds[0] < 0) {
		file_put(ends[0]);
		file_put(ends[1]);
		return fds[0];
	}
	fds[1] = files_install(files, ends[1], 0, close_on_exec);
	if (fds[1] >= 0)
		return 0;
	file_put(ends[1]);
	sys_close(fds[0]);
	return fds[1];
}

int32_t sys_pipe2(int32_t __user *to, uint32_t flags)
{
	struct file *ends[2];
	int fds[2], error;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	error = make_ends(ends, flags & O_NONBLOCK);
	if (!error)
		error = install_ends(ends, fds, flags & O_CLOEXEC);
	if (error)
		return error;
	if (copy_to_user(to, fds, sizeof(fds)) == 0)
		return 0;
	sys_close(fds[0]);
	sys_close(fds[1]);
	return -EFAULT;
}

int32_t sys_pipe(int32_t __user *to)
{
	return sys_pipe2(to, 0);
}
