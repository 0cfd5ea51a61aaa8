/*
 * The line discipline's pure core: what a terminal does to bytes, POSIX chapter 11 in Linux's
 * reading (N_TTY).
 *
 * Bytes typed go in at ldisc_input; out come an echo, signals, and lines or single bytes that a
 * reader takes with ldisc_read. Bytes written go through ldisc_output, which expands newlines
 * and tabs and follows the column. Knows nothing of tasks, devices or sleeping: the owner is
 * told through callbacks and does that. No locking: the owner calls everything with interrupts
 * off. Nothing here sleeps or allocates.
 */
#ifndef LOFT_DRIVERS_LDISC_H
#define LOFT_DRIVERS_LDISC_H

#include <abi/termios.h>
#include <types.h>

#define LDISC_INPUT_SIZE 4096u /* a power of two; the longest line, its end included */

struct ldisc;

struct ldisc_ops {
	/* Bytes for the device, after output processing: echo and flow control characters. */
	void (*echo)(struct ldisc *ldisc, const char *bytes, size_t size);
	/* Sends a signal to the foreground process group; first throws output away that
	 * waits if flush. */
	void (*signal)(struct ldisc *ldisc, int signal, bool flush);
	/* A start or stop character came: output goes on, or waits. */
	void (*flow)(struct ldisc *ldisc, bool stop);
};

struct ldisc {
	const struct ldisc_ops *ops;
	struct termios2 settings;
	char *input;			    /* ring of LDISC_INPUT_SIZE bytes */
	uint8_t ends[LDISC_INPUT_SIZE / 8]; /* bitmap over input: this byte ends a line */
	/* Free-running byte numbers: tail <= line <= head <= tail + LDISC_INPUT_SIZE. */
	uint32_t tail;	      /* the next byte to be read */
	uint32_t line;	      /* where the line being edited begins */
	uint32_t head;	      /* the next byte to be typed */
	unsigned column;      /* of the cursor, as far as the output tells */
	unsigned line_column; /* where the line being edited began */
	bool literal;	      /* VLNEXT was typed */
	bool erasing;	      /* in a \.../ of ECHOPRT */
	bool stopped;	      /* by VSTOP or TCOOFF */
};

/* What a new terminal is set to on Linux. */
void ldisc_default_settings(struct termios2 *settings);

/* `input` must hold LDISC_INPUT_SIZE bytes and live as long as ldisc. */
void ldisc_init(struct ldisc *ldisc, const struct ldisc_ops *ops, char *input);

/* Changes the settings. What was typed in the other mode stays readable: a half line becomes
 * a line. */
void ldisc_set(struct ldisc *ldisc, const struct termios2 *settings);

/* Takes one typed byte. */
void ldisc_input(struct ldisc *ldisc, uint8_t byte);
/* A break on the line, or a byte with a parity or framing error. */
void ldisc_input_break(struct ldisc *ldisc);
void ldisc_input_error(struct ldisc *ldisc, uint8_t byte);
/* How many bytes can be taken before some would be lost. Never 0 while no reader could make
 * room (an unfinished line is cut, not kept waiting). */
size_t ldisc_room(const struct ldisc *ldisc);

/* True when a read would get something: a line (canonical), or at least `minimum` bytes. */
bool ldisc_readable(const struct ldisc *ldisc, size_t minimum);
/* How many bytes a read could take now (FIONREAD). */
size_t ldisc_count(const struct ldisc *ldisc);

/*
 * Takes up to size bytes of input: raw: what is there; canonical: at most to the end of one
 * line, and an end of file takes no room. Returns the number of bytes; *end is set when
 * canonical mode took the end of a line, so that 0 with *end set is an end of file and 0
 * without means that nothing is there.
 */
size_t ldisc_read(struct ldisc *ldisc, char *to, size_t size, bool *end);

/* Throws away what was typed and not yet read. */
void ldisc_flush(struct ldisc *ldisc);

/* The most bytes that one written byte becomes. */
#define LDISC_EXPANSION 8

/* Output processing of one byte: the bytes for the device into `to`, how many
 * (0..LDISC_EXPANSION). */
size_t ldisc_output(struct ldisc *ldisc, uint8_t byte, char to[LDISC_EXPANSION]);

#endif
