/*
 * clone(2) flags and scheduling classes of the Linux ABI (linux/sched.h).
 */
#ifndef LOFT_ABI_SCHED_H
#define LOFT_ABI_SCHED_H

#define CSIGNAL 0xffu /* the signal to the parent at the end */
#define CLONE_VM 0x100u
#define CLONE_FS 0x200u
#define CLONE_FILES 0x400u
#define CLONE_SIGHAND 0x800u
#define CLONE_PIDFD 0x1000u
#define CLONE_PTRACE 0x2000u
#define CLONE_VFORK 0x4000u
#define CLONE_PARENT 0x8000u
#define CLONE_THREAD 0x10000u
#define CLONE_NEWNS 0x20000u
#define CLONE_SYSVSEM 0x40000u
#define CLONE_SETTLS 0x80000u
#define CLONE_PARENT_SETTID 0x100000u
#define CLONE_CHILD_CLEARTID 0x200000u
#define CLONE_DETACHED 0x400000u
#define CLONE_UNTRACED 0x800000u
#define CLONE_CHILD_SETTID 0x1000000u
#define CLONE_NEWCGROUP 0x2000000u
#define CLONE_NEWUTS 0x4000000u
#define CLONE_NEWIPC 0x8000000u
#define CLONE_NEWUSER 0x10000000u
#define CLONE_NEWPID 0x20000000u
#define CLONE_NEWNET 0x40000000u
#define CLONE_IO 0x80000000u

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5
#define SCHED_RESET_ON_FORK 0x40000000

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2

#endif
