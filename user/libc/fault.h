/*
 * Accesses that may fault: done, and reported instead of fatal.
 *
 * A SIGSEGV handler notes what the kernel says and lets the program go on behind the access.
 */
#ifndef LOFT_USER_FAULT_H
#define LOFT_USER_FAULT_H

#include "libc.h"

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };

struct fault {
	bool happened;
	int code;	  /* si_code */
	uint32_t address; /* si_addr */
	uint32_t error;	  /* the processor's error code, as the signal frame has it */
};

/* Installs the handler. Returns 0 or -errno. */
int fault_catch(void);

/*
 * Reads a byte at an address, or writes one there (a `ret` instruction), or calls it: what is
 * there, if anything, must be a `ret` then. Returns what happened.
 */
struct fault fault_try(enum access access, uint32_t address);

#endif
