/*
 * poll and select of the Linux i386 ABI. The event bits that files report are in fs.h.
 */
#ifndef LOFT_ABI_POLL_H
#define LOFT_ABI_POLL_H

#include <types.h>

#define POLLRDBAND 0x080u
#define POLLWRBAND 0x200u
#define POLLMSG 0x400u
#define POLLRDHUP 0x2000u

struct pollfd {
	int32_t fd;
	int16_t events, revents;
};

/* select 82: one pointer to its five arguments. */
struct old_select_arguments {
	int32_t count;
	uint32_t read, write, except, timeout;
};

#endif
