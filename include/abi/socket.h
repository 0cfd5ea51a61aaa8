/*
 * Sockets of the Linux i386 ABI (asm-generic/socket.h, linux/socket.h, linux/un.h, linux/net.h).
 */
#ifndef LOFT_ABI_SOCKET_H
#define LOFT_ABI_SOCKET_H

#include <types.h>

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_MAX 46

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5
#define SOCK_MAX 11
#define SOCK_TYPE_MASK 0xfu /* above it O_CLOEXEC and O_NONBLOCK */

#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2

#define MSG_OOB 0x1u
#define MSG_PEEK 0x2u
#define MSG_CTRUNC 0x8u
#define MSG_TRUNC 0x20u
#define MSG_DONTWAIT 0x40u
#define MSG_WAITALL 0x100u
#define MSG_NOSIGNAL 0x4000u
#define MSG_WAITFORONE 0x10000u
#define MSG_CMSG_CLOEXEC 0x40000000u

#define SHUT_RD 0
#define SHUT_RDWR 2

#define SO_DEBUG 1
#define SO_REUSEADDR 2
#define SO_TYPE 3
#define SO_ERROR 4
#define SO_DONTROUTE 5
#define SO_BROADCAST 6
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_KEEPALIVE 9
#define SO_OOBINLINE 10
#define SO_LINGER 13
#define SO_REUSEPORT 15
#define SO_PASSCRED 16
#define SO_PEERCRED 17
#define SO_RCVLOWAT 18
#define SO_SNDLOWAT 19
#define SO_RCVTIMEO 20
#define SO_SNDTIMEO 21
#define SO_TIMESTAMP 29
#define SO_ACCEPTCONN 30
#define SO_PEERSEC 31
#define SO_SNDBUFFORCE 32
#define SO_RCVBUFFORCE 33
#define SO_PROTOCOL 38
#define SO_DOMAIN 39
#define SO_RCVTIMEO_NEW 66
#define SO_SNDTIMEO_NEW 67

#define UNIX_PATH_MAX 108
#define SOCKADDR_MAX 128 /* struct sockaddr_storage */
#define SCM_FILES_MAX 253

struct sockaddr_un {
	uint16_t family;
	char path[UNIX_PATH_MAX];
};

struct ucred {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

struct msghdr {
	void *name;
	int32_t name_size;
	void *vec;
	uint32_t vec_count;
	void *control;
	uint32_t control_size;
	uint32_t flags;
};

struct mmsghdr {
	struct msghdr header;
	uint32_t size;
};

/* Followed by data, the whole rounded up to words. */
struct cmsghdr {
	uint32_t size; /* with this header */
	int32_t level, type;
};

struct linger {
	int32_t on, seconds;
};

_Static_assert(sizeof(struct sockaddr_un) == 110, "struct sockaddr_un of the ABI");
_Static_assert(sizeof(struct msghdr) == 28, "struct msghdr of the ABI");

#define SIOCINQ 0x541b	/* FIONREAD */
#define SIOCOUTQ 0x5411 /* TIOCOUTQ */

/* What socketcall(102) does, by its first argument. */
enum socket_call {
	CALL_SOCKET = 1,
	CALL_BIND,
	CALL_CONNECT,
	CALL_LISTEN,
	CALL_ACCEPT,
	CALL_GETSOCKNAME,
	CALL_GETPEERNAME,
	CALL_SOCKETPAIR,
	CALL_SEND,
	CALL_RECV,
	CALL_SENDTO,
	CALL_RECVFROM,
	CALL_SHUTDOWN,
	CALL_SETSOCKOPT,
	CALL_GETSOCKOPT,
	CALL_SENDMSG,
	CALL_RECVMSG,
	CALL_ACCEPT4,
	CALL_RECVMMSG,
	CALL_SENDMMSG
};

#endif
