/*
 * The system call table. Its door is in kernel/entry.asm: it calls enter with the six argument
 * registers and stores the result to the caller's EAX. A number without an entry answers
 * -ENOSYS.
 */
#ifndef LOFT_SYSCALL_H
#define LOFT_SYSCALL_H

#include <types.h>

#define SYSCALL_COUNT 452

struct syscall_entry {
	const char *name;
	void (*enter)(void); /* really int32_t (*)(up to six 32-bit arguments) */
};
extern const struct syscall_entry syscall_table[SYSCALL_COUNT];

#endif
