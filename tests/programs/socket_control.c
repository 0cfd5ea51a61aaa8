/* What goes along with messages: files, credentials; truncation; sockets that hold each other. */
#include "sockets.h"

#include <sys/epoll.h>

/* Sends text with control data that the caller has filled. */
static ssize_t post(int fd, const char *text, void *control, size_t size)
{
	struct iovec vec = { (void *)text, strlen(text) };
	struct msghdr message = {
		.msg_iov = &vec,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = size,
	};
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static ssize_t post_files(int fd, const char *text, const int *files, int count)
{
	char control[CMSG_SPACE(300 * sizeof(int))] = "";
	struct cmsghdr *header = (struct cmsghdr *)control;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), files, count * sizeof(int));
	return post(fd, text, control, CMSG_SPACE(count * sizeof(int)));
}

static ssize_t post_credentials(int fd, const char *text, pid_t pid, uid_t uid, gid_t gid)
{
	char control[CMSG_SPACE(sizeof(struct ucred))] = "";
	struct cmsghdr *header = (struct cmsghdr *)control;
	struct ucred credentials = { pid, uid, gid };
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_CREDENTIALS;
	header->cmsg_len = CMSG_LEN(sizeof(credentials));
	memcpy(CMSG_DATA(header), &credentials, sizeof(credentials));
	return post(fd, text, control, sizeof(control));
}

static int last_file;

/* Receives with room for so much control data; prints all that came. */
static void fetch(const char *what, int fd, size_t room, size_t control_room, int flags)
{
	char text[100] = "", control[2000];
	struct iovec vec = { text, room };
	struct msghdr message = {
		.msg_iov = &vec,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = control_room,
		.msg_flags = 0x77,
	};
	memset(control, 0x55, sizeof(control));
	ssize_t done = recvmsg(fd, &message, flags);
	if (done < 0) {
		printf("%s: %s\n", what, strerrorname_np(errno));
		return;
	}
	printf("%s: %zd \"%s\" flags %#x control %d", what, done, text, message.msg_flags,
	       (int)message.msg_controllen);
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header)) {
		int size = header->cmsg_len - CMSG_LEN(0);
		printf(", %d/%d size %d", header->cmsg_level, header->cmsg_type, size);
		if (header->cmsg_type == SCM_CREDENTIALS && size == 12) {
			struct ucred credentials;
			memcpy(&credentials, CMSG_DATA(header), sizeof(credentials));
			printf(" %s uid %d gid %d",
			       credentials.pid == getpid() ? "me"
			       : credentials.pid	   ? "another"
							   : "nobody",
			       credentials.uid, credentials.gid);
		}
		if (header->cmsg_type != SCM_RIGHTS)
			continue;
		int *files = (int *)CMSG_DATA(header);
		for (int i = 0; i < size / 4; i++) {
			printf(" %d:%d", files[i], fcntl(files[i], F_GETFD));
			if (i > 0)
				close(files[i]);
			else
				last_file = files[i];
		}
	}
	puts("");
}

static void files(int type)
{
	int fds[2], ends[2], three[3];
	char text[20] = "";
	printf("files by type %d\n", type);
	socketpair(AF_UNIX, type, 0, fds);
	pipe(ends);
	SHOW(post_files(fds[0], "a pipe", &ends[0], 1));
	fetch("got", fds[1], 99, 200, 0);
	write(ends[1], "through", 7);
	SHOW(read(last_file, text, 20));
	puts(text);
	SHOW(fcntl(last_file, F_GETFL));
	close(last_file);

	three[0] = ends[0];
	three[1] = ends[1];
	three[2] = 0;
	SHOW(post_files(fds[0], "three", three, 3));
	fetch("peek", fds[1], 99, 200, MSG_PEEK);
	close(last_file);
	fetch("room for two", fds[1], 99, CMSG_LEN(8), MSG_CMSG_CLOEXEC);
	close(last_file);
	SHOW(post_files(fds[0], "three", three, 3));
	fetch("room for a header", fds[1], 99, CMSG_LEN(0), 0);
	SHOW(post_files(fds[0], "three", three, 3));
	fetch("no room", fds[1], 99, 4, 0);
	SHOW(post_files(fds[0], "three", three, 3));
	take("read alone", fds[1], 99, 0);
	SHOW(post_files(fds[0], "none", three, 0));
	fetch("none", fds[1], 99, 100, 0);

	three[1] = 99;
	SHOW(post_files(fds[0], "bad", three, 3));
	int many[300] = { 0 };
	SHOW(post_files(fds[0], "too many", many, 254));
	SHOW(post_files(fds[0], "many", many, 253));
	take("many", fds[1], 99, 0);
	char broken[64] = "";
	struct cmsghdr *header = (struct cmsghdr *)broken;
	*header = (struct cmsghdr){ .cmsg_len = 11, .cmsg_level = SOL_SOCKET, .cmsg_type = 1 };
	SHOW(post(fds[0], "short", broken, 64));
	header->cmsg_len = 65;
	SHOW(post(fds[0], "long", broken, 64));
	header->cmsg_len = 16;
	header->cmsg_type = 99;
	SHOW(post(fds[0], "type", broken, 64));
	header->cmsg_level = 99;
	SHOW(post(fds[0], "level", broken, 16));
	take("level", fds[1], 99, MSG_DONTWAIT);
	SHOW(post(fds[0], "pointer", (void *)16, 64));
	int path_only = open("/", O_PATH);
	SHOW(post_files(fds[0], "path", &path_only, 1));
	fetch("path", fds[1], 99, 100, 0);
	close(path_only);
	close(last_file);

	/* A file closed by its sender lives on in the message, and dies with it. */
	SHOW(post_files(fds[0], "end", &ends[1], 1));
	close(ends[1]);
	struct pollfd poll_fd = { ends[0], POLLIN, 0 };
	SHOW(poll(&poll_fd, 1, 0));
	close(fds[0]);
	close(fds[1]);
	SHOW(poll(&poll_fd, 1, 0));
	close(ends[0]);
}

static void stream_boundaries(void)
{
	int fds[2], ends[2];
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	pipe(ends);
	send(fds[0], "plain", 5, 0);
	post_files(fds[0], "with", &ends[0], 1);
	send(fds[0], "after", 5, 0);
	fetch("up to the file", fds[1], 99, 100, 0);
	close(last_file);
	fetch("after it", fds[1], 99, 100, 0);
	post_files(fds[0], "first", &ends[0], 1);
	post_files(fds[0], "second", &ends[1], 1);
	fetch("part of the first", fds[1], 2, 100, 0);
	close(last_file);
	fetch("its rest", fds[1], 99, 100, 0);
	close(last_file);
	fetch("second", fds[1], 99, 100, MSG_DONTWAIT);
	close(last_file);
	close(ends[0]);
	close(ends[1]);
	close(fds[0]);
	close(fds[1]);
}

static void credentials(int type)
{
	int fds[2], on = 1;
	printf("credentials by type %d\n", type);
	socketpair(AF_UNIX, type, 0, fds);
	SHOW(send(fds[0], "before", 6, 0));
	SHOW(setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	fetch("sent before", fds[1], 99, 100, 0);
	SHOW(send(fds[0], "after", 5, 0));
	fetch("sent after", fds[1], 99, 100, 0);
	SHOW(post_credentials(fds[0], "mine", getpid(), 0, 0));
	fetch("mine", fds[1], 99, 100, 0);
	SHOW(post_credentials(fds[0], "as root", 1, 5, 6));
	fetch("another's", fds[1], 99, 100, 0);
	SHOW(post_credentials(fds[0], "nobody", 999999, 5, 6));
	fetch("cut", fds[1], 99, 100, MSG_DONTWAIT);
	SHOW(send(fds[0], "short", 5, 0));
	fetch("little room", fds[1], 99, 14, 0);
	SHOW(send(fds[0], "short", 5, 0));
	fetch("no room", fds[1], 99, 3, 0);
	int file = 0;
	SHOW(post_files(fds[0], "both", &file, 1));
	fetch("both", fds[1], 99, 100, 0);
	close(last_file);
	fflush(stdout);
	if (fork() == 0) {
		SHOW(setresgid(77, 77, 77));
		SHOW(setresuid(1000, 1001, 1002));
		SHOW(post_credentials(fds[0], "one", getpid(), 1002, 77));
		SHOW(post_credentials(fds[0], "lie", getpid(), 5, 77));
		SHOW(post_credentials(fds[0], "lie", getpid(), 1000, 0));
		SHOW(post_credentials(fds[0], "lie", getppid(), 1000, 77));
		SHOW(send(fds[0], "two", 3, 0));
		exit(0);
	}
	wait(NULL);
	send(fds[0], "three", 5, 0);
	fetch("child's", fds[1], 99, 100, 0);
	fetch("child's", fds[1], 99, 100, 0);
	fetch("mine", fds[1], 99, 100, MSG_DONTWAIT);
	close(fds[0]);
	close(fds[1]);
}

static void peers(void)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct sockaddr_un name;
	int fds[2], server = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t name_size = abstract_name(&name, "loft/peers");
	SHOW(getsockopt(server, SOL_SOCKET, SO_PEERCRED, &peer, &size));
	printf("%d %d %d\n", peer.pid, peer.uid, peer.gid);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	SHOW(getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &peer, &size));
	SHOW(peer.pid == getpid() && peer.uid == 0 && peer.gid == 0);
	close(fds[0]);
	close(fds[1]);
	bind(server, (struct sockaddr *)&name, name_size);
	listen(server, 3);
	if (fork() == 0) {
		int client = socket(AF_UNIX, SOCK_STREAM, 0);
		setegid(7);
		seteuid(8);
		SHOW(connect(client, (struct sockaddr *)&name, name_size));
		getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size);
		SHOW(peer.pid == getppid() && peer.uid == 0);
		exit(0);
	}
	wait(NULL);
	int made = accept(server, NULL, NULL);
	getsockopt(made, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	printf("%d %d %d\n", peer.pid > 0 && peer.pid != getpid(), peer.uid, peer.gid);
	close(made);
	close(server);
}

/* Sockets that nothing but messages hold go, and what their messages hold with them. */
static void garbage(void)
{
	int ends[2], a[2], b[2];
	struct pollfd poll_fd;
	pipe(ends);
	poll_fd = (struct pollfd){ ends[0], POLLIN, 0 };

	socketpair(AF_UNIX, SOCK_STREAM, 0, a);
	post_files(a[0], "own end", &a[1], 1);
	post_files(a[0], "a pipe", &ends[1], 1);
	close(ends[1]);
	close(a[1]);
	close(a[0]);
	close(socket(AF_UNIX, SOCK_STREAM, 0));
	SHOW(poll(&poll_fd, 1, 1000));
	close(ends[0]);

	pipe(ends);
	poll_fd.fd = ends[0];
	socketpair(AF_UNIX, SOCK_DGRAM, 0, a);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, b);
	post_files(a[0], "b", b, 2);
	post_files(b[0], "a", a, 2);
	post_files(a[1], "a pipe", &ends[1], 1);
	close(ends[1]);
	close(a[0]);
	close(a[1]);
	close(b[0]);
	SHOW(poll(&poll_fd, 1, 0));
	SHOW(recv(b[1], NULL, 0, MSG_PEEK | MSG_DONTWAIT));
	close(b[1]);
	close(socket(AF_UNIX, SOCK_STREAM, 0));
	SHOW(poll(&poll_fd, 1, 1000));
	close(ends[0]);

	/* One in the other, deep down a pipe. */
	int inner[2], outer[2], depth = 0;
	pipe(ends);
	poll_fd.fd = ends[0];
	socketpair(AF_UNIX, SOCK_STREAM, 0, inner);
	post_files(inner[0], "a pipe", &ends[1], 1);
	close(ends[1]);
	while (depth < 300) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, outer);
		if (post_files(outer[0], "inner", inner, 2) < 0)
			break;
		close(inner[0]);
		close(inner[1]);
		inner[0] = outer[0];
		inner[1] = outer[1];
		depth++;
	}
	SHOW(depth);
	SHOW(poll(&poll_fd, 1, 0));
	close(inner[0]);
	close(inner[1]);
	SHOW(poll(&poll_fd, 1, 1000));
	close(ends[0]);

	/* One that is still to be accepted. */
	struct sockaddr_un name;
	socklen_t size = abstract_name(&name, "loft/garbage");
	int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
	pipe(ends);
	poll_fd.fd = ends[0];
	bind(server, (struct sockaddr *)&name, size);
	listen(server, 3);
	SHOW(connect(client, (struct sockaddr *)&name, size));
	post_files(client, "server", &server, 1);
	post_files(client, "a pipe", &ends[1], 1);
	close(ends[1]);
	close(server);
	close(client);
	close(socket(AF_UNIX, SOCK_STREAM, 0));
	SHOW(poll(&poll_fd, 1, 1000));
	close(ends[0]);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++) {
		if (type > SOCK_DGRAM && type < SOCK_SEQPACKET)
			continue;
		files(type);
		credentials(type);
	}
	stream_boundaries();
	peers();
	garbage();
	return 0;
}
