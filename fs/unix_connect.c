/*
 * AF_UNIX connections. connect makes the other end at once, and it waits at the listening socket to
 * be accepted: the two can talk before that. A datagram socket is connected by remembering where to
 * send.
 */
#include <abi/poll.h>
#include <assert.h>
#include <task.h>

#include "unix_internal.h"

/* Either is the other's end from now on. */
static void join(struct unix_socket *a, struct unix_socket *b)
{
	unix_set_peer(a, b);
	unix_set_peer(b, a);
	a->state = b->state = UNIX_CONNECTED;
}

void unix_pair(struct unix_socket *a, struct unix_socket *b)
{
	join(a, b);
	a->peer_credentials = b->peer_credentials = unix_current_credentials();
}

int unix_listen(struct unix_socket *socket, int32_t backlog)
{
	if (!unix_is_connection(socket))
		return -EOPNOTSUPP;
	if (!socket->address || socket->state == UNIX_CONNECTED)
		return -EINVAL;
	socket->backlog = MIN((uint32_t)backlog, 4096u); /* net.core.somaxconn */
	socket->state = UNIX_LISTENING;
	socket->peer_credentials = unix_current_credentials();
	wake_all(&socket->writable);
	return 0;
}

/* ---- datagrams ---- */

static int connect_datagrams(struct unix_socket *socket, const struct sockaddr_un *name,
			     uint32_t size)
{
	struct unix_socket *other = NULL;
	int error;

	if (name->family != AF_UNSPEC) {
		error = unix_check_name(name, size);
		if (!error && socket->passes_credentials)
			error = unix_autobind(socket);
		if (error)
			return error;
		other = unix_find(name, size, socket->type);
		if (IS_ERR(other))
			return PTR_ERR(other);
		if (other->peer && other->peer != socket) {
			unix_put(other);
			return -EPERM;
		}
	}
	unix_change_peer(socket, other);
	if (other)
		unix_put(other);
	return 0;
}

/* ---- streams ---- */

static bool backlog_full(const struct unix_socket *socket)
{
	return socket->npending > socket->backlog;
}

static bool refuses(const struct unix_socket *socket)
{
	return socket->dead || socket->state != UNIX_LISTENING ||
	       (socket->shut & UNIX_SHUT_RECEIVE);
}

/* Waits until other, a listening socket, has room for one more: 0 or why not. */
static int wait_for_room(struct unix_socket *socket, struct unix_socket *other, bool wait)
{
	int error = 0;

	if (refuses(other))
		return -ECONNREFUSED;
	if (!backlog_full(other))
		return 0;
	if (!wait)
		return -EAGAIN;
	error = wait_until(&other->writable, refuses(other) || !backlog_full(other),
			   WAIT_INTERRUPTIBLE, unix_deadline(socket->send_timeout));
	if (error)
		return unix_wait_error(error, socket->send_timeout);
	return refuses(other) ? -ECONNREFUSED : 0;
}

/* The end that will be accepted from other. */
static int make_end(struct unix_socket *socket, struct unix_socket *other)
{
	struct unix_socket *end = unix_create(socket->type);

	if (!end)
		return -ENOMEM;
	end->address = unix_address_get(other->address);
	end->peer_credentials = unix_current_credentials();
	socket->peer_credentials = other->peer_credentials;
	join(socket, end);
	list_add_tail(&other->pending, &end->pending_link);
	other->npending++;
	wake_events(&other->readable, POLLIN | POLLRDNORM | POLLRDBAND | POLLPRI);
	wake_all(&socket->writable);
	return 0;
}

static int connect_stream(struct unix_socket *socket, const struct sockaddr_un *name, uint32_t size,
			  bool wait)
{
	struct unix_socket *other;
	int error = unix_check_name(name, size);

	if (!error && socket->passes_credentials)
		error = unix_autobind(socket);
	if (error)
		return error;
	do {
		other = unix_find(name, size, socket->type);
		if (IS_ERR(other))
			return PTR_ERR(other);
		error = wait_for_room(socket, other, wait);
		/* The wait may have been long: others may have come first. */
		if (error || !backlog_full(other))
			break;
		unix_put(other);
	} while (true);
	if (!error && socket->state != UNIX_UNCONNECTED)
		error = socket->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
	if (!error)
		error = make_end(socket, other);
	unix_put(other);
	return error;
}

int unix_connect(struct unix_socket *socket, const struct sockaddr_un *name, uint32_t size,
		 bool wait)
{
	if (size < sizeof(name->family))
		return -EINVAL;
	return unix_is_connection(socket) ? connect_stream(socket, name, size, wait)
					  : connect_datagrams(socket, name, size);
}

struct file *unix_accept(struct unix_socket *socket, bool wait, uint32_t flags)
{
	struct unix_socket *end;
	int error = 0;

	if (!unix_is_connection(socket))
		return ERR_PTR(-EOPNOTSUPP);
	if (socket->state != UNIX_LISTENING)
		return ERR_PTR(-EINVAL);
	if (list_empty(&socket->pending) && !(socket->shut & UNIX_SHUT_RECEIVE)) {
		if (!wait)
			return ERR_PTR(-EAGAIN);
		error = wait_until(&socket->readable,
				   !list_empty(&socket->pending) ||
					   (socket->shut & UNIX_SHUT_RECEIVE),
				   WAIT_INTERRUPTIBLE, unix_deadline(socket->receive_timeout));
	}
	if (error)
		return ERR_PTR(unix_wait_error(error, socket->receive_timeout));
	if (list_empty(&socket->pending))
		return ERR_PTR(-EINVAL);
	end = list_first(&socket->pending, struct unix_socket, pending_link);
	list_remove(&end->pending_link);
	assert(socket->npending > 0 && !end->file);
	socket->npending--;
	wake_all(&socket->writable);
	return unix_open(end, flags);
}
