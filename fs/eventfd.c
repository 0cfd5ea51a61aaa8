/*
 * eventfd: a 64-bit counter behind a descriptor. write adds to it, read takes all of it (of a
 * semaphore: one) and waits while it is 0. It never reaches its largest value: a write that would
 * make it do so waits.
 */
#include <event_calls.h>
#include <vfs.h>

#include <assert.h>
#include <kheap.h>

struct eventfd {
	uint64_t count;
	bool semaphore;
	struct wait_queue readers, writers;
};

static struct eventfd *eventfd_of(const struct file *file)
{
	return file->data;
}

static ssize_t eventfd_read(struct file *file, struct uio *io, loff_t *position)
{
	struct eventfd *event = eventfd_of(file);
	uint64_t taken;
	int error = 0;

	(void)position;
	if (io->left < sizeof(taken))
		return -EINVAL;
	if (!event->count && (file->flags & O_NONBLOCK))
		return -EAGAIN;
	if (!event->count)
		error = wait_event(&event->readers, event->count != 0);
	if (error)
		return error;
	taken = event->semaphore ? 1 : event->count;
	event->count -= taken;
	wake_events(&event->writers, POLLOUT);
	return uio_copy_out(io, &taken, sizeof(taken)) == sizeof(taken) ? (ssize_t)sizeof(taken)
									: -EFAULT;
}

static ssize_t eventfd_write(struct file *file, struct uio *io, loff_t *position)
{
	struct eventfd *event = eventfd_of(file);
	uint64_t added;
	int error = 0;

	(void)position;
	if (io->left < sizeof(added))
		return -EINVAL;
	if (uio_copy_in(io, &added, sizeof(added)) != sizeof(added))
		return -EFAULT;
	if (added == UINT64_MAX)
		return -EINVAL;
	if (UINT64_MAX - event->count <= added) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		error = wait_event(&event->writers, UINT64_MAX - event->count > added);
	}
	if (error)
		return error;
	event->count += added;
	assert(event->count >= added && event->count < UINT64_MAX);
	wake_events(&event->readers, POLLIN);
	return sizeof(added);
}

static uint32_t eventfd_poll(struct file *file, struct poll_table *table)
{
	struct eventfd *event = eventfd_of(file);
	uint32_t ready = 0;

	poll_wait(table, &event->readers);
	poll_wait(table, &event->writers);
	if (event->count > 0)
		ready |= POLLIN;
	if (event->count < UINT64_MAX - 1)
		ready |= POLLOUT;
	return ready;
}

static void eventfd_release(struct file *file)
{
	kfree(eventfd_of(file));
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.seek = file_stay,
	.poll = eventfd_poll,
	.release = eventfd_release,
};

int32_t sys_eventfd2(uint32_t count, uint32_t flags)
{
	struct eventfd *event;

	if (flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	event = kalloc(sizeof(*event));
	if (!event)
		return -ENOMEM;
	event->count = count;
	event->semaphore = flags & EFD_SEMAPHORE;
	wait_queue_init(&event->readers);
	wait_queue_init(&event->writers);
	return file_install_anonymous(&eventfd_ops, event, O_RDWR | (flags & ~EFD_SEMAPHORE),
				      "anon_inode:[eventfd]");
}

int32_t sys_eventfd(uint32_t count)
{
	return sys_eventfd2(count, 0);
}
