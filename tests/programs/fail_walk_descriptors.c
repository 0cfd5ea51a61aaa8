/* EXPECT: fail_walk_descriptors.txt */
/*
 * Descriptors that are no files, signals and timers, with allocations that fail (fail_walk.h).
 */
#include "fail_walk.h"

#include <grp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

/* ---- pipes, copies ---- */

static int do_pipe(void)
{
	return result(pipe(fds));
}

static int do_dup(void)
{
	return keep(dup2(data_file, 900));
}

/* ---- events, sockets, signals, timers ---- */

static int do_memfd(void)
{
	return keep(memfd_create("a name", 0));
}

static int do_eventfd(void)
{
	return keep(eventfd(0, 0));
}

static int do_timerfd(void)
{
	return keep(timerfd_create(CLOCK_MONOTONIC, 0));
}

static int do_signalfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	return keep(signalfd(-1, &set, 0));
}

static int do_epoll(void)
{
	return keep(epoll_create1(0));
}

static void prepare_epoll(void)
{
	fds[0] = epoll_create1(0);
	fds[1] = eventfd(0, 0);
}

static int do_epoll_add(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	return result(epoll_ctl(fds[0], EPOLL_CTL_ADD, fds[1], &event));
}

static int do_socketpair(void)
{
	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

static void prepare_socketpair(void)
{
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

static int do_send(void)
{
	static char bytes[5000];

	return write(fds[0], bytes, sizeof(bytes)) > 0 ? 0 : -errno;
}

static int do_bind(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int error = keep(socket(AF_UNIX, SOCK_STREAM, 0));

	if (!error)
		error = result(bind(fds[0], (struct sockaddr *)&address, sizeof(address)));
	return error;
}

static void undo_bind(void)
{
	close_fds();
	unlink("socket");
}

static int do_datagrams(void)
{
	return result(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
}

static int listener = -1;

static void prepare_listener(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };

	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listener, (struct sockaddr *)&address, sizeof(address));
	listen(listener, 5);
}

static int do_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int error = keep(socket(AF_UNIX, SOCK_STREAM, 0));

	if (!error)
		error = result(connect(fds[0], (struct sockaddr *)&address, sizeof(address)));
	if (!error)
		error = result(fds[1] = accept(listener, NULL, NULL));
	return error;
}

static void undo_listener(void)
{
	close(listener);
	undo_bind();
}

/* A descriptor through a socket, and out of it again. */
static int do_pass(void)
{
	char byte = 0;
	struct iovec part = { &byte, 1 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int passed;

	memcpy(CMSG_DATA(&control.header), &data_file, sizeof(int));
	if (sendmsg(fds[0], &message, 0) < 0 || recvmsg(fds[1], &message, 0) < 0)
		return -errno;
	/* Received without its descriptor when there was no room for that. */
	if (message.msg_controllen < CMSG_LEN(sizeof(int)))
		return -EMFILE;
	memcpy(&passed, CMSG_DATA(&control.header), sizeof(int));
	close(passed);
	return 0;
}

static int do_terminal(void)
{
	return keep(open("/dev/ptmx", O_RDWR | O_NOCTTY));
}

static int do_signal(void)
{
	sigset_t set;
	int error;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	error = result(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 1 }));
	if (!error)
		sigwaitinfo(&set, NULL);
	return error;
}

static int do_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	timer_t timer;

	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) < 0)
		return -errno;
	syscall(SYS_timer_delete, timer);
	return 0;
}

static void prepare_pipe(void)
{
	pipe(fds);
}

static int do_pipe_write(void)
{
	static char bytes[3 * 4096];

	return write(fds[1], bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) ? 0 : -errno;
}

static int do_sendfile(void)
{
	return sendfile(fds[1], data_file, &(off_t){ 0 }, 2 * PAGE) > 0 ? 0 : -errno;
}

/* ---- all sorts ---- */

static int do_poll(void)
{
	struct pollfd polled[600];

	for (int i = 0; i < 600; i++)
		polled[i] = (struct pollfd){ .fd = data_file, .events = POLLIN };
	return poll(polled, 600, 0) < 0 ? -errno : 0;
}

static int do_select(void)
{
	static char set[8192];

	return syscall(SYS__newselect, 60000, set, NULL, NULL, &(struct timeval){ 0 }) < 0 ? -errno
											   : 0;
}

static int do_groups(void)
{
	gid_t groups[20] = { 0 };

	return result(setgroups(20, groups));
}

static void undo_groups(void)
{
	setgroups(0, NULL);
}

static int do_pipe_size(void)
{
	return fcntl(fds[0], F_SETPIPE_SZ, 1 << 18) < 0 ? -errno : 0;
}

static const struct walk walks[] = {
	{ "pipe", NULL, do_pipe, close_fds },
	{ "write to a pipe", prepare_pipe, do_pipe_write, close_fds },
	{ "sendfile", prepare_pipe, do_sendfile, close_fds },
	{ "dup2", NULL, do_dup, close_fds },
	{ "memfd_create", NULL, do_memfd, close_fds },
	{ "eventfd", NULL, do_eventfd, close_fds },
	{ "timerfd_create", NULL, do_timerfd, close_fds },
	{ "signalfd", NULL, do_signalfd, close_fds },
	{ "epoll_create", NULL, do_epoll, close_fds },
	{ "epoll_ctl", prepare_epoll, do_epoll_add, close_fds },
	{ "socketpair", NULL, do_socketpair, close_fds },
	{ "socketpair, datagrams", NULL, do_datagrams, close_fds },
	{ "write to a socket", prepare_socketpair, do_send, close_fds },
	{ "bind", NULL, do_bind, undo_bind },
	{ "connect, accept", prepare_listener, do_connect, undo_listener },
	{ "descriptor through a socket", prepare_socketpair, do_pass, close_fds },
	{ "terminal", NULL, do_terminal, close_fds },
	{ "sigqueue", NULL, do_signal, NULL },
	{ "timer_create", NULL, do_timer, NULL },
	{ "poll", NULL, do_poll, NULL },
	{ "select", NULL, do_select, NULL },
	{ "setgroups", NULL, do_groups, undo_groups },
	{ "F_SETPIPE_SZ", prepare_pipe, do_pipe_size, close_fds },
};

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	walk_begin();
	for (unsigned i = 0; i < sizeof(walks) / sizeof(*walks); i++)
		walk(&walks[i]);
	return 0;
}
