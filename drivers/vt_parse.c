/*
 * The character screen's reader of bytes: control characters and escape sequences (ECMA-48, DEC
 * VT102, console_codes(4)). What is text goes to vt_text.c.
 *
 * A state machine of one byte at a time. Control characters act even inside a sequence; CAN and
 * SUB break one off. What is not known is read to its end and has no effect.
 */
#include "vt.h"

#include <assert.h>
#include <format.h>
#include <string.h>

#define PARAMETER_MAX 9999

/* What these control characters do cannot be turned off by SGR 11: NUL, BS, LF, FF, CR, SO,
 * SI, ESC. */
#define CONTROL_ALWAYS 0x0800f501u

/* ---- answers ---- */

static void answer(struct vt *vt, const char *text, unsigned a, unsigned b)
{
	char bytes[32];
	int size = format(bytes, sizeof(bytes), text, a, b);

	assert(size > 0 && size < (int)sizeof(bytes));
	if (vt->reply)
		vt->reply(vt, bytes, (size_t)size);
}

static void report_status(struct vt *vt, unsigned what)
{
	if (what == 5 && vt->reply)
		vt->reply(vt, "\033[0n", 4);
	else if (what == 6)
		answer(vt, "\033[%u;%uR", vt->at.row - (vt->at.origin ? vt->top : 0) + 1u,
		       vt->at.column + 1u);
}

/* "A VT102": what the Linux console says. */
static void report_attributes(struct vt *vt)
{
	if (vt->reply)
		vt->reply(vt, "\033[?6c", 5);
}

/* ---- CSI sequences ---- */

/* Parameter i, or `other` where it is left out or 0. */
static unsigned parameter(const struct vt *vt, unsigned i, unsigned other)
{
	return i < vt->nparameters && vt->parameters[i] > 0 ? vt->parameters[i] : other;
}

static void set_private_mode(struct vt *vt, unsigned mode, bool on)
{
	switch (mode) {
	case 1:
		vt->application_cursor = on;
		break;
	case 3: /* 80 or 132 columns: the width stays, but the screen is cleared */
		vt_erase_display(vt, 2);
		vt_move(vt, 0, 0);
		break;
	case 5:
		vt_set_reverse_screen(vt, on);
		break;
	case 6:
		vt->at.origin = on;
		vt_move(vt, 0, 0);
		break;
	case 7:
		vt->autowrap = on;
		break;
	case 25:
		vt->cursor_visible = on;
		break;
	default: /* mouse, alternate screen, bracketed paste: not on this console */
		break;
	}
}

static void set_modes(struct vt *vt, bool on)
{
	for (unsigned i = 0; i < vt->nparameters; i++) {
		if (vt->private_mark == '?')
			set_private_mode(vt, vt->parameters[i], on);
		else if (vt->parameters[i] == 4)
			vt->insert = on;
		else if (vt->parameters[i] == 20)
			vt->newline_mode = on;
	}
}

static void clear_tabs(struct vt *vt, unsigned which)
{
	unsigned column = vt->at.column;

	if (which == 0)
		vt->tabs[column / 8] &= (uint8_t) ~(1u << (column % 8));
	else if (which == 3)
		memset(vt->tabs, 0, sizeof(vt->tabs));
}

/* Sequences that move the cursor; false when final is not one. */
static bool csi_move(struct vt *vt, char final)
{
	int count = (int)parameter(vt, 0, 1);

	switch (final) {
	case 'A':
		vt_move_by(vt, -count, 0);
		return true;
	case 'B':
	case 'e':
		vt_move_by(vt, count, 0);
		return true;
	case 'C':
	case 'a':
		vt_move_by(vt, 0, count);
		return true;
	case 'D':
		vt_move_by(vt, 0, -count);
		return true;
	case 'E':
	case 'F':
		vt_move_by(vt, final == 'E' ? count : -count, 0);
		vt_carriage_return(vt);
		return true;
	case 'G':
	case '`':
		vt_move_by(vt, 0, count - 1 - vt->at.column);
		return true;
	case 'd':
		vt_move(vt, count - 1, vt->at.column);
		return true;
	case 'H':
	case 'f':
		vt_move(vt, count - 1, (int)parameter(vt, 1, 1) - 1);
		return true;
	default:
		return false;
	}
}

/* Sequences that change what is on the screen; false when final is not one. */
static bool csi_edit(struct vt *vt, char final)
{
	unsigned count = parameter(vt, 0, 1);

	switch (final) {
	case 'J':
		vt_erase_display(vt, parameter(vt, 0, 0));
		return true;
	case 'K':
		vt_erase_line(vt, parameter(vt, 0, 0));
		return true;
	case 'X':
		vt_erase_characters(vt, count);
		return true;
	case '@':
		vt_insert_characters(vt, count);
		return true;
	case 'P':
		vt_delete_characters(vt, count);
		return true;
	case 'L':
		vt_insert_lines(vt, count);
		return true;
	case 'M':
		vt_delete_lines(vt, count);
		return true;
	case 'S':
		vt_scroll(vt, (int)count);
		return true;
	case 'T':
		vt_scroll(vt, -(int)count);
		return true;
	default:
		return false;
	}
}

static void csi_other(struct vt *vt, char final)
{
	switch (final) {
	case 'm':
		vt_select_graphics(vt);
		break;
	case 'r':
		vt_set_region(vt, parameter(vt, 0, 1) - 1, parameter(vt, 1, vt->display->rows));
		break;
	case 's':
		vt_save(vt);
		break;
	case 'u':
		vt_restore(vt);
		break;
	case 'g':
		clear_tabs(vt, parameter(vt, 0, 0));
		break;
	case 'n':
		report_status(vt, parameter(vt, 0, 0));
		break;
	case 'c':
		if (parameter(vt, 0, 0) == 0)
			report_attributes(vt);
		break;
	case ']': /* setterm: 8 makes the present colours the default */
		if (parameter(vt, 0, 0) == 8) {
			vt->default_foreground = vt->at.style.foreground;
			vt->default_background = vt->at.style.background;
		}
		break;
	default:
		break;
	}
}

static void csi_final(struct vt *vt, char final)
{
	vt->state = VT_GROUND;
	if (vt->ignore)
		return;
	if (final == 'h' || final == 'l')
		set_modes(vt, final == 'h');
	else if (!vt->private_mark && !csi_move(vt, final) && !csi_edit(vt, final))
		csi_other(vt, final);
}

static void csi_byte(struct vt *vt, uint8_t byte)
{
	uint16_t *last = &vt->parameters[vt->nparameters - 1];

	if (byte >= '0' && byte <= '9') {
		*last = (uint16_t)MIN(*last * 10u + (byte - '0'), (unsigned)PARAMETER_MAX);
	} else if (byte == ';' || byte == ':') {
		if (vt->nparameters < VT_PARAMETERS_MAX)
			vt->parameters[vt->nparameters++] = 0;
		else
			vt->ignore = true;
	} else if (byte >= '<' && byte <= '?') {
		vt->private_mark = (char)byte;
	} else if (byte == '[' && vt->nparameters == 1 && *last == 0) {
		vt->state = VT_FUNCTION_KEY; /* an echoed function key: ESC [ [ A */
	} else if (byte >= 0x40 && byte <= 0x7e) {
		csi_final(vt, (char)byte);
	} else {
		vt->ignore = true; /* an intermediate byte: none of ours */
	}
}

static void csi_begin(struct vt *vt)
{
	vt->state = VT_CSI;
	vt->private_mark = 0;
	vt->ignore = false;
	vt->nparameters = 1;
	vt->parameters[0] = 0;
}

/* ---- other sequences ---- */

/* ESC and one byte that acts at once; the state is ground by now. */
static void escape_act(struct vt *vt, uint8_t byte)
{
	switch (byte) {
	case 'c':
		vt_reset(vt);
		break;
	case 'D':
		vt_line_feed(vt);
		break;
	case 'E':
		vt_carriage_return(vt);
		vt_line_feed(vt);
		break;
	case 'M':
		vt_reverse_line_feed(vt);
		break;
	case 'H':
		vt->tabs[vt->at.column / 8] |= (uint8_t)(1u << (vt->at.column % 8));
		break;
	case 'Z':
		report_attributes(vt);
		break;
	case '7':
		vt_save(vt);
		break;
	case '8':
		vt_restore(vt);
		break;
	case '=':
	case '>':
		vt->application_keypad = byte == '=';
		break;
	default:
		break;
	}
}

static void escape_byte(struct vt *vt, uint8_t byte)
{
	vt->state = VT_GROUND;
	switch (byte) {
	case '[':
		csi_begin(vt);
		break;
	case ']':
		vt->state = VT_OSC;
		break;
	case 'P':
	case 'X':
	case '^':
	case '_':
		vt->state = VT_STRING;
		break;
	case '(':
		vt->state = VT_CHARSET_G0;
		break;
	case ')':
		vt->state = VT_CHARSET_G1;
		break;
	case '%':
		vt->state = VT_PERCENT;
		break;
	case '#':
		vt->state = VT_HASH;
		break;
	default:
		escape_act(vt, byte);
	}
}

static void charset_byte(struct vt *vt, unsigned which, uint8_t byte)
{
	if (byte == '0')
		vt->at.charset[which] = VT_CHARSET_GRAPHICS;
	else if (byte == 'U')
		vt->at.charset[which] = VT_CHARSET_CP437;
	else
		vt->at.charset[which] = VT_CHARSET_LATIN1;
	vt->state = VT_GROUND;
}

static void osc_byte(struct vt *vt, uint8_t byte)
{
	if (byte == 'P') {
		vt->state = VT_PALETTE;
		vt->palette_size = 0;
	} else if (byte == 'R') {
		vt_palette_reset(vt);
		vt->state = VT_GROUND;
	} else {
		vt->state = VT_STRING; /* window titles and the like */
	}
}

static void sequence_byte(struct vt *vt, uint8_t byte)
{
	switch (vt->state) {
	case VT_ESCAPE:
		escape_byte(vt, byte);
		break;
	case VT_CSI:
		csi_byte(vt, byte);
		break;
	case VT_CHARSET_G0:
	case VT_CHARSET_G1:
		charset_byte(vt, vt->state == VT_CHARSET_G1, byte);
		break;
	case VT_OSC:
		osc_byte(vt, byte);
		break;
	case VT_PALETTE:
		vt_palette_byte(vt, byte);
		break;
	case VT_STRING:
		break;
	case VT_PERCENT:
		vt->utf8 = byte == '@' ? false : byte == 'G' || byte == '8' ? true : vt->utf8;
		vt->state = VT_GROUND;
		break;
	case VT_HASH:
		if (byte == '8')
			vt_alignment_test(vt);
		vt->state = VT_GROUND;
		break;
	default:
		vt->state = VT_GROUND;
	}
}

/* ---- control characters ---- */

/* In a string, control characters mean nothing but that BEL ends it; ESC, CAN and SUB break off. */
static bool in_string(struct vt *vt, uint8_t byte)
{
	if ((vt->state != VT_STRING && vt->state != VT_OSC) || byte == 0x18 || byte == 0x1a ||
	    byte == 0x1b)
		return false;
	if (byte == 0x07)
		vt->state = VT_GROUND;
	return true;
}

static void control(struct vt *vt, uint8_t byte)
{
	vt->code_left = 0;
	if (in_string(vt, byte))
		return;
	switch (byte) {
	case 0x07:
		if (vt->bell)
			vt->bell(vt);
		break;
	case 0x08:
		vt_backspace(vt);
		break;
	case 0x09:
		vt_tab(vt);
		break;
	case 0x0a:
	case 0x0b:
	case 0x0c:
		vt_line_feed(vt);
		if (vt->newline_mode)
			vt_carriage_return(vt);
		break;
	case 0x0d:
		vt_carriage_return(vt);
		break;
	case 0x0e:
	case 0x0f:
		vt->at.shift = byte == 0x0e;
		break;
	case 0x18:
	case 0x1a:
		vt->state = VT_GROUND;
		break;
	case 0x1b:
		vt->state = VT_ESCAPE;
		break;
	default:
		break;
	}
}

/* ---- all together ---- */

static void ground_byte(struct vt *vt, uint8_t byte)
{
	if (byte == 0x7f && !vt->raw)
		return;
	if (byte == 0x9b && !vt->utf8 && !vt->raw)
		csi_begin(vt); /* CSI in one byte */
	else
		vt_text_byte(vt, byte);
}

void vt_write(struct vt *vt, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)bytes[i];
		bool is_control = byte < 0x20 && (!vt->raw || (CONTROL_ALWAYS & (1u << byte)));

		if (is_control) {
			control(vt, byte);
		} else if (vt->state == VT_FUNCTION_KEY) {
			vt->state = VT_GROUND;
		} else if (vt->state != VT_GROUND) {
			sequence_byte(vt, byte);
		} else {
			ground_byte(vt, byte);
		}
	}
}
