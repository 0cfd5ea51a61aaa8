/*
 * Pseudo-terminals: the requests that a master answers itself. All others are done to its slave.
 */
#include "pty_internal.h"

#include <abi/fcntl.h>
#include <abi/ioctls.h>
#include <devpts.h>
#include <err.h>
#include <task.h>
#include <uaccess.h>
#include <vfs.h>

static int set_packet(struct pty *pty, const uint32_t __user *from)
{
	uint32_t on, flags;

	if (get_user(&on, from))
		return -EFAULT;
	flags = irq_save();
	if (on && !pty->packet)
		pty->status = 0;
	pty->packet = on;
	if (!on)
		pty->status = 0;
	irq_restore(flags);
	return 0;
}

static int set_lock(struct pty *pty, const uint32_t __user *from)
{
	uint32_t locked;

	if (get_user(&locked, from))
		return -EFAULT;
	pty->locked = locked;
	return 0;
}

/* A signal for the foreground group, one that could have been typed. */
static int send_signal(struct pty *pty, uint32_t signal)
{
	if (signal != SIGINT && signal != SIGQUIT && signal != SIGTSTP)
		return -EINVAL;
	if (pty->slave->group > 0)
		(void)signal_send_group(pty->slave->group, (int)signal, NULL);
	return 0;
}

/* Opens the slave, whatever there is under /dev here: a descriptor. */
static int open_peer(struct pty *pty, uint32_t flags)
{
	struct dentry *node = devpts_find(pty->number);
	struct file *file;

	if (IS_ERR(node))
		return PTR_ERR(node);
	file = file_open_dentry(node, flags);
	dentry_put(node);
	return IS_ERR(file) ? PTR_ERR(file) : file_install(file, flags & O_CLOEXEC);
}

static int flush_master(struct pty *pty, uint32_t which)
{
	uint32_t flags;

	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH) {
		flags = irq_save();
		pty->count = 0;
		irq_restore(flags);
		tty_output_ready(pty->slave);
	}
	if (which != TCIFLUSH)
		tty_flush_input(pty->slave);
	return 0;
}

/* What concerns the master alone; -ENOTTY for the rest, which is done to the slave. */
static int master_only(struct pty *pty, uint32_t command, uint32_t argument)
{
	uint32_t __user *user = (uint32_t __user *)argument;

	switch (command) {
	case TIOCGPTN:
		return put_user(user, pty->number);
	case TIOCSPTLCK:
		return set_lock(pty, user);
	case TIOCGPTLCK:
		return put_user(user, pty->locked);
	case TIOCPKT:
		return set_packet(pty, user);
	case TIOCGPKT:
		return put_user(user, pty->packet);
	case TIOCSIG:
		return send_signal(pty, argument);
	case TIOCGPTPEER:
		return open_peer(pty, argument);
	case TCFLSH:
		return flush_master(pty, argument);
	case FIONREAD:
		return put_user(user, pty->count);
	case TIOCOUTQ:
		return put_user(user, 0);
	case TIOCGPGRP:
		return put_user(user, (uint32_t)pty->slave->group);
	case TIOCGSID:
		return pty->slave->session ? put_user(user, (uint32_t)pty->slave->session)
					   : -ENOTTY;
	}
	return -ENOTTY;
}

int pty_master_ioctl(struct file *file, uint32_t command, uint32_t argument)
{
	struct pty *pty = file->data;
	int result = master_only(pty, command, argument);

	return result == -ENOTTY ? tty_ioctl_on(pty->slave, file, command, argument) : result;
}
