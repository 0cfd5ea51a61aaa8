/* Options of sockets, the calls through socketcall, many messages at once, epoll on sockets. */
#include "sockets.h"

#include <sys/epoll.h>

static void get(const char *what, int fd, int option)
{
	int value[8] = { 77, 77, 77, 77, 77, 77, 77, 77 };
	socklen_t size = sizeof(value);
	if (getsockopt(fd, SOL_SOCKET, option, value, &size) < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: size %d: %d %d %d\n", what, (int)size, value[0], value[1], value[2]);
}

static int set(int fd, int option, int value)
{
	return setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value));
}

#define GET(option) get(#option, fd, option)

static void options(int type)
{
	int fd = socket(AF_UNIX, type, 0), value = 1;
	socklen_t size = 4;
	printf("options of type %d\n", type);
	GET(SO_TYPE);
	GET(SO_DOMAIN);
	GET(SO_PROTOCOL);
	GET(SO_ERROR);
	GET(SO_ACCEPTCONN);
	GET(SO_PASSCRED);
	GET(SO_RCVLOWAT);
	GET(SO_SNDLOWAT);
	GET(SO_RCVTIMEO);
	GET(SO_SNDTIMEO);
	GET(SO_LINGER);
	GET(SO_KEEPALIVE);
	GET(SO_REUSEADDR);
	GET(SO_BROADCAST);
	GET(200);
	SHOW(set(fd, SO_KEEPALIVE, 5));
	SHOW(set(fd, SO_REUSEADDR, 1));
	SHOW(set(fd, SO_BROADCAST, 1));
	GET(SO_KEEPALIVE);
	GET(SO_REUSEADDR);
	GET(SO_BROADCAST);
	SHOW(set(fd, SO_SNDBUF, 10000));
	GET(SO_SNDBUF);
	SHOW(set(fd, SO_SNDBUF, 1));
	GET(SO_SNDBUF);
	SHOW(set(fd, SO_RCVBUF, 1));
	GET(SO_RCVBUF);
	SHOW(set(fd, SO_PASSCRED, 3));
	GET(SO_PASSCRED);
	SHOW(set(fd, SO_RCVLOWAT, 9));
	GET(SO_RCVLOWAT);
	SHOW(set(fd, SO_TYPE, 1));
	SHOW(set(fd, SO_ERROR, 1));
	SHOW(set(fd, SO_ACCEPTCONN, 1));
	SHOW(set(fd, 200, 1));
	struct timeval time = { 3, 500000 }, bad = { 1, 1000000 };
	SHOW(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	SHOW(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, 4));
	SHOW(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bad, sizeof(bad)));
	GET(SO_RCVTIMEO);
	GET(SO_SNDTIMEO);
	struct linger linger = { 5, 6 };
	SHOW(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	GET(SO_LINGER);
	SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 3));
	SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, (void *)16, 4));
	SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, -1));
	SHOW(setsockopt(0, SOL_SOCKET, SO_KEEPALIVE, &value, 4));
	SHOW(setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, &value, 4));
	SHOW(setsockopt(fd, 6, 1, &value, 4));
	SHOW(getsockopt(fd, 6, 1, &value, &size));
	SHOW(getsockopt(fd, SOL_SOCKET, SO_TYPE, (void *)16, &size));
	SHOW(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, (void *)16));
	size = -1;
	SHOW(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size));
	size = 2;
	value = -1;
	SHOW(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size));
	printf("%#x %d\n", value, (int)size);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un name;
	bind(fd, (struct sockaddr *)&name, abstract_name(&name, "loft/options"));
	listen(fd, 1);
	GET(SO_ACCEPTCONN);
	close(fd);
}

static int call(int number, ...)
{
	unsigned long *arguments = (unsigned long *)(&number + 1);
	return syscall(SYS_socketcall, number, arguments);
}

static void by_socketcall(void)
{
	struct sockaddr_un name;
	socklen_t size = abstract_name(&name, "loft/socketcall"), other_size = sizeof(name);
	int server, client, made, pair[2] = { -1, -1 };
	char text[20] = "";
	SHOW(syscall(SYS_socketcall, 0, NULL));
	SHOW(syscall(SYS_socketcall, 21, NULL));
	SHOW(syscall(SYS_socketcall, 1, NULL));
	server = call(1, AF_UNIX, SOCK_STREAM, 0);
	client = call(1, AF_UNIX, SOCK_STREAM, 0);
	SHOW(call(2, server, &name, size));
	SHOW(call(4, server, 5));
	SHOW(call(3, client, &name, size));
	made = call(5, server, NULL, NULL);
	SHOW(made);
	SHOW(call(6, server, &name, &other_size));
	SHOW(other_size);
	SHOW(call(7, client, &name, &other_size));
	SHOW(call(8, AF_UNIX, SOCK_DGRAM, 0, pair));
	SHOW(call(9, client, "send", 4, 0));
	SHOW(call(10, made, text, 20, 0));
	SHOW(call(11, client, "sendto", 6, 0, NULL, 0));
	SHOW(call(12, made, text, 20, 0, NULL, NULL));
	puts(text);
	int type = 0;
	other_size = 4;
	SHOW(call(15, made, SOL_SOCKET, SO_TYPE, &type, &other_size));
	SHOW(type);
	SHOW(call(14, made, SOL_SOCKET, SO_PASSCRED, &type, 4));
	struct iovec vec = { text, 5 };
	struct msghdr message = { .msg_iov = &vec, .msg_iovlen = 1 };
	SHOW(call(16, pair[0], &message, 0));
	SHOW(call(17, pair[1], &message, 0));
	SHOW(call(13, client, SHUT_WR));
	SHOW(call(10, made, text, 20, 0));
	SHOW(call(18, server, NULL, NULL, 1));
	close(server);
	close(client);
	close(made);
	close(pair[0]);
	close(pair[1]);
}

static void many(void)
{
	struct mmsghdr headers[4];
	struct iovec vecs[4];
	char texts[4][10];
	int fds[2];
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fds);
	for (int i = 0; i < 4; i++) {
		vecs[i] = (struct iovec){ texts[i], 3 + i };
		strcpy(texts[i], "abcdefgh");
		headers[i] = (struct mmsghdr){ { .msg_iov = &vecs[i], .msg_iovlen = 1 }, 99 };
	}
	SHOW(syscall(SYS_sendmmsg, fds[0], headers, 4, 0));
	printf("%d %d\n", headers[0].msg_len, headers[3].msg_len);
	SHOW(syscall(SYS_recvmmsg, fds[1], headers, 2, 0, NULL));
	SHOW(syscall(SYS_recvmmsg, fds[1], headers, 4, MSG_WAITFORONE, NULL));
	printf("%d %d %d\n", headers[0].msg_len, headers[1].msg_len, headers[2].msg_len);
	struct timespec time = { 0, -1 };
	SHOW(syscall(SYS_recvmmsg, fds[1], headers, 4, 0, &time));
	SHOW(syscall(SYS_recvmmsg, fds[1], headers, 4, MSG_DONTWAIT, NULL));
	SHOW(syscall(SYS_recvmmsg, fds[1], headers, 0, 0, NULL));
	SHOW(syscall(SYS_sendmmsg, fds[0], (void *)16, 4, 0));
	SHOW(syscall(SYS_sendmmsg, -1, headers, 4, 0));
	vecs[1].iov_base = (void *)16;
	SHOW(syscall(SYS_sendmmsg, fds[0], headers, 4, 0));
	headers[0].msg_hdr.msg_iovlen = 1025;
	SHOW(sendmsg(fds[0], &headers[0].msg_hdr, 0));
	headers[0].msg_hdr.msg_iovlen = 0;
	SHOW(sendmsg(fds[0], &headers[0].msg_hdr, 0));
	close(fds[0]);
	close(fds[1]);
}

static void see(const char *what, int set_fd)
{
	struct epoll_event events[4];
	int count = epoll_wait(set_fd, events, 4, 0);
	printf("%s: %d", what, count);
	for (int i = 0; i < count; i++)
		printf(" %d:%#x", events[i].data.fd, events[i].events);
	puts("");
}

static void in_epoll(void)
{
	int fds[2], set_fd = epoll_create1(0);
	char text[20];
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	event.data.fd = fds[0];
	SHOW(epoll_ctl(set_fd, EPOLL_CTL_ADD, fds[0], &event));
	event.data.fd = fds[1];
	event.events = EPOLLIN | EPOLLET;
	SHOW(epoll_ctl(set_fd, EPOLL_CTL_ADD, fds[1], &event));
	see("fresh", set_fd);
	see("again", set_fd);
	send(fds[1], "abc", 3, 0);
	see("bytes", set_fd);
	send(fds[0], "abc", 3, 0);
	see("for the other", set_fd);
	send(fds[0], "abc", 3, 0);
	see("more", set_fd);
	recv(fds[1], text, 20, 0);
	see("read", set_fd);
	shutdown(fds[1], SHUT_WR);
	see("shut", set_fd);
	close(fds[1]);
	see("closed", set_fd);
	close(fds[0]);
	see("both", set_fd);
	close(set_fd);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	options(SOCK_STREAM);
	options(SOCK_DGRAM);
	by_socketcall();
	many();
	in_epoll();
	return 0;
}
