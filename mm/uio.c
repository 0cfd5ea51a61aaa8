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

enum direction { OUT, IN, ZERO };

/* Bytes left in the current buffer. */
static inline size_t room(const struct uio *io)
{
	assert(io->count > 0 && io->at <= io->vec->size);
	return io->vec->size - io->at;
}

static inline char *place(const struct uio *io)
{
	return (char *)io->vec->base + io->at;
}

/* Advances by what has been moved of size bytes, all but `missing`; what the transfer returns. */
static inline ssize_t moved(struct uio *io, size_t size, size_t missing)
{
	size_t done = size - missing;

	io->at += done;
	io->left -= done;
	return likely(missing < size) || size == 0 ? (ssize_t)done : -EFAULT;
}

/* Goes on to the next buffer that has room; there is one. */
static void next_buffer(struct uio *io)
{
	while (room(io) == 0) {
		assert(io->count > 1);
		io->vec++;
		io->count--;
		io->at = 0;
	}
}

int uio_fault_in(struct uio *io, bool out)
{
	assert(io->left > 0 && !io->kernel);
	next_buffer(io);
	return user_fault_in(place(io), out);
}

/* Moves a piece that the current buffer has room for. */
static ssize_t move_piece(struct uio *io, enum direction direction, char *memory, size_t size)
{
	switch (direction) {
	case OUT:
		return uio_copy_out(io, memory, size);
	case IN:
		return uio_copy_in(io, memory, size);
	default:
		return uio_zero_out(io, size);
	}
}

/* A transfer that the current buffer has no room for: one buffer after the other. */
static ssize_t move_in_pieces(struct uio *io, enum direction direction, char *memory, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t piece;
		ssize_t result;

		next_buffer(io);
		piece = MIN(size - done, room(io));
		result = move_piece(io, direction, memory ? memory + done : NULL, piece);
		if (result < 0)
			return done ? (ssize_t)done : result;
		done += (size_t)result;
		if ((size_t)result < piece)
			break;
	}
	return (ssize_t)done;
}

ssize_t uio_copy_out(struct uio *io, const void *from, size_t size)
{
	size = MIN(size, io->left);
	if (unlikely(size > room(io)))
		return move_in_pieces(io, OUT, (char *)from, size);
	if (likely(!io->kernel))
		return moved(io, size, copy_to_user_partial(place(io), from, size));
	memcpy(place(io), from, size);
	return moved(io, size, 0);
}

ssize_t uio_copy_in(struct uio *io, void *to, size_t size)
{
	size = MIN(size, io->left);
	if (unlikely(size > room(io)))
		return move_in_pieces(io, IN, to, size);
	if (likely(!io->kernel))
		return moved(io, size, copy_from_user_partial(to, place(io), size));
	memcpy(to, place(io), size);
	return moved(io, size, 0);
}

ssize_t uio_zero_out(struct uio *io, size_t size)
{
	size = MIN(size, io->left);
	if (unlikely(size > room(io)))
		return move_in_pieces(io, ZERO, NULL, size);
	if (likely(!io->kernel))
		return moved(io, size, clear_user_partial(place(io), size));
	memset(place(io), 0, size);
	return moved(io, size, 0);
}
