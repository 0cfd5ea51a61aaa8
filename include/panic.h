/*
 * The end: for a broken kernel alone, never for input.
 */
#ifndef LOFT_PANIC_H
#define LOFT_PANIC_H

#include <types.h>

struct trap_frame;

/*
 * Prints message, registers (of frame, or of the caller when NULL), CR2 and its page walk for page faults, a backtrace
 * with symbols and the last log lines on every log sink; then exits QEMU by isa-debug-exit where `panic_exit`, reboots after
 * panic=N seconds (N < 0: at once), or halts.
 */
__noreturn void panic(const char *text, ...) __printf(1, 2);
__noreturn void panic_at(const struct trap_frame *frame, const char *text, ...) __printf(2, 3);

/* Symbol of an address and the offset in it, or NULL. */
const char *ksyms_lookup(vaddr_t address, uint32_t *offset);

#endif
