/*
 * Descriptors for events of the Linux i386 ABI: eventfd, timerfd, signalfd, epoll (linux/eventfd.h,
 * linux/timerfd.h, linux/signalfd.h, linux/eventpoll.h).
 */
#ifndef LOFT_ABI_EVENTS_H
#define LOFT_ABI_EVENTS_H

#include <types.h>

/* Where a call has such flags, they are O_CLOEXEC and O_NONBLOCK. */
#define EFD_SEMAPHORE 1u

#define TFD_TIMER_ABSTIME 1u
#define TFD_TIMER_CANCEL_ON_SET 2u

struct signalfd_siginfo {
	uint32_t signo;
	int32_t error, code;
	uint32_t pid, uid;
	int32_t fd;
	uint32_t tid, band, overrun, trapno;
	int32_t status, value;
	uint64_t pointer, utime, stime, address;
	uint16_t address_lsb, pad2;
	int32_t syscall;
	uint64_t call_address;
	uint32_t arch;
	uint8_t pad[28];
};
_Static_assert(sizeof(struct signalfd_siginfo) == 128, "struct signalfd_siginfo of the ABI");

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP (1u << 29)
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)

struct epoll_event {
	uint32_t events; /* POLLIN... and EPOLLET... */
	uint32_t data[2];
};
_Static_assert(sizeof(struct epoll_event) == 12, "struct epoll_event of the ABI");

#endif
