/*
 * A transfer in progress between the kernel and a list of user or kernel buffers: what read, readv,
 * and the kernel's own reads have in common.
 */
#ifndef LOFT_UIO_H
#define LOFT_UIO_H

#include <types.h>
#include <uaccess.h>

struct iovec {
	void *base;
	size_t size;
};

struct uio {
	const struct iovec *vec; /* a kernel copy of the list */
	unsigned count;		 /* buffers left, the current one included */
	size_t at;		 /* bytes done in the current buffer */
	size_t left;		 /* bytes left in all */
	bool kernel;		 /* the buffers are kernel memory */
	bool append;		 /* a write to the end, wherever the position is */
};

/* One buffer. `vec` must live as long as io. */
static inline void uio_init(struct uio *io, struct iovec *vec, void *base, size_t size, bool kernel)
{
	vec->base = base;
	vec->size = size;
	io->vec = vec;
	io->count = 1;
	io->at = 0;
	io->left = size;
	io->kernel = kernel;
	io->append = false;
}

/*
 * Moves up to size bytes to (out) or from (in) the buffers and advances: bytes moved, fewer only at
 * the end or at a bad user page; -EFAULT when not even one byte could be. mm/uio.c.
 */
__must_check ssize_t uio_copy_out(struct uio *io, const void *from, size_t size);
__must_check ssize_t uio_copy_in(struct uio *io, void *to, size_t size);
__must_check ssize_t uio_zero_out(struct uio *io, size_t size);

/*
 * The same to and from memory that the caller must not hold over a sleep: the window of a frame, a
 * page of a cache. They do not sleep and end at a user page that is not there, too: bytes moved, or
 * -EFAULT when not even one could be. Then, with all that was held let go of, uio_fault_in brings in
 * the page at which a copy out (or in) ended, and what was looked up is looked up again. It may
 * sleep; -EFAULT: the address is bad.
 */
static inline __must_check ssize_t uio_copy_out_present(struct uio *io, const void *from,
							size_t size)
{
	ssize_t moved;

	user_faults_refuse();
	moved = uio_copy_out(io, from, size);
	user_faults_allow();
	return moved;
}

static inline __must_check ssize_t uio_copy_in_present(struct uio *io, void *to, size_t size)
{
	ssize_t moved;

	user_faults_refuse();
	moved = uio_copy_in(io, to, size);
	user_faults_allow();
	return moved;
}

__must_check int uio_fault_in(struct uio *io, bool out);

#endif
