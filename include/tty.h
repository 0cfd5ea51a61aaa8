/*
 * Terminals: a line discipline (canonical and raw mode, echo, editing, signals, job control) between a device and its readers.
 */
#ifndef LOFT_TTY_H
#define LOFT_TTY_H

#include <abi/termios.h>
#include <types.h>
#include <wait.h>

struct tty;
struct process;

/* The hardware side: serial line or the screen. */
struct tty_driver {
	/* Sends bytes (after output processing): how many were taken (fewer: full, tty_output_ready comes later). Interrupts may be off. */
	size_t (*write)(struct tty *tty, const char *bytes, size_t size);
	/* Line settings changed. May be NULL. */
	void (*set_termios)(struct tty *tty);
};

#define TTY_INPUT_MAX 4096

struct tty;
/* Registers a terminal as /dev/<name>; rows and columns may be 0 (unknown). NULL when memory is out. */
struct tty *tty_register(const char *name, unsigned major, unsigned minor, const struct tty_driver *driver, void *data,
			 unsigned rows, unsigned columns);
/* Bytes that came in, from an interrupt handler. */
void tty_input(struct tty *tty, const char *bytes, size_t size);
/* The device can take more output, from an interrupt handler. */
void tty_output_ready(struct tty *tty);
/* Carrier lost or session leader gone. */
void tty_hangup(struct tty *tty);
void tty_set_size(struct tty *tty, unsigned rows, unsigned columns);
void *tty_driver_data(struct tty *tty);

/* /dev/console: the last console= named, or the first terminal there is. Called once the command line is parsed. */
void tty_choose_console(void);
struct tty *tty_console(void);

/* The process side (job control), for kernel/: */
void tty_process_exit(struct process *leader);		/* session leader ends: hangup, tty given up */
dev_t tty_device(const struct tty *tty);		/* for /proc/PID/stat; 0 for NULL */
pid_t tty_foreground(const struct tty *tty);

#endif
