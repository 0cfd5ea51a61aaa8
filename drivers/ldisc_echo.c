/*
 * The line discipline's output side: processing of what is written, and the echo of what is
 * typed and erased.
 *
 * Both follow the column of the cursor, since tabs and the erasing of a typed tab need it. The
 * column is right as long as programs move the cursor by plain characters alone; Linux knows no
 * better.
 */
#include "ldisc_internal.h"

#include <assert.h>
#include <string.h>

/* A letter or digit as VWERASE sees it: Latin 1, which takes the first byte of a UTF-8
 * sequence for a letter. */
static bool is_word(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || byte == '_' ||
	       (byte >= 0xc0 && byte != 0xd7 && byte != 0xf7);
}

/* ---- output ---- */

static size_t output_newline(struct ldisc *ldisc, char *to)
{
	if (ldisc->settings.oflag & ONLRET)
		ldisc->column = 0;
	if (ldisc->settings.oflag & ONLCR) {
		ldisc->column = ldisc->line_column = 0;
		to[0] = '\r';
		to[1] = '\n';
		return 2;
	}
	ldisc->line_column = ldisc->column;
	to[0] = '\n';
	return 1;
}

static size_t output_return(struct ldisc *ldisc, char *to)
{
	uint32_t flags = ldisc->settings.oflag;

	if ((flags & ONOCR) && ldisc->column == 0)
		return 0;
	to[0] = flags & OCRNL ? '\n' : '\r';
	if (!(flags & OCRNL) || (flags & ONLRET))
		ldisc->column = ldisc->line_column = 0;
	return 1;
}

static size_t output_tab(struct ldisc *ldisc, char *to)
{
	unsigned spaces = 8 - (ldisc->column & 7);

	ldisc->column += spaces;
	if ((ldisc->settings.oflag & TABDLY) != XTABS) {
		to[0] = '\t';
		return 1;
	}
	memset(to, ' ', spaces);
	return spaces;
}

/* In Latin 1, as Linux has it: \337 and \377, which have no capital there, are moved all the
 * same. */
static uint8_t to_upper(uint8_t byte)
{
	bool lower = (byte >= 'a' && byte <= 'z') || (byte >= 0xdf && byte != 0xf7);

	return lower ? byte - ('a' - 'A') : byte;
}

static size_t output_other(struct ldisc *ldisc, uint8_t byte, char *to)
{
	if (!is_control(byte)) {
		if (ldisc->settings.oflag & OLCUC)
			byte = to_upper(byte);
		if (!is_continuation(ldisc, byte))
			ldisc->column++;
	}
	to[0] = (char)byte;
	return 1;
}

size_t ldisc_output(struct ldisc *ldisc, uint8_t byte, char to[LDISC_EXPANSION])
{
	if (!(ldisc->settings.oflag & OPOST)) {
		to[0] = (char)byte;
		return 1;
	}
	switch (byte) {
	case '\n':
		return output_newline(ldisc, to);
	case '\r':
		return output_return(ldisc, to);
	case '\t':
		return output_tab(ldisc, to);
	case '\b':
		if (ldisc->column > 0)
			ldisc->column--;
		to[0] = '\b';
		return 1;
	default:
		return output_other(ldisc, byte, to);
	}
}

/* ---- echo ---- */

void ldisc_echo(struct ldisc *ldisc, uint8_t byte)
{
	char bytes[LDISC_EXPANSION];
	size_t size;

	if (byte == 0xff) { /* Linux's echo passes it on unprocessed, and counts it */
		ldisc->column++;
		ldisc->ops->echo(ldisc, "\377", 1);
		return;
	}
	size = ldisc_output(ldisc, byte, bytes);
	ldisc->ops->echo(ldisc, bytes, size);
}

void ldisc_echo_byte(struct ldisc *ldisc, uint8_t byte)
{
	if (local_flag(ldisc, ECHOCTL) && is_control(byte) && byte != '\t') {
		char bytes[2] = { '^', (char)(byte ^ 0x40) };

		ldisc->column += 2;
		ldisc->ops->echo(ldisc, bytes, 2);
	} else {
		ldisc_echo(ldisc, byte);
	}
}

/* Blanks the column left of the cursor. */
static void echo_rubout(struct ldisc *ldisc)
{
	ldisc_echo(ldisc, '\b');
	ldisc_echo(ldisc, ' ');
	ldisc_echo(ldisc, '\b');
}

void ldisc_finish_erasing(struct ldisc *ldisc)
{
	if (ldisc->erasing) {
		ldisc_echo(ldisc, '/');
		ldisc->erasing = false;
	}
}

/* ---- erasing ---- */

/* Columns of the line's characters behind its last tab, or behind where the line began when
 * it has none. */
static unsigned columns_since_tab(const struct ldisc *ldisc)
{
	unsigned columns = 0;

	for (uint32_t at = ldisc->head; at != ldisc->line;) {
		uint8_t byte = byte_at(ldisc, --at);

		if (byte == '\t')
			return columns;
		if (is_control(byte))
			columns += local_flag(ldisc, ECHOCTL) ? 2 : 0;
		else if (!is_continuation(ldisc, byte))
			columns++;
	}
	return columns + ldisc->line_column;
}

/* Moves the cursor back over a typed tab, no longer in the line, as far as the tab had moved it. */
static void erase_tab(struct ldisc *ldisc)
{
	for (unsigned back = 8 - (columns_since_tab(ldisc) & 7); back > 0; back--) {
		if (ldisc->column > 0)
			ldisc->column--;
		ldisc->ops->echo(ldisc, "\b", 1);
	}
}

/* Shows that the character [at, head was) of `size` bytes is gone. */
static void echo_erased(struct ldisc *ldisc, size_t size, bool whole_line, uint8_t typed)
{
	uint8_t byte = byte_at(ldisc, ldisc->head);

	if (local_flag(ldisc, ECHOPRT)) {
		if (!ldisc->erasing)
			ldisc_echo(ldisc, '\\');
		ldisc->erasing = true;
		ldisc_echo_byte(ldisc, byte);
		for (size_t i = 1; i < size; i++) {
			ldisc_echo(ldisc, byte_at(ldisc, ldisc->head + i));
			if (ldisc->column > 0)
				ldisc->column--;
		}
	} else if (!whole_line && !local_flag(ldisc, ECHOE)) {
		ldisc_echo_byte(ldisc, typed);
	} else if (byte == '\t') {
		erase_tab(ldisc);
	} else {
		if (is_control(byte) && local_flag(ldisc, ECHOCTL))
			echo_rubout(ldisc);
		if (!is_control(byte) || local_flag(ldisc, ECHOCTL))
			echo_rubout(ldisc);
	}
}

/* Takes the last character, all bytes of it, off the line: their number, 0 when a lone
 * continuation byte is in the way. */
static size_t drop_character(struct ldisc *ldisc)
{
	uint32_t at = ldisc->head;
	size_t size;

	assert(ldisc->head != ldisc->line);
	do
		at--;
	while (is_continuation(ldisc, byte_at(ldisc, at)) && at != ldisc->line);
	if (is_continuation(ldisc, byte_at(ldisc, at)))
		return 0;
	size = ldisc->head - at;
	ldisc->head = at;
	return size;
}

void ldisc_erase_character(struct ldisc *ldisc, uint8_t typed)
{
	size_t size;

	if (ldisc->head == ldisc->line)
		return;
	size = drop_character(ldisc);
	if (size > 0 && local_flag(ldisc, ECHO))
		echo_erased(ldisc, size, false, typed);
	if (ldisc->head == ldisc->line && local_flag(ldisc, ECHO))
		ldisc_finish_erasing(ldisc);
}

void ldisc_erase_word(struct ldisc *ldisc, uint8_t typed)
{
	bool in_word = false;

	if (ldisc->head == ldisc->line)
		return;
	while (ldisc->head != ldisc->line) {
		uint32_t before = ldisc->head;
		size_t size = drop_character(ldisc);

		if (size == 0)
			break;
		if (is_word(byte_at(ldisc, ldisc->head))) {
			in_word = true;
		} else if (in_word) {
			ldisc->head = before;
			break;
		}
		if (local_flag(ldisc, ECHO))
			echo_erased(ldisc, size, true, typed);
	}
	if (ldisc->head == ldisc->line && local_flag(ldisc, ECHO))
		ldisc_finish_erasing(ldisc);
}

void ldisc_erase_line(struct ldisc *ldisc, uint8_t typed)
{
	const uint32_t visual = ECHOK | ECHOKE | ECHOE;

	if (ldisc->head == ldisc->line)
		return;
	if (!local_flag(ldisc, ECHO)) {
		ldisc->head = ldisc->line;
		return;
	}
	if ((ldisc->settings.lflag & visual) != visual) {
		ldisc->head = ldisc->line;
		ldisc_finish_erasing(ldisc);
		ldisc_echo_byte(ldisc, typed);
		if (local_flag(ldisc, ECHOK))
			ldisc_echo(ldisc, '\n');
		return;
	}
	while (ldisc->head != ldisc->line) {
		size_t size = drop_character(ldisc);

		if (size == 0)
			break;
		echo_erased(ldisc, size, true, typed);
	}
	if (ldisc->head == ldisc->line)
		ldisc_finish_erasing(ldisc);
}
