/*
 * timerfd: a timer behind a descriptor. Reading takes the number of times that it has expired since
 * it was last read or set, and waits for the first.
 *
 * As a periodic timer fires it is not armed again at once: the next read or look adds the intervals
 * that have passed meanwhile and arms it for the next one. So a timer that nobody reads costs one
 * wake.
 *
 * With TFD_TIMER_CANCEL_ON_SET a wall time that is set makes the next read fail with ECANCELED; a
 * timer that is not armed can ask for that too.
 */
#include <event_calls.h>
#include <vfs.h>

#include <assert.h>
#include <clock_timer.h>
#include <kheap.h>
#include <task.h>
#include <trap.h>
#include <uaccess.h>

#define CAP_WAKE_ALARM 35

struct timerfd {
	struct clock_timer timer;
	uint64_t ticks;	    /* (irq) expiries not yet read */
	bool expired;	    /* (irq) fired, and its intervals not yet counted */
	bool listening;	    /* wants to know that the clock was set */
	bool clock_was_set; /* and that is what has happened */
	struct clock_listener listener;
	struct wait_queue readers;
};

static const struct file_ops timerfd_ops;

static void timerfd_fire(struct clock_timer *timer)
{
	struct timerfd *timerfd = container_of(timer, struct timerfd, timer);

	timerfd->expired = true;
	timerfd->ticks++;
	wake_events(&timerfd->readers, POLLIN);
}

static void timerfd_clock_set(struct clock_listener *listener)
{
	struct timerfd *timerfd = container_of(listener, struct timerfd, listener);
	uint32_t flags = irq_save();

	timerfd->clock_was_set = true;
	timerfd->ticks++;
	irq_restore(flags);
	wake_events(&timerfd->readers, POLLIN);
}

/* Counts the intervals that have ended since it fired, and arms it again. Interrupts off. */
static void catch_up(struct timerfd *timerfd)
{
	if (!timerfd->expired || !timerfd->timer.interval)
		return;
	assert(timerfd->ticks > 0);
	timerfd->expired = false;
	timerfd->ticks += clock_timer_forward(&timerfd->timer) - 1;
	clock_timer_restart(&timerfd->timer);
}

static bool take_clock_was_set(struct timerfd *timerfd)
{
	bool was_set = timerfd->clock_was_set;

	timerfd->clock_was_set = false;
	return was_set;
}

/* Expiries, 0 when somebody else was first, -ECANCELED. */
static int take_ticks(struct timerfd *timerfd, uint64_t *ticks)
{
	uint32_t flags = irq_save();
	int error = 0;

	if (take_clock_was_set(timerfd)) {
		error = -ECANCELED;
	} else {
		catch_up(timerfd);
		*ticks = timerfd->ticks;
	}
	timerfd->ticks = 0;
	timerfd->expired = false;
	irq_restore(flags);
	return error;
}

static ssize_t timerfd_read(struct file *file, struct uio *io, loff_t *position)
{
	struct timerfd *timerfd = file->data;
	uint64_t ticks = 0;
	int error = 0;

	(void)position;
	if (io->left < sizeof(ticks))
		return -EINVAL;
	if (!timerfd->ticks && (file->flags & O_NONBLOCK))
		return -EAGAIN;
	if (!timerfd->ticks)
		error = wait_event(&timerfd->readers, timerfd->ticks != 0);
	if (!error)
		error = take_ticks(timerfd, &ticks);
	if (error)
		return error;
	return uio_copy_out(io, &ticks, sizeof(ticks)) == sizeof(ticks) ? (ssize_t)sizeof(ticks)
									: -EFAULT;
}

static uint32_t timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timerfd *timerfd = file->data;

	poll_wait(table, &timerfd->readers);
	return timerfd->ticks ? POLLIN : 0;
}

static void listen(struct timerfd *timerfd, bool on)
{
	if (on && !timerfd->listening)
		clock_listen(&timerfd->listener);
	else if (!on && timerfd->listening)
		clock_unlisten(&timerfd->listener);
	timerfd->listening = on;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *timerfd = file->data;

	clock_timer_stop(&timerfd->timer);
	listen(timerfd, false);
	kfree(timerfd);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.seek = file_stay,
	.poll = timerfd_poll,
	.release = timerfd_release,
};

/* ---- system calls ---- */

static bool is_alarm(int32_t clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

int32_t sys_timerfd_create(int32_t clock, uint32_t flags)
{
	struct timerfd *timerfd;

	if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) || !clock_has_timers(clock) || clock == CLOCK_TAI)
		return -EINVAL;
	if (is_alarm(clock) && !cred_can(CAP_WAKE_ALARM))
		return -EPERM;
	timerfd = kzalloc(sizeof(*timerfd));
	if (!timerfd)
		return -ENOMEM;
	clock_timer_init(&timerfd->timer, clock, timerfd_fire);
	timerfd->listener.was_set = timerfd_clock_set;
	wait_queue_init(&timerfd->readers);
	return file_install_anonymous(&timerfd_ops, timerfd, O_RDWR | flags,
				      "anon_inode:[timerfd]");
}

static struct file *timerfd_file(int fd)
{
	struct file *file = file_from_fd(fd);

	if (IS_ERR(file) || file->ops == &timerfd_ops)
		return file;
	file_put(file);
	return ERR_PTR(-EINVAL);
}

/* What is left of it now; of one that has fired and has no interval nothing. */
static void look(struct timerfd *timerfd, uint64_t *left, uint64_t *interval)
{
	uint32_t flags = irq_save();

	catch_up(timerfd);
	*left = timerfd->timer.timer.pending ? clock_timer_left(&timerfd->timer) : 0;
	*interval = timerfd->timer.interval;
	irq_restore(flags);
}

static int set(struct timerfd *timerfd, uint32_t flags, uint64_t value, uint64_t interval)
{
	bool absolute = flags & TFD_TIMER_ABSTIME;
	bool may_cancel = absolute && (flags & TFD_TIMER_CANCEL_ON_SET) &&
			  (timerfd->timer.clock == CLOCK_REALTIME ||
			   timerfd->timer.clock == CLOCK_REALTIME_ALARM);
	uint32_t irq = irq_save();

	clock_timer_set(&timerfd->timer, absolute, value, interval);
	timerfd->ticks = 0;
	timerfd->expired = false;
	irq_restore(irq);
	listen(timerfd, may_cancel);
	return may_cancel && take_clock_was_set(timerfd) ? -ECANCELED : 0;
}

static int32_t settime(int fd, uint32_t flags, const void __user *from, void __user *old, bool wide)
{
	uint64_t value, interval, old_left, old_interval;
	struct file *file;
	int error = itimerspec_get(&value, &interval, from, wide);

	if (error == -EFAULT)
		return error;
	if (error || (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)))
		return -EINVAL;
	file = timerfd_file(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	look(file->data, &old_left, &old_interval);
	error = set(file->data, flags, value, interval);
	file_put(file);
	if (!error && old)
		error = itimerspec_put(old, old_left, old_interval, wide);
	return error;
}

int32_t sys_timerfd_settime(int fd, uint32_t flags, const void __user *from, void __user *old)
{
	return settime(fd, flags, from, old, false);
}

int32_t sys_timerfd_settime64(int fd, uint32_t flags, const void __user *from, void __user *old)
{
	return settime(fd, flags, from, old, true);
}

static int32_t gettime(int fd, void __user *to, bool wide)
{
	struct file *file = timerfd_file(fd);
	uint64_t left, interval;

	if (IS_ERR(file))
		return PTR_ERR(file);
	look(file->data, &left, &interval);
	file_put(file);
	return itimerspec_put(to, left, interval, wide);
}

int32_t sys_timerfd_gettime(int fd, void __user *to)
{
	return gettime(fd, to, false);
}

int32_t sys_timerfd_gettime64(int fd, void __user *to)
{
	return gettime(fd, to, true);
}
