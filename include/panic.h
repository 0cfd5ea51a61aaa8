/*
 * The end: for a broken kernel alone, never for input.
 */
#ifndef LOFT_PANIC_H
#define LOFT_PANIC_H

#include <types.h>

struct trap_frame;

/*
 * Prints the last log lines, the message, registers (of frame, where there is one), CR2 and its
 * page walk for page faults, and a backtrace with symbols on every log sink. Then, by the
 * command line: `panic_exit` ends QEMU through isa-debug-exit with status 37; `panic=N` reboots
 * after N seconds (N < 0: at once); else the machine halts. Takes no lock, allocates nothing,
 * and follows no pointer that does not lie in a known stack.
 */
__noreturn void panic(const char *text, ...) __printf(1, 2);
__noreturn void panic_at(const struct trap_frame *frame, const char *text, ...) __printf(2, 3);

/*
 * Calls visit for each return address on the chain of stack frames that ebp starts, the
 * innermost first; for one that is there several times in a row (recursion), once.
 */
void panic_backtrace(vaddr_t ebp, void (*visit)(vaddr_t address, unsigned times));

#endif
