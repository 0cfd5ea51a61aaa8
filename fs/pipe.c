/*
 * Pipes and FIFOs.
 *
 * A pipe is a ring of slots, each a page of memory and the part of it that holds bytes. A write
 * fills what is left of the last page if the odd bytes fit there, then takes a slot for each page.
 * So a free slot is room for PIPE_BUF bytes, and a write of no more than that is never split: it
 * waits for a slot, or is refused.
 *
 * Protected by pipe->lock, which is held over the copies, since these may sleep. Who waits for
 * bytes or room lets go of it. poll looks at counters alone, which change only in one step.
 */
#include <vfs.h>

#include <abi/ioctls.h>
#include <assert.h>
#include <frame.h>
#include <kheap.h>
#include <string.h>
#include <uaccess.h>

#include "pipe_internal.h"

#define SLOTS_DEFAULT 16u
#define SLOTS_MAX_UNPRIVILEGED 256u /* 1 MB: Linux's pipe-max-size */
#define SLOTS_MAX 4096u

static struct pipe *pipe_of(const struct file *file)
{
	return file->inode->pipe;
}

struct pipe *pipe_create(void)
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

/* Frames of the kernel's own rather than the heap, which looks after each page that comes back. */
static char *page_alloc(void)
{
	struct frame *frame = frame_alloc(FRAME_KERNEL, FRAME_LOW);

	return frame ? frame_virt(frame) : NULL;
}

static void page_free(char *page)
{
	if (page)
		frame_put(frame_from_pfn(virt_to_paddr(page) >> PAGE_SHIFT));
}

/* The slot is the first. */
static void drop_first(struct pipe *pipe, struct pipe_slot *slot)
{
	assert(pipe->used > 0);
	if (pipe->spare)
		page_free(slot->page);
	else
		pipe->spare = slot->page;
	slot->page = NULL;
	pipe->first = (pipe->first + 1) & (pipe->nslots - 1);
	pipe->used--;
}

void pipe_free(struct pipe *pipe)
{
	while (pipe->used)
		drop_first(pipe, slot_at(pipe, 0));
	page_free(pipe->spare);
	kfree(pipe->slots);
	kfree(pipe);
}

static bool full(const struct pipe *pipe)
{
	return pipe->used == pipe->nslots;
}

/* ---- reading ---- */

/*
 * Moves what is there and fits: bytes, or -EFAULT. As on Linux a page's bytes go all or not at all,
 * here and in writing: those before a bad address stay in the pipe.
 */
static ssize_t take_bytes(struct pipe *pipe, struct uio *io)
{
	ssize_t total = 0;

	while (pipe->used && io->left) {
		struct pipe_slot *slot = slot_at(pipe, 0);
		size_t wanted = MIN(slot->size, io->left);
		ssize_t done = uio_copy_out(io, slot->page + slot->start, wanted);

		if (unlikely(done < (ssize_t)wanted))
			return total ? total : -EFAULT;
		slot->start += (uint32_t)done;
		slot->size -= (uint32_t)done;
		total += done;
		if (!slot->size)
			drop_first(pipe, slot);
	}
	return total;
}

/*
 * Takes the lock when there are bytes or no writers: 0, and otherwise -EAGAIN, -ERESTARTSYS. It
 * looks before it locks, since most who wait are alone; who had to wait for the lock looks again.
 */
static int lock_for_reading(struct pipe *pipe, const struct file *file)
{
	while (true) {
		if (!pipe->used && pipe->writers) {
			int error = -EAGAIN;

			if (!(file->flags & O_NONBLOCK))
				error = wait_event(&pipe->readable, pipe->used || !pipe->writers);
			if (error)
				return error;
		}
		mutex_lock(&pipe->lock);
		if (likely(pipe->used || !pipe->writers))
			return 0;
		mutex_unlock(&pipe->lock);
	}
}

ssize_t pipe_read(struct file *file, struct uio *io, loff_t *position)
{
	struct pipe *pipe = pipe_of(file);
	ssize_t done;
	bool was_full;

	(void)position;
	if (!io->left)
		return 0;
	done = lock_for_reading(pipe, file);
	if (done)
		return done;
	was_full = full(pipe);
	done = take_bytes(pipe, io);
	mutex_unlock(&pipe->lock);
	if (done <= 0)
		return done;
	if (was_full)
		wake_all(&pipe->writable);
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
	if (done < (ssize_t)odd)
		return -EFAULT;
	slot->size += (uint32_t)done;
	return done;
}

static char *take_page(struct pipe *pipe)
{
	char *page = pipe->spare ? pipe->spare : page_alloc();

	pipe->spare = NULL;
	return page;
}

/* Fills one more slot: bytes, -EFAULT, -ENOMEM. There is a free one. */
static ssize_t fill_slot(struct pipe *pipe, struct uio *io)
{
	struct pipe_slot *slot = slot_at(pipe, pipe->used);
	size_t wanted = MIN(io->left, PAGE_SIZE);
	char *page = take_page(pipe);
	ssize_t done;

	assert(!full(pipe));
	if (!page)
		return -ENOMEM;
	done = uio_copy_in(io, page, wanted);
	if (done < (ssize_t)wanted) {
		pipe->spare = page;
		return -EFAULT;
	}
	slot->page = page;
	slot->start = 0;
	slot->size = (uint32_t)done;
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

/* Moves all bytes, waiting for room where it has to: how many, or why none. The lock is held. */
static ssize_t put_bytes(struct pipe *pipe, const struct file *file, struct uio *io)
{
	ssize_t total = pipe->readers ? append_to_last(pipe, io) : -EPIPE;

	if (total < 0)
		return total;
	while (io->left) {
		ssize_t done = write_step(pipe, file, io);

		/* When part of the bytes went, a pipe that broke is told by its signal alone. */
		if (done == -EPIPE && total)
			signal_self(SIGPIPE);
		if (done < 0)
			return total ? total : done;
		total += done;
	}
	return total;
}

ssize_t pipe_write(struct file *file, struct uio *io, loff_t *position)
{
	struct pipe *pipe = pipe_of(file);
	ssize_t done;

	(void)position;
	if (!io->left)
		return 0;
	mutex_lock(&pipe->lock);
	done = put_bytes(pipe, file, io);
	mutex_unlock(&pipe->lock);
	if (done > 0) {
		wake_all(&pipe->readable);
		inode_modified(file->inode);
	}
	return done;
}

/* ---- poll, ioctl, size ---- */

uint32_t pipe_poll(struct file *file, struct poll_table *table)
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

int pipe_ioctl(struct file *file, uint32_t command, uint32_t argument)
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
	if (nslots > pipe->nslots && nslots > SLOTS_MAX_UNPRIVILEGED && !cred_can(CAP_SYS_RESOURCE))
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
