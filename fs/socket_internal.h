/*
 * What the system calls of sockets share: fs/socket.c, socket_message.c, socket_options.c.
 */
#ifndef LOFT_SOCKET_INTERNAL_H
#define LOFT_SOCKET_INTERNAL_H

#include <abi/socket.h>
#include <vfs.h>

struct unix_address;
struct unix_socket;

/* A name as a program gives it. */
struct socket_name {
	union {
		struct sockaddr_un name;
		uint8_t bytes[SOCKADDR_MAX];
	};
	uint32_t size;
};

/* The file of a descriptor, with a reference, and the socket behind: ERR_PTR(-EBADF, -ENOTSOCK). */
__must_check struct file *socket_file(int fd, struct unix_socket **socket);
/* -EINVAL, -EFAULT. */
__must_check int socket_name_from_user(struct socket_name *name, const void __user *user,
				       int32_t size);
/* As much as *size says there is room for; *size becomes what there was. address NULL: unnamed. */
__must_check int socket_name_to_user(const struct unix_address *address, void __user *user,
				     int32_t __user *size);

/* One sendmsg, one recvmsg: bytes, or -errno. May sleep. */
__must_check ssize_t socket_send_one(struct file *file, struct unix_socket *socket,
				     const struct msghdr __user *user, uint32_t flags);
__must_check ssize_t socket_receive_one(struct file *file, struct unix_socket *socket,
					struct msghdr __user *user, uint32_t flags);

#endif
