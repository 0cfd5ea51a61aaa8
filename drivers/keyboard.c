/*
 * The PC's keyboard at the 8042 controller, scan code set 1 as the controller translates it
 * (IBM AT technical reference; key numbers and codes as in the PS/2 hardware reference,
 * keyboards).
 *
 * Keys become the bytes that the Linux console sends for them with its US layout: characters,
 * ESC before a character with Alt, sequences for cursor and function keys. Every wait for the
 * controller is bounded; a machine without one has no keyboard and goes on. All state belongs
 * to the interrupt handler, or is touched with interrupts off.
 */
#include <drivers.h>

#include <assert.h>
#include <err.h>
#include <format.h>
#include <log.h>
#include <machine.h>
#include <string.h>
#include <trap.h>

#include "port.h"
#include "screen.h"

#define IRQ 1
#define DATA 0x60
#define STATUS 0x64
#define COMMAND 0x64

#define STATUS_OUTPUT_FULL 0x01
#define STATUS_INPUT_FULL 0x02
#define STATUS_MOUSE 0x20
#define CONTROLLER_READ_CONFIG 0x20
#define CONTROLLER_WRITE_CONFIG 0x60
#define CONTROLLER_DISABLE 0xad
#define CONTROLLER_ENABLE 0xae
#define CONFIG_INTERRUPT 0x01
#define CONFIG_CLOCK_OFF 0x10
#define CONFIG_TRANSLATE 0x40
#define KEYBOARD_SET_LEDS 0xed
#define KEYBOARD_ENABLE 0xf4
#define ANSWER_ACK 0xfa
#define ANSWER_RESEND 0xfe
#define CODE_EXTENDED 0xe0
#define CODE_PAUSE 0xe1
#define CODE_RELEASE 0x80

#define PATIENCE 20000u /* reads of the status: some twenty milliseconds */
#define BYTES_MAX 16u	/* taken in one interrupt */

/* Scan codes of keys that are more than a character. */
enum {
	KEY_CTRL = 0x1d,
	KEY_SHIFT_LEFT = 0x2a,
	KEY_SHIFT_RIGHT = 0x36,
	KEY_PRINT = 0x37,
	KEY_ALT = 0x38,
	KEY_CAPS = 0x3a,
	KEY_F1 = 0x3b,
	KEY_F10 = 0x44,
	KEY_NUM = 0x45,
	KEY_SCROLL = 0x46,
	KEY_PAD_FIRST = 0x47,
	KEY_PAD_LAST = 0x53,
	KEY_F11 = 0x57,
	KEY_F12 = 0x58,
	KEY_BACKSPACE = 0x0e,
	KEY_SLASH = 0x35,
	KEY_ENTER = 0x1c,
	KEY_DELETE = 0x53
};

#define LED_SCROLL 1
#define LED_NUM 2
#define LED_CAPS 4

static const char plain[0x3a] =
	"\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[0x3a] =
	"\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

static struct {
	bool shift_left, shift_right, ctrl_left, ctrl_right, alt_left, alt_right;
	bool extended; /* the last byte was E0 */
	unsigned skip; /* bytes of the pause key still to come */
	uint8_t leds;  /* wanted, and what the locks are */
	enum { LEDS_IDLE, LEDS_ASKED, LEDS_SENT } leds_state;
	bool leds_again; /* they changed while being sent */
} keyboard;

/* ---- the controller ---- */

static bool wait_status(uint8_t mask, uint8_t value)
{
	for (unsigned patience = PATIENCE; patience > 0; patience--) {
		if ((port_read8(STATUS) & mask) == value)
			return true;
		port_delay();
	}
	return false;
}

static bool send(uint16_t port, uint8_t byte)
{
	if (!wait_status(STATUS_INPUT_FULL, 0))
		return false;
	port_write8(port, byte);
	return true;
}

static bool receive(uint8_t *byte)
{
	if (!wait_status(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL))
		return false;
	*byte = port_read8(DATA);
	return true;
}

static void drain(void)
{
	for (unsigned i = 0; i < BYTES_MAX && (port_read8(STATUS) & STATUS_OUTPUT_FULL); i++)
		(void)port_read8(DATA);
}

/* Turns on the interrupt and the translation to set 1. False when no controller answers. */
static bool controller_init(void)
{
	uint8_t config;

	if (port_read8(STATUS) == 0xff || !send(COMMAND, CONTROLLER_DISABLE))
		return false;
	drain();
	if (!send(COMMAND, CONTROLLER_READ_CONFIG) || !receive(&config))
		return false;
	config = (config | CONFIG_INTERRUPT | CONFIG_TRANSLATE) & (uint8_t)~CONFIG_CLOCK_OFF;
	if (!send(COMMAND, CONTROLLER_WRITE_CONFIG) || !send(DATA, config))
		return false;
	return send(COMMAND, CONTROLLER_ENABLE);
}

/* ---- lights ---- */

/* Starts sending; the keyboard's acknowledgements, which come as interrupts, carry it on. */
static void leds_start(void)
{
	if (keyboard.leds_state != LEDS_IDLE) {
		keyboard.leds_again = true;
		return;
	}
	keyboard.leds_again = false;
	if (send(DATA, KEYBOARD_SET_LEDS))
		keyboard.leds_state = LEDS_ASKED;
}

static void leds_answer(bool acknowledged)
{
	if (acknowledged && keyboard.leds_state == LEDS_ASKED) {
		keyboard.leds_state = send(DATA, keyboard.leds) ? LEDS_SENT : LEDS_IDLE;
		return;
	}
	keyboard.leds_state = LEDS_IDLE;
	if (keyboard.leds_again)
		leds_start();
}

uint8_t keyboard_leds(void)
{
	return keyboard.leds;
}

void keyboard_set_leds(uint8_t leds)
{
	uint32_t flags = irq_save();

	keyboard.leds = leds & (LED_SCROLL | LED_NUM | LED_CAPS);
	leds_start();
	irq_restore(flags);
}

static void toggle_lock(uint8_t led)
{
	keyboard.leds ^= led;
	leds_start();
}

/* ---- keys to bytes ---- */

static bool shift_held(void)
{
	return keyboard.shift_left || keyboard.shift_right;
}

static bool ctrl_held(void)
{
	return keyboard.ctrl_left || keyboard.ctrl_right;
}

static bool alt_held(void)
{
	return keyboard.alt_left || keyboard.alt_right;
}

static void send_text(const char *text)
{
	screen_input(text, strlen(text));
}

/* With Ctrl, letters and the characters of columns 4 and 5 lose two bits; the Linux layout
 * adds some digits. */
static char with_ctrl(char character)
{
	static const char digits[] = "2\0003\0334\0345\0356\0367\0378\177/\177-\037 \000";

	if (character >= '@' && character <= '~')
		return (char)(character & 0x1f);
	if (character == 0x7f)
		return '\b';
	for (size_t i = 0; i + 1 < sizeof(digits); i += 2) {
		if (digits[i] == character)
			return digits[i + 1];
	}
	return character;
}

static void send_character(char character)
{
	char bytes[2] = { '\033', character };

	if (alt_held())
		screen_input(bytes, 2);
	else
		screen_input(&bytes[1], 1);
}

static void character_key(uint8_t code)
{
	char character = plain[code];
	bool shift = shift_held();

	if (character == '\0')
		return;
	if (character >= 'a' && character <= 'z' && (keyboard.leds & LED_CAPS))
		shift = !shift;
	if (shift && !ctrl_held())
		character = shifted[code];
	else if (ctrl_held())
		character = with_ctrl(plain[code]);
	send_character(character);
}

static void function_key(unsigned number)
{
	/* Number in ESC [ N ~ of F6.. and of the shifted keys, which count as F13..
	 * (terminfo's linux). */
	static const uint8_t numbers[] = {
		17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34,
	};
	char bytes[8];

	assert(number >= 1 && number <= 12);
	if (shift_held())
		number += 12;
	if (number <= 5) {
		(void)format(bytes, sizeof(bytes), "\033[[%c", 'A' + (int)number - 1);
		send_text(bytes);
	} else if (number - 6 < ARRAY_SIZE(numbers)) {
		(void)format(bytes, sizeof(bytes), "\033[%u~", numbers[number - 6]);
		send_text(bytes);
	}
}

static void cursor_key(char final)
{
	char bytes[3] = { '\033', screen_application_cursor() ? 'O' : '[', final };

	screen_input(bytes, 3);
}

/* The block of cursor keys, also on the keypad without Num Lock. By scan code from
 * KEY_PAD_FIRST on. */
static void navigation_key(uint8_t code)
{
	static const char finals[] = "1A5\0D\0C\0"
				     "4B623";
	char final = finals[code - KEY_PAD_FIRST];
	char bytes[5] = "\033[0~";

	if (code == KEY_DELETE && ctrl_held() && alt_held()) {
		machine_reboot_key();
	} else if (final >= 'A') {
		cursor_key(final);
	} else if (final) {
		bytes[2] = final;
		send_text(bytes);
	}
}

/* The keypad: digits with Num Lock or Shift, cursor keys without, sequences in application mode. */
static void pad_key(uint8_t code)
{
	static const char digits[] = "789-456+1230.", letters[] = "wxyStuvlqrspn";
	unsigned at = code - KEY_PAD_FIRST;
	char bytes[3] = { '\033', 'O', letters[at] };
	bool digit = (keyboard.leds & LED_NUM) && !shift_held();

	if (code == KEY_DELETE && ctrl_held() && alt_held())
		machine_reboot_key();
	else if (screen_application_keypad())
		screen_input(bytes, 3);
	else if (digit || digits[at] == '-' || digits[at] == '+')
		send_character(digits[at]);
	else
		navigation_key(code);
}

/* Keys that the 101-key keyboard has twice or adds: the second is marked by E0. */
static void extended_key(uint8_t code)
{
	if (code == KEY_ENTER || code == KEY_SLASH)
		send_character(plain[code]);
	else if (code == KEY_PRINT)
		send_character('\034');
	else if (code >= KEY_PAD_FIRST && code <= KEY_PAD_LAST)
		navigation_key(code);
}

static void key_down(uint8_t code)
{
	if (code == KEY_CAPS)
		toggle_lock(LED_CAPS);
	else if (code == KEY_NUM)
		toggle_lock(LED_NUM);
	else if (code == KEY_SCROLL)
		toggle_lock(LED_SCROLL);
	else if (code >= KEY_F1 && code <= KEY_F10)
		function_key(code - KEY_F1 + 1u);
	else if (code == KEY_F11 || code == KEY_F12)
		function_key(code - KEY_F11 + 11u);
	else if (code >= KEY_PAD_FIRST && code <= KEY_PAD_LAST)
		pad_key(code);
	else if (code < sizeof(plain))
		character_key(code);
}

/* Keeps the modifiers; true when code was one. */
static bool modifier_key(uint8_t code, bool extended, bool down)
{
	if (code == KEY_CTRL && extended)
		keyboard.ctrl_right = down;
	else if (code == KEY_CTRL)
		keyboard.ctrl_left = down;
	else if (code == KEY_ALT && extended)
		keyboard.alt_right = down;
	else if (code == KEY_ALT)
		keyboard.alt_left = down;
	else if (code == KEY_SHIFT_LEFT && !extended)
		keyboard.shift_left = down;
	else if (code == KEY_SHIFT_RIGHT && !extended)
		keyboard.shift_right = down;
	else
		return false;
	return true;
}

static void scan_code(uint8_t byte)
{
	bool down = !(byte & CODE_RELEASE), extended = keyboard.extended;
	uint8_t code = byte & (uint8_t)~CODE_RELEASE;

	keyboard.extended = false;
	if (modifier_key(code, extended, down) || !down)
		return;
	if (extended)
		extended_key(code);
	else
		key_down(code);
}

/* ---- the interrupt ---- */

static void take_byte(uint8_t byte)
{
	if (keyboard.skip > 0) {
		keyboard.skip--;
	} else if (byte == ANSWER_ACK || byte == ANSWER_RESEND) {
		leds_answer(byte == ANSWER_ACK);
	} else if (byte == CODE_EXTENDED) {
		keyboard.extended = true;
	} else if (byte == CODE_PAUSE) {
		keyboard.skip = 2;
	} else if (byte != 0x00 && byte != 0xff) { /* not: too many keys at once */
		scan_code(byte);
	}
}

static void interrupt(void *context)
{
	(void)context;
	for (unsigned i = 0; i < BYTES_MAX; i++) {
		uint8_t status = port_read8(STATUS), byte;

		if (!(status & STATUS_OUTPUT_FULL))
			return;
		byte = port_read8(DATA);
		if (!(status & STATUS_MOUSE))
			take_byte(byte);
	}
}

void keyboard_init(void)
{
	int error;

	if (!controller_init()) {
		log_info("keyboard: no controller");
		return;
	}
	error = irq_register(IRQ, interrupt, NULL);
	if (error) {
		log_error("keyboard: IRQ %u cannot be had: error %d", IRQ, -error);
		return;
	}
	/* Scanning may be off after a loader's use; its ACK comes as an interrupt, to
	 * nobody's harm. */
	(void)send(DATA, KEYBOARD_ENABLE);
}
