/*
 * Terminals: reading and writing.
 *
 * Input comes from interrupt handlers through tty_input into the line discipline, whose ring
 * readers empty. Output goes through the discipline's processing into a ring, from which
 * tty_pump hands it to the device: at once if the device takes it, else when the device calls
 * tty_output_ready. The echo uses the same ring, so that it and the output come in the order in
 * which they were made; programs leave the ring's last bytes to it.
 *
 * When an input ring is nearly full and a reader could empty it, the device is told to hold
 * input back, so that text pasted or piped into a serial line is not lost while the program is
 * busy.
 */
#include "tty_internal.h"

#include <abi/fcntl.h>
#include <assert.h>
#include <err.h>
#include <task.h>

#define COPY_SIZE 256u	   /* bytes moved at a time between user memory and the rings */
#define THROTTLE_ROOM 128u /* hold input back when there is less room than this */
#define TENTH_NS (NSEC_PER_SEC / 10)

static struct tty *tty_of(struct ldisc *ldisc)
{
	return container_of(ldisc, struct tty, ldisc);
}

/* ---- output ---- */

static void output_put(struct tty *tty, char byte)
{
	assert(tty->output_count < TTY_OUTPUT_SIZE);
	tty->output[(tty->output_at + tty->output_count) % TTY_OUTPUT_SIZE] = byte;
	tty->output_count++;
}

void tty_pump(struct tty *tty)
{
	if (tty->pumping)
		return; /* the device answered while it took output: the loop below goes on */
	tty->pumping = true;
	while (tty->output_count > 0 && !tty->ldisc.stopped) {
		uint32_t run = MIN(tty->output_count, TTY_OUTPUT_SIZE - tty->output_at);
		size_t taken = tty->driver->write(tty, tty->output + tty->output_at, run);

		assert(taken <= run);
		tty->output_at = (tty->output_at + taken) % TTY_OUTPUT_SIZE;
		tty->output_count -= taken;
		if (taken < run)
			break;
	}
	tty->pumping = false;
}

void tty_output_ready(struct tty *tty)
{
	uint32_t flags = irq_save();

	tty_pump(tty);
	if (tty->output_count <= TTY_OUTPUT_LOW)
		wake_all(&tty->writers);
	irq_restore(flags);
}

void tty_send(struct tty *tty, uint8_t byte)
{
	uint32_t flags = irq_save();

	if (tty->output_count < TTY_OUTPUT_SIZE)
		output_put(tty, (char)byte);
	tty_pump(tty);
	irq_restore(flags);
}

void tty_set_stopped(struct tty *tty, bool stop)
{
	uint32_t flags = irq_save();

	if (tty->driver->flow && tty->ldisc.stopped != stop)
		tty->driver->flow(tty, stop);
	tty->ldisc.stopped = stop;
	tty_pump(tty);
	irq_restore(flags);
}

void tty_flush_output(struct tty *tty)
{
	uint32_t flags = irq_save();

	/* The pump may be at work on it below us: it subtracts what was taken. */
	if (!tty->pumping)
		tty->output_count = 0;
	if (tty->driver->flushed)
		tty->driver->flushed(tty, false);
	wake_all(&tty->writers);
	irq_restore(flags);
}

static bool output_done(struct tty *tty)
{
	if (tty->driver->immediate)
		return true;
	return tty->output_count == 0 && !(tty->driver->busy && tty->driver->busy(tty));
}

int tty_drain(struct tty *tty)
{
	int error = 0;

	/* Nothing tells when the device's own buffer has run dry, so that is looked at every
	 * tick. */
	while (error == 0 && !output_done(tty)) {
		error = wait_until(&tty->writers, output_done(tty), WAIT_INTERRUPTIBLE,
				   clock_monotonic_ns() + NSEC_PER_TICK);
		if (error == -ETIMEDOUT)
			error = 0;
	}
	return error;
}

/* ---- input ---- */

static void ldisc_echo_out(struct ldisc *ldisc, const char *bytes, size_t size)
{
	struct tty *tty = tty_of(ldisc);

	for (size_t i = 0; i < size && tty->output_count < TTY_OUTPUT_SIZE; i++)
		output_put(tty, bytes[i]);
}

static void ldisc_signal(struct ldisc *ldisc, int signal, bool flush)
{
	struct tty *tty = tty_of(ldisc);

	if (flush)
		tty_flush_output(tty);
	if (tty->group > 0)
		(void)signal_send_group(tty->group, signal, NULL);
}

static void ldisc_flow(struct ldisc *ldisc, bool stop)
{
	struct tty *tty = tty_of(ldisc);

	if (tty->driver->flow)
		tty->driver->flow(tty, stop);
	if (!stop)
		tty_pump(tty);
}

const struct ldisc_ops tty_ldisc_ops = {
	.echo = ldisc_echo_out,
	.signal = ldisc_signal,
	.flow = ldisc_flow,
};

/* Is input that nobody has read the reason that there is no room? (An unfinished line is cut
 * instead.) */
static bool should_hold(const struct tty *tty)
{
	return ldisc_room(&tty->ldisc) < THROTTLE_ROOM && ldisc_readable(&tty->ldisc, 1);
}

/* Tells the device, and by IXOFF the other end, to hold input back or to go on. Interrupts off. */
static void update_throttle(struct tty *tty)
{
	bool hold = should_hold(tty);

	if (hold == tty->throttled)
		return;
	tty->throttled = hold;
	if (tty->ldisc.settings.iflag & IXOFF)
		tty_send(tty, tty->ldisc.settings.cc[hold ? VSTOP : VSTART]);
	if (tty->driver->throttle)
		tty->driver->throttle(tty, hold);
}

static void input_done(struct tty *tty)
{
	tty_pump(tty);
	if (ldisc_readable(&tty->ldisc, 1))
		wake_all(&tty->readers);
	update_throttle(tty);
}

void tty_input(struct tty *tty, const char *bytes, size_t size)
{
	uint32_t flags = irq_save();

	for (size_t i = 0; i < size; i++)
		ldisc_input(&tty->ldisc, (uint8_t)bytes[i]);
	input_done(tty);
	irq_restore(flags);
}

void tty_input_break(struct tty *tty)
{
	uint32_t flags = irq_save();

	ldisc_input_break(&tty->ldisc);
	input_done(tty);
	irq_restore(flags);
}

void tty_input_error(struct tty *tty, char byte)
{
	uint32_t flags = irq_save();

	ldisc_input_error(&tty->ldisc, (uint8_t)byte);
	input_done(tty);
	irq_restore(flags);
}

void tty_flush_input(struct tty *tty)
{
	uint32_t flags = irq_save();

	ldisc_flush(&tty->ldisc);
	update_throttle(tty);
	if (tty->driver->flushed)
		tty->driver->flushed(tty, true);
	irq_restore(flags);
}

/* ---- reading ---- */

static bool is_canonical(const struct tty *tty)
{
	return (tty->ldisc.settings.lflag & (ICANON | EXTPROC)) == ICANON;
}

/* Moves what is there to the reader: bytes, -EFAULT. In canonical mode at most one line;
 * *end tells that it is over. */
static ssize_t copy_input(struct tty *tty, struct uio *io, bool *end)
{
	char bytes[COPY_SIZE];
	ssize_t done = 0;

	*end = false;
	while (io->left > 0 && !*end) {
		uint32_t flags = irq_save();
		size_t size = ldisc_read(&tty->ldisc, bytes, MIN(io->left, COPY_SIZE), end);
		ssize_t copied = 0;

		update_throttle(tty);
		irq_restore(flags);
		if (size > 0)
			copied = uio_copy_out(io, bytes, size);
		if (copied < 0)
			return done > 0 ? done : copied;
		done += copied;
		if ((size_t)copied < size || size == 0)
			break;
	}
	return done;
}

/* Sleeps until there is something to read: 1; 0 after timeout nanoseconds or when hung up;
 * -EAGAIN; -ERESTARTSYS. */
static int wait_for_input(struct file *file, uint64_t timeout)
{
	struct tty_file *open = file->data;
	struct tty *tty = open->tty;
	uint64_t deadline = WAIT_FOREVER;
	int error;

	if (ldisc_readable(&tty->ldisc, 1))
		return 1;
	if (tty_file_hung(open) || timeout == 0)
		return 0;
	if (file->flags & O_NONBLOCK)
		return -EAGAIN;
	if (timeout != WAIT_FOREVER)
		deadline = clock_monotonic_ns() + timeout;
	error = wait_until(&tty->readers, ldisc_readable(&tty->ldisc, 1) || tty_file_hung(open),
			   WAIT_INTERRUPTIBLE, deadline);
	if (error == -ETIMEDOUT)
		return 0;
	if (error)
		return error;
	return !tty_file_hung(open);
}

/* The four cases of VMIN and VTIME (POSIX 11.1.7), and canonical mode, as a least number of
 * bytes and two timeouts. */
struct read_rule {
	size_t minimum;
	uint64_t first, next; /* ns to wait for the first byte, and for each one after it */
};

static struct read_rule read_rule(const struct tty *tty)
{
	uint8_t minimum = tty->ldisc.settings.cc[VMIN];
	uint64_t time = tty->ldisc.settings.cc[VTIME] * TENTH_NS;

	if (is_canonical(tty))
		return (struct read_rule){ 1, WAIT_FOREVER, WAIT_FOREVER };
	if (minimum == 0)
		return (struct read_rule){ 1, time, time };
	return (struct read_rule){ minimum, WAIT_FOREVER, time > 0 ? time : WAIT_FOREVER };
}

ssize_t tty_read(struct file *file, struct uio *io, loff_t *position)
{
	struct tty_file *open = file->data;
	struct read_rule rule;
	size_t done = 0;
	bool end = false;
	int result;

	(void)position;
	if (tty_file_hung(open))
		return 0;
	result = open->console ? 0 : tty_check_change(open->tty, SIGTTIN);
	if (result)
		return result;
	rule = read_rule(open->tty);
	while (io->left > 0 && !end) {
		ssize_t copied;

		result = wait_for_input(file, done == 0 ? rule.first : rule.next);
		if (result <= 0)
			break;
		copied = copy_input(open->tty, io, &end);
		if (copied < 0) {
			result = copied;
			break;
		}
		done += copied;
		if (is_canonical(open->tty) || done >= rule.minimum)
			break;
	}
	return done > 0 ? (ssize_t)done : MIN(result, 0);
}

/* ---- writing ---- */

static bool output_has_room(const struct tty *tty)
{
	return tty->output_count + TTY_OUTPUT_RESERVE + LDISC_EXPANSION <= TTY_OUTPUT_SIZE;
}

/* Processes bytes into the output ring until it is full, and starts the device: how many
 * went in. */
static size_t output_bytes(struct tty *tty, const char *bytes, size_t size)
{
	char expanded[LDISC_EXPANSION];
	size_t done = 0;
	uint32_t flags = irq_save();

	while (done < size && output_has_room(tty)) {
		size_t count = ldisc_output(&tty->ldisc, (uint8_t)bytes[done++], expanded);

		for (size_t i = 0; i < count; i++)
			output_put(tty, expanded[i]);
	}
	tty_pump(tty);
	irq_restore(flags);
	return done;
}

/* Writes all, sleeping where it must: bytes written; -EAGAIN, -EIO, -ERESTARTSYS when not
 * even one was. */
static ssize_t write_bytes(struct file *file, const char *bytes, size_t size)
{
	struct tty_file *open = file->data;
	struct tty *tty = open->tty;
	size_t done = 0;
	int error = 0;

	for (;;) {
		if (tty_file_hung(open)) {
			error = -EIO;
			break;
		}
		done += output_bytes(tty, bytes + done, size - done);
		if (done == size)
			break;
		if (file->flags & O_NONBLOCK) {
			error = -EAGAIN;
			break;
		}
		error = wait_until(&tty->writers, output_has_room(tty) || tty_file_hung(open),
				   WAIT_INTERRUPTIBLE, WAIT_FOREVER);
		if (error)
			break;
	}
	return done > 0 ? (ssize_t)done : error;
}

ssize_t tty_write(struct file *file, struct uio *io, loff_t *position)
{
	struct tty_file *open = file->data;
	char bytes[COPY_SIZE];
	size_t done = 0;
	int error;

	(void)position;
	if (tty_file_hung(open))
		return -EIO;
	if ((open->tty->ldisc.settings.lflag & TOSTOP) && !open->console) {
		error = tty_check_change(open->tty, SIGTTOU);
		if (error)
			return error;
	}
	while (io->left > 0) {
		ssize_t size = uio_copy_in(io, bytes, MIN(io->left, COPY_SIZE));
		ssize_t written = size > 0 ? write_bytes(file, bytes, size) : size;

		if (written < 0)
			return done > 0 ? (ssize_t)done : written;
		done += written;
		if (written < size || size == 0)
			break;
	}
	return done;
}

uint32_t tty_poll(struct file *file, struct poll_table *table)
{
	struct tty_file *open = file->data;
	struct tty *tty = open->tty;
	const uint8_t *cc = tty->ldisc.settings.cc;
	size_t minimum = cc[VTIME] == 0 && cc[VMIN] > 0 ? cc[VMIN] : 1;
	uint32_t events = 0;

	if (tty_file_hung(open))
		return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
	if (table) {
		poll_wait(table, &tty->readers);
		poll_wait(table, &tty->writers);
	}
	if (ldisc_readable(&tty->ldisc, minimum))
		events |= POLLIN | POLLRDNORM;
	if (tty->output_count <= TTY_OUTPUT_LOW)
		events |= POLLOUT | POLLWRNORM;
	return events;
}
