/*
 * The screen console: a character screen (vt.c) on the display that this machine has, shown log
 * lines and the terminal tty1.
 *
 * VGA text is there from the start, in static memory; a frame buffer needs mapping and memory
 * and comes later, when the log so far is replayed to it. With neither there is no tty1. All of
 * it is guarded by interrupt-off sections, since log lines come from anywhere; in a panic it
 * works as ever.
 */
#include <drivers.h>

#include <abi/ioctls.h>
#include <assert.h>
#include <boot.h>
#include <err.h>
#include <kvrange.h>
#include <layout.h>
#include <log.h>
#include <trap.h>
#include <tty.h>
#include <uaccess.h>

#include "screen.h"

#define VGA_ROWS 25
#define VGA_COLUMNS 80

static struct vt screen;
static bool present;
static struct tty *terminal;
static uint32_t keyboard_mode = K_UNICODE;

/* ---- the log ---- */

static void sink_write(struct log_sink *sink, const char *text, size_t size)
{
	static bool busy;
	uint32_t flags;

	(void)sink;
	/* An assertion that fails below us must not come back here. */
	if (busy || !tty_console_wanted("tty1"))
		return;
	flags = irq_save();
	busy = true;
	vt_write_plain(&screen, text, size);
	busy = false;
	irq_restore(flags);
}

static void start_on(struct display *display, struct vt_line *lines)
{
	static struct log_sink sink = { .write = sink_write };

	assert(!present);
	vt_init(&screen, display, lines);
	vt_flush(&screen);
	present = true;
	log_add_sink(&sink);
}

void vga_early_init(void)
{
	static struct cell cells[VGA_ROWS][VGA_COLUMNS];
	static struct vt_line lines[VGA_ROWS];
	struct display *display = vga_find();

	if (!display)
		return;
	assert(display->rows == VGA_ROWS && display->columns == VGA_COLUMNS);
	for (unsigned row = 0; row < VGA_ROWS; row++)
		lines[row].cells = cells[row];
	start_on(display, lines);
}

/* ---- the terminal ---- */

static size_t screen_write(struct tty *tty, const char *bytes, size_t size)
{
	(void)tty;
	vt_write(&screen, bytes, size);
	vt_flush(&screen);
	return size;
}

static void screen_reply(struct vt *vt, const char *bytes, size_t size)
{
	(void)vt;
	tty_input(terminal, bytes, size);
}

void screen_input(const char *bytes, size_t size)
{
	if (terminal)
		tty_input(terminal, bytes, size);
}

bool screen_application_cursor(void)
{
	return screen.application_cursor;
}

bool screen_application_keypad(void)
{
	return screen.application_keypad;
}

/* ---- requests ---- */

static int set_leds(uint32_t leds)
{
	if (leds & ~7u)
		return -EINVAL;
	keyboard_set_leds((uint8_t)leds);
	return 0;
}

/* Keys are always sent as UTF-8, which to a program is any mode in which it gets characters. */
static int set_keyboard_mode(uint32_t mode)
{
	if (mode != K_UNICODE && mode != 1)
		return -EINVAL;
	keyboard_mode = mode;
	return 0;
}

static int put_byte(void __user *to, uint8_t byte)
{
	return copy_to_user(to, &byte, 1);
}

static int ioctl_keyboard(uint32_t command, uint32_t argument)
{
	uint32_t __user *user = (uint32_t __user *)argument;

	switch (command) {
	case KDGKBTYPE:
		return put_byte(user, KB_101);
	case KDGETMODE:
		return put_user(user, KD_TEXT);
	case KDSETMODE:
		return argument == KD_TEXT ? 0 : -EINVAL;
	case KDGKBMODE:
		return put_user(user, keyboard_mode);
	case KDSKBMODE:
		return set_keyboard_mode(argument);
	case KDGKBMETA:
		return put_user(user, K_ESCPREFIX);
	case KDGETLED:
	case KDGKBLED:
		return put_byte(user, keyboard_leds());
	case KDSETLED:
	case KDSKBLED:
		return set_leds(argument);
	default:
		return -ENOTTY;
	}
}

/* There is one virtual terminal, number 1, always in front. */
static int ioctl_vt(uint32_t command, uint32_t argument)
{
	void __user *user = (void __user *)argument;
	struct vt_stat state = { .active = 1, .state = 1u << 1 | 1 };
	struct vt_mode mode = { .mode = VT_AUTO };

	switch (command) {
	case VT_GETSTATE:
		return copy_to_user(user, &state, sizeof(state));
	case VT_GETMODE:
		return copy_to_user(user, &mode, sizeof(mode));
	case VT_OPENQRY:
		return put_user(user, (uint32_t)-1);
	case VT_ACTIVATE:
	case VT_WAITACTIVE:
		return argument == 1 ? 0 : -ENXIO;
	default:
		return -ENOTTY;
	}
}

static int screen_ioctl(struct tty *tty, uint32_t command, uint32_t argument)
{
	int result = ioctl_keyboard(command, argument);

	(void)tty;
	return result == -ENOTTY ? ioctl_vt(command, argument) : result;
}

static const struct tty_driver screen_driver = {
	.write = screen_write,
	.ioctl = screen_ioctl,
};

/* ---- start ---- */

/* The frame buffer's character screen, when VGA text has not been taken. */
static void start_frame_buffer(void)
{
	struct display *display = fb_find();
	struct vt_line *lines;
	struct cell *cells;

	if (!display)
		return;
	lines = kvrange_alloc(DIV_ROUND_UP(display->rows * sizeof(*lines), PAGE_SIZE));
	cells = kvrange_alloc(
		DIV_ROUND_UP(display->rows * display->columns * sizeof(*cells), PAGE_SIZE));
	if (!lines || !cells) {
		log_error("screen: no memory for %u x %u characters", display->columns,
			  display->rows);
		return;
	}
	for (unsigned row = 0; row < display->rows; row++)
		lines[row].cells = cells + row * display->columns;
	start_on(display, lines);
}

void console_init(void)
{
	struct termios2 settings;

	if (!present)
		start_frame_buffer();
	if (!present) {
		log_info("screen: none");
		return;
	}
	terminal = tty_register("tty1", 4, 1, &screen_driver, NULL, screen.display->rows,
				screen.display->columns);
	if (!terminal) {
		log_error("screen: no memory for tty1");
		return;
	}
	settings = *tty_settings(terminal);
	settings.iflag |= IUTF8;
	tty_set_initial_settings(terminal, &settings);
	screen.reply = screen_reply;
	log_info("screen: tty1, %u x %u characters%s", screen.display->columns,
		 screen.display->rows,
		 boot_info.framebuffer.kind == FRAMEBUFFER_RGB ? " on a frame buffer" : "");
}
