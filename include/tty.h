/*
 * Terminals: a line discipline (canonical and raw mode, echo, editing, signals, job control)
 * between a device and its readers, as Linux's tty layer with N_TTY does it.
 *
 * A device registers a terminal and hands in what was typed; drivers/ldisc.c makes lines, echo
 * and signals of it; programs reach it as /dev/NAME, /dev/tty, /dev/console. A terminal lives
 * for ever. Its state is shared with interrupt handlers and guarded by short interrupt-off
 * sections.
 */
#ifndef LOFT_TTY_H
#define LOFT_TTY_H

#include <abi/termios.h>
#include <types.h>

struct tty;
struct process;

/* The hardware side: serial line or the screen. All but write may be NULL. */
struct tty_driver {
	/* Sends bytes (after output processing): how many were taken (fewer: full,
	 * tty_output_ready comes later). Interrupts are off; must not sleep. */
	size_t (*write)(struct tty *tty, const char *bytes, size_t size);
	/* The settings changed: tty_settings. */
	void (*set_termios)(struct tty *tty);
	/* The reader is behind (true): hold input back in the device if that is possible; or
	 * has caught up. Interrupts off. */
	void (*throttle)(struct tty *tty, bool hold);
	/* True while bytes that write took are still on their way. */
	bool (*busy)(struct tty *tty);
	/* Begins or ends a break condition on the line. */
	void (*send_break)(struct tty *tty, bool on);
	/* Requests that are the device's own: -ENOTTY for what it does not know. */
	int (*ioctl)(struct tty *tty, uint32_t command, uint32_t argument);
	/* May it be opened? 0, -EIO. */
	int (*open)(struct tty *tty);
	/* The last file on it is closed; the terminal may be freed. */
	void (*last_close)(struct tty *tty);
	/* Input, or output, that waited was thrown away. Interrupts off. */
	void (*flushed)(struct tty *tty, bool input);
	/* Output was stopped, or goes on. Interrupts off. */
	void (*flow)(struct tty *tty, bool stop);
	/* The settings changed from `before`: what set_termios is not told. */
	void (*changed)(struct tty *tty, const struct termios2 *before);
	/* What write took has arrived: nobody waits for output to be out. */
	bool immediate;
};

/* Registers a terminal as /dev/<name>; rows and columns may be 0 (unknown). NULL when memory
 * is out. `name` must live on. */
struct tty *tty_register(const char *name, unsigned major, unsigned minor,
			 const struct tty_driver *driver, void *data, unsigned rows,
			 unsigned columns);
/*
 * A terminal that may go again, in no list and without a node: NULL without memory. tty_free: that
 * nobody has open.
 */
__must_check struct tty *tty_create(const char *name, unsigned major, unsigned minor,
				    const struct tty_driver *driver, void *data);
void tty_free(struct tty *tty);
/* Bytes that came in. From an interrupt handler or a task. */
void tty_input(struct tty *tty, const char *bytes, size_t size);
/* A break came in; a byte with a parity or framing error came in. */
void tty_input_break(struct tty *tty);
void tty_input_error(struct tty *tty, char byte);
/* The device can take more output, from an interrupt handler. */
void tty_output_ready(struct tty *tty);
/* Carrier lost: what is open is dead (reads give end of file, writes EIO), the session leader
 * gets SIGHUP. Not from an interrupt handler. */
void tty_hangup(struct tty *tty);
/* Tells the foreground processes by SIGWINCH when it is a change. */
void tty_set_size(struct tty *tty, unsigned rows, unsigned columns);
void *tty_driver_data(struct tty *tty);
const struct termios2 *tty_settings(const struct tty *tty);
/* For a device that can say at once what it is set to (serial line speed): changes what a
 * new terminal starts with. */
void tty_set_initial_settings(struct tty *tty, const struct termios2 *settings);

/*
 * Registers /dev/tty, /dev/tty0 and /dev/console: the last console= that names a terminal there
 * is, or the first terminal of screen and serial line. Called once the command line is parsed
 * and the devices are found.
 */
void tty_choose_console(void);
/* NULL when there is no terminal at all, or before tty_choose_console. */
struct tty *tty_console(void);
/* True when log lines belong on device ("ttyS0", "tty1"): a console= names it, none is named,
 * or it became the console because none of those named is there. */
bool tty_console_wanted(const char *device);

/* /dev/ptmx: pseudo-terminals. */
void pty_init(void);

/* The process side (job control), for kernel/: */
/* A session leader ends: its terminal is hung up and given up; the foreground group gets SIGHUP. */
void tty_process_exit(struct process *leader);
dev_t tty_device(const struct tty *tty);     /* for /proc/PID/stat; 0 for NULL */
pid_t tty_foreground(const struct tty *tty); /* its process group, -1 for NULL or none */

int32_t sys_vhangup(void);

#endif
