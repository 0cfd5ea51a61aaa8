/*
 * AF_UNIX sockets: their life, what poll says of them, shutting down.
 */
#include <abi/ioctls.h>
#include <abi/poll.h>
#include <assert.h>
#include <clock.h>
#include <kheap.h>
#include <task.h>
#include <uaccess.h>

#include "unix_internal.h"

#define BUFFER_DEFAULT 212992u /* net.core.wmem_default and rmem_default */

struct list unix_sockets = LIST_INIT(unix_sockets);

struct unix_socket *unix_create(uint8_t type)
{
	struct unix_socket *socket = kzalloc(sizeof(*socket));

	if (!socket)
		return NULL;
	socket->refs = 1;
	socket->type = type;
	socket->send_size = socket->receive_size = BUFFER_DEFAULT;
	socket->low_water = 1;
	socket->send_timeout = socket->receive_timeout = WAIT_FOREVER;
	socket->peer_credentials = (struct ucred){ 0, UINT32_MAX, UINT32_MAX };
	list_init(&socket->senders);
	list_init(&socket->sender_link);
	list_init(&socket->name_link);
	list_init(&socket->messages);
	list_init(&socket->pending);
	list_init(&socket->pending_link);
	list_init(&socket->reached_link);
	mutex_init(&socket->naming);
	mutex_init(&socket->reading);
	wait_queue_init(&socket->readable);
	wait_queue_init(&socket->writable);
	list_add_tail(&unix_sockets, &socket->all_link);
	return socket;
}

struct file *unix_open(struct unix_socket *socket, uint32_t flags)
{
	struct file *file = file_create_anonymous(
		&unix_file_ops, socket, O_RDWR | (flags & O_NONBLOCK), S_IFSOCK | 0777, "socket");

	if (IS_ERR(file)) {
		unix_end(socket);
		unix_put(socket);
		return file;
	}
	socket->file = file;
	return file;
}

void unix_get(struct unix_socket *socket)
{
	assert(socket->refs > 0);
	socket->refs++;
}

void unix_put(struct unix_socket *socket)
{
	assert(socket->refs > 0);
	if (--socket->refs > 0)
		return;
	assert(socket->dead && !socket->peer && list_empty(&socket->messages));
	assert(list_empty(&socket->senders) && list_empty(&socket->pending) && !socket->charged);
	if (socket->address)
		unix_address_put(socket->address);
	list_remove(&socket->all_link);
	kfree(socket);
}

void unix_wake(struct unix_socket *socket)
{
	wake_all(&socket->readable);
	wake_all(&socket->writable);
}

void unix_set_peer(struct unix_socket *socket, struct unix_socket *peer)
{
	struct unix_socket *old = socket->peer;

	if (peer)
		unix_get(peer);
	socket->peer = peer;
	list_remove(&socket->sender_link);
	if (peer && !unix_is_connection(socket))
		list_add_tail(&peer->senders, &socket->sender_link);
	if (old)
		unix_put(old);
}

/* The other end of a connection learns of this one's end. */
static void tell_peer(struct unix_socket *socket, bool reset)
{
	struct unix_socket *peer = socket->peer;

	if (!peer || !unix_is_connection(socket))
		return;
	peer->shut = UNIX_SHUT_BOTH;
	if (reset)
		peer->error = -ECONNRESET;
	unix_wake(peer);
}

static void drop_messages(struct unix_socket *socket)
{
	while (!list_empty(&socket->messages)) {
		struct unix_message *message = list_first(&socket->messages, struct unix_message,
							  link);

		unix_message_remove(socket, message);
		unix_message_free(message);
	}
}

static void change_peer(struct unix_socket *socket, struct unix_socket *peer)
{
	struct unix_socket *old = socket->peer;

	if (old == peer)
		return;
	if (old)
		unix_get(old);
	unix_set_peer(socket, peer);
	socket->state = peer ? UNIX_CONNECTED : UNIX_UNCONNECTED;
	wake_all(&socket->writable);
	if (!old)
		return;
	if (!list_empty(&socket->messages)) {
		drop_messages(socket);
		if (!old->dead && old->peer == socket) {
			old->error = -ECONNRESET;
			unix_wake(old);
		}
	}
	unix_put(old);
}

/* A reader that peeks stands on a message over its copy: it is waited for. */
void unix_change_peer(struct unix_socket *socket, struct unix_socket *peer)
{
	assert(!unix_is_connection(socket));
	mutex_lock(&socket->reading);
	change_peer(socket, peer);
	mutex_unlock(&socket->reading);
}

/* Those who wanted to be accepted. */
static void drop_pending(struct unix_socket *socket)
{
	while (!list_empty(&socket->pending)) {
		struct unix_socket *pending = list_first(&socket->pending, struct unix_socket,
							 pending_link);

		list_remove(&pending->pending_link);
		socket->npending--;
		unix_end(pending);
		unix_put(pending);
	}
}

/* Senders find it dead when they come; their peer it stays until then. */
static void wake_senders(struct unix_socket *socket)
{
	struct unix_socket *sender;

	list_for_each(sender, &socket->senders, sender_link)
		wake_all(&sender->writable);
}

void unix_end(struct unix_socket *socket)
{
	bool never_accepted = !socket->file;

	assert(!socket->dead);
	socket->dead = true;
	socket->shut = UNIX_SHUT_BOTH;
	unix_unbind(socket);
	tell_peer(socket, never_accepted || !list_empty(&socket->messages));
	unix_set_peer(socket, NULL);
	wake_senders(socket);
	unix_wake(socket);
	drop_pending(socket);
	drop_messages(socket);
}

static void unix_release(struct file *file)
{
	struct unix_socket *socket = unix_of(file);

	unix_end(socket);
	socket->file = NULL;
	unix_put(socket);
	if (unix_sockets_in_flight)
		unix_collect();
}

int unix_take_error(struct unix_socket *socket)
{
	int error = socket->error;

	socket->error = 0;
	return error;
}

void unix_shutdown(struct unix_socket *socket, uint8_t how)
{
	struct unix_socket *peer = socket->peer;
	uint8_t mirrored = 0;

	socket->shut |= how;
	if (peer && unix_is_connection(socket)) {
		if (how & UNIX_SHUT_RECEIVE)
			mirrored |= UNIX_SHUT_SEND;
		if (how & UNIX_SHUT_SEND)
			mirrored |= UNIX_SHUT_RECEIVE;
		peer->shut |= mirrored;
		unix_wake(peer);
	}
	unix_wake(socket);
}

struct ucred unix_current_credentials(void)
{
	return (struct ucred){ current->process->pid, current->process->cred.euid,
			       current->process->cred.egid };
}

/* ---- waiting ---- */

uint64_t unix_deadline(uint64_t timeout)
{
	return timeout == WAIT_FOREVER ? WAIT_FOREVER : clock_monotonic_ns() + timeout;
}

int unix_wait_error(int error, uint64_t timeout)
{
	if (error == -ETIMEDOUT)
		return -EAGAIN;
	/* A call with a timeout is not restarted: it would begin to count anew. */
	return error == -ERESTARTSYS && timeout != WAIT_FOREVER ? -EINTR : error;
}

bool unix_queue_full(const struct unix_socket *receiver, const struct unix_socket *sender)
{
	return receiver != sender && receiver->peer != sender &&
	       receiver->nmessages > UNIX_DATAGRAMS_MAX;
}

/* Room for a useful amount: a quarter of the buffer is in use at most. */
static bool writable(const struct unix_socket *socket)
{
	if (socket->state == UNIX_LISTENING || socket->charged > socket->send_size / 4)
		return false;
	return unix_is_connection(socket) || !socket->peer ||
	       !unix_queue_full(socket->peer, socket);
}

static uint32_t unix_poll(struct file *file, struct poll_table *table)
{
	struct unix_socket *socket = unix_of(file);
	uint32_t ready = 0;

	poll_wait(table, &socket->readable);
	poll_wait(table, &socket->writable);
	if (socket->error)
		ready |= POLLERR;
	if (socket->shut == UNIX_SHUT_BOTH)
		ready |= POLLHUP;
	if (socket->shut & UNIX_SHUT_RECEIVE)
		ready |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (!list_empty(&socket->messages) || !list_empty(&socket->pending))
		ready |= POLLIN | POLLRDNORM;
	if (unix_is_connection(socket) && socket->state == UNIX_UNCONNECTED)
		ready |= POLLHUP;
	if (writable(socket))
		ready |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return ready;
}

static int unix_ioctl(struct file *file, uint32_t command, uint32_t argument)
{
	struct unix_socket *socket = unix_of(file);

	switch (command) {
	case SIOCINQ:
		if (socket->state == UNIX_LISTENING)
			return -EINVAL;
		return put_user((uint32_t __user *)argument, unix_readable_bytes(socket));
	case SIOCOUTQ:
		return put_user((uint32_t __user *)argument, socket->charged);
	}
	return -ENOTTY;
}

/* ---- read and write ---- */

static uint32_t flags_of(const struct file *file)
{
	return file->flags & O_NONBLOCK ? MSG_DONTWAIT : 0;
}

static ssize_t unix_read(struct file *file, struct uio *io, loff_t *position)
{
	struct unix_transfer transfer = { .io = io, .flags = flags_of(file) };
	ssize_t done;

	(void)position;
	if (!io->left)
		return 0;
	done = unix_receive(unix_of(file), &transfer);
	if (transfer.rights)
		unix_rights_free(transfer.rights);
	return done;
}

static ssize_t unix_write(struct file *file, struct uio *io, loff_t *position)
{
	struct unix_transfer transfer = { .io = io, .flags = flags_of(file) };

	(void)position;
	return unix_send(unix_of(file), &transfer);
}

const struct file_ops unix_file_ops = {
	.read = unix_read,
	.write = unix_write,
	.seek = file_no_seek,
	.ioctl = unix_ioctl,
	.poll = unix_poll,
	.release = unix_release,
};
