/*
 * What the programs about sockets share.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "files.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define WORDS "what a long line of words this is, longer than anybody would want to read"

/* A path's name; its size with the end of the path. */
static inline socklen_t path_name(struct sockaddr_un *name, const char *path)
{
	memset(name, 0, sizeof(*name));
	name->sun_family = AF_UNIX;
	strcpy(name->sun_path, path);
	return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
}

static inline socklen_t abstract_name(struct sockaddr_un *name, const char *text)
{
	memset(name, 0, sizeof(*name));
	name->sun_family = AF_UNIX;
	strcpy(name->sun_path + 1, text);
	return offsetof(struct sockaddr_un, sun_path) + strlen(text) + 1;
}

static inline int bind_to(int fd, const char *path)
{
	struct sockaddr_un name;
	return bind(fd, (struct sockaddr *)&name, path_name(&name, path));
}

static inline int connect_to(int fd, const char *path)
{
	struct sockaddr_un name;
	return connect(fd, (struct sockaddr *)&name, path_name(&name, path));
}

static inline int send_to(int fd, const char *text, const char *path)
{
	struct sockaddr_un name;
	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&name, path_name(&name, path));
}

static inline void print_name(const char *what, const struct sockaddr_un *name, socklen_t size)
{
	printf("%s: size %d", what, (int)size);
	if (size >= 2)
		printf(" family %d", name->sun_family);
	if (size > 2 && name->sun_path[0])
		printf(" path %s", name->sun_path);
	else if (size > 2)
		printf(" abstract %.*s", (int)size - 3, name->sun_path + 1);
	puts("");
}

/* What poll says of a socket. */
static inline void look(const char *what, int fd)
{
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM, 0 };
	int ready = poll(&poll_fd, 1, 0);
	printf("%s: %d %#x\n", what, ready, poll_fd.revents);
}

/* Reads once; prints what came. */
static inline void take(const char *what, int fd, size_t size, int flags)
{
	char text[300] = "";
	ssize_t done = recv(fd, text, size, flags);
	if (done < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %zd \"%.*s\"\n", what, done,
		       (int)(done < (ssize_t)size ? done : (ssize_t)size), text);
}

static volatile int pipe_signals;

static inline void count_pipe_signal(int signal)
{
	(void)signal;
	pipe_signals++;
}

/* How many SIGPIPE there were since it was last asked. */
static inline int broken(void)
{
	int count = pipe_signals;
	pipe_signals = 0;
	return count;
}

#endif
