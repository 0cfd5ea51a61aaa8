/*
 * The system call table and its door.
 */
#ifndef LOFT_SYSCALL_H
#define LOFT_SYSCALL_H

#include <types.h>

#define SYSCALL_COUNT 452

struct syscall_entry {
	const char *name;
	void (*enter)(void);	/* really int32_t (*)(up to six 32-bit arguments) */
};
extern const struct syscall_entry syscall_table[SYSCALL_COUNT];

struct trap_frame;
/* From the trap entry for vector 0x80: calls the function, stores the result to frame->eax. */
void syscall_enter(struct trap_frame *frame);

#endif
