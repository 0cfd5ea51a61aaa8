/*
 * The system calls of sockets.
 */
#ifndef LOFT_SOCKET_CALLS_H
#define LOFT_SOCKET_CALLS_H

#include <abi/socket.h>
#include <types.h>

/* fs/socket.c */
int32_t sys_socket(int family, uint32_t type, int protocol);
int32_t sys_socketpair(int family, uint32_t type, int protocol, int32_t __user *fds);
int32_t sys_bind(int fd, const void __user *name, int32_t size);
int32_t sys_connect(int fd, const void __user *name, int32_t size);
int32_t sys_listen(int fd, int32_t backlog);
int32_t sys_accept4(int fd, void __user *name, int32_t __user *size, uint32_t flags);
int32_t sys_getsockname(int fd, void __user *name, int32_t __user *size);
int32_t sys_getpeername(int fd, void __user *name, int32_t __user *size);
int32_t sys_shutdown(int fd, int32_t how);
int32_t sys_socketcall(int32_t call, const uint32_t __user *arguments);

/* fs/socket_message.c */
int32_t sys_sendto(int fd, const void __user *buffer, size_t size, uint32_t flags,
		   const void __user *name, int32_t name_size);
int32_t sys_recvfrom(int fd, void __user *buffer, size_t size, uint32_t flags, void __user *name,
		     int32_t __user *name_size);
int32_t sys_sendmsg(int fd, const struct msghdr __user *header, uint32_t flags);
int32_t sys_recvmsg(int fd, struct msghdr __user *header, uint32_t flags);

/* fs/socket_many.c */
int32_t sys_sendmmsg(int fd, struct mmsghdr __user *headers, uint32_t count, uint32_t flags);
int32_t sys_recvmmsg(int fd, struct mmsghdr __user *headers, uint32_t count, uint32_t flags,
		     void __user *timeout);
int32_t sys_recvmmsg_time64(int fd, struct mmsghdr __user *headers, uint32_t count, uint32_t flags,
			    void __user *timeout);

/* fs/socket_options.c */
int32_t sys_setsockopt(int fd, int32_t level, int32_t option, const void __user *value,
		       int32_t size);
int32_t sys_getsockopt(int fd, int32_t level, int32_t option, void __user *value,
		       int32_t __user *size);

/* fs/unix_rights.c: for whoever closes a descriptor */

/* Sockets that messages of sockets hold: only then there may be some that nothing else holds. */
extern uint32_t unix_sockets_in_flight;
/* Frees the sockets that only messages to each other hold. May sleep. */
void unix_collect(void);

#endif
