/* Names of sockets: paths, abstract ones, none; binding, connecting, listening, accepting. */
#include "sockets.h"

static void names(const char *what, int fd)
{
	struct sockaddr_un name;
	socklen_t size = sizeof(name);
	memset(&name, 0, sizeof(name));
	if (getsockname(fd, (struct sockaddr *)&name, &size) == 0)
		print_name(what, &name, size);
	size = sizeof(name);
	memset(&name, 0, sizeof(name));
	if (getpeername(fd, (struct sockaddr *)&name, &size) == 0)
		print_name("  peer", &name, size);
	else
		printf("  peer: %s\n", strerrorname_np(errno));
}

static void binding(void)
{
	struct sockaddr_un name, other;
	socklen_t size = path_name(&name, "node");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), second = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat info;
	SHOW(bind(fd, (void *)16, size));
	SHOW(bind(fd, (struct sockaddr *)&name, -1));
	SHOW(bind(fd, (struct sockaddr *)&name, 129));
	SHOW(bind(fd, (struct sockaddr *)&name, 111));
	SHOW(bind(fd, (struct sockaddr *)&name, 1));
	SHOW(bind(fd, (struct sockaddr *)&name, 0));
	name.sun_family = AF_INET;
	SHOW(bind(fd, (struct sockaddr *)&name, size));
	SHOW(bind_to(fd, "no/such"));
	SHOW(bind_to(fd, "."));
	SHOW(bind_to(fd, "node/"));
	umask(027);
	SHOW(bind_to(fd, "node"));
	umask(022);
	names("bound", fd);
	SHOW(stat("node", &info));
	printf("%o %d\n", info.st_mode, (int)info.st_size);
	SHOW(open("node", O_RDWR));
	SHOW(open("node", O_PATH) >= 0);
	SHOW(bind_to(fd, "other"));
	SHOW(bind_to(fd, "node"));
	SHOW(bind_to(second, "node"));
	SHOW(access("other", F_OK));
	SHOW(connect_to(second, "node"));
	SHOW(connect_to(second, "missing"));
	SHOW(connect_to(second, "."));
	close(open("plain", O_CREAT | O_RDWR, 0644));
	SHOW(connect_to(second, "plain"));
	SHOW(mknod("made", S_IFSOCK | 0777, 0));
	SHOW(connect_to(second, "made"));
	SHOW(listen(second, 1));
	SHOW(listen(fd, 2));
	SHOW(rename("node", "moved"));
	SHOW(connect_to(second, "node"));
	SHOW(connect_to(second, "moved"));
	names("connected", second);
	SHOW(connect_to(second, "moved"));
	SHOW(connect_to(fd, "moved"));
	SHOW(listen(second, 1));
	int dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW(connect_to(dgram, "moved"));
	SHOW(symlink("moved", "link"));
	int third = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(connect_to(third, "link"));
	SHOW(unlink("moved"));
	close(third);
	third = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(connect_to(third, "link"));
	int made = accept(fd, (struct sockaddr *)&other, &size);
	SHOW(made >= 0);
	print_name("accepted from", &other, size);
	names("accepted", made);
	SHOW(close(fd));
	close(made);
	close(second);
	close(third);
	close(dgram);

	/* The name may fill the whole array and need no end. */
	memset(name.sun_path, 'n', sizeof(name.sun_path));
	name.sun_family = AF_UNIX;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(bind(fd, (struct sockaddr *)&name, sizeof(name)));
	size = 4;
	SHOW(getsockname(fd, (struct sockaddr *)&other, &size));
	SHOW(size);
	size = -1;
	SHOW(getsockname(fd, (struct sockaddr *)&other, &size));
	SHOW(getsockname(fd, (struct sockaddr *)&other, (void *)16));
	close(fd);
	name.sun_path[107] = 0;
	char long_name[120];
	sprintf(long_name, "%.*s", 108, name.sun_path);
	for (char *more = long_name; *more; more++)
		*more = 'n';
	long_name[108] = 0;
	memset(long_name, 'n', 108);
	SHOW(unlink(long_name));
}

static void abstract(void)
{
	struct sockaddr_un name;
	socklen_t size = abstract_name(&name, "loft/test/name");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), second = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(bind(fd, (struct sockaddr *)&name, size));
	names("abstract", fd);
	SHOW(bind(second, (struct sockaddr *)&name, size));
	SHOW(connect(second, (struct sockaddr *)&name, size));
	SHOW(listen(fd, 0));
	SHOW(connect(second, (struct sockaddr *)&name, size - 1));
	SHOW(connect(second, (struct sockaddr *)&name, size));
	names("connected", second);
	int dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW(connect(dgram, (struct sockaddr *)&name, size));
	SHOW(bind(dgram, (struct sockaddr *)&name, size));
	close(dgram);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(bind(fd, (struct sockaddr *)&name, size));
	close(fd);
	close(second);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW(bind(fd, (struct sockaddr *)&name, 2));
	SHOW(bind(fd, (struct sockaddr *)&name, 2));
	size = sizeof(name);
	SHOW(getsockname(fd, (struct sockaddr *)&name, &size));
	SHOW(size);
	SHOW(name.sun_path[0]);
	SHOW(strspn(name.sun_path + 1, "0123456789abcdef") >= 5);
	close(fd);
}

static void accepting(void)
{
	struct sockaddr_un name;
	socklen_t size = path_name(&name, "server");
	int server = socket(AF_UNIX, SOCK_STREAM, 0), client, made;
	char text[20];
	bind_to(server, "server");
	SHOW(accept(server, NULL, NULL));
	SHOW(listen(server, 1));
	look("listening", server);
	SHOW(recv(server, text, 1, 0));
	SHOW(send(server, text, 1, 0));
	fcntl(server, F_SETFL, O_NONBLOCK);
	SHOW(accept(server, NULL, NULL));
	SHOW(accept4(server, NULL, NULL, 1));
	SHOW(accept4(server, NULL, NULL, -1));
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(connect_to(client, "server"));
	look("one waits", server);
	look("the one", client);
	SHOW(send(client, "early", 5, 0));
	int second = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(connect_to(second, "server"));
	int third = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(connect_to(third, "server"));
	made = accept4(server, (struct sockaddr *)&name, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	SHOW(fcntl(made, F_GETFL));
	SHOW(fcntl(made, F_GETFD));
	print_name("unnamed", &name, size);
	take("early", made, 10, 0);
	SHOW(send(made, "answer", 6, 0));
	take("answer", client, 10, 0);
	SHOW(connect_to(third, "server"));
	SHOW(accept(server, (void *)16, &size));
	look("refused by a bad pointer", second);
	SHOW(close(server));
	look("nobody will accept", third);
	take("reset", third, 5, 0);
	take("then", third, 5, 0);
	SHOW(send(third, "x", 1, 0));
	SHOW(broken());
	SHOW(send(made, "still", 5, 0));
	take("still", client, 10, 0);
	SHOW(connect_to(third, "server"));
	close(third);
	third = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(connect_to(third, "server"));
	close(client);
	close(second);
	close(third);
	close(made);
	unlink("server");

	/* Waiting for a connection, and for room for one. */
	server = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	bind_to(server, "server");
	listen(server, 0);
	if (fork() == 0) {
		usleep(30000);
		client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		connect_to(client, "server");
		send(client, "hello", 5, 0);
		second = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		connect_to(second, "server");
		third = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		connect_to(third, "server");
		send(third, "three", 5, 0);
		_exit(0);
	}
	made = accept(server, NULL, NULL);
	take("packet", made, 3, 0);
	close(made);
	usleep(60000);
	close(accept(server, NULL, NULL));
	made = accept(server, NULL, NULL);
	take("packet", made, 10, 0);
	take("end", made, 10, 0);
	wait(NULL);
	SHOW(shutdown(server, SHUT_RD));
	SHOW(accept(server, NULL, NULL));
	client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	SHOW(connect_to(client, "server"));
	close(client);
	close(made);
	close(server);
	unlink("server");
}

static void datagrams(void)
{
	struct sockaddr_un name;
	socklen_t size;
	int a = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int b = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int c = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char text[20];
	bind_to(a, "a");
	bind_to(b, "b");
	SHOW(send(a, "x", 1, 0));
	SHOW(send_to(a, "to b", "b"));
	SHOW(send_to(c, "from c", "b"));
	SHOW(send_to(c, "nowhere", "none"));
	size = sizeof(name);
	SHOW(recvfrom(b, text, 20, 0, (struct sockaddr *)&name, &size));
	print_name("from", &name, size);
	size = sizeof(name);
	SHOW(recvfrom(b, text, 20, 0, (struct sockaddr *)&name, &size));
	print_name("from", &name, size);
	SHOW(connect_to(a, "b"));
	names("a", a);
	SHOW(send(a, "one", 3, 0));
	SHOW(send_to(b, "back", "a"));
	SHOW(send_to(c, "not b", "a"));
	take("a", a, 20, 0);
	SHOW(connect_to(c, "a"));
	SHOW(connect_to(b, "a"));
	SHOW(send(b, "two", 3, 0));
	close(b);
	SHOW(send(a, "gone", 4, 0));
	take("lost", a, 20, 0);
	look("after", a);
	SHOW(send(a, "gone", 4, 0));
	name.sun_family = AF_UNSPEC;
	SHOW(connect(a, (struct sockaddr *)&name, 2));
	SHOW(connect(a, (struct sockaddr *)&name, 1));
	SHOW(send(a, "gone", 4, 0));
	close(a);
	close(c);
	unlink("a");
	unlink("b");

	/* Somebody else becomes the peer: what was sent before is forgotten. */
	a = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	b = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	bind_to(a, "a");
	bind_to(b, "b");
	connect_to(a, "b");
	connect_to(b, "a");
	SHOW(send(b, "old", 3, 0));
	SHOW(connect(a, (struct sockaddr *)&name, sizeof(name)));
	take("forgotten", a, 10, 0);
	look("b", b);
	take("reset", b, 10, 0);
	SHOW(send(b, "new", 3, 0));
	take("new", a, 10, 0);
	close(a);
	close(b);
	unlink("a");
	unlink("b");
}

static void rights_of_paths(void)
{
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	bind_to(server, "locked");
	listen(server, 5);
	chmod("locked", 0755);
	chmod(".", 0755);
	if (fork() == 0) {
		int client = socket(AF_UNIX, SOCK_STREAM, 0);
		SHOW(setresuid(1000, 1000, 1000));
		SHOW(connect_to(client, "locked"));
		SHOW(bind_to(client, "mine"));
		exit(0);
	}
	wait(NULL);
	chmod("locked", 0222);
	if (fork() == 0) {
		int client = socket(AF_UNIX, SOCK_STREAM, 0);
		SHOW(setresuid(1000, 1000, 1000));
		SHOW(connect_to(client, "locked"));
		exit(0);
	}
	wait(NULL);
	close(server);
	unlink("locked");
}

int main(void)
{
	signal(SIGPIPE, count_pipe_signal);
	setvbuf(stdout, NULL, _IONBF, 0);
	enter("sock");
	binding();
	abstract();
	accepting();
	datagrams();
	rights_of_paths();
	leave("sock");
	return 0;
}
