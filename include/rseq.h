/*
 * Restartable sequences (rseq(2)): a program registers a word in which it says what critical
 * section it is in; when the task is preempted or gets a signal in there, it goes on at the
 * section's abort handler.
 */
#ifndef LOFT_RSEQ_H
#define LOFT_RSEQ_H

#include <trap.h>
#include <types.h>

/*
 * Before a signal frame is built: what the handler's end returns to must not be inside a
 * section.
 */
void rseq_signal(struct trap_frame *frame);
/*
 * On the way back to PL3, after a preemption or the registration. A bad structure ends in
 * SIGSEGV. May sleep.
 */
void rseq_resume(struct trap_frame *frame);

int32_t sys_rseq(void __user *area, uint32_t size, int flags, uint32_t signature);

#endif
