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

/* Moves size bytes between at, in a buffer, and kernel memory: bytes moved. */
static size_t move_user(enum direction direction, char *at, char *memory, size_t size)
{
	switch (direction) {
	case OUT:
		return size - copy_to_user_partial(at, memory, size);
	case IN:
		return size - copy_from_user_partial(memory, at, size);
	default:
		return clear_user(at, size) ? 0 : size;
	}
}

static size_t move_kernel(enum direction direction, char *at, char *memory, size_t size)
{
	switch (direction) {
	case OUT:
		memcpy(at, memory, size);
		break;
	case IN:
		memcpy(memory, at, size);
		break;
	default:
		memset(at, 0, size);
	}
	return size;
}

/* Bytes left in the current buffer; steps over those that are used up. */
static size_t left_in_buffer(struct uio *io)
{
	assert(io->count > 0 && io->at <= io->vec->size);
	while (io->at == io->vec->size) {
		assert(io->count > 1);
		io->vec++;
		io->count--;
		io->at = 0;
	}
	return io->vec->size - io->at;
}

static ssize_t move_all(struct uio *io, enum direction direction, char *memory, size_t size)
{
	size_t done = 0;

	size = MIN(size, io->left);
	while (done < size) {
		size_t part = MIN(left_in_buffer(io), size - done), moved;
		char *at = (char *)io->vec->base + io->at;
		char *from = memory ? memory + done : NULL;

		moved = io->kernel ? move_kernel(direction, at, from, part)
				   : move_user(direction, at, from, part);
		io->at += moved;
		io->left -= moved;
		done += moved;
		if (moved < part)
			return done ? (ssize_t)done : -EFAULT;
	}
	return done;
}

ssize_t uio_copy_out(struct uio *io, const void *from, size_t size)
{
	return move_all(io, OUT, (char *)from, size);
}

ssize_t uio_copy_in(struct uio *io, void *to, size_t size)
{
	return move_all(io, IN, to, size);
}

ssize_t uio_zero_out(struct uio *io, size_t size)
{
	return move_all(io, ZERO, NULL, size);
}
