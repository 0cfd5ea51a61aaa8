/*
 * Transfers to and from lists of buffers. User buffers are touched through uaccess.h alone; a bad
 * page ends the transfer with what was moved before it.
 */
#include <uio.h>

#include <abi/errno.h>
#include <assert.h>
#include <string.h>
#include <types.h>
#include <uaccess.h>

/* Goes on to the next buffer that has room; there is one. Not inlined: most lists are of one. */
static __attribute__((noinline)) void next_buffer(struct uio *io)
{
	do {
		assert(io->count > 1);
		io->vec++;
		io->count--;
		io->at = 0;
	} while (io->vec->size == 0);
}

/* The next piece of a transfer of `wanted` bytes, not 0: how many of them lie in one buffer. */
static inline size_t piece_size(struct uio *io, size_t wanted)
{
	assert(io->count > 0 && io->at <= io->vec->size);
	if (unlikely(io->at == io->vec->size))
		next_buffer(io);
	return MIN(wanted, io->vec->size - io->at);
}

static inline char *piece_start(const struct uio *io)
{
	return (char *)io->vec->base + io->at;
}

static inline void advance(struct uio *io, size_t moved)
{
	io->at += moved;
	io->left -= moved;
}

/* What a transfer that came to its end, or to a page that is none, returns. */
static inline ssize_t result(size_t done, size_t size)
{
	return done > 0 || size == 0 ? (ssize_t)done : -EFAULT;
}

ssize_t uio_copy_out(struct uio *io, const void *from, size_t size)
{
	size_t done = 0, missing = 0;

	size = MIN(size, io->left);
	while (done < size && missing == 0) {
		size_t piece = piece_size(io, size - done);

		if (io->kernel)
			memcpy(piece_start(io), (const char *)from + done, piece);
		else
			missing = copy_to_user_partial(piece_start(io), (const char *)from + done,
						       piece);
		advance(io, piece - missing);
		done += piece - missing;
	}
	return result(done, size);
}

ssize_t uio_copy_in(struct uio *io, void *to, size_t size)
{
	size_t done = 0, missing = 0;

	size = MIN(size, io->left);
	while (done < size && missing == 0) {
		size_t piece = piece_size(io, size - done);

		if (io->kernel)
			memcpy((char *)to + done, piece_start(io), piece);
		else
			missing = copy_from_user_partial((char *)to + done, piece_start(io), piece);
		advance(io, piece - missing);
		done += piece - missing;
	}
	return result(done, size);
}

ssize_t uio_zero_out(struct uio *io, size_t size)
{
	size_t done = 0, missing = 0;

	size = MIN(size, io->left);
	while (done < size && missing == 0) {
		size_t piece = piece_size(io, size - done);

		if (io->kernel)
			memset(piece_start(io), 0, piece);
		else
			missing = clear_user_partial(piece_start(io), piece);
		advance(io, piece - missing);
		done += piece - missing;
	}
	return result(done, size);
}
