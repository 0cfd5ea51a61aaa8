/*
 * The kernel command line: Linux's words with Linux's meaning. Words after "--", words with no '=' that the kernel does
 * not know, and unknown pairs go to init: words as arguments, pairs as environment.
 */
#ifndef LOFT_CMDLINE_H
#define LOFT_CMDLINE_H

#include <types.h>

#define CMDLINE_WORDS_MAX 32

/* Splits and sorts out boot_info.cmdline (quotes as Linux takes them). Unknown words are not an error. */
void cmdline_parse(const char *cmdline);

/* The value of the last `name=value` (or "" for a bare name), NULL when not there. */
const char *cmdline_get(const char *name);
/* The i-th value of name (console= may be given more than once), NULL after the last. */
const char *cmdline_get_nth(const char *name, unsigned i);

/* What reaches init: NULL-terminated, at most CMDLINE_WORDS_MAX each. */
const char *const *cmdline_init_arguments(void);
const char *const *cmdline_init_environment(void);

#endif
