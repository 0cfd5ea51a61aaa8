/*
 * What the files of the terminal layer know of each other: tty.c (reading, writing),
 * tty_device.c (nodes, opening), tty_job.c (sessions, job control, hanging up), tty_ioctl.c.
 */
#ifndef LOFT_DRIVERS_TTY_INTERNAL_H
#define LOFT_DRIVERS_TTY_INTERNAL_H

#include "ldisc.h"

#include <fs.h>
#include <tty.h>
#include <wait.h>

#define TTY_OUTPUT_SIZE 2048u
/* Output that programs may not fill: left for the echo. */
#define TTY_OUTPUT_RESERVE 256u
/* Writers are woken and poll says ready when no more than this waits. */
#define TTY_OUTPUT_LOW 256u

/* Fields marked (irq) are used by interrupt handlers and guarded by interrupt-off sections. */
struct tty {
	struct tty *next; /* list of all, in order of registration */
	const char *name;
	dev_t device;
	const struct tty_driver *driver;
	void *data; /* the driver's */

	struct ldisc ldisc;	      /* (irq) */
	char output[TTY_OUTPUT_SIZE]; /* (irq) ring: processed, not yet taken by the device */
	uint32_t output_at;	      /* (irq) where its oldest byte is */
	uint32_t output_count;	      /* (irq) */
	bool pumping;		      /* (irq) output is being handed to the device */
	bool throttled;		      /* (irq) the device was told to hold input back */

	struct wait_queue readers;
	struct wait_queue writers;
	struct winsize size;
	struct termios locked; /* bits, and whole characters, that tcsetattr leaves as they are */

	pid_t session;	     /* whose controlling terminal it is, 0: nobody's */
	pid_t group;	     /* (irq) the foreground process group, 0: none */
	unsigned opens;	     /* files */
	uint32_t generation; /* hang-ups so far */
	bool exclusive;	     /* TIOCEXCL */
};

/* An open file on a terminal; file->data. */
struct tty_file {
	struct tty *tty;
	uint32_t generation; /* the terminal's when it was opened */
	bool console;	     /* opened as /dev/console: no job control, never hung up */
};

extern struct tty *all_ttys;

static inline bool tty_file_hung(const struct tty_file *file)
{
	return !file->console && file->generation != file->tty->generation;
}

/* ---- tty.c ---- */

extern const struct ldisc_ops tty_ldisc_ops;
ssize_t tty_read(struct file *file, struct uio *io, loff_t *position);
ssize_t tty_write(struct file *file, struct uio *io, loff_t *position);
uint32_t tty_poll(struct file *file, struct poll_table *table);

/* Hands waiting output to the device as far as it takes it. Interrupts off. */
void tty_pump(struct tty *tty);
/* Sleeps until all output is out: 0 or -ERESTARTSYS. */
__must_check int tty_drain(struct tty *tty);
void tty_flush_input(struct tty *tty);
void tty_flush_output(struct tty *tty);
/* Stops output as VSTOP does, or goes on. */
void tty_set_stopped(struct tty *tty, bool stop);
/* Sends one byte as it is, after what waits already. */
void tty_send(struct tty *tty, uint8_t byte);

/* ---- tty_job.c ---- */

/* May the current process use the terminal in this way? 0; -EIO; or -ERESTARTSYS when it was
 * sent `signal` (SIGTTIN for reading, SIGTTOU for changing). */
__must_check int tty_check_change(struct tty *tty, int signal);
/* On open: becomes the controlling terminal of a session leader that has none. */
void tty_acquire_on_open(struct tty *tty);
/* The last file on it was closed. */
void tty_forget_session(struct tty *tty);
/* TIOCSCTTY, TIOCNOTTY, TIOCSPGRP: 0 or -errno. */
__must_check int tty_acquire(struct tty *tty, bool steal, bool readable);
__must_check int tty_give_up(struct tty *tty);
__must_check int tty_set_group(struct tty *tty, pid_t group);

/* ---- tty_ioctl.c ---- */

int tty_ioctl(struct file *file, uint32_t command, uint32_t argument);
/* The same for a terminal by another file than its own: a pseudo-terminal's master. */
int tty_ioctl_on(struct tty *tty, struct file *file, uint32_t command, uint32_t argument);

/* ---- tty_device.c ---- */

/* Makes a terminal's number openable, by nodes that others make: 0, -ENOMEM. */
__must_check int tty_register_slave(struct tty *tty);

#endif
