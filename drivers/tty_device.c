/*
 * Terminals: device nodes, opening and closing, and which terminal is the console.
 *
 * Three nodes are not terminals themselves: /dev/tty is the controlling terminal of who opens
 * it, /dev/tty0 the screen, /dev/console the last console= of the command line.
 */
#include "tty_internal.h"

#include <abi/fcntl.h>
#include <assert.h>
#include <cmdline.h>
#include <err.h>
#include <kheap.h>
#include <log.h>
#include <string.h>
#include <task.h>

struct tty *all_ttys;
static struct tty *console;

/* What /dev/tty, /dev/console and /dev/tty0 hand to tty_open, besides the terminals themselves. */
static char controlling_device, console_device, screen_device;

/* ---- opening and closing ---- */

/* The terminal that opening a device node means: ERR_PTR(-ENXIO), ERR_PTR(-ENODEV) when
 * there is none. */
static struct tty *resolve(const void *device)
{
	struct tty *tty = (struct tty *)device;

	if (device == &controlling_device)
		return current->process->tty ? current->process->tty : ERR_PTR(-ENXIO);
	if (device == &console_device)
		return console ? console : ERR_PTR(-ENODEV);
	if (device == &screen_device) {
		for (tty = all_ttys; tty && strcmp(tty->name, "tty1"); tty = tty->next)
			;
		return tty ? tty : ERR_PTR(-ENXIO);
	}
	return tty;
}

static int tty_open(struct inode *inode, struct file *file)
{
	const void *device = file->data;
	struct tty *tty = resolve(device);
	struct tty_file *open;

	(void)inode;
	if (IS_ERR(tty))
		return PTR_ERR(tty);
	if (tty->exclusive && !current_is_root())
		return -EBUSY;
	open = kzalloc(sizeof(*open));
	if (!open)
		return -ENOMEM;
	if (tty->driver->open) {
		int error = tty->driver->open(tty);

		if (error) {
			kfree(open);
			return error;
		}
	}
	open->tty = tty;
	open->generation = tty->generation;
	open->console = device == &console_device;
	file->data = open;
	tty->opens++;
	/* As on Linux, the console and the screen in general never become a controlling
	 * terminal. */
	if (!(file->flags & O_NOCTTY) && !open->console && device != &screen_device &&
	    (file->flags & O_ACCMODE) != O_WRONLY)
		tty_acquire_on_open(tty);
	return 0;
}

static void tty_release(struct file *file)
{
	struct tty_file *open = file->data;
	struct tty *tty = open->tty;

	assert(tty->opens > 0);
	if (--tty->opens == 0) {
		tty_forget_session(tty);
		tty_flush_input(tty);
		tty->exclusive = false;
		if (tty->driver->last_close)
			tty->driver->last_close(tty);
	}
	kfree(open);
}

static const struct file_ops tty_file_ops = {
	.read = tty_read,
	.write = tty_write,
	.seek = file_no_seek,
	.ioctl = tty_ioctl,
	.poll = tty_poll,
	.open = tty_open,
	.release = tty_release,
};

static void register_node(dev_t device, const char *name, mode_t mode, void *data)
{
	int error = chardev_register(device, name, mode, &tty_file_ops, data);

	if (error)
		log_error("tty: /dev/%s cannot be registered: error %d", name, -error);
}

static void append(struct tty *tty)
{
	struct tty **link = &all_ttys;

	while (*link)
		link = &(*link)->next;
	*link = tty;
}

struct tty *tty_create(const char *name, unsigned major, unsigned minor,
		       const struct tty_driver *driver, void *data)
{
	struct tty *tty = kzalloc(sizeof(*tty));
	char *input = kalloc(LDISC_INPUT_SIZE);

	if (!tty || !input) {
		kfree(tty);
		kfree(input);
		return NULL;
	}
	ldisc_init(&tty->ldisc, &tty_ldisc_ops, input);
	tty->name = name;
	tty->device = DEV(major, minor);
	tty->driver = driver;
	tty->data = data;
	wait_queue_init(&tty->readers);
	wait_queue_init(&tty->writers);
	return tty;
}

void tty_free(struct tty *tty)
{
	assert(tty->opens == 0 && tty->session == 0);
	kfree(tty->ldisc.input);
	kfree(tty);
}

int tty_register_slave(struct tty *tty)
{
	return chardev_register(tty->device, NULL, 0, &tty_file_ops, tty);
}

struct tty *tty_register(const char *name, unsigned major, unsigned minor,
			 const struct tty_driver *driver, void *data, unsigned rows,
			 unsigned columns)
{
	struct tty *tty = tty_create(name, major, minor, driver, data);

	if (!tty)
		return NULL;
	tty->size = (struct winsize){ .rows = (uint16_t)rows, .columns = (uint16_t)columns };
	append(tty);
	register_node(tty->device, name, 0620, tty);
	return tty;
}

void *tty_driver_data(struct tty *tty)
{
	return tty->data;
}

const struct termios2 *tty_settings(const struct tty *tty)
{
	return &tty->ldisc.settings;
}

void tty_set_initial_settings(struct tty *tty, const struct termios2 *settings)
{
	ldisc_set(&tty->ldisc, settings);
}

void tty_set_size(struct tty *tty, unsigned rows, unsigned columns)
{
	if (tty->size.rows == rows && tty->size.columns == columns)
		return;
	tty->size.rows = (uint16_t)rows;
	tty->size.columns = (uint16_t)columns;
	if (tty->group > 0)
		(void)signal_send_group(tty->group, SIGWINCH, NULL);
}

dev_t tty_device(const struct tty *tty)
{
	return tty ? tty->device : 0;
}

/* ---- the console ---- */

/* Does a console= value ("ttyS0,115200n8", "tty0") name this terminal? tty and tty0 are the
 * screen, tty1. */
static bool console_names(const char *value, const char *name)
{
	size_t size = strlen(name);

	if (strcmp(name, "tty1") == 0 && (strcmp(value, "tty") == 0 || strcmp(value, "tty0") == 0))
		return true;
	return strncmp(value, name, size) == 0 && (value[size] == '\0' || value[size] == ',');
}

bool tty_console_wanted(const char *device)
{
	const char *value;

	if (!cmdline_get_nth("console", 0))
		return true;
	for (unsigned i = 0; (value = cmdline_get_nth("console", i)) != NULL; i++) {
		if (console_names(value, device))
			return true;
	}
	/* None of those named is there, and this one stands in for them. */
	return console && strcmp(console->name, device) == 0;
}

void tty_choose_console(void)
{
	const char *value;

	register_node(DEV(5, 0), "tty", 0666, &controlling_device);
	register_node(DEV(5, 1), "console", 0600, &console_device);
	register_node(DEV(4, 0), "tty0", 0620, &screen_device);
	for (unsigned i = 0; (value = cmdline_get_nth("console", i)) != NULL; i++) {
		for (struct tty *tty = all_ttys; tty; tty = tty->next) {
			if (console_names(value, tty->name))
				console = tty;
		}
	}
	for (struct tty *tty = all_ttys; tty && !console; tty = tty->next) {
		if (strcmp(tty->name, "tty1") == 0)
			console = tty;
	}
	if (!console)
		console = all_ttys;
	if (!console)
		log_warning("tty: no terminal: /dev/console cannot be opened");
}

struct tty *tty_console(void)
{
	return console;
}
