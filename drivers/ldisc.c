/*
 * The line discipline's pure core.
 *
 * Input is one ring with three free-running marks, tail <= line <= head: [tail, line) are
 * finished lines, [line, head) the one that is still being edited. In raw mode only tail and
 * head count. A bitmap tells which bytes end a line; the end-of-file character is kept as a
 * byte 0 with its end bit set, which a reader eats without getting it.
 */
#include "ldisc_internal.h"

#include <abi/signal.h>
#include <assert.h>
#include <string.h>

#define END_OF_FILE 0u /* stands in the ring for VEOF */

/* Is byte the control character of that index, which is not switched off? */
static bool is_cc(const struct ldisc *ldisc, unsigned index, uint8_t byte)
{
	return byte != 0 && byte == ldisc->settings.cc[index];
}

void ldisc_default_settings(struct termios2 *settings)
{
	static const uint8_t defaults[NCCS] = {
		[VINTR] = 'C' - 0x40,
		[VQUIT] = '\\' - 0x40,
		[VERASE] = 0x7f,
		[VKILL] = 'U' - 0x40,
		[VEOF] = 'D' - 0x40,
		[VTIME] = 0,
		[VMIN] = 1,
		[VSTART] = 'Q' - 0x40,
		[VSTOP] = 'S' - 0x40,
		[VSUSP] = 'Z' - 0x40,
		[VREPRINT] = 'R' - 0x40,
		[VDISCARD] = 'O' - 0x40,
		[VWERASE] = 'W' - 0x40,
		[VLNEXT] = 'V' - 0x40,
	};

	*settings = (struct termios2){
		.iflag = ICRNL | IXON,
		.oflag = OPOST | ONLCR,
		.cflag = B38400 | CS8 | CREAD | HUPCL,
		.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.ispeed = 38400,
		.ospeed = 38400,
	};
	memcpy(settings->cc, defaults, sizeof(defaults));
}

void ldisc_init(struct ldisc *ldisc, const struct ldisc_ops *ops, char *input)
{
	memset(ldisc, 0, sizeof(*ldisc));
	ldisc->ops = ops;
	ldisc->input = input;
	ldisc_default_settings(&ldisc->settings);
}

/* ---- the ring ---- */

static void check(const struct ldisc *ldisc)
{
	assert(ldisc->line - ldisc->tail <= LDISC_INPUT_SIZE);
	assert(ldisc->head - ldisc->line <= LDISC_INPUT_SIZE);
	assert(ldisc->head - ldisc->tail <= LDISC_INPUT_SIZE);
}

static bool ends_at(const struct ldisc *ldisc, uint32_t at)
{
	return ldisc->ends[(at & LDISC_MASK) / 8] & (1u << (at % 8));
}

static void set_end(struct ldisc *ldisc, uint32_t at, bool end)
{
	if (end)
		ldisc->ends[(at & LDISC_MASK) / 8] |= (uint8_t)(1u << (at % 8));
	else
		ldisc->ends[(at & LDISC_MASK) / 8] &= (uint8_t) ~(1u << (at % 8));
}

/* Room for one more byte of an ordinary kind: the last byte of the ring is kept for the end
 * of a line. */
static bool has_room(const struct ldisc *ldisc)
{
	return ldisc->head - ldisc->tail < LDISC_INPUT_SIZE - 1;
}

/* Appends a byte. Of a line longer than the ring what comes last is lost, but not its end. */
static void put(struct ldisc *ldisc, uint8_t byte)
{
	if (!has_room(ldisc))
		return;
	ldisc->input[ldisc->head & LDISC_MASK] = (char)byte;
	set_end(ldisc, ldisc->head, false);
	ldisc->head++;
	check(ldisc);
}

/* Appends the end of a line and makes the line readable. */
static void put_end(struct ldisc *ldisc, uint8_t byte)
{
	if (ldisc->head - ldisc->tail == LDISC_INPUT_SIZE)
		return;
	ldisc->input[ldisc->head & LDISC_MASK] = (char)byte;
	set_end(ldisc, ldisc->head, true);
	ldisc->head++;
	ldisc->line = ldisc->head;
	check(ldisc);
}

size_t ldisc_room(const struct ldisc *ldisc)
{
	uint32_t used = ldisc->head - ldisc->tail;
	bool unfinished = local_flag(ldisc, ICANON) && ldisc->line == ldisc->tail;
	size_t room = used < LDISC_INPUT_SIZE - 1 ? LDISC_INPUT_SIZE - 1 - used : 0;

	if (input_flag(ldisc, PARMRK))
		room = (room + 2) / 3; /* a byte can become three */
	return room == 0 && unfinished ? 1 : room;
}

void ldisc_flush(struct ldisc *ldisc)
{
	ldisc->tail = ldisc->line = ldisc->head;
	ldisc->literal = false;
	ldisc->erasing = false;
}

/* ---- input ---- */

static void set_stopped(struct ldisc *ldisc, bool stop)
{
	if (ldisc->stopped != stop) {
		ldisc->stopped = stop;
		ldisc->ops->flow(ldisc, stop);
	}
}

/* Before the echo of a line's first byte: tabs in it are counted from here. */
static void note_line_start(struct ldisc *ldisc)
{
	if (ldisc->line == ldisc->head)
		ldisc->line_column = ldisc->column;
}

/* A character that becomes part of the input, with its echo; a newline after VLNEXT shows as ^J. */
static void take_ordinary(struct ldisc *ldisc, uint8_t byte, bool literal)
{
	if (local_flag(ldisc, ECHO)) {
		ldisc_finish_erasing(ldisc);
		note_line_start(ldisc);
		if (byte == '\n' && !literal)
			ldisc_echo(ldisc, '\n');
		else
			ldisc_echo_byte(ldisc, byte);
	}
	if (byte == 0xff && input_flag(ldisc, PARMRK))
		put(ldisc, byte); /* doubled, to tell it from a mark */
	put(ldisc, byte);
}

static void take_signal(struct ldisc *ldisc, uint8_t byte, int signal)
{
	bool flush = !local_flag(ldisc, NOFLSH);

	if (flush)
		ldisc_flush(ldisc);
	ldisc->ops->signal(ldisc, signal, flush);
	if (input_flag(ldisc, IXON))
		set_stopped(ldisc, false);
	if (local_flag(ldisc, ECHO))
		ldisc_echo_byte(ldisc, byte);
}

/* The control characters of IXON and ISIG, which work in both modes. True when byte was one. */
static bool take_control(struct ldisc *ldisc, uint8_t byte)
{
	if (input_flag(ldisc, IXON) && is_cc(ldisc, VSTART, byte))
		set_stopped(ldisc, false);
	else if (input_flag(ldisc, IXON) && is_cc(ldisc, VSTOP, byte))
		set_stopped(ldisc, true);
	else if (local_flag(ldisc, ISIG) && is_cc(ldisc, VINTR, byte))
		take_signal(ldisc, byte, SIGINT);
	else if (local_flag(ldisc, ISIG) && is_cc(ldisc, VQUIT, byte))
		take_signal(ldisc, byte, SIGQUIT);
	else if (local_flag(ldisc, ISIG) && is_cc(ldisc, VSUSP, byte))
		take_signal(ldisc, byte, SIGTSTP);
	else
		return false;
	return true;
}

static void reprint(struct ldisc *ldisc, uint8_t byte)
{
	ldisc_finish_erasing(ldisc);
	ldisc_echo_byte(ldisc, byte);
	ldisc_echo(ldisc, '\n');
	for (uint32_t at = ldisc->line; at != ldisc->head; at++)
		ldisc_echo_byte(ldisc, byte_at(ldisc, at));
}

/* The editing characters of canonical mode. True when byte was one. */
static bool take_editing(struct ldisc *ldisc, uint8_t byte)
{
	bool extended = local_flag(ldisc, IEXTEN);

	if (is_cc(ldisc, VERASE, byte)) {
		ldisc_erase_character(ldisc, byte);
	} else if (is_cc(ldisc, VKILL, byte)) {
		ldisc_erase_line(ldisc, byte);
	} else if (extended && is_cc(ldisc, VWERASE, byte)) {
		ldisc_erase_word(ldisc, byte);
	} else if (extended && is_cc(ldisc, VLNEXT, byte)) {
		ldisc->literal = true;
		if (local_flag(ldisc, ECHO)) {
			ldisc_finish_erasing(ldisc);
			if (local_flag(ldisc, ECHOCTL))
				ldisc->ops->echo(ldisc, "^\b", 2);
		}
	} else if (extended && local_flag(ldisc, ECHO) && is_cc(ldisc, VREPRINT, byte)) {
		reprint(ldisc, byte);
	} else {
		return false;
	}
	return true;
}

/* The characters that end a line. True when byte was one. */
static bool take_line_end(struct ldisc *ldisc, uint8_t byte)
{
	if (byte == '\n') {
		if (local_flag(ldisc, ECHO | ECHONL))
			ldisc_echo(ldisc, '\n');
		put_end(ldisc, '\n');
	} else if (is_cc(ldisc, VEOF, byte)) {
		put_end(ldisc, END_OF_FILE);
	} else if (is_cc(ldisc, VEOL, byte) ||
		   (local_flag(ldisc, IEXTEN) && is_cc(ldisc, VEOL2, byte))) {
		if (local_flag(ldisc, ECHO)) {
			note_line_start(ldisc);
			ldisc_echo_byte(ldisc, byte);
		}
		if (byte == 0xff && input_flag(ldisc, PARMRK))
			put(ldisc, byte);
		put_end(ldisc, byte);
	} else {
		return false;
	}
	return true;
}

/* A capital of Latin 1. */
static bool is_upper(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 0xc0 && byte <= 0xde && byte != 0xd7);
}

static uint8_t strip(const struct ldisc *ldisc, uint8_t byte)
{
	if (input_flag(ldisc, ISTRIP))
		byte &= 0x7f;
	if (input_flag(ldisc, IUCLC) && local_flag(ldisc, IEXTEN) && is_upper(byte))
		byte += 'a' - 'A';
	return byte;
}

void ldisc_input(struct ldisc *ldisc, uint8_t byte)
{
	byte = strip(ldisc, byte);
	if (ldisc->literal) {
		ldisc->literal = false;
		take_ordinary(ldisc, byte, true);
		return;
	}
	if (local_flag(ldisc, EXTPROC)) {
		put(ldisc, byte);
		return;
	}
	if (take_control(ldisc, byte))
		return;
	if (ldisc->stopped && input_flag(ldisc, IXON) && input_flag(ldisc, IXANY))
		set_stopped(ldisc, false);
	if (byte == '\r') {
		if (input_flag(ldisc, IGNCR))
			return;
		if (input_flag(ldisc, ICRNL))
			byte = '\n';
	} else if (byte == '\n' && input_flag(ldisc, INLCR)) {
		byte = '\r';
	}
	if (local_flag(ldisc, ICANON) && (take_editing(ldisc, byte) || take_line_end(ldisc, byte)))
		return;
	take_ordinary(ldisc, byte, false);
}

void ldisc_input_break(struct ldisc *ldisc)
{
	if (input_flag(ldisc, IGNBRK))
		return;
	if (input_flag(ldisc, BRKINT)) {
		bool flush = !local_flag(ldisc, NOFLSH);

		if (flush)
			ldisc_flush(ldisc);
		ldisc->ops->signal(ldisc, SIGINT, flush);
		return;
	}
	if (input_flag(ldisc, PARMRK)) {
		put(ldisc, 0xff);
		put(ldisc, 0);
	}
	put(ldisc, 0);
}

void ldisc_input_error(struct ldisc *ldisc, uint8_t byte)
{
	if (!input_flag(ldisc, INPCK)) {
		ldisc_input(ldisc, byte);
		return;
	}
	if (input_flag(ldisc, IGNPAR))
		return;
	if (input_flag(ldisc, PARMRK)) {
		put(ldisc, 0xff);
		put(ldisc, 0);
		put(ldisc, byte);
	} else {
		put(ldisc, 0);
	}
}

/* ---- reading ---- */

bool ldisc_readable(const struct ldisc *ldisc, size_t minimum)
{
	if (local_flag(ldisc, ICANON) && !local_flag(ldisc, EXTPROC))
		return ldisc->line != ldisc->tail;
	return ldisc->head - ldisc->tail >= MAX(minimum, 1u);
}

size_t ldisc_count(const struct ldisc *ldisc)
{
	size_t count = 0;

	if (!local_flag(ldisc, ICANON))
		return ldisc->head - ldisc->tail;
	for (uint32_t at = ldisc->tail; at != ldisc->line; at++) {
		if (!ends_at(ldisc, at) || byte_at(ldisc, at) != END_OF_FILE)
			count++;
	}
	return count;
}

static size_t read_line(struct ldisc *ldisc, char *to, size_t size, bool *end)
{
	size_t done = 0;

	while (done < size && ldisc->tail != ldisc->line) {
		uint32_t at = ldisc->tail++;

		*end = ends_at(ldisc, at);
		if (*end && byte_at(ldisc, at) == END_OF_FILE)
			break;
		to[done++] = ldisc->input[at & LDISC_MASK];
		if (*end)
			break;
	}
	return done;
}

size_t ldisc_read(struct ldisc *ldisc, char *to, size_t size, bool *end)
{
	size_t done = 0;

	*end = false;
	if (local_flag(ldisc, ICANON) && !local_flag(ldisc, EXTPROC)) {
		done = read_line(ldisc, to, size, end);
	} else {
		while (done < size && ldisc->tail != ldisc->head)
			to[done++] = ldisc->input[ldisc->tail++ & LDISC_MASK];
		ldisc->line = ldisc->tail;
	}
	check(ldisc);
	return done;
}

void ldisc_set(struct ldisc *ldisc, const struct termios2 *settings)
{
	uint32_t changed = ldisc->settings.lflag ^ settings->lflag;

	ldisc->settings = *settings;
	if (changed & (ICANON | EXTPROC)) {
		memset(ldisc->ends, 0, sizeof(ldisc->ends));
		if ((settings->lflag & ICANON) && ldisc->head != ldisc->tail) {
			set_end(ldisc, ldisc->head - 1, true);
			ldisc->line = ldisc->head;
		} else {
			ldisc->line = ldisc->tail;
		}
		ldisc->literal = false;
		ldisc->erasing = false;
	}
	if (ldisc->stopped && !(settings->iflag & IXON))
		set_stopped(ldisc, false);
	check(ldisc);
}
