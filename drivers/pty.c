/*
 * Pseudo-terminals: a terminal whose line is a file, the master, opened as /dev/ptmx.
 *
 * What is written to the master is typed at the terminal (the slave, /dev/pts/N); what programs
 * write to that, and the echo, is read from the master. The slave is an ordinary terminal whose
 * device is the buffer that the master reads. The two die together: the slave is hung up when the
 * master is closed, and freed when the last file on either is.
 *
 * Guarded by interrupt-off sections like every terminal: the buffer and the status of packet mode.
 */
#include "tty_internal.h"

#include <abi/fcntl.h>
#include <abi/ioctls.h>
#include <assert.h>
#include <devpts.h>
#include <err.h>
#include <format.h>
#include <kheap.h>
#include <log.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>
#include <vfs.h>

#define BUFFER_SIZE 8192u /* a power of two */
#define COPY_SIZE 256u

struct pty {
	unsigned number;
	char name[12]; /* of the slave: pts/N */
	struct tty *slave;
	bool locked; /* until the master says that it may be opened */
	bool master_open;
	bool slave_closed;  /* it was open, and is not */
	char *buffer;	    /* (irq) ring: from the slave */
	uint32_t at, count; /* (irq) */
	bool packet;	    /* (irq) reads begin with a byte that says what they are */
	uint8_t status;	    /* (irq) TIOCPKT_*: to be told by the next read */
	struct wait_queue readers, writers;
};

static struct pty *ptys[PTYS_MAX];
static const struct file_ops master_ops;

/* ---- the slave's device ---- */

static size_t slave_write(struct tty *tty, const char *bytes, size_t size)
{
	struct pty *pty = tty_driver_data(tty);
	uint32_t end = pty->at + pty->count;

	size = MIN(size, BUFFER_SIZE - pty->count);
	for (size_t i = 0; i < size; i++)
		pty->buffer[(end + i) % BUFFER_SIZE] = bytes[i];
	pty->count += size;
	if (size)
		wake_events(&pty->readers, POLLIN | POLLRDNORM);
	return size;
}

/* Something happened that packet mode tells of. Interrupts off. */
static void set_status(struct pty *pty, uint8_t set, uint8_t clear)
{
	if (!pty->packet)
		return;
	pty->status = (pty->status & ~clear) | set;
	wake_events(&pty->readers, POLLIN | POLLRDNORM | POLLPRI);
}

static void slave_throttle(struct tty *tty, bool hold)
{
	struct pty *pty = tty_driver_data(tty);

	if (!hold)
		wake_events(&pty->writers, POLLOUT | POLLWRNORM);
}

static void slave_flushed(struct tty *tty, bool input)
{
	struct pty *pty = tty_driver_data(tty);

	/* What is in the buffer has arrived: it stays. */
	set_status(pty, input ? TIOCPKT_FLUSHREAD : TIOCPKT_FLUSHWRITE, 0);
}

static void slave_flow(struct tty *tty, bool stop)
{
	struct pty *pty = tty_driver_data(tty);

	if (stop)
		set_status(pty, TIOCPKT_STOP, TIOCPKT_START);
	else
		set_status(pty, TIOCPKT_START, TIOCPKT_STOP);
}

/* Do ^S and ^Q stop and start the output? Then the reader may do so by itself. */
static bool usual_flow(const struct termios2 *settings)
{
	return (settings->iflag & IXON) && settings->cc[VSTOP] == 'S' - 0x40 &&
	       settings->cc[VSTART] == 'Q' - 0x40;
}

static void slave_set_termios(struct tty *tty, const struct termios2 *before)
{
	struct pty *pty = tty_driver_data(tty);
	const struct termios2 *now = tty_settings(tty);
	bool was = usual_flow(before), is = usual_flow(now);
	uint32_t flags = irq_save();

	if (is && !was)
		set_status(pty, TIOCPKT_DOSTOP, TIOCPKT_NOSTOP);
	else if (was && !is)
		set_status(pty, TIOCPKT_NOSTOP, TIOCPKT_DOSTOP);
	if ((before->lflag | now->lflag) & EXTPROC)
		set_status(pty, TIOCPKT_IOCTL, 0);
	irq_restore(flags);
}

static void free_pty(struct pty *pty)
{
	assert(ptys[pty->number] == pty);
	ptys[pty->number] = NULL;
	chardev_unregister(DEV(PTY_SLAVE_MAJOR, pty->number));
	if (pty->slave)
		tty_free(pty->slave);
	kfree(pty->buffer);
	kfree(pty);
}

static int slave_open(struct tty *tty)
{
	struct pty *pty = tty_driver_data(tty);

	if (pty->locked || !pty->master_open)
		return -EIO;
	pty->slave_closed = false;
	return 0;
}

static void slave_last_close(struct tty *tty)
{
	struct pty *pty = tty_driver_data(tty);

	pty->slave_closed = true;
	pty->packet = false;
	wake_all(&pty->readers);
	wake_all(&pty->writers);
	if (!pty->master_open)
		free_pty(pty);
}

static const struct tty_driver slave_driver = {
	.write = slave_write,
	.throttle = slave_throttle,
	.open = slave_open,
	.last_close = slave_last_close,
	.flushed = slave_flushed,
	.flow = slave_flow,
	.changed = slave_set_termios,
	.immediate = true,
};

/* ---- the master: reading and writing ---- */

static bool master_readable(const struct pty *pty)
{
	return pty->count || pty->status || pty->slave_closed;
}

/* Takes bytes out of the buffer, and lets the slave go on. */
static size_t take(struct pty *pty, char *bytes, size_t size)
{
	uint32_t flags = irq_save();

	size = MIN(size, pty->count);
	for (size_t i = 0; i < size; i++)
		bytes[i] = pty->buffer[(pty->at + i) % BUFFER_SIZE];
	pty->at = (pty->at + size) % BUFFER_SIZE;
	pty->count -= size;
	irq_restore(flags);
	if (size)
		tty_output_ready(pty->slave);
	return size;
}

/* In packet mode: the byte in front. True when it is all there is. */
static bool put_status(struct pty *pty, struct uio *io, ssize_t *done)
{
	uint32_t flags = irq_save();
	uint8_t status = pty->status;

	pty->status = 0;
	irq_restore(flags);
	*done = uio_copy_out(io, &status, 1);
	return *done < 0 || status;
}

static ssize_t master_read(struct file *file, struct uio *io, loff_t *position)
{
	struct pty *pty = file->data;
	char bytes[COPY_SIZE];
	ssize_t total = 0, done = 0;
	int error = 0;

	(void)position;
	if (!io->left)
		return 0;
	if (!master_readable(pty) && (file->flags & O_NONBLOCK))
		return -EAGAIN;
	if (!master_readable(pty))
		error = wait_event(&pty->readers, master_readable(pty));
	if (error)
		return error;
	if (!pty->count && !pty->status)
		return -EIO;
	if (pty->packet) {
		if (put_status(pty, io, &done))
			return done;
		total = done;
	}
	while (io->left) {
		size_t size = take(pty, bytes, MIN(io->left, COPY_SIZE));

		if (!size)
			break;
		done = uio_copy_out(io, bytes, size);
		if (done < 0)
			return total ? total : done;
		total += done;
		if ((size_t)done < size)
			break;
	}
	return total;
}

static bool master_writable(const struct pty *pty)
{
	return ldisc_room(&pty->slave->ldisc) > 0;
}

/* Types as much as there is room for: how many bytes. */
static size_t type(struct pty *pty, const char *bytes, size_t size)
{
	size_t done = 0;

	while (done < size && master_writable(pty)) {
		size_t part = MIN(size - done, ldisc_room(&pty->slave->ldisc));

		tty_input(pty->slave, bytes + done, part);
		done += part;
	}
	return done;
}

static ssize_t write_bytes(struct file *file, const char *bytes, size_t size)
{
	struct pty *pty = file->data;
	size_t done = 0;
	int error = 0;

	while (true) {
		done += type(pty, bytes + done, size - done);
		if (done == size)
			break;
		if (file->flags & O_NONBLOCK)
			error = -EAGAIN;
		else
			error = wait_event(&pty->writers, master_writable(pty));
		if (error)
			break;
	}
	return done ? (ssize_t)done : error;
}

static ssize_t master_write(struct file *file, struct uio *io, loff_t *position)
{
	char bytes[COPY_SIZE];
	ssize_t total = 0;

	(void)position;
	while (io->left) {
		ssize_t size = uio_copy_in(io, bytes, MIN(io->left, COPY_SIZE));
		ssize_t done = size > 0 ? write_bytes(file, bytes, (size_t)size) : size;

		if (done < 0)
			return total ? total : done;
		total += done;
		if (done < size)
			break;
	}
	return total;
}

static uint32_t master_poll(struct file *file, struct poll_table *table)
{
	struct pty *pty = file->data;
	uint32_t ready = 0;

	poll_wait(table, &pty->readers);
	poll_wait(table, &pty->writers);
	if (pty->count)
		ready |= POLLIN | POLLRDNORM;
	if (pty->status)
		ready |= POLLPRI | POLLIN | POLLRDNORM;
	if (pty->slave_closed)
		ready |= POLLHUP;
	if (master_writable(pty))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

/* ---- the master: requests ---- */

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

static int master_ioctl(struct file *file, uint32_t command, uint32_t argument)
{
	struct pty *pty = file->data;
	int result = master_only(pty, command, argument);

	return result == -ENOTTY ? tty_ioctl_on(pty->slave, file, command, argument) : result;
}

/* ---- opening and closing ---- */

static void master_release(struct file *file)
{
	struct pty *pty = file->data;

	pty->master_open = false;
	devpts_remove(pty->number);
	tty_hangup(pty->slave);
	if (pty->slave->opens == 0)
		free_pty(pty);
}

static const struct file_ops master_ops = {
	.read = master_read,
	.write = master_write,
	.seek = file_no_seek,
	.ioctl = master_ioctl,
	.poll = master_poll,
	.release = master_release,
};

static struct pty *create_pty(unsigned number)
{
	struct pty *pty = kzalloc(sizeof(*pty));
	struct termios2 settings;

	if (!pty)
		return NULL;
	pty->number = number;
	pty->locked = pty->master_open = true;
	wait_queue_init(&pty->readers);
	wait_queue_init(&pty->writers);
	format(pty->name, sizeof(pty->name), "pts/%u", number);
	ptys[number] = pty;
	pty->buffer = kalloc(BUFFER_SIZE);
	pty->slave = tty_create(pty->name, PTY_SLAVE_MAJOR, number, &slave_driver, pty);
	if (!pty->buffer || !pty->slave || tty_register_slave(pty->slave) != 0) {
		free_pty(pty);
		return NULL;
	}
	/* There is no line to hang up. */
	settings = *tty_settings(pty->slave);
	settings.cflag &= ~HUPCL;
	tty_set_initial_settings(pty->slave, &settings);
	return pty;
}

static int master_open(struct inode *inode, struct file *file)
{
	unsigned number = 0;
	struct pty *pty;
	int error;

	(void)inode;
	if (!devpts_mounted())
		return -ENODEV;
	while (number < PTYS_MAX && ptys[number])
		number++;
	if (number == PTYS_MAX)
		return -ENOSPC;
	pty = create_pty(number);
	if (!pty)
		return -ENOMEM;
	error = devpts_add(number);
	if (error) {
		free_pty(pty);
		return error;
	}
	file->ops = &master_ops;
	file->data = pty;
	return 0;
}

void pty_init(void)
{
	static const struct file_ops opening_ops = { .open = master_open };
	int error = chardev_register(PTMX_DEVICE, "ptmx", 0666, &opening_ops, NULL);

	if (error)
		log_error("pty: /dev/ptmx cannot be registered: error %d", -error);
}
