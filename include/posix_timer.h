/*
 * POSIX timers (timer_create and its relatives), and the clocks of processor time.
 */
#ifndef LOFT_POSIX_TIMER_H
#define LOFT_POSIX_TIMER_H

#include <abi/time.h>
#include <types.h>

struct process;
struct sigevent;
struct task;

/* Deletes the timers of a process: at its end and by exec. */
void posix_timers_delete(struct process *process);
/* A task is about to go: timers that signal it, or count its time, stop. */
void posix_timers_forget(const struct task *task);
/* A tick of processor time went to current: for kernel/clock.c, interrupts off. */
void posix_timers_tick(void);

int32_t sys_timer_create(int32_t clock, const struct sigevent __user *event, int32_t __user *id);
int32_t sys_timer_settime(int32_t id, uint32_t flags, const void __user *from, void __user *old);
int32_t sys_timer_settime64(int32_t id, uint32_t flags, const void __user *from, void __user *old);
int32_t sys_timer_gettime(int32_t id, void __user *to);
int32_t sys_timer_gettime64(int32_t id, void __user *to);
int32_t sys_timer_getoverrun(int32_t id);
int32_t sys_timer_delete(int32_t id);

#endif
