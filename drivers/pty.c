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
#include "pty_internal.h"

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
#include <vfs.h>

#define BUFFER_SIZE 8192u /* a power of two */
#define COPY_SIZE 256u

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
		/* A line without an end takes, and drops, as much as there is. */
		if (done < size || sched_give_way())
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
	.ioctl = pty_master_ioctl,
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
