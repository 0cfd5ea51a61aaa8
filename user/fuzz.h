/*
 * What fuzz knows of the calls (fuzz_calls.c), and the arguments it makes for them
 * (fuzz_arguments.c).
 */
#ifndef LOFT_USER_FUZZ_H
#define LOFT_USER_FUZZ_H

#include <stdint.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PROGRAM "/program" /* in the children's root: fuzz itself */

/* ---- calls */

#define LAST_CALL 460u

/* The kinds of a call's arguments, a letter each; "" for calls that are not known. */
extern const char shapes[LAST_CALL + 1][7];

/* What is special about a call. All others, 0, are made as they come. */
enum { NOT_BY_ROOT = 1, MAKES_CHILD, ENDS };

struct special_call {
	uint16_t number;
	uint8_t what;
	const char *why;
};

/* The special calls; the last has no why. */
extern const struct special_call special[];
int what_of(uint32_t call);

/* ---- random numbers and arguments */

/* The same seed gives the same numbers. */
void random_start(uint32_t seed);
/* Any number from 0 to limit - 1. */
uint32_t below(uint32_t limit);

/*
 * Maps the memory that arguments point to: two pages of structures, and an arena with a bit of
 * each kind of memory, parts of it mapping a file. False when the first cannot be had.
 */
bool map_memory(int file);
/* Gives the structures new contents. */
void refill(void);
/* An argument of the kind that a letter of shapes stands for. */
uint32_t argument_of(char kind);
uint32_t anything(void);

#endif
