/*
 * Terminals: the requests of ioctl(2) that every terminal answers. What is the device's own
 * goes to its driver.
 *
 * Order of checks as on Linux: a hung-up terminal first, then job control (a background process
 * that changes the terminal is stopped by SIGTTOU), then user memory.
 */
#include "tty_internal.h"

#include <abi/fcntl.h>
#include <abi/ioctls.h>
#include <assert.h>
#include <err.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>
#include <vfs.h>

/* ---- settings ---- */

/* When new settings count, TCSANOW, TCSADRAIN and TCSAFLUSH of tcsetattr(3). */
enum apply_when { APPLY_NOW, APPLY_DRAINED, APPLY_FLUSHED };

static const uint32_t speeds[] = {
	0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400,
};
static const uint32_t extended_speeds[] = {
	57600,	 115200,  230400,  460800,  500000,  576000,  921600,  1000000,
	1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
};

/* Bits a second of a speed code; 0 for one that is none (and for B0, hang up). */
static uint32_t speed_of_code(uint32_t code)
{
	if (!(code & CBAUDEX))
		return speeds[code];
	code = (code & ~CBAUDEX) - 1;
	return code < ARRAY_SIZE(extended_speeds) ? extended_speeds[code] : 0;
}

/* Fills in the speeds that the flags name, where they do not say that the numbers count
 * (BOTHER). */
static void settle_speeds(struct termios2 *settings)
{
	uint32_t output = settings->cflag & CBAUD;
	uint32_t input = (settings->cflag >> CIBAUD_SHIFT) & CBAUD;

	if (output != BOTHER)
		settings->ospeed = speed_of_code(output);
	if (input == 0)
		settings->ispeed = settings->ospeed;
	else if (input != BOTHER)
		settings->ispeed = speed_of_code(input);
}

static uint32_t keep_locked(uint32_t now, uint32_t wanted, uint32_t locked)
{
	return (wanted & ~locked) | (now & locked);
}

static void keep_locked_settings(const struct tty *tty, struct termios2 *settings)
{
	const struct termios2 *now = &tty->ldisc.settings;
	const struct termios *locked = &tty->locked;

	settings->iflag = keep_locked(now->iflag, settings->iflag, locked->iflag);
	settings->oflag = keep_locked(now->oflag, settings->oflag, locked->oflag);
	settings->cflag = keep_locked(now->cflag, settings->cflag, locked->cflag);
	settings->lflag = keep_locked(now->lflag, settings->lflag, locked->lflag);
	if (locked->line)
		settings->line = now->line;
	for (unsigned i = 0; i < NCCS; i++)
		if (locked->cc[i])
			settings->cc[i] = now->cc[i];
}

static int apply(struct tty *tty, struct termios2 *settings, enum apply_when when)
{
	int error = tty_check_change(tty, SIGTTOU);
	struct termios2 before;
	uint32_t flags;

	if (error)
		return error;
	settle_speeds(settings);
	if (when != APPLY_NOW) {
		error = tty_drain(tty);
		if (error)
			return error;
	}
	if (when == APPLY_FLUSHED)
		tty_flush_input(tty);
	flags = irq_save();
	before = tty->ldisc.settings;
	keep_locked_settings(tty, settings);
	ldisc_set(&tty->ldisc, settings);
	irq_restore(flags);
	wake_all(&tty->readers); /* what they wait for may have changed */
	if (tty->driver->set_termios)
		tty->driver->set_termios(tty);
	if (tty->driver->changed)
		tty->driver->changed(tty, &before);
	return 0;
}

/* The layouts that programs use: from user memory over the settings there are, and back. */
static int load_termios(struct termios2 *settings, const void __user *from, size_t size)
{
	assert(size == sizeof(struct termios) || size == sizeof(struct termios2));
	return copy_from_user(settings, from, size);
}

static int load_termio(struct termios2 *settings, const void __user *from)
{
	struct termio old;

	if (copy_from_user(&old, from, sizeof(old)))
		return -EFAULT;
	settings->iflag = (settings->iflag & 0xffff0000u) | old.iflag;
	settings->oflag = (settings->oflag & 0xffff0000u) | old.oflag;
	settings->cflag = (settings->cflag & 0xffff0000u) | old.cflag;
	settings->lflag = (settings->lflag & 0xffff0000u) | old.lflag;
	settings->line = old.line;
	memcpy(settings->cc, old.cc, NCC);
	return 0;
}

static int store_termio(const struct termios2 *settings, void __user *to)
{
	struct termio old = {
		.iflag = (uint16_t)settings->iflag,
		.oflag = (uint16_t)settings->oflag,
		.cflag = (uint16_t)settings->cflag,
		.lflag = (uint16_t)settings->lflag,
		.line = settings->line,
	};

	memcpy(old.cc, settings->cc, NCC);
	return copy_to_user(to, &old, sizeof(old));
}

static int set_settings(struct tty *tty, uint32_t command, uint32_t argument)
{
	void __user *from = (void __user *)argument;
	struct termios2 settings = tty->ldisc.settings;
	enum apply_when when;
	int error;

	if (command >= TCSETS2 && command <= TCSETSF2) {
		when = (enum apply_when)(command - TCSETS2);
		error = load_termios(&settings, from, sizeof(struct termios2));
	} else if (command >= TCSETA) {
		when = (enum apply_when)(command - TCSETA);
		error = load_termio(&settings, from);
	} else {
		when = (enum apply_when)(command - TCSETS);
		error = load_termios(&settings, from, sizeof(struct termios));
	}
	return error ? error : apply(tty, &settings, when);
}

/* TCGETS and its kin, TCSETS and its kin; -ENOTTY for other requests. */
static int ioctl_settings(struct tty *tty, uint32_t command, uint32_t argument)
{
	void __user *to = (void __user *)argument;

	switch (command) {
	case TCGETS:
		return copy_to_user(to, &tty->ldisc.settings, sizeof(struct termios));
	case TCGETS2:
		return copy_to_user(to, &tty->ldisc.settings, sizeof(struct termios2));
	case TCGETA:
		return store_termio(&tty->ldisc.settings, to);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
	case TCSETA:
	case TCSETAW:
	case TCSETAF:
		return set_settings(tty, command, argument);
	default:
		return -ENOTTY;
	}
}

/* ---- flow ---- */

static int flush(struct tty *tty, uint32_t which)
{
	int error = tty_check_change(tty, SIGTTOU);

	if (error)
		return error;
	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH)
		tty_flush_input(tty);
	if (which != TCIFLUSH)
		tty_flush_output(tty);
	return 0;
}

static int control_flow(struct tty *tty, uint32_t what)
{
	const uint8_t *cc = tty->ldisc.settings.cc;
	int error = tty_check_change(tty, SIGTTOU);

	if (error)
		return error;
	switch (what) {
	case TCOOFF:
	case TCOON:
		tty_set_stopped(tty, what == TCOOFF);
		return 0;
	case TCIOFF:
	case TCION:
		if (cc[what == TCIOFF ? VSTOP : VSTART])
			tty_send(tty, cc[what == TCIOFF ? VSTOP : VSTART]);
		return 0;
	default:
		return -EINVAL;
	}
}

/* Sleeps for ms unless a signal comes. */
static void sleep_ms(uint32_t ms)
{
	struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);

	(void)wait_until(&nobody, false, WAIT_INTERRUPTIBLE,
			 clock_monotonic_ns() + ms * 1000000ull);
}

/* Waits for the output, then holds a break of ms milliseconds (0: none, only wait). */
static int send_break(struct tty *tty, uint32_t ms)
{
	int error = tty_check_change(tty, SIGTTOU);

	if (!error)
		error = tty_drain(tty);
	if (error || ms == 0 || !tty->driver->send_break)
		return error;
	tty->driver->send_break(tty, true);
	sleep_ms(ms);
	tty->driver->send_break(tty, false);
	return 0;
}

static int switch_break(struct tty *tty, bool on)
{
	int error = tty_check_change(tty, SIGTTOU);

	if (!error && on)
		error = tty_drain(tty);
	if (!error && tty->driver->send_break)
		tty->driver->send_break(tty, on);
	return error;
}

static int ioctl_flow(struct tty *tty, uint32_t command, uint32_t argument)
{
	uint32_t __user *to = (uint32_t __user *)argument;

	switch (command) {
	case TCFLSH:
		return flush(tty, argument);
	case TCXONC:
		return control_flow(tty, argument);
	case TCSBRK:
		return send_break(tty, argument ? 0 : 250);
	case TCSBRKP:
		return send_break(tty, argument ? MIN(argument, 600u) * 100 : 250);
	case TIOCSBRK:
		return switch_break(tty, true);
	case TIOCCBRK:
		return switch_break(tty, false);
	case TIOCOUTQ:
		return put_user(to, tty->output_count);
	case FIONREAD:
		return put_user(to, ldisc_count(&tty->ldisc));
	default:
		return -ENOTTY;
	}
}

/* ---- sessions ---- */

static int set_group(struct tty *tty, const uint32_t __user *from)
{
	uint32_t group;
	int error = tty_check_change(tty, SIGTTOU);

	if (error)
		return error == -EIO ? -ENOTTY : error;
	if (get_user(&group, from))
		return -EFAULT;
	return tty_set_group(tty, (pid_t)group);
}

static int ioctl_session(struct file *file, struct tty *tty, uint32_t command, uint32_t argument)
{
	uint32_t __user *to = (uint32_t __user *)argument;

	switch (command) {
	case TIOCSCTTY:
		return tty_acquire(tty, argument == 1, (file->flags & O_ACCMODE) != O_WRONLY);
	case TIOCNOTTY:
		return tty_give_up(tty);
	case TIOCGPGRP:
		if (current->process->tty != tty)
			return -ENOTTY;
		return put_user(to, (uint32_t)tty->group);
	case TIOCSPGRP:
		return set_group(tty, to);
	case TIOCGSID:
		if (current->process->tty != tty || tty->session == 0)
			return -ENOTTY;
		return put_user(to, (uint32_t)tty->session);
	case TIOCVHANGUP:
		if (!current_is_root())
			return -EPERM;
		tty_hangup(tty);
		return 0;
	default:
		return -ENOTTY;
	}
}

/* ---- the rest ---- */

static int set_size(struct tty *tty, const void __user *from)
{
	struct winsize size;
	bool resized;

	if (copy_from_user(&size, from, sizeof(size)))
		return -EFAULT;
	resized = memcmp(&size, &tty->size, sizeof(size)) != 0;
	tty->size = size;
	if (resized && tty->group > 0)
		(void)signal_send_group(tty->group, SIGWINCH, NULL);
	return 0;
}

/* A byte as if it had been typed. */
static int simulate_input(struct tty *tty, const void __user *from)
{
	char byte;

	if (current->process->tty != tty && !current_is_root())
		return -EPERM;
	if (copy_from_user(&byte, from, 1))
		return -EFAULT;
	tty_input(tty, &byte, 1);
	return 0;
}

/* There is one line discipline: N_TTY, number 0. */
static int set_discipline(const uint32_t __user *from)
{
	uint32_t number;

	if (get_user(&number, from))
		return -EFAULT;
	return number == 0 ? 0 : -EINVAL;
}

static int set_local(struct tty *tty, const uint32_t __user *from)
{
	uint32_t local;

	if (get_user(&local, from))
		return -EFAULT;
	tty->ldisc.settings.cflag &= ~CLOCAL;
	tty->ldisc.settings.cflag |= local ? CLOCAL : 0;
	return 0;
}

static int set_locked(struct tty *tty, const void __user *from)
{
	struct termios locked;

	if (!cred_can(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&locked, from, sizeof(locked)))
		return -EFAULT;
	tty->locked = locked;
	return 0;
}

static int ioctl_other(struct tty *tty, uint32_t command, uint32_t argument)
{
	uint32_t __user *user = (uint32_t __user *)argument;

	switch (command) {
	case TIOCGWINSZ:
		return copy_to_user(user, &tty->size, sizeof(tty->size));
	case TIOCSWINSZ:
		return set_size(tty, user);
	case TIOCSTI:
		return simulate_input(tty, user);
	case TIOCGETD:
		return put_user(user, 0);
	case TIOCSETD:
		return set_discipline(user);
	case TIOCGLCKTRMIOS:
		return copy_to_user(user, &tty->locked, sizeof(tty->locked));
	case TIOCSLCKTRMIOS:
		return set_locked(tty, user);
	case TIOCEXCL:
	case TIOCNXCL:
		tty->exclusive = command == TIOCEXCL;
		return 0;
	case TIOCGEXCL:
		return put_user(user, tty->exclusive);
	case TIOCGDEV:
		return put_user(user, tty->device);
	case TIOCGSOFTCAR:
		return put_user(user, !!(tty->ldisc.settings.cflag & CLOCAL));
	case TIOCSSOFTCAR:
		return set_local(tty, user);
	default:
		return -ENOTTY;
	}
}

int tty_ioctl_on(struct tty *tty, struct file *file, uint32_t command, uint32_t argument)
{
	int result = ioctl_settings(tty, command, argument);

	if (result == -ENOTTY)
		result = ioctl_flow(tty, command, argument);
	if (result == -ENOTTY)
		result = ioctl_session(file, tty, command, argument);
	if (result == -ENOTTY)
		result = ioctl_other(tty, command, argument);
	if (result == -ENOTTY && tty->driver->ioctl)
		result = tty->driver->ioctl(tty, command, argument);
	return result;
}

int tty_ioctl(struct file *file, uint32_t command, uint32_t argument)
{
	struct tty_file *open = file->data;

	if (tty_file_hung(open))
		return command == TIOCSPGRP ? -ENOTTY : -EIO;
	return tty_ioctl_on(open->tty, file, command, argument);
}
