/*
 * getsockopt and setsockopt for AF_UNIX. Options that mean something to networks alone are kept and
 * given back, as Linux does.
 */
#include <abi/capability.h>
#include <abi/time.h>
#include <assert.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>

#include "socket_internal.h"
#include "unix_internal.h"

#define BUFFER_MAX 212992u /* net.core.wmem_max and rmem_max */
#define SEND_MIN 4608u
#define RECEIVE_MIN 2304u
#define MICRO 1000000

/* Options that are a bit each and no more. */
static uint32_t bit_of(int32_t option)
{
	switch (option) {
	case SO_DEBUG:
	case SO_REUSEADDR:
	case SO_DONTROUTE:
	case SO_BROADCAST:
	case SO_KEEPALIVE:
	case SO_OOBINLINE:
	case SO_REUSEPORT:
	case SO_TIMESTAMP:
		return 1u << option;
	}
	return 0;
}

/* ---- setting ---- */

static uint32_t buffer_size(uint32_t asked, uint32_t least, bool force)
{
	if (!force)
		asked = MIN(asked, BUFFER_MAX);
	/* Twice: the other half is for what a message costs besides its bytes. */
	return MAX(MIN(asked, (uint32_t)INT32_MAX / 2) * 2, least);
}

/* A struct timeval of either width. */
static int timeout_from_user(uint64_t *timeout, const void __user *user, int32_t size, bool wide)
{
	int64_t time[2];
	int32_t narrow[2];

	if (size < (int32_t)(wide ? sizeof(time) : sizeof(narrow)))
		return -EINVAL;
	if (wide ? copy_from_user(time, user, sizeof(time))
		 : copy_from_user(narrow, user, sizeof(narrow)))
		return -EFAULT;
	if (!wide) {
		time[0] = narrow[0];
		time[1] = narrow[1];
	}
	if (time[1] < 0 || time[1] >= MICRO)
		return -EDOM;
	if (time[0] < 0)
		*timeout = 0;
	else if ((time[0] == 0 && time[1] == 0) || time[0] > INT32_MAX)
		*timeout = WAIT_FOREVER;
	else
		*timeout = ((uint64_t)time[0] * MICRO + (uint64_t)time[1]) * 1000;
	return 0;
}

static int set_linger(struct unix_socket *socket, const void __user *user, int32_t size)
{
	struct linger linger;

	if (size < (int32_t)sizeof(linger))
		return -EINVAL;
	if (copy_from_user(&linger, user, sizeof(linger)) != 0)
		return -EFAULT;
	socket->linger.on = linger.on != 0;
	if (linger.on)
		socket->linger.seconds = linger.seconds;
	return 0;
}

static int set_number(struct unix_socket *socket, int32_t option, uint32_t value)
{
	bool force = option == SO_SNDBUFFORCE || option == SO_RCVBUFFORCE;

	if (force && !cred_can(CAP_NET_ADMIN))
		return -EPERM;
	switch (option) {
	case SO_SNDBUF:
	case SO_SNDBUFFORCE:
		socket->send_size = buffer_size(value, SEND_MIN, force);
		wake_all(&socket->writable);
		return 0;
	case SO_RCVBUF:
	case SO_RCVBUFFORCE:
		socket->receive_size = buffer_size(value, RECEIVE_MIN, force);
		return 0;
	case SO_RCVLOWAT:
		socket->low_water = (int32_t)value < 0 ? INT32_MAX : MAX(value, 1u);
		return 0;
	case SO_PASSCRED:
		socket->passes_credentials = value != 0;
		return 0;
	}
	if (!bit_of(option))
		return -ENOPROTOOPT;
	socket->options &= ~bit_of(option);
	if (value)
		socket->options |= bit_of(option);
	return 0;
}

static int set_option(struct unix_socket *socket, int32_t option, const void __user *user,
		      int32_t size)
{
	uint32_t value;

	if (size < (int32_t)sizeof(value))
		return -EINVAL;
	if (get_user(&value, user) != 0)
		return -EFAULT;
	switch (option) {
	case SO_LINGER:
		return set_linger(socket, user, size);
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_NEW:
		return timeout_from_user(&socket->receive_timeout, user, size,
					 option == SO_RCVTIMEO_NEW);
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_NEW:
		return timeout_from_user(&socket->send_timeout, user, size,
					 option == SO_SNDTIMEO_NEW);
	case SO_TYPE:
	case SO_PROTOCOL:
	case SO_DOMAIN:
	case SO_ERROR:
	case SO_ACCEPTCONN:
	case SO_PEERCRED:
	case SO_SNDLOWAT:
		return -ENOPROTOOPT;
	default:
		return set_number(socket, option, value);
	}
}

int32_t sys_setsockopt(int fd, int32_t level, int32_t option, const void __user *value,
		       int32_t size)
{
	struct unix_socket *socket;
	struct file *file;
	int error = -EOPNOTSUPP;

	if (size < 0)
		return -EINVAL;
	file = socket_file(fd, &socket);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (level == SOL_SOCKET)
		error = set_option(socket, option, value, size);
	file_put(file);
	return error;
}

/* ---- asking ---- */

/* An option's value. */
struct answer {
	union {
		int32_t number;
		int32_t narrow_time[2];
		int64_t wide_time[2];
		struct linger linger;
		struct ucred credentials;
	};
	uint32_t size;
};

static void answer_time(struct answer *answer, uint64_t timeout, bool wide)
{
	uint64_t us = timeout == WAIT_FOREVER ? 0 : timeout / 1000;

	memset(answer, 0, sizeof(*answer));
	if (wide) {
		answer->wide_time[0] = (int64_t)(us / MICRO);
		answer->wide_time[1] = (int64_t)(us % MICRO);
		answer->size = sizeof(answer->wide_time);
	} else {
		answer->narrow_time[0] = (int32_t)(us / MICRO);
		answer->narrow_time[1] = (int32_t)(us % MICRO);
		answer->size = sizeof(answer->narrow_time);
	}
}

/* Those that are one number: it, or -ENOPROTOOPT in *error. */
static int32_t number_of(struct unix_socket *socket, int32_t option, int *error)
{
	switch (option) {
	case SO_TYPE:
		return socket->type;
	case SO_ERROR:
		return -unix_take_error(socket);
	case SO_SNDBUF:
		return (int32_t)socket->send_size;
	case SO_RCVBUF:
		return (int32_t)socket->receive_size;
	case SO_PASSCRED:
		return socket->passes_credentials;
	case SO_RCVLOWAT:
		return (int32_t)socket->low_water;
	case SO_SNDLOWAT:
		return 1;
	case SO_ACCEPTCONN:
		return socket->state == UNIX_LISTENING;
	case SO_PROTOCOL:
		return 0;
	case SO_DOMAIN:
		return AF_UNIX;
	}
	if (!bit_of(option))
		*error = -ENOPROTOOPT;
	return (socket->options & bit_of(option)) != 0;
}

static int answer_option(struct unix_socket *socket, int32_t option, struct answer *answer)
{
	int error = 0;

	switch (option) {
	case SO_LINGER:
		answer->linger = socket->linger;
		answer->size = sizeof(answer->linger);
		break;
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_NEW:
		answer_time(answer, socket->receive_timeout, option == SO_RCVTIMEO_NEW);
		break;
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_NEW:
		answer_time(answer, socket->send_timeout, option == SO_SNDTIMEO_NEW);
		break;
	case SO_PEERCRED:
		answer->credentials = socket->peer_credentials;
		answer->size = sizeof(answer->credentials);
		break;
	default:
		answer->number = number_of(socket, option, &error);
		answer->size = sizeof(answer->number);
	}
	return error;
}

int32_t sys_getsockopt(int fd, int32_t level, int32_t option, void __user *value,
		       int32_t __user *user_size)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket);
	struct answer answer;
	uint32_t size = 0;
	int error = -EOPNOTSUPP;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (level == SOL_SOCKET) {
		error = get_user(&size, (const uint32_t __user *)user_size);
		if (!error && (int32_t)size < 0)
			error = -EINVAL;
		if (!error)
			error = answer_option(socket, option, &answer);
	}
	file_put(file);
	if (error)
		return error;
	size = MIN(size, answer.size);
	if (copy_to_user(value, &answer, size) != 0)
		return -EFAULT;
	return put_user((uint32_t __user *)user_size, size);
}
