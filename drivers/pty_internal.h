/*
 * A pseudo-terminal, between its two ends (drivers/pty.c) and its requests (drivers/pty_ioctl.c).
 */
#ifndef LOFT_DRIVERS_PTY_INTERNAL_H
#define LOFT_DRIVERS_PTY_INTERNAL_H

#include "tty_internal.h"

struct pty {
	unsigned number;
	char name[12]; /* of the slave: pts/N */
	struct tty *slave;
	bool locked; /* until the master says that it may be opened */
	bool master_open;
	bool slave_closed;  /* it was open, and is not */
	char *buffer;	    /* (irq) ring: from the slave */
	uint32_t at, count; /* (irq) */
	bool packet;	    /* (irq) reads begin with a byte that says what they are */
	uint8_t status;	    /* (irq) TIOCPKT_*: to be told by the next read */
	struct wait_queue readers, writers;
};

/* Of a file on the master: file->data is the struct pty. */
int pty_master_ioctl(struct file *file, uint32_t command, uint32_t argument);

#endif
