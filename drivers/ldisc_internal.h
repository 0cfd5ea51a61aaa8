/*
 * What the two halves of the line discipline, ldisc.c (input, lines, reading) and ldisc_echo.c
 * (output, echo, erasing), know of each other.
 */
#ifndef LOFT_DRIVERS_LDISC_INTERNAL_H
#define LOFT_DRIVERS_LDISC_INTERNAL_H

#include "ldisc.h"

#define LDISC_MASK (LDISC_INPUT_SIZE - 1)

static inline bool input_flag(const struct ldisc *ldisc, uint32_t flag)
{
	return ldisc->settings.iflag & flag;
}

static inline bool local_flag(const struct ldisc *ldisc, uint32_t flag)
{
	return ldisc->settings.lflag & flag;
}

static inline bool is_control(uint8_t byte)
{
	return byte < 0x20 || byte == 0x7f;
}

/* A byte of a UTF-8 sequence after its first: takes no column of its own. */
static inline bool is_continuation(const struct ldisc *ldisc, uint8_t byte)
{
	return input_flag(ldisc, IUTF8) && (byte & 0xc0) == 0x80;
}

static inline uint8_t byte_at(const struct ldisc *ldisc, uint32_t at)
{
	return (uint8_t)ldisc->input[at & LDISC_MASK];
}

/* Echoes a byte through output processing. */
void ldisc_echo(struct ldisc *ldisc, uint8_t byte);
/* The same, but a control character as ^X when ECHOCTL says so. */
void ldisc_echo_byte(struct ldisc *ldisc, uint8_t byte);
/* Ends what ECHOPRT has begun. */
void ldisc_finish_erasing(struct ldisc *ldisc);

/* The editing characters VERASE, VWERASE and VKILL, `typed`, with their echo. */
void ldisc_erase_character(struct ldisc *ldisc, uint8_t typed);
void ldisc_erase_word(struct ldisc *ldisc, uint8_t typed);
void ldisc_erase_line(struct ldisc *ldisc, uint8_t typed);

#endif
