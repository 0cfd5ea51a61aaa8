/*
 * poll: waiting for any of several files.
 *
 * Each round asks every file what it is ready for. The first round enters the task in the files'
 * wait queues at the same time, and so no wake between asking and sleeping is lost (wait.h). Files
 * are held from the first round to the last, since the queues are theirs.
 */
#include <fs_calls.h>
#include <vfs.h>

#include <abi/poll.h>
#include <abi/time.h>
#include <assert.h>
#include <clock.h>
#include <kheap.h>
#include <kvrange.h>
#include <uaccess.h>

#include "poll_internal.h"

#define CHUNK_PLACES 60
#define FEW_FDS 8u

struct poll_chunk {
	struct poll_chunk *next;
	struct waiter places[CHUNK_PLACES];
};

/* The places that one task has in the queues of the files it polls. */
struct poll_places {
	struct poll_table table;
	unsigned used;
	struct poll_chunk *more; /* beyond the first few */
	struct waiter first[8];
};

/* ---- the table of places ---- */

/* The next free place, or NULL without memory. */
static struct waiter *next_place(struct poll_places *places)
{
	unsigned index = places->used;

	if (index < ARRAY_SIZE(places->first))
		return &places->first[index];
	index = (index - ARRAY_SIZE(places->first)) % CHUNK_PLACES;
	if (index == 0) {
		struct poll_chunk *chunk = kalloc(sizeof(*chunk));

		if (!chunk)
			return NULL;
		chunk->next = places->more;
		places->more = chunk;
	}
	return &places->more->places[index];
}

static void enter_place(struct poll_table *table, struct wait_queue *queue)
{
	struct poll_places *places = container_of(table, struct poll_places, table);
	struct waiter *place = next_place(places);

	if (!place) {
		table->failed = true;
		return;
	}
	wait_enter(queue, place);
	places->used++;
}

void poll_wait(struct poll_table *table, struct wait_queue *queue)
{
	if (table && !table->failed)
		table->enter(table, queue);
}

static void leave_all(struct poll_places *places)
{
	unsigned few = MIN(places->used, ARRAY_SIZE(places->first));
	unsigned beyond = places->used - few;

	for (unsigned i = 0; i < few; i++)
		wait_leave(&places->first[i]);
	while (places->more) {
		struct poll_chunk *chunk = places->more;
		/* The newest chunk alone may be partly used. */
		unsigned here = beyond % CHUNK_PLACES ? beyond % CHUNK_PLACES
						      : MIN(beyond, CHUNK_PLACES);

		for (unsigned i = 0; i < here; i++)
			wait_leave(&chunk->places[i]);
		beyond -= here;
		places->more = chunk->next;
		kfree(chunk);
	}
	assert(beyond == 0);
}

uint32_t poll_file(struct file *file, struct poll_table *table)
{
	if (!file->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return file->ops->poll(file, table);
}

int poll_run(struct polling *polling)
{
	struct poll_places places;
	struct poll_table *entering = polling->deadline ? &places.table : NULL;
	int ready, error = 0;

	places.table = (struct poll_table){ .enter = enter_place };
	places.used = 0;
	places.more = NULL;
	while (true) {
		wait_prepare(WAIT_INTERRUPTIBLE);
		ready = polling->scan(polling, entering);
		if (!ready && places.table.failed)
			error = -ENOMEM;
		if (ready || error || !polling->deadline) {
			wait_cancel();
			break;
		}
		entering = NULL;
		error = wait_sleep(polling->deadline);
	}
	leave_all(&places);
	if (ready)
		return ready;
	return error == -ETIMEDOUT ? 0 : error;
}

/* ---- times and masks ---- */

int deadline_from_timespec(const struct timespec64 *time, uint64_t *deadline)
{
	uint64_t now = clock_monotonic_ns(), span;

	if (time->sec < 0 || (uint32_t)time->nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if (time->sec == 0 && time->nsec == 0) {
		*deadline = 0;
		return 0;
	}
	/* Times that end after the clock does are for ever. */
	if ((uint64_t)time->sec > (UINT64_MAX - now) / NSEC_PER_SEC - 1) {
		*deadline = WAIT_FOREVER;
		return 0;
	}
	span = (uint64_t)time->sec * NSEC_PER_SEC + (uint32_t)time->nsec;
	*deadline = now + span;
	return 0;
}

struct timespec64 deadline_left(uint64_t deadline)
{
	uint64_t now = clock_monotonic_ns(), left = deadline > now ? deadline - now : 0;

	return (struct timespec64){ .sec = (int64_t)(left / NSEC_PER_SEC),
				    .nsec = (int32_t)(left % NSEC_PER_SEC) };
}

int poll_set_mask(const sigset_t __user *user, uint32_t size)
{
	sigset_t mask;

	if (!user)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, user, sizeof(mask)) != 0)
		return -EFAULT;
	current->saved_blocked = current->blocked;
	signal_set_blocked(mask);
	return 0;
}

void poll_restore_mask(bool masked, bool interrupted)
{
	if (!masked)
		return;
	if (interrupted)
		current->restore_blocked = true;
	else
		signal_set_blocked(current->saved_blocked);
}

/* ---- poll ---- */

struct poll_call {
	struct polling polling;
	uint32_t count;
	struct pollfd *fds;
	struct file **files; /* NULL where there is none */
};

static int scan_fds(struct polling *polling, struct poll_table *table)
{
	struct poll_call *call = container_of(polling, struct poll_call, polling);
	int ready = 0;

	for (uint32_t i = 0; i < call->count; i++) {
		struct pollfd *fd = &call->fds[i];
		uint32_t wanted = (uint16_t)fd->events | POLLERR | POLLHUP;

		if (fd->fd < 0)
			fd->revents = 0;
		else if (!call->files[i])
			fd->revents = (int16_t)POLLNVAL;
		else
			fd->revents = (int16_t)(poll_file(call->files[i], table) & wanted);
		if (fd->revents) {
			/* Something to tell: nobody is going to wait. */
			table = NULL;
			ready++;
		}
	}
	return ready;
}

static void hold_files(struct poll_call *call)
{
	for (uint32_t i = 0; i < call->count; i++) {
		struct file *file = call->fds[i].fd < 0 ? NULL : file_from_fd(call->fds[i].fd);

		call->files[i] = IS_ERR(file) ? NULL : file;
	}
}

static int copy_results(const struct poll_call *call, struct pollfd __user *user)
{
	for (uint32_t i = 0; i < call->count; i++)
		if (copy_to_user(&user[i].revents, &call->fds[i].revents,
				 sizeof(call->fds[i].revents)) != 0)
			return -EFAULT;
	return 0;
}

static int run_on_copies(struct poll_call *call, struct pollfd __user *user)
{
	int ready;

	if (copy_from_user(call->fds, user, call->count * sizeof(*call->fds)) != 0)
		return -EFAULT;
	hold_files(call);
	ready = poll_run(&call->polling);
	for (uint32_t i = 0; i < call->count; i++)
		if (call->files[i])
			file_put(call->files[i]);
	if (ready == -EINTR)
		return ready;
	return ready >= 0 && copy_results(call, user) != 0 ? -EFAULT : ready;
}

static int do_poll(struct pollfd __user *user, uint32_t count, uint64_t deadline)
{
	struct pollfd few_fds[FEW_FDS];
	struct file *few_files[FEW_FDS];
	struct poll_call call = {
		.polling = { .scan = scan_fds, .deadline = deadline },
		.count = count,
		.fds = few_fds,
		.files = few_files,
	};
	int ready = -ENOMEM;

	if (count > current->process->rlimits[RLIMIT_NOFILE].current)
		return -EINVAL;
	if (count <= FEW_FDS)
		return run_on_copies(&call, user);
	call.fds = kvalloc(count * sizeof(*call.fds));
	call.files = kvalloc(count * sizeof(*call.files));
	if (call.fds && call.files)
		ready = run_on_copies(&call, user);
	kvfree(call.fds);
	kvfree(call.files);
	return ready;
}

static int32_t restart_poll(struct task *task);

/* Interrupted, poll goes on by itself until the same deadline if no handler runs. */
static int32_t restartable_poll(struct pollfd __user *user, uint32_t count, uint64_t deadline)
{
	int ready = do_poll(user, count, deadline);

	if (ready != -EINTR)
		return ready;
	current->restart = restart_poll;
	current->restart_deadline = deadline;
	current->restart_arguments[0] = (uint32_t)user;
	current->restart_arguments[1] = count;
	return -ERESTART_RESTARTBLOCK;
}

static int32_t restart_poll(struct task *task)
{
	return restartable_poll((struct pollfd __user *)task->restart_arguments[0],
				task->restart_arguments[1], task->restart_deadline);
}

int32_t sys_poll(struct pollfd __user *fds, uint32_t count, int32_t timeout_ms)
{
	uint64_t deadline = WAIT_FOREVER;

	if (timeout_ms == 0)
		deadline = 0;
	else if (timeout_ms > 0)
		deadline = clock_monotonic_ns() + (uint64_t)(uint32_t)timeout_ms * 1000000;
	return restartable_poll(fds, count, deadline);
}

static int32_t masked_poll(struct pollfd __user *fds, uint32_t count, uint64_t deadline,
			   const sigset_t __user *mask, uint32_t mask_size)
{
	int ready, error = poll_set_mask(mask, mask_size);

	if (error)
		return error;
	ready = do_poll(fds, count, deadline);
	poll_restore_mask(mask, ready == -EINTR);
	return ready == -EINTR ? -ERESTARTNOHAND : ready;
}

int32_t sys_ppoll_time64(struct pollfd __user *fds, uint32_t count,
			 struct timespec64 __user *timeout, const sigset_t __user *mask,
			 uint32_t mask_size)
{
	uint64_t deadline = WAIT_FOREVER;
	struct timespec64 time;
	int32_t ready;

	if (timeout && copy_from_user(&time, timeout, sizeof(time)) != 0)
		return -EFAULT;
	if (timeout && deadline_from_timespec(&time, &deadline) != 0)
		return -EINVAL;
	ready = masked_poll(fds, count, deadline, mask, mask_size);
	if (timeout && deadline) {
		time = deadline_left(deadline);
		/*
		 * A time that cannot be written is no reason to lose the result; the next wait
		 * starts over.
		 */
		if (copy_to_user(timeout, &time, sizeof(time)) != 0 && ready == -ERESTARTNOHAND)
			ready = -EINTR;
	}
	return ready;
}

int32_t sys_ppoll(struct pollfd __user *fds, uint32_t count, struct timespec __user *timeout,
		  const sigset_t __user *mask, uint32_t mask_size)
{
	uint64_t deadline = WAIT_FOREVER;
	struct timespec narrow = { 0, 0 };
	struct timespec64 time;
	int32_t ready;

	if (timeout && copy_from_user(&narrow, timeout, sizeof(narrow)) != 0)
		return -EFAULT;
	time = (struct timespec64){ .sec = narrow.sec, .nsec = narrow.nsec };
	if (timeout && deadline_from_timespec(&time, &deadline) != 0)
		return -EINVAL;
	ready = masked_poll(fds, count, deadline, mask, mask_size);
	if (timeout && deadline) {
		time = deadline_left(deadline);
		narrow = (struct timespec){ .sec = (int32_t)time.sec, .nsec = time.nsec };
		if (copy_to_user(timeout, &narrow, sizeof(narrow)) != 0 && ready == -ERESTARTNOHAND)
			ready = -EINTR;
	}
	return ready;
}
