/* EXPECT: fail_walk_sockets.txt */
/*
 * The calls of sockets, pseudo-terminals and pidfds with each of their allocations failing in turn.
 */
#include "fail_walk.h"

#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#pragma GCC diagnostic ignored "-Wunused-result"

static socklen_t name_of(struct sockaddr_un *name, const char *path, int abstract)
{
	memset(name, 0, sizeof(*name));
	name->sun_family = AF_UNIX;
	strcpy(name->sun_path + abstract, path);
	return offsetof(struct sockaddr_un, sun_path) + abstract + strlen(path);
}

static int bind_as(int fd, const char *path, int abstract)
{
	struct sockaddr_un name;
	return bind(fd, (struct sockaddr *)&name, name_of(&name, path, abstract));
}

static int connect_as(int fd, const char *path, int abstract)
{
	struct sockaddr_un name;
	return connect(fd, (struct sockaddr *)&name, name_of(&name, path, abstract));
}

static int do_socket(void)
{
	return keep(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int do_pair(void)
{
	return result(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
}

static void prepare_socket(void)
{
	fds[0] = socket(AF_UNIX, SOCK_DGRAM, 0);
}

static int do_bind(void)
{
	return result(bind_as(fds[0], "node", 0));
}

static void undo_bind(void)
{
	close_fds();
	unlink("node");
}

static int do_bind_abstract(void)
{
	return result(bind_as(fds[0], "loft/fail", 1));
}

static int do_autobind(void)
{
	return result(bind_as(fds[0], "", 0));
}

static void prepare_server(void)
{
	fds[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	fds[1] = socket(AF_UNIX, SOCK_STREAM, 0);
	bind_as(fds[0], "loft/server", 1);
	listen(fds[0], 5);
}

static int do_connect(void)
{
	return result(connect_as(fds[1], "loft/server", 1));
}

static void prepare_connected(void)
{
	prepare_server();
	do_connect();
}

static int do_accept(void)
{
	fds[2] = accept(fds[0], NULL, NULL);
	return result(fds[2]);
}

static void prepare_pair(void)
{
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

static int do_send(void)
{
	static char text[9000];
	ssize_t done = send(fds[0], text, sizeof(text), MSG_NOSIGNAL);
	/* Part of it may have gone. */
	return done == sizeof(text) ? 0 : done < 0 ? -errno : -ENOBUFS;
}

static ssize_t exchange(int sending)
{
	char control[CMSG_SPACE(3 * sizeof(int))] = "", text[600];
	struct iovec vec = { text, sizeof(text) };
	struct msghdr message = { .msg_iov = &vec,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int files[3] = { data_file, fds[0], fds[1] };
	ssize_t done;

	if (sending) {
		*header = (struct cmsghdr){ CMSG_LEN(sizeof(files)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(header), files, sizeof(files));
		return sendmsg(fds[0], &message, 0);
	}
	done = recvmsg(fds[1], &message, 0);
	if (done >= 0 && message.msg_controllen)
		memcpy(&fds[2], CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(files));
	return done;
}

static int do_send_files(void)
{
	return result(exchange(1));
}

static void prepare_sent(void)
{
	prepare_pair();
	exchange(1);
}

static int do_receive_files(void)
{
	return result(exchange(0));
}

static int do_peek(void)
{
	char control[200], text[10];
	struct iovec vec = { text, sizeof(text) };
	struct msghdr message = { .msg_iov = &vec,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int done = result(recvmsg(fds[1], &message, MSG_PEEK));
	if (!done && message.msg_controllen)
		memcpy(&fds[2], CMSG_DATA(CMSG_FIRSTHDR(&message)), 3 * sizeof(int));
	return done;
}

static int do_master(void)
{
	return keep(open("/dev/ptmx", O_RDWR | O_NOCTTY));
}

static void prepare_master(void)
{
	int off = 0;
	do_master();
	ioctl(fds[0], TIOCSPTLCK, &off);
}

static int do_slave(void)
{
	fds[1] = ioctl(fds[0], TIOCGPTPEER, O_RDWR | O_NOCTTY);
	return result(fds[1]);
}

static int do_mount(void)
{
	return result(mount("pts", "mounted", "devpts", 0, "mode=620"));
}

static void undo_mount(void)
{
	umount("mounted");
}

static int do_pidfd(void)
{
	return keep(syscall(SYS_pidfd_open, getppid(), 0));
}

static int do_copy(void)
{
	off64_t from = 0, to = 8192;
	return result(copy_file_range(data_file, &from, data_file, &to, 8192, 0));
}

static const struct walk walks[] = {
	{ "socket", NULL, do_socket, close_fds },
	{ "socketpair", NULL, do_pair, close_fds },
	{ "bind to a path", prepare_socket, do_bind, undo_bind },
	{ "bind to an abstract name", prepare_socket, do_bind_abstract, close_fds },
	{ "autobind", prepare_socket, do_autobind, close_fds },
	{ "connect", prepare_server, do_connect, close_fds },
	{ "accept", prepare_connected, do_accept, close_fds },
	{ "send", prepare_pair, do_send, close_fds },
	{ "send files", prepare_pair, do_send_files, close_fds },
	{ "receive files", prepare_sent, do_receive_files, close_fds },
	{ "peek at files", prepare_sent, do_peek, close_fds },
	{ "open a master", NULL, do_master, close_fds },
	{ "open a slave", prepare_master, do_slave, close_fds },
	{ "mount devpts", NULL, do_mount, undo_mount },
	{ "pidfd_open", NULL, do_pidfd, close_fds },
	{ "copy_file_range", NULL, do_copy, NULL },
};

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	mkdir("mounted", 0700);
	walk_begin();
	for (unsigned i = 0; i < sizeof(walks) / sizeof(*walks); i++)
		walk(&walks[i]);
	return 0;
}
