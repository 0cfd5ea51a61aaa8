/* A pipe carries bytes in order, ends when its writers do, and kills or refuses when nobody reads. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A megabyte through a pipe, written and read in pieces of sizes that never fit. */
static void carry(void)
{
	enum { TOTAL = 1 << 20 };
	static unsigned char piece[5000];
	int ends[2];
	unsigned long at = 0, wrong = 0;
	ssize_t got;
	pipe(ends);
	fflush(stdout);
	if (fork() == 0) {
		close(ends[0]);
		for (unsigned long sent = 0; sent < TOTAL; sent += got) {
			size_t size = sent + 4999 < TOTAL ? 4999 : TOTAL - sent;
			for (size_t i = 0; i < size; i++)
				piece[i] = (sent + i) * 7;
			got = write(ends[1], piece, size);
		}
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], piece, 3001)) > 0)
		for (ssize_t i = 0; i < got; i++, at++)
			wrong += piece[i] != (unsigned char)(at * 7);
	printf("%lu bytes, %lu wrong, then %zd\n", at, wrong, got);
	close(ends[0]);
	wait(NULL);
}

int main(void)
{
	char text[64];
	int ends[2], status;
	carry();

	pipe(ends);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	ssize_t got = read(ends[0], text, 10);
	printf("empty: %zd, EAGAIN %d\n", got, errno == EAGAIN);
	write(ends[1], "abcdef", 6);
	got = read(ends[0], text, 4);
	printf("read 4: %zd %.*s\n", got, (int)got, text);
	close(ends[1]);
	got = read(ends[0], text, 10);
	printf("the rest: %zd %.*s\n", got, (int)got, text);
	printf("end: %zd\n", read(ends[0], text, 10));
	close(ends[0]);

	pipe(ends);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	unsigned long room = 0;
	while ((got = write(ends[1], text, sizeof(text))) > 0)
		room += got;
	printf("holds %lu bytes, then EAGAIN %d\n", room, errno == EAGAIN);
	fflush(stdout);
	close(ends[0]);
	if (fork() == 0) {
		write(ends[1], "x", 1);
		_exit(1);
	}
	wait(&status);
	printf("nobody reads: signal %d\n", WTERMSIG(status));
	signal(SIGPIPE, SIG_IGN);
	got = write(ends[1], "x", 1);
	printf("SIGPIPE ignored: %zd, EPIPE %d\n", got, errno == EPIPE);
	return 0;
}
