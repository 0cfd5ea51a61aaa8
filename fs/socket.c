/*
 * The system calls of sockets: making them, naming, connecting; and socketcall, by which programs
 * made them all before each had a number. Only AF_UNIX is here; other families are
 * -EAFNOSUPPORT.
 */
#include <fs_calls.h>
#include <socket_calls.h>

#include <assert.h>
#include <task.h>
#include <uaccess.h>

#include "socket_internal.h"
#include "unix_internal.h"

struct file *socket_file(int fd, struct unix_socket **socket)
{
	struct file *file = file_from_fd(fd);

	if (IS_ERR(file))
		return file;
	*socket = unix_of(file);
	if (*socket)
		return file;
	file_put(file);
	return ERR_PTR(-ENOTSOCK);
}

/* ---- names, to and from programs ---- */

int socket_name_from_user(struct socket_name *name, const void __user *user, int32_t size)
{
	if (size < 0 || size > SOCKADDR_MAX)
		return -EINVAL;
	*name = (struct socket_name){ .size = (uint32_t)size };
	return size ? copy_from_user(name->bytes, user, (uint32_t)size) : 0;
}

int socket_name_to_user(const struct unix_address *address, void __user *user,
			int32_t __user *user_size)
{
	const struct sockaddr_un unnamed = { .family = AF_UNIX };
	const struct sockaddr_un *name = address ? &address->name : &unnamed;
	uint32_t size = address ? address->size : sizeof(name->family), room;

	if (get_user(&room, (const uint32_t __user *)user_size) != 0)
		return -EFAULT;
	if ((int32_t)room < 0)
		return -EINVAL;
	if (room && copy_to_user(user, name, MIN(room, MIN(size, sizeof(*name)))) != 0)
		return -EFAULT;
	return put_user((uint32_t __user *)user_size, size);
}

/* ---- making ---- */

/* The type of a new socket: SOCK_*, or -errno in Linux's order. */
static int check_kind(int family, uint32_t type, int protocol)
{
	if ((type & ~SOCK_TYPE_MASK) & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	type &= SOCK_TYPE_MASK;
	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (type >= SOCK_MAX)
		return -EINVAL;
	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		return SOCK_DGRAM;
	return type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET
		       ? (int)type
		       : -ESOCKTNOSUPPORT;
}

int32_t sys_socket(int family, uint32_t type, int protocol)
{
	int kind = check_kind(family, type, protocol);
	struct unix_socket *socket;
	struct file *file;

	if (kind < 0)
		return kind;
	socket = unix_create((uint8_t)kind);
	if (!socket)
		return -ENOMEM;
	file = unix_open(socket, type);
	return IS_ERR(file) ? PTR_ERR(file) : file_install(file, type & O_CLOEXEC);
}

/* Two files of sockets that are each other's peer. */
static int make_pair(struct file *files[2], uint8_t kind, uint32_t flags)
{
	struct unix_socket *sockets[2];

	for (int i = 0; i < 2; i++) {
		sockets[i] = unix_create(kind);
		files[i] = sockets[i] ? unix_open(sockets[i], flags) : ERR_PTR(-ENOMEM);
		if (!IS_ERR(files[i]))
			continue;
		if (i == 1)
			file_put(files[0]);
		return PTR_ERR(files[i]);
	}
	unix_pair(sockets[0], sockets[1]);
	return 0;
}

int32_t sys_socketpair(int family, uint32_t type, int protocol, int32_t __user *user)
{
	int kind = check_kind(family, type, protocol);
	struct file *files[2];
	int32_t fds[2];

	if (kind < 0)
		return kind;
	kind = make_pair(files, (uint8_t)kind, type);
	if (kind < 0)
		return kind;
	fds[0] = file_install(files[0], type & O_CLOEXEC);
	if (fds[0] < 0) {
		file_put(files[1]);
		return fds[0];
	}
	fds[1] = file_install(files[1], type & O_CLOEXEC);
	if (fds[1] >= 0 && copy_to_user(user, fds, sizeof(fds)) == 0)
		return 0;
	sys_close(fds[0]);
	if (fds[1] < 0)
		return fds[1];
	sys_close(fds[1]);
	return -EFAULT;
}

/* ---- names and connections ---- */

int32_t sys_bind(int fd, const void __user *user, int32_t size)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket);
	struct socket_name name;
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	error = socket_name_from_user(&name, user, size);
	if (!error)
		error = unix_bind(socket, &name.name, name.size);
	file_put(file);
	return error;
}

int32_t sys_connect(int fd, const void __user *user, int32_t size)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket);
	struct socket_name name;
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	error = socket_name_from_user(&name, user, size);
	if (!error)
		error = unix_connect(socket, &name.name, name.size, !(file->flags & O_NONBLOCK));
	file_put(file);
	return error;
}

int32_t sys_listen(int fd, int32_t backlog)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket);
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	error = unix_listen(socket, backlog);
	file_put(file);
	return error;
}

int32_t sys_accept4(int fd, void __user *name, int32_t __user *size, uint32_t flags)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket), *made;
	int32_t error = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (flags & ~(O_CLOEXEC | O_NONBLOCK)) {
		file_put(file);
		return -EINVAL;
	}
	made = unix_accept(socket, !(file->flags & O_NONBLOCK), flags);
	file_put(file);
	if (IS_ERR(made))
		return PTR_ERR(made);
	if (name) {
		struct unix_socket *peer = unix_of(made)->peer;
		struct unix_address *address = unix_address_get(peer ? peer->address : NULL);

		error = socket_name_to_user(address, name, size);
		if (address)
			unix_address_put(address);
	}
	if (!error)
		return file_install(made, flags & O_CLOEXEC);
	file_put(made);
	return error;
}

static int32_t get_name(int fd, void __user *name, int32_t __user *size, bool of_peer)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket);
	struct unix_address *address;
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (of_peer && !socket->peer) {
		file_put(file);
		return -ENOTCONN;
	}
	address = unix_address_get(of_peer ? socket->peer->address : socket->address);
	error = socket_name_to_user(address, name, size);
	if (address)
		unix_address_put(address);
	file_put(file);
	return error;
}

int32_t sys_getsockname(int fd, void __user *name, int32_t __user *size)
{
	return get_name(fd, name, size, false);
}

int32_t sys_getpeername(int fd, void __user *name, int32_t __user *size)
{
	return get_name(fd, name, size, true);
}

int32_t sys_shutdown(int fd, int32_t how)
{
	struct unix_socket *socket;
	struct file *file = socket_file(fd, &socket);

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (how >= SHUT_RD && how <= SHUT_RDWR)
		unix_shutdown(socket, (uint8_t)(how + 1));
	file_put(file);
	return how < SHUT_RD || how > SHUT_RDWR ? -EINVAL : 0;
}

/* ---- socketcall ---- */

static int32_t call_about_messages(int32_t call, const uint32_t a[6])
{
	void __user *second = (void __user *)a[1];
	void __user *fifth = (void __user *)a[4];
	int fd = (int)a[0];

	switch (call) {
	case CALL_SEND:
		return sys_sendto(fd, second, a[2], a[3], NULL, 0);
	case CALL_SENDTO:
		return sys_sendto(fd, second, a[2], a[3], fifth, (int32_t)a[5]);
	case CALL_RECV:
		return sys_recvfrom(fd, second, a[2], a[3], NULL, NULL);
	case CALL_RECVFROM:
		return sys_recvfrom(fd, second, a[2], a[3], fifth, (int32_t __user *)a[5]);
	case CALL_SENDMSG:
		return sys_sendmsg(fd, second, a[2]);
	case CALL_RECVMSG:
		return sys_recvmsg(fd, second, a[2]);
	case CALL_SENDMMSG:
		return sys_sendmmsg(fd, second, a[2], a[3]);
	default:
		assert(call == CALL_RECVMMSG);
		return sys_recvmmsg(fd, second, a[2], a[3], fifth);
	}
}

int32_t sys_socketcall(int32_t call, const uint32_t __user *user)
{
	/* How many words each has. */
	static const uint8_t count[] = { 0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4,
					 6, 6, 2, 5, 5, 3, 3, 4, 5, 4 };
	uint32_t a[6];
	void __user *second, *fourth;
	int32_t __user *third;
	int fd;

	if (call < CALL_SOCKET || call > CALL_SENDMMSG)
		return -EINVAL;
	if (copy_from_user(a, user, count[call] * sizeof(a[0])) != 0)
		return -EFAULT;
	fd = (int)a[0];
	second = (void __user *)a[1];
	third = (int32_t __user *)a[2];
	fourth = (void __user *)a[3];
	switch (call) {
	case CALL_SOCKET:
		return sys_socket(fd, a[1], (int)a[2]);
	case CALL_BIND:
		return sys_bind(fd, second, (int32_t)a[2]);
	case CALL_CONNECT:
		return sys_connect(fd, second, (int32_t)a[2]);
	case CALL_LISTEN:
		return sys_listen(fd, (int32_t)a[1]);
	case CALL_ACCEPT:
		return sys_accept4(fd, second, third, 0);
	case CALL_ACCEPT4:
		return sys_accept4(fd, second, third, a[3]);
	case CALL_GETSOCKNAME:
		return sys_getsockname(fd, second, third);
	case CALL_GETPEERNAME:
		return sys_getpeername(fd, second, third);
	case CALL_SOCKETPAIR:
		return sys_socketpair(fd, a[1], (int)a[2], fourth);
	case CALL_SHUTDOWN:
		return sys_shutdown(fd, (int32_t)a[1]);
	case CALL_SETSOCKOPT:
		return sys_setsockopt(fd, (int32_t)a[1], (int32_t)a[2], fourth, (int32_t)a[4]);
	case CALL_GETSOCKOPT:
		return sys_getsockopt(fd, (int32_t)a[1], (int32_t)a[2], fourth,
				      (int32_t __user *)a[4]);
	default:
		return call_about_messages(call, a);
	}
}
