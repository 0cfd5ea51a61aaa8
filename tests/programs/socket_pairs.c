/* Socket pairs of each type: bytes and messages, ends that close or shut down, what poll says. */
#include "sockets.h"

static const char *const type_names[] = { "", "stream", "dgram", "", "", "seqpacket" };

static void errors(void)
{
	int fds[2] = { -1, -1 };
	char text[10];
	SHOW(socket(-1, SOCK_STREAM, 0));
	SHOW(socket(46, SOCK_STREAM, 0));
	SHOW(socket(1000, 99, 0));
	SHOW(socket(AF_UNIX, 4, 0));
	SHOW(socket(AF_UNIX, 0, 0));
	SHOW(socket(AF_UNIX, 11, 0));
	SHOW(socket(AF_UNIX, -1, 0));
	SHOW(socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
	SHOW(socket(AF_UNIX, SOCK_STREAM, 2));
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 1, (void *)16));
	SHOW(socketpair(AF_UNIX, 9, 0, fds));
	int raw = socket(AF_UNIX, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	SHOW(fcntl(raw, F_GETFL));
	SHOW(fcntl(raw, F_GETFD));
	struct stat info;
	fstat(raw, &info);
	printf("mode %o links %d\n", info.st_mode, (int)info.st_nlink);
	SHOW(lseek(raw, 0, SEEK_SET));
	SHOW(pread(raw, text, 1, 0));
	SHOW(ioctl(raw, 0x5401, text));
	SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, raw, 0) == MAP_FAILED);
	SHOW(recv(0, text, 1, 0));
	SHOW(recv(-1, text, 1, 0));
	SHOW(send(-1, text, 1, 0));
	SHOW(shutdown(raw, 3));
	SHOW(shutdown(raw, -1));
	SHOW(shutdown(0, 1));
	close(raw);
}

static void fresh(int type)
{
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
	char text[10];
	int count = 77;
	printf("a fresh %s socket\n", type_names[type]);
	look("poll", fd);
	SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
	SHOW(write(fd, "x", 1));
	SHOW(recv(fd, text, 1, 0));
	SHOW(read(fd, text, 1));
	SHOW(read(fd, text, 0));
	SHOW(listen(fd, 1));
	SHOW(accept(fd, NULL, NULL));
	SHOW(ioctl(fd, FIONREAD, &count));
	SHOW(count);
	struct sockaddr_un name;
	socklen_t size = sizeof(name);
	SHOW(getsockname(fd, (struct sockaddr *)&name, &size));
	print_name("own", &name, size);
	SHOW(getpeername(fd, (struct sockaddr *)&name, &size));
	SHOW(shutdown(fd, SHUT_WR));
	look("shut for writing", fd);
	if (type != SOCK_DGRAM)
		SHOW(send(fd, "x", 1, 0));
	SHOW(shutdown(fd, SHUT_RD));
	look("shut", fd);
	SHOW(recv(fd, text, 1, 0));
	SHOW(broken());
	close(fd);
}

static void talk(int type)
{
	int fds[2], count;
	char text[100];
	printf("a pair of %s\n", type_names[type]);
	SHOW(socketpair(AF_UNIX, type, 0, fds));
	look("fresh", fds[0]);
	SHOW(send(fds[0], WORDS, 30, 0));
	SHOW(write(fds[0], "second", 6));
	look("with something", fds[1]);
	SHOW(ioctl(fds[1], FIONREAD, &count));
	SHOW(count);
	take("peek", fds[1], 10, MSG_PEEK);
	take("peek for all", fds[1], 100, MSG_PEEK);
	take("ten", fds[1], 10, 0);
	take("all", fds[1], 100, 0);
	take("none", fds[1], 100, MSG_DONTWAIT);
	send(fds[1], WORDS, 40, 0);
	take("true length", fds[0], 5, MSG_TRUNC);
	take("the rest", fds[0], 100, MSG_DONTWAIT);
	SHOW(send(fds[0], "", 0, 0));
	take("nothing", fds[1], 10, MSG_DONTWAIT);
	struct iovec parts[3] = { { "one ", 4 }, { "", 0 }, { "two", 3 } };
	SHOW(writev(fds[0], parts, 3));
	struct iovec rooms[2] = { { text, 2 }, { text + 50, 50 } };
	SHOW(readv(fds[1], rooms, 2));
	printf("%.2s %.5s\n", text, text + 50);
	SHOW(recv(fds[1], text, 0, MSG_DONTWAIT));
	SHOW(send(fds[0], (void *)16, 5, 0));
	SHOW(send(fds[0], "lost", 4, 0));
	SHOW(recv(fds[1], (void *)16, 4, 0));
	take("after a bad pointer", fds[1], 10, MSG_DONTWAIT);
	struct sockaddr_un name;
	socklen_t size = sizeof(name);
	send(fds[0], "from", 4, 0);
	SHOW(recvfrom(fds[1], text, 4, 0, (struct sockaddr *)&name, &size));
	print_name("from", &name, size);
	size = sizeof(name);
	SHOW(getpeername(fds[1], (struct sockaddr *)&name, &size));
	print_name("peer", &name, size);
	SHOW(connect_to(fds[0], "/nowhere"));
	SHOW(listen(fds[0], 3));
	SHOW(send_to(fds[0], "text", "/nowhere"));
	close(fds[0]);
	close(fds[1]);
}

static void ends(int type)
{
	int fds[2];
	printf("ends of %s\n", type_names[type]);
	socketpair(AF_UNIX, type, 0, fds);
	send(fds[0], "unread", 6, 0);
	close(fds[0]);
	look("closed over there", fds[1]);
	SHOW(send(fds[1], "x", 1, 0));
	SHOW(write(fds[1], "x", 1));
	SHOW(send(fds[1], "x", 1, MSG_NOSIGNAL));
	SHOW(broken());
	take("what was sent", fds[1], 20, MSG_DONTWAIT);
	take("the end", fds[1], 20, MSG_DONTWAIT);
	close(fds[1]);

	socketpair(AF_UNIX, type, 0, fds);
	send(fds[0], "never read", 10, 0);
	send(fds[1], "read late", 9, 0);
	close(fds[1]);
	look("closed with something unread", fds[0]);
	take("first", fds[0], 20, MSG_DONTWAIT);
	take("second", fds[0], 20, MSG_DONTWAIT);
	take("third", fds[0], 20, MSG_DONTWAIT);
	look("then", fds[0]);
	close(fds[0]);

	socketpair(AF_UNIX, type, 0, fds);
	SHOW(shutdown(fds[0], SHUT_WR));
	look("shut for writing", fds[0]);
	look("its peer", fds[1]);
	SHOW(send(fds[0], "x", 1, 0));
	SHOW(broken());
	take("its peer reads", fds[1], 10, MSG_DONTWAIT);
	SHOW(send(fds[1], "back", 4, 0));
	take("the other way", fds[0], 10, MSG_DONTWAIT);
	SHOW(shutdown(fds[1], SHUT_WR));
	look("both ways", fds[0]);
	look("both ways, peer", fds[1]);
	close(fds[0]);
	close(fds[1]);

	socketpair(AF_UNIX, type, 0, fds);
	send(fds[1], "before", 6, 0);
	SHOW(shutdown(fds[0], SHUT_RD));
	look("shut for reading", fds[0]);
	look("its peer", fds[1]);
	SHOW(send(fds[1], "x", 1, 0));
	SHOW(write(fds[1], "x", 1));
	SHOW(broken());
	take("what was there", fds[0], 10, MSG_DONTWAIT);
	take("then", fds[0], 10, MSG_DONTWAIT);
	SHOW(shutdown(fds[0], SHUT_RDWR));
	look("shut", fds[0]);
	close(fds[0]);
	close(fds[1]);
}

static void waiting(int type)
{
	int fds[2], status;
	char text[20];
	printf("waiting on %s\n", type_names[type]);
	socketpair(AF_UNIX, type, 0, fds);
	if (fork() == 0) {
		close(fds[0]);
		usleep(30000);
		write(fds[1], "late", 4);
		usleep(30000);
		write(fds[1], "later", 5);
		_exit(0);
	}
	close(fds[1]);
	take("first", fds[0], 20, 0);
	take("second", fds[0], 20, type == SOCK_STREAM ? MSG_WAITALL : 0);
	if (type != SOCK_DGRAM)
		take("end", fds[0], 20, 0);
	wait(&status);
	close(fds[0]);

	/* A writer waits until somebody reads. */
	socketpair(AF_UNIX, type, 0, fds);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	int count = 0;
	while (write(fds[0], WORDS, 64) == 64)
		count++;
	SHOW(errno == EAGAIN && count > 5);
	look("full", fds[0]);
	SHOW(send(fds[0], "x", 1, MSG_DONTWAIT));
	fcntl(fds[0], F_SETFL, 0);
	if (fork() == 0) {
		close(fds[0]);
		usleep(30000);
		while (count-- > 0)
			read(fds[1], text, 64);
		_exit(0);
	}
	SHOW(write(fds[0], WORDS, 64));
	wait(&status);
	look("read empty", fds[0]);
	struct pollfd poll_fd = { fds[0], POLLOUT, 0 };
	SHOW(poll(&poll_fd, 1, 1000));
	close(fds[0]);
	close(fds[1]);

	/* Timeouts, and signals. */
	socketpair(AF_UNIX, type, 0, fds);
	struct timeval time = { 0, 30000 };
	SHOW(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	take("in vain", fds[0], 5, 0);
	ualarm(10000, 0);
	take("a signal", fds[0], 5, 0);
	time.tv_usec = 0;
	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	ualarm(10000, 0);
	take("a signal, no timeout", fds[0], 5, 0);
	close(fds[0]);
	close(fds[1]);
}

static void large(void)
{
	static char from[300000], to[300000];
	int fds[2];
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (char)(i * 7 + i / 251);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	if (fork() == 0) {
		SHOW(write(fds[0], from, sizeof(from)));
		exit(0);
	}
	ssize_t done = recv(fds[1], to, sizeof(to), MSG_WAITALL);
	wait(NULL);
	SHOW(done);
	SHOW(memcmp(from, to, sizeof(to)));
	close(fds[0]);
	close(fds[1]);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);
	SHOW(send(fds[0], from, 100000, 0));
	SHOW(recv(fds[1], to, sizeof(to), 0));
	SHOW(memcmp(from, to, 100000));
	SHOW(send(fds[0], from, sizeof(from), 0));
	close(fds[0]);
	close(fds[1]);
}

static void nothing(int signal)
{
	(void)signal;
}

int main(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	struct sigaction action = { .sa_handler = nothing };
	signal(SIGPIPE, count_pipe_signal);
	sigaction(SIGALRM, &action, NULL);
	setvbuf(stdout, NULL, _IONBF, 0);
	errors();
	for (int i = 0; i < 3; i++) {
		fresh(types[i]);
		talk(types[i]);
		ends(types[i]);
		waiting(types[i]);
	}
	large();
	return 0;
}
