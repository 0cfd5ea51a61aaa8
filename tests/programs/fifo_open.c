/* FIFOs: who waits for whom when opening, and when reads end. */
#include "files.h"

static void nothing(int signal)
{
	(void)signal;
}

int main(void)
{
	char text[16];
	int reader, writer, both;
	enter("fifo.d");
	SHOW(mkfifo("f", 0644));
	SHOW(mkfifo("f", 0644));
	show_stat("f");
	SHOW(open("f", O_WRONLY | O_NONBLOCK));
	SHOW(reader = open("f", O_RDONLY | O_NONBLOCK));
	SHOW(read(reader, text, 16));
	struct pollfd look = { reader, POLLIN, 0 };
	SHOW(poll(&look, 1, 0));
	SHOW(writer = open("f", O_WRONLY | O_NONBLOCK));
	SHOW(read(reader, text, 16));
	SHOW(write(writer, "abc", 3));
	SHOW(read(reader, text, 16));
	SHOW(close(writer));
	SHOW(poll(&look, 1, 0));
	SHOW(look.revents);
	SHOW(read(reader, text, 16));
	SHOW(close(reader));
	SHOW(both = open("f", O_RDWR));
	SHOW(write(both, "kept", 4));
	SHOW(read(both, text, 16));
	SHOW(write(both, "lost", 4));
	SHOW(close(both));
	fflush(stdout);
	if (fork() == 0) {
		usleep(120000);
		writer = open("f", O_WRONLY);
		write(writer, "child", 5);
		_exit(0);
	}
	SHOW(reader = open("f", O_RDONLY));
	SHOW(read(reader, text, 16));
	SHOW(read(reader, text, 16));
	SHOW(close(reader));
	wait(NULL);
	fflush(stdout);
	if (fork() == 0) {
		usleep(120000);
		close(open("f", O_RDONLY));
		_exit(0);
	}
	SHOW(writer = open("f", O_WRONLY));
	wait(NULL);
	signal(SIGPIPE, SIG_IGN);
	SHOW(write(writer, "x", 1));
	SHOW(close(writer));
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = nothing }, NULL);
	ualarm(30000, 0);
	SHOW(open("f", O_RDONLY));
	SHOW(open("f", O_WRONLY | O_NONBLOCK));
	SHOW(truncate("f", 0));
	SHOW(reader = open("f", O_RDONLY | O_NONBLOCK | O_TRUNC));
	SHOW(lseek(reader, 0, SEEK_SET));
	SHOW(unlink("f"));
	leave("fifo.d");
	return 0;
}
