/*
 * Receiving on AF_UNIX sockets.
 *
 * A stream is read across the messages it came in, but bytes that came with files end a read, and
 * where credentials are passed a read stays with one sender. Of whole messages what the program has
 * no room for is lost.
 */
#include <assert.h>
#include <string.h>
#include <task.h>

#include "unix_internal.h"

static struct unix_message *first_message(const struct unix_socket *socket)
{
	if (list_empty(&socket->messages))
		return NULL;
	return list_first(&socket->messages, struct unix_message, link);
}

uint32_t unix_readable_bytes(const struct unix_socket *socket)
{
	const struct unix_message *message;
	uint32_t bytes = 0;

	list_for_each(message, &socket->messages, link) {
		bytes += message->size;
		if (!unix_is_connection(socket))
			break;
	}
	return bytes;
}

static bool must_not_wait(const struct unix_socket *socket)
{
	return socket->nmessages || socket->error || (socket->shut & UNIX_SHUT_RECEIVE);
}

/* 0 when there is something to say. */
static int wait_for_message(struct unix_socket *socket, uint64_t deadline)
{
	int error = wait_until(&socket->readable, must_not_wait(socket), WAIT_INTERRUPTIBLE,
			       deadline);

	return error ? unix_wait_error(error, socket->receive_timeout) : 0;
}

static void keep_name(struct unix_transfer *transfer, struct unix_address *address)
{
	if (transfer->name && !transfer->address)
		transfer->address = unix_address_get(address);
}

/* The files of a message go to the reader: the message's own, or, of a peek, a copy. */
static int take_rights(struct unix_transfer *transfer, struct unix_message *message)
{
	if (!message->rights)
		return 0;
	assert(!transfer->rights);
	if (transfer->flags & MSG_PEEK) {
		transfer->rights = unix_rights_copy(message->rights);
		return transfer->rights ? 0 : -ENOMEM;
	}
	unix_rights_arrive(message->rights);
	transfer->rights = message->rights;
	message->rights = NULL;
	return 0;
}

/* ---- streams ---- */

static bool same_sender(const struct unix_transfer *transfer, const struct unix_message *message)
{
	return memcmp(&transfer->credentials, &message->credentials,
		      sizeof(transfer->credentials)) == 0;
}

/* After a copy: what was read is read; true when the read may go on behind the message. */
static bool consume(struct unix_socket *socket, struct unix_transfer *transfer,
		    struct unix_message *message, uint32_t size, int *error)
{
	bool had_rights = message->rights;

	*error = take_rights(transfer, message);
	if (transfer->flags & MSG_PEEK)
		return !*error && !had_rights;
	message->start += size;
	message->size -= size;
	if (message->size)
		return false;
	unix_message_remove(socket, message);
	unix_message_free(message);
	return !transfer->rights;
}

/*
 * Copies from the messages that there are: bytes, and *stop when the read ends with them. With the
 * reading lock held: the queue may grow meanwhile, but nobody else takes from it.
 */
static ssize_t read_messages(struct unix_socket *socket, struct unix_transfer *transfer, bool *stop)
{
	struct unix_message *message, *next;
	ssize_t total = 0;
	int error = 0;

	list_for_each_safe(message, next, &socket->messages, link) {
		uint32_t size = MIN(message->size, transfer->io->left);

		if (transfer->has_credentials && !same_sender(transfer, message)) {
			*stop = true;
			break;
		}
		if (socket->passes_credentials)
			transfer->has_credentials = true;
		transfer->credentials = message->credentials;
		keep_name(transfer, message->from->address);
		if (size && uio_copy_out(transfer->io, message->data + message->start, size) !=
				    (ssize_t)size) {
			*stop = true;
			return total ? total : -EFAULT;
		}
		total += (ssize_t)size;
		/* The copy may have slept: others may have sent. */
		next = list_entry(message->link.next, struct unix_message, link);
		*stop = !consume(socket, transfer, message, size, &error);
		if (*stop || !transfer->io->left)
			break;
	}
	return total ? total : error;
}

/* What an empty queue has to say: an error, 0 at its end, -EAGAIN to wait. */
static int why_empty(struct unix_socket *socket)
{
	if (socket->error)
		return unix_take_error(socket);
	return socket->shut & UNIX_SHUT_RECEIVE ? 0 : -EAGAIN;
}

static ssize_t receive_stream(struct unix_socket *socket, struct unix_transfer *transfer)
{
	size_t size = transfer->io->left;
	size_t target = transfer->flags & MSG_WAITALL ? size : MIN(socket->low_water, size);
	uint64_t deadline = unix_deadline(socket->receive_timeout);
	ssize_t total = 0, done = 0;
	bool stop = socket->state != UNIX_CONNECTED;

	if (stop)
		return -EINVAL;
	while (!stop) {
		bool empty;

		mutex_lock(&socket->reading);
		empty = !socket->nmessages;
		done = empty ? why_empty(socket) : read_messages(socket, transfer, &stop);
		mutex_unlock(&socket->reading);
		if (!empty) {
			total += MAX(done, 0);
			stop |= done < 0 || (transfer->flags & MSG_PEEK) || !transfer->io->left ||
				(size_t)total >= target;
		} else if (done == -EAGAIN && !(transfer->flags & MSG_DONTWAIT)) {
			done = wait_for_message(socket, deadline);
			stop = done < 0;
		} else {
			stop = true;
		}
	}
	return total ? total : done;
}

/* ---- whole messages ---- */

static ssize_t copy_message(struct unix_transfer *transfer, struct unix_message *message)
{
	uint32_t size = MIN(message->size, transfer->io->left), whole = message->size;
	/* Before the copy, which may sleep: out of the queue, the files are on their way no more. */
	int error = take_rights(transfer, message);

	keep_name(transfer, message->address);
	if (size < whole)
		transfer->told |= MSG_TRUNC;
	if (error)
		return error;
	if (size &&
	    uio_copy_out(transfer->io, message->data + message->start, size) != (ssize_t)size)
		return -EFAULT;
	transfer->credentials = message->credentials;
	return transfer->flags & MSG_TRUNC ? (ssize_t)whole : (ssize_t)size;
}

/* The first message: its size, -errno; -EAGAIN: there is none and the wait goes on. */
static ssize_t take_message(struct unix_socket *socket, struct unix_transfer *transfer, bool *none)
{
	struct unix_message *message = first_message(socket);
	ssize_t done;

	*none = !message || socket->error;
	if (*none && !socket->error && !unix_is_connection(socket) &&
	    (transfer->flags & MSG_DONTWAIT))
		return -EAGAIN; /* of datagrams the end is for those who wait */
	if (*none)
		return why_empty(socket);
	if (transfer->flags & MSG_PEEK)
		return copy_message(transfer, message);
	unix_message_remove(socket, message);
	done = copy_message(transfer, message);
	unix_message_free(message);
	return done;
}

static ssize_t receive_message(struct unix_socket *socket, struct unix_transfer *transfer)
{
	uint64_t deadline = unix_deadline(socket->receive_timeout);
	ssize_t done;
	bool none;

	while (true) {
		mutex_lock(&socket->reading);
		done = take_message(socket, transfer, &none);
		mutex_unlock(&socket->reading);
		if (!none || done != -EAGAIN)
			return done;
		if (transfer->flags & MSG_DONTWAIT)
			return -EAGAIN;
		done = wait_for_message(socket, deadline);
		if (done < 0)
			return done;
	}
}

ssize_t unix_receive(struct unix_socket *socket, struct unix_transfer *transfer)
{
	ssize_t done;

	if (transfer->flags & MSG_OOB)
		return socket->type == SOCK_STREAM ? -EINVAL : -EOPNOTSUPP;
	if (socket->type == SOCK_STREAM)
		return receive_stream(socket, transfer);
	if (socket->type == SOCK_SEQPACKET && socket->state != UNIX_CONNECTED)
		return -ENOTCONN;
	done = receive_message(socket, transfer);
	transfer->has_credentials = done >= 0 && socket->passes_credentials;
	return done;
}
