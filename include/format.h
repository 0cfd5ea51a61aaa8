/*
 * Formatted print into memory: %d %i %u %x %X %o %c %s %p %%, with h/hh/l/ll/z/t sizes,
 * width, precision (also '*'), and the flags '-', '0', '+', ' ', '#'.
 */
#ifndef LOFT_FORMAT_H
#define LOFT_FORMAT_H

#include <stdarg.h>
#include <types.h>

/*
 * Writes at most size bytes, terminated when size > 0; returns the length the whole text would
 * have.
 */
int format(char *to, size_t size, const char *text, ...) __printf(3, 4);
int vformat(char *to, size_t size, const char *text, va_list args) __printf(3, 0);

#endif
