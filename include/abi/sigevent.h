/*
 * struct sigevent of the Linux i386 ABI (asm-generic/siginfo.h): how a timer tells of its expiry.
 */
#ifndef LOFT_ABI_SIGEVENT_H
#define LOFT_ABI_SIGEVENT_H

#include <types.h>

#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD 2 /* to the kernel the same as SIGEV_SIGNAL: the C library makes threads */
#define SIGEV_THREAD_ID 4

struct sigevent {
	uint32_t value;
	int32_t signal, notify;
	int32_t tid; /* with SIGEV_THREAD_ID */
	uint32_t pad[12];
};
_Static_assert(sizeof(struct sigevent) == 64, "struct sigevent of the ABI");

#endif
