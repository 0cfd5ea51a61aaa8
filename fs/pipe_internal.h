/*
 * A pipe, between its ring of bytes (fs/pipe.c) and its ends (fs/pipe_open.c).
 */
#ifndef LOFT_PIPE_INTERNAL_H
#define LOFT_PIPE_INTERNAL_H

#include <vfs.h>

struct pipe_slot {
	char *page;
	uint32_t start, size; /* of the bytes in the page */
};

struct pipe {
	struct mutex lock;
	struct wait_queue readable, writable; /* and for those who open */
	uint32_t nslots;		      /* a power of two */
	uint32_t first, used;		      /* slots in use, from first on, around */
	struct pipe_slot *slots;
	char *spare;	/* an emptied page, to be used next */
	uint32_t files; /* that are open on it */
	uint32_t readers, writers;
	uint32_t reader_opens, writer_opens; /* how often one came, for those who wait to open */
};

/* An empty pipe that nobody has open, or NULL without memory. */
__must_check struct pipe *pipe_create(void);
/* Nobody has it open any more. */
void pipe_free(struct pipe *pipe);

/* What the file of an end does; fifo_ops has them. Contracts are struct file_ops's. */
ssize_t pipe_read(struct file *file, struct uio *io, loff_t *position);
ssize_t pipe_write(struct file *file, struct uio *io, loff_t *position);
uint32_t pipe_poll(struct file *file, struct poll_table *table);
int pipe_ioctl(struct file *file, uint32_t command, uint32_t argument);

#endif
