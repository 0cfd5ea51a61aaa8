/*
 * The system calls of descriptors that stand for events.
 */
#ifndef LOFT_EVENT_CALLS_H
#define LOFT_EVENT_CALLS_H

#include <abi/events.h>
#include <abi/signal.h>
#include <abi/time.h>
#include <types.h>

/* fs/eventfd.c */
int32_t sys_eventfd(uint32_t count);
int32_t sys_eventfd2(uint32_t count, uint32_t flags);

/* fs/timerfd.c */
int32_t sys_timerfd_create(int32_t clock, uint32_t flags);
int32_t sys_timerfd_settime(int fd, uint32_t flags, const void __user *from, void __user *old);
int32_t sys_timerfd_settime64(int fd, uint32_t flags, const void __user *from, void __user *old);
int32_t sys_timerfd_gettime(int fd, void __user *to);
int32_t sys_timerfd_gettime64(int fd, void __user *to);

/* fs/signalfd.c */
int32_t sys_signalfd(int fd, const sigset_t __user *mask, uint32_t size);
int32_t sys_signalfd4(int fd, const sigset_t __user *mask, uint32_t size, uint32_t flags);

/* fs/epoll.c */
int32_t sys_epoll_create(int32_t size);
int32_t sys_epoll_create1(uint32_t flags);
int32_t sys_epoll_ctl(int epoll_fd, int operation, int fd, const struct epoll_event __user *event);

/* fs/epoll_wait.c */
int32_t sys_epoll_wait(int epoll_fd, struct epoll_event __user *events, int32_t count,
		       int32_t timeout_ms);
int32_t sys_epoll_pwait(int epoll_fd, struct epoll_event __user *events, int32_t count,
			int32_t timeout_ms, const sigset_t __user *mask, uint32_t mask_size);
int32_t sys_epoll_pwait2(int epoll_fd, struct epoll_event __user *events, int32_t count,
			 const struct timespec64 __user *timeout, const sigset_t __user *mask,
			 uint32_t mask_size);

#endif
