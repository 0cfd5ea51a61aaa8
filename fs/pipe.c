/*
 * Pipes and FIFOs.
 *
 * A pipe is a ring of slots, each a page of memory and the part of it that holds bytes. A write fills what is left
 * of the last page if the odd bytes fit there, then takes a slot for each page. So a free slot is room for PIPE_BUF
 * bytes, and a write of no more than that is never split: it waits for a slot, or is refused.
 *
 * Protected by pipe->lock, which is held over the copies, since these may sleep. Who waits for bytes or room
 * lets go of it. poll looks at counters alone, which change only in one step.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <abi/ioctls.h>
#include <assert.h>
#include <kheap.h>
#include <string.h>
#include <uaccess.h>

#define SLOTS_DEFAULT 16u
#define SLOTS_MAX_UNPRIVILEGED 256u	/* 1 MB: Linux's pipe-max-size */
#define SLOTS_MAX 4096u

struct pipe_slot {
	char *page;
	uint32_t start, size;	/* of the bytes in the page */
};

struct pipe {
	struct mutex lock;
	struct wait_queue readable, writable;	/* and for those who open */
	uint32_t nslots;		/* a power of two */
	uint32_t first, used;		/* slots in use, from first on, around */
	struct pipe_slot *slots;
	char *spare;			/* an emptied page, to be used next */
	uint32_t files;			/* that are open on it */
	uint32_t readers, writers;
	uint32_t reader_opens, writer_opens;	/* how often one came, for those who wait to open */
};

static struct pipe *pipe_of(const struct file *file)
{
	return file->inode->pipe;
}

static struct pipe *pipe_create(void)
{
	struct pipe *pipe = kzalloc(sizeof(*pipe));

	if (!pipe)
		return NULL;
	pipe->slots = kzalloc(SLOTS_DEFAULT * sizeof(*pipe->slots));
	if (!pipe->slots) {
		kfree(pipe);
		return NULL;
	}
	pipe->nslots = SLOTS_DEFAULT;
	mutex_init(&pipe->lock);
	wait_queue_init(&pipe->readable);
	wait_queue_init(&pipe->writable);
	return pipe;
}

static struct pipe_slot *slot_at(const struct pipe *pipe, uint32_t index)
{
	return &pipe->slots[(pipe->first + index) & (pipe->nslots - 1)];
}

static void drop_first(struct pipe *pipe)
{
	struct pipe_slot *slot = slot_at(pipe, 0);

	assert(pipe->used > 0);
	if (pipe->spare)
		kfree(slot->page);
	else
		pipe->spare = slot->page;
	slot->page = NULL;
	pipe->first = (pipe->first + 1) & (pipe->nslots - 1);
	pipe->used--;
}

static void pipe_free(struct pipe *pipe)
{
	while (pipe->used)
		drop_first(pipe);
	kfree(pipe->spare);
	kfree(pipe->slots);
	kfree(pipe);
}

static bool full(const struct pipe *pipe)
{
	return pipe->used == pipe->nslots;
}

/* ---- reading ---- */

/* Moves what is there and fits: bytes, or -EFAULT when not one could be moved. */
static ssize_t take_bytes(struct pipe *pipe, struct uio *io)
{
	ssize_t total = 0;

	while (pipe->used && io->left) {
		struct pipe_slot *slot = slot_at(pipe, 0);
		size_t wanted = MIN(slot->size, io->left);
		ssize_t done = uio_copy_out(io, slot->page + slot->start, wanted);

		if (done < 0)
			return total ? total : done;
		slot->start += (uint32_t)done;
		slot->size -= (uint32_t)done;
		total += done;
		if (!slot->size)
			drop_first(pipe);
		if ((size_t)done < wanted)
			break;
	}
	return total;
}

/* Waits for bytes or the last writer's end. 0, -EAGAIN, -ERESTARTSYS. The lock is not held. */
static int wait_for_bytes(struct pipe *pipe, const struct file *file)
{
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event(&pipe->readable, pipe->used || !pipe->writers);
}

static ssize_t pipe_read(struct file *file, struct uio *io, loff_t *position)
{
	struct pipe *pipe = pipe_of(file);
	ssize_t done = 0;
	bool was_full;

	(void)position;
	if (!io->left)
		return 0;
	mutex_lock(&pipe->lock);
	while (!pipe->used && pipe->writers && done == 0) {
		mutex_unlock(&pipe->lock);
		done = wait_for_bytes(pipe, file);
		mutex_lock(&pipe->lock);
	}
	was_full = full(pipe);
	if (done == 0)
		done = take_bytes(pipe, io);
	mutex_unlock(&pipe->lock);
	if (was_full && done > 0)
		wake_all(&pipe->writable);
	if (done > 0)
		inode_accessed(file->inode);
	return done;
}

/* ---- writing ---- */

/* Adds the odd bytes of a write to the last page, if all of them fit: bytes, 0, -EFAULT. */
static ssize_t append_to_last(struct pipe *pipe, struct uio *io)
{
	size_t odd = io->left & PAGE_MASK;
	struct pipe_slot *slot;
	ssize_t done;

	if (!pipe->used || !odd)
		return 0;
	slot = slot_at(pipe, pipe->used - 1);
	if (slot->start + slot->size + odd > PAGE_SIZE)
		return 0;
	done = uio_copy_in(io, slot->page + slot->start + slot->size, odd);
	if (done > 0)
		slot->size += (uint32_t)done;
	return done;
}

static char *take_page(struct pipe *pipe)
{
	char *page = pipe->spare ? pipe->spare : kalloc(PAGE_SIZE);

	pipe->spare = NULL;
	return page;
}

/* Fills one more slot: bytes, -EFAULT, -ENOMEM. There is a free one. */
static ssize_t fill_slot(struct pipe *pipe, struct uio *io)
{
	struct pipe_slot *slot = slot_at(pipe, pipe->used);
	char *page = take_page(pipe);
	ssize_t done;

	assert(!full(pipe));
	if (!page)
		return -ENOMEM;
	done = uio_copy_in(io, page, MIN(io->left, PAGE_SIZE));
	if (done <= 0) {
		pipe->spare = page;
		return done ? done : -EFAULT;
	}
	*slot = (struct pipe_slot){ .page = page, .size = (uint32_t)done };
	pipe->used++;
	return done;
}

/* Waits for a free slot or the last reader's end. The lock is held, and let go of meanwhile. */
static int wait_for_room(struct pipe *pipe, const struct file *file)
{
	int error;

	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	mutex_unlock(&pipe->lock);
	wake_all(&pipe->readable);
	error = wait_event(&pipe->writable, !full(pipe) || !pipe->readers);
	mutex_lock(&pipe->lock);
	return error;
}

/* One step of a write: bytes moved, or why it ends. */
static ssize_t write_step(struct pipe *pipe, const struct file *file, struct uio *io)
{
	while (pipe->readers && full(pipe)) {
		int error = wait_for_room(pipe, file);

		if (error)
			return error;
	}
	return pipe->readers ? fill_slot(pipe, io) : -EPIPE;
}

static ssize_t pipe_write(struct file *file, struct uio *io, loff_t *position)
{
	struct pipe *pipe = pipe_of(file);
	ssize_t total, done = 0;

	(void)position;
	if (!io->left)
		return 0;
	mutex_lock(&pipe->lock);
	total = pipe->readers ? append_to_last(pipe, io) : -EPIPE;
	while (total >= 0 && done >= 0 && io->left) {
		size_t wanted = MIN(io->left, PAGE_SIZE);

		done = write_step(pipe, file, io);
		if (done > 0)
			total += done;
		if (done >= 0 && (size_t)done < wanted)
			break;
	}
	mutex_unlock(&pipe->lock);
	if (total > 0) {
		wake_all(&pipe->readable);
		inode_modified(file->inode);
	}
	/* When part of the bytes went, their number is told, and a pipe that broke by its signal alone. */
	if (total > 0 && done == -EPIPE)
		signal_self(SIGPIPE);
	return total > 0 || done >= 0 ? total : done;
}

/* ---- poll, ioctl, size ---- */

static uint32_t pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = pipe_of(file);
	uint32_t ready = 0;

	if (file_may_read(file)) {
		poll_wait(table, &pipe->readable);
		if (pipe->used)
			ready |= POLLIN | POLLRDNORM;
		/* A FIFO that no writer has opened since this file was has not been hung up. */
		if (!pipe->writers && pipe->writer_opens != (uint32_t)(uintptr_t)file->data)
			ready |= POLLHUP;
	}
	if (file_may_write(file)) {
		poll_wait(table, &pipe->writable);
		if (!full(pipe))
			ready |= POLLOUT | POLLWRNORM;
		if (!pipe->readers)
			ready |= POLLERR;
	}
	return ready;
}

static int pipe_ioctl(struct file *file, uint32_t command, uint32_t argument)
{
	struct pipe *pipe = pipe_of(file);
	uint32_t bytes = 0;

	if (command != FIONREAD)
		return -ENOTTY;
	for (uint32_t i = 0; i < pipe->used; i++)
		bytes += slot_at(pipe, i)->size;
	return put_user((uint32_t __user *)argument, bytes);
}

static int resize_ring(struct pipe *pipe, uint32_t nslots)
{
	struct pipe_slot *slots;

	if (nslots < pipe->used)
		return -EBUSY;
	slots = kzalloc(nslots * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < pipe->used; i++)
		slots[i] = *slot_at(pipe, i);
	kfree(pipe->slots);
	pipe->slots = slots;
	pipe->nslots = nslots;
	pipe->first = 0;
	return 0;
}

int32_t pipe_set_size(struct file *file, uint32_t size)
{
	struct pipe *pipe;
	uint32_t nslots = 1;
	int error;

	if (!S_ISFIFO(file->inode->mode) || !file->inode->pipe)
		return -EBADF;
	pipe = file->inode->pipe;
	if (size > SLOTS_MAX * PAGE_SIZE)
		return size > INT32_MAX ? -EINVAL : cred_can(CAP_SYS_RESOURCE) ? -ENOMEM : -EPERM;
	while (nslots * PAGE_SIZE < size)
		nslots *= 2;
	mutex_lock(&pipe->lock);
	if (nslots > pipe->nslots && nslots > SLOTS_MAX_UNPRIVILEGED &&
	    !cred_can(CAP_SYS_RESOURCE))
		error = -EPERM;
	else
		error = resize_ring(pipe, nslots);
	mutex_unlock(&pipe->lock);
	wake_all(&pipe->writable);
	return error ? error : (int32_t)(nslots * PAGE_SIZE);
}

int32_t pipe_get_size(struct file *file)
{
	if (!S_ISFIFO(file->inode->mode) || !file->inode->pipe)
		return -EBADF;
	return (int32_t)(file->inode->pipe->nslots * PAGE_SIZE);
}

/* ---- opening and closing ---- */

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
