/*
 * signalfd: signals of the reading task and its process, taken by read.
 *
 * A descriptor is no more than a set of signals: whose signals they are is asked when somebody
 * reads or polls, as on Linux. Since that may be any task that has the descriptor, all who wait do
 * so in one queue of the system, which every signal that becomes pending wakes.
 */
#include <event_calls.h>
#include <vfs.h>

#include <assert.h>
#include <kheap.h>
#include <signal.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>

struct signalfd {
	sigset_t mask; /* what it takes */
};

static const struct file_ops signalfd_ops;

/* What is in a siginfo besides the first three words: by code, and for the kernel's by signal. */
enum info_kind { INFO_KILL, INFO_TIMER, INFO_FAULT, INFO_CHILD, INFO_VALUE };

static enum info_kind kind_of(const struct siginfo *info)
{
	if (info->code == SI_TIMER)
		return INFO_TIMER;
	if (info->code < 0)
		return INFO_VALUE;
	if (info->code == SI_USER || info->code >= SI_KERNEL)
		return INFO_KILL;
	if (info->signo == SIGCHLD)
		return INFO_CHILD;
	return SIGNAL_BIT(info->signo) & SIGNALS_SYNCHRONOUS ? INFO_FAULT : INFO_KILL;
}

static struct signalfd_siginfo to_abi(const struct siginfo *info)
{
	struct signalfd_siginfo to;

	memset(&to, 0, sizeof(to));
	to.signo = (uint32_t)info->signo;
	to.error = info->error;
	to.code = info->code;
	switch (kind_of(info)) {
	case INFO_TIMER:
		to.tid = (uint32_t)info->timer.id;
		to.overrun = (uint32_t)info->timer.overrun;
		to.pointer = info->timer.value;
		to.value = (int32_t)info->timer.value;
		break;
	case INFO_FAULT:
		to.address = info->fault.address;
		break;
	case INFO_CHILD:
		to.pid = (uint32_t)info->child.pid;
		to.uid = info->child.uid;
		to.status = info->child.status;
		to.utime = (uint64_t)(int64_t)info->child.utime;
		to.stime = (uint64_t)(int64_t)info->child.stime;
		break;
	case INFO_VALUE:
		to.pointer = info->sender.value;
		to.value = (int32_t)info->sender.value;
		/* fall through */
	case INFO_KILL:
		to.pid = (uint32_t)info->sender.pid;
		to.uid = info->sender.uid;
		break;
	}
	return to;
}

/* The next signal: its number, -EAGAIN, -ERESTARTSYS. */
static int next_signal(const struct signalfd *signalfd, struct siginfo *info, bool wait)
{
	int signal = signal_take(signalfd->mask, info), error;

	if (signal)
		return signal;
	if (!wait)
		return -EAGAIN;
	error = wait_event(&signalfd_waiters, (signal = signal_take(signalfd->mask, info)) != 0);
	return error ? error : signal;
}

static ssize_t signalfd_read(struct file *file, struct uio *io, loff_t *position)
{
	bool wait = !(file->flags & O_NONBLOCK);
	struct signalfd_siginfo abi;
	struct siginfo info;
	ssize_t total = 0;

	(void)position;
	if (io->left < sizeof(abi))
		return -EINVAL;
	while (io->left >= sizeof(abi)) {
		int signal = next_signal(file->data, &info, wait && !total);

		if (signal < 0)
			return total ? total : signal;
		abi = to_abi(&info);
		if (uio_copy_out(io, &abi, sizeof(abi)) != sizeof(abi))
			return total ? total : -EFAULT;
		total += sizeof(abi);
	}
	return total;
}

static uint32_t signalfd_poll(struct file *file, struct poll_table *table)
{
	const struct signalfd *signalfd = file->data;
	sigset_t pending = current->pending.set | current->process->pending.set;

	poll_wait(table, &signalfd_waiters);
	return pending & signalfd->mask ? POLLIN : 0;
}

static void signalfd_release(struct file *file)
{
	kfree(file->data);
}

static const struct file_ops signalfd_ops = {
	.read = signalfd_read,
	.seek = file_stay,
	.poll = signalfd_poll,
	.release = signalfd_release,
};

/* ---- system calls ---- */

static int32_t make(sigset_t mask, uint32_t flags)
{
	struct signalfd *signalfd = kalloc(sizeof(*signalfd));

	if (!signalfd)
		return -ENOMEM;
	signalfd->mask = mask;
	return file_install_anonymous(&signalfd_ops, signalfd, O_RDWR | flags,
				      "anon_inode:[signalfd]");
}

static int32_t change(int fd, sigset_t mask)
{
	struct file *file = file_from_fd(fd);
	bool is_one;

	if (IS_ERR(file))
		return PTR_ERR(file);
	is_one = file->ops == &signalfd_ops;
	if (is_one) {
		((struct signalfd *)file->data)->mask = mask;
		wake_all(&signalfd_waiters);
	}
	file_put(file);
	return is_one ? fd : -EINVAL;
}

int32_t sys_signalfd4(int fd, const sigset_t __user *user, uint32_t size, uint32_t flags)
{
	sigset_t mask;

	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, user, sizeof(mask)) != 0)
		return -EFAULT;
	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	mask &= ~SIGNALS_UNMASKABLE;
	return fd == -1 ? make(mask, flags) : change(fd, mask);
}

int32_t sys_signalfd(int fd, const sigset_t __user *mask, uint32_t size)
{
	return sys_signalfd4(fd, mask, size, 0);
}
