/*
 * Sending on AF_UNIX sockets.
 *
 * Bytes are copied into a message first, which may sleep; then, in one step, the receiver is looked
 * at and the message queued. A stream's bytes go in pieces of a page. A message counts against its
 * sender's buffer until it has been read; a sender waits while it has used that up.
 */
#include <abi/capability.h>
#include <abi/poll.h>
#include <assert.h>
#include <kheap.h>
#include <kvrange.h>
#include <string.h>
#include <task.h>

#include "unix_internal.h"

#define PIECE PAGE_SIZE
#define HERE_MAX 512u	  /* bytes that a message holds itself */
#define MESSAGE_COST 512u /* what one counts besides its bytes */
#define MESSAGE_SLACK 32u /* of a buffer, not for one message's use */

/* ---- messages ---- */

static struct unix_message *message_create(struct unix_socket *from, uint32_t size)
{
	uint32_t here = size <= HERE_MAX ? size : 0;
	struct unix_message *message = kalloc(sizeof(*message) + here);

	if (!message)
		return NULL;
	*message = (struct unix_message){ .size = size, .data = message->here };
	if (size > HERE_MAX) {
		message->data = kvalloc(size);
		if (!message->data) {
			kfree(message);
			return NULL;
		}
	}
	list_init(&message->link);
	unix_get(from);
	message->from = from;
	message->charge = size + MESSAGE_COST;
	from->charged += message->charge;
	return message;
}

/* The sender may go on once a good part of its buffer is free. */
static void uncharge(struct unix_message *message)
{
	struct unix_socket *from = message->from;

	assert(from->charged >= message->charge);
	from->charged -= message->charge;
	if (from->charged <= from->send_size / 4)
		wake_events(&from->writable, POLLOUT | POLLWRNORM | POLLWRBAND);
	unix_put(from);
}

void unix_message_free(struct unix_message *message)
{
	assert(list_empty(&message->link));
	uncharge(message);
	if (message->address)
		unix_address_put(message->address);
	if (message->rights) {
		unix_rights_arrive(message->rights);
		unix_rights_free(message->rights);
	}
	if (message->data != message->here)
		kvfree(message->data);
	kfree(message);
}

void unix_message_remove(struct unix_socket *socket, struct unix_message *message)
{
	bool was_full = socket->nmessages > UNIX_DATAGRAMS_MAX;
	struct unix_socket *sender;

	assert(socket->nmessages > 0);
	list_remove(&message->link);
	socket->nmessages--;
	if (!was_full || unix_is_connection(socket))
		return;
	wake_all(&socket->writable); /* who waits to send to it without being connected */
	list_for_each(sender, &socket->senders, sender_link)
		wake_events(&sender->writable, POLLOUT | POLLWRNORM | POLLWRBAND);
}

/* Who sends is told with the message if either side asks for it. */
static void add_credentials(struct unix_message *message, const struct unix_socket *socket,
			    const struct unix_socket *other, const struct unix_transfer *transfer)
{
	if (transfer->has_credentials)
		message->credentials = transfer->credentials;
	else if (socket->passes_credentials || !other->file || other->passes_credentials)
		message->credentials = (struct ucred){ current->process->pid,
						       current->process->cred.uid,
						       current->process->cred.gid };
	else
		message->credentials = (struct ucred){ 0, 65534, 65534 };
}

/*
 * Its files are on their way from here on and not before: the collector looks for them in queues
 * alone. 0, or what unix_rights_send says.
 */
static int enqueue(struct unix_socket *other, struct unix_message *message)
{
	int error = message->rights ? unix_rights_send(message->rights) : 0;

	if (error)
		return error;
	list_add_tail(&other->messages, &message->link);
	other->nmessages++;
	wake_events(&other->readable, POLLIN | POLLRDNORM | POLLRDBAND | POLLPRI);
	return 0;
}

/* ---- a message with its bytes ---- */

static bool must_not_wait(const struct unix_socket *socket)
{
	return socket->error || (socket->shut & UNIX_SHUT_SEND) ||
	       socket->charged < socket->send_size;
}

/* Waits for room in the buffer: 0 or why sending ends. */
static int wait_for_buffer(struct unix_socket *socket, uint32_t flags)
{
	int error = 0;

	if (!must_not_wait(socket)) {
		if (flags & MSG_DONTWAIT)
			return -EAGAIN;
		error = wait_until(&socket->writable, must_not_wait(socket), WAIT_INTERRUPTIBLE,
				   unix_deadline(socket->send_timeout));
		if (error)
			return unix_wait_error(error, socket->send_timeout);
	}
	if (socket->error)
		return unix_take_error(socket);
	return socket->shut & UNIX_SHUT_SEND ? -EPIPE : 0;
}

/* A message of the next size bytes; the first takes the files. ERR_PTR. */
static struct unix_message *fill_message(struct unix_socket *socket, struct unix_transfer *transfer,
					 uint32_t size)
{
	struct unix_message *message;
	int error = wait_for_buffer(socket, transfer->flags);

	if (error)
		return ERR_PTR(error);
	message = message_create(socket, size);
	if (!message)
		return ERR_PTR(-ENOBUFS);
	if (size && uio_copy_in(transfer->io, message->data, size) != (ssize_t)size)
		error = -EFAULT;
	if (error) {
		unix_message_free(message);
		return ERR_PTR(error);
	}
	message->rights = transfer->rights;
	transfer->rights = NULL;
	return message;
}

/* ---- streams ---- */

static ssize_t send_piece(struct unix_socket *socket, struct unix_transfer *transfer)
{
	uint32_t size = MIN(transfer->io->left, PIECE);
	struct unix_message *message = fill_message(socket, transfer, size);
	struct unix_socket *other = socket->peer;
	int error;

	if (IS_ERR(message))
		return PTR_ERR(message);
	/* Copying may have slept. */
	if (other->dead || (other->shut & UNIX_SHUT_RECEIVE) || (socket->shut & UNIX_SHUT_SEND)) {
		unix_message_free(message);
		return -EPIPE;
	}
	add_credentials(message, socket, other, transfer);
	error = enqueue(other, message);
	if (!error)
		return (ssize_t)size;
	unix_message_free(message);
	return error;
}

static ssize_t send_stream(struct unix_socket *socket, struct unix_transfer *transfer)
{
	ssize_t total = 0, done = 0;

	if (transfer->name)
		return socket->state == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (!socket->peer)
		return -ENOTCONN;
	if (socket->shut & UNIX_SHUT_SEND)
		done = -EPIPE;
	while (done >= 0 && transfer->io->left) {
		done = send_piece(socket, transfer);
		if (done > 0)
			total += done;
	}
	if (total)
		return total;
	if (done == -EPIPE && !(transfer->flags & MSG_NOSIGNAL))
		signal_self(SIGPIPE);
	return done;
}

/* ---- datagrams and sequenced packets ---- */

/* Whom a message goes to: a reference, or ERR_PTR. */
static struct unix_socket *receiver_of(struct unix_socket *socket,
				       const struct unix_transfer *transfer)
{
	if (transfer->name)
		return unix_find(transfer->name, transfer->name_size, socket->type);
	if (!socket->peer)
		return ERR_PTR(-ECONNRESET);
	unix_get(socket->peer);
	return socket->peer;
}

/* The peer is no more: a datagram socket forgets it. */
static int peer_is_dead(struct unix_socket *socket, const struct unix_socket *other)
{
	if (unix_is_connection(socket))
		return -EPIPE;
	if (socket->peer == other)
		unix_change_peer(socket, NULL);
	return -ECONNREFUSED;
}

/* One that is connected takes datagrams of its peer alone. */
static bool may_send(const struct unix_socket *socket, const struct unix_socket *other)
{
	return unix_is_connection(socket) || !other->peer || other->peer == socket;
}

/* Waits until other takes one more: 0, or -errno. */
static int wait_for_receiver(struct unix_socket *socket, struct unix_socket *other, uint32_t flags)
{
	int error;

	while (may_send(socket, other) && !other->dead && !(other->shut & UNIX_SHUT_RECEIVE) &&
	       unix_queue_full(other, socket)) {
		if (flags & MSG_DONTWAIT)
			return -EAGAIN;
		error = wait_until(&other->writable,
				   other->dead || (other->shut & UNIX_SHUT_RECEIVE) ||
					   !unix_queue_full(other, socket),
				   WAIT_INTERRUPTIBLE, unix_deadline(socket->send_timeout));
		if (error)
			return unix_wait_error(error, socket->send_timeout);
	}
	if (other->dead)
		return peer_is_dead(socket, other);
	if (!may_send(socket, other))
		return -EPERM;
	return other->shut & UNIX_SHUT_RECEIVE ? -EPIPE : 0;
}

static int deliver(struct unix_socket *socket, struct unix_transfer *transfer,
		   struct unix_message *message)
{
	struct unix_socket *other = receiver_of(socket, transfer);
	int error;

	if (IS_ERR(other))
		return PTR_ERR(other);
	error = wait_for_receiver(socket, other, transfer->flags);
	if (!error) {
		message->address = unix_address_get(socket->address);
		add_credentials(message, socket, other, transfer);
		error = enqueue(other, message);
	}
	unix_put(other);
	return error;
}

static ssize_t send_message(struct unix_socket *socket, struct unix_transfer *transfer)
{
	size_t size = transfer->io->left;
	struct unix_message *message;
	int error = 0;

	if (transfer->name)
		error = unix_check_name(transfer->name, transfer->name_size);
	else if (!socket->peer)
		error = -ENOTCONN;
	if (!error && socket->passes_credentials)
		error = unix_autobind(socket);
	if (!error && size > socket->send_size - MESSAGE_SLACK)
		error = -EMSGSIZE;
	if (error)
		return error;
	message = fill_message(socket, transfer, size);
	if (IS_ERR(message))
		return PTR_ERR(message);
	error = deliver(socket, transfer, message);
	if (!error)
		return (ssize_t)size;
	unix_message_free(message);
	return error;
}

ssize_t unix_send(struct unix_socket *socket, struct unix_transfer *transfer)
{
	if (transfer->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (socket->type == SOCK_STREAM)
		return send_stream(socket, transfer);
	if (socket->type == SOCK_SEQPACKET) {
		if (socket->error)
			return unix_take_error(socket);
		if (socket->state != UNIX_CONNECTED)
			return -ENOTCONN;
		transfer->name = NULL;
	}
	return send_message(socket, transfer);
}
