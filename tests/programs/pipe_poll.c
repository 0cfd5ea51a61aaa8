/* What poll and select say of pipes in each state, and how they wait. */
#include "files.h"

static void look(const char *what, int fd, int events)
{
	struct pollfd poll_fd = { fd, events, 0x7777 };
	int ready = poll(&poll_fd, 1, 0);
	printf("%s: %d %#x\n", what, ready, poll_fd.revents);
}

static void nothing(int signal)
{
	(void)signal;
}

static char text[4096];

static void states(int *ends)
{
	pipe(ends);
	look("empty, reading end", ends[0], POLLIN | POLLOUT);
	look("empty, writing end", ends[1], POLLIN | POLLOUT);
	look("nothing asked", ends[1], 0);
	write(ends[1], "x", 1);
	look("with a byte", ends[0], POLLIN | POLLRDNORM);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], text, sizeof(text)) > 0)
		;
	look("full", ends[1], POLLOUT);
	read(ends[0], text, 1);
	look("a byte less", ends[1], POLLOUT);
	read(ends[0], text, 4095);
	look("a page less", ends[1], POLLOUT);
}

static void ends_that_close(int *ends)
{
	int other = dup(ends[1]);
	close(ends[1]);
	look("one writer left", ends[0], POLLIN);
	close(other);
	look("hung up with bytes", ends[0], POLLIN);
	while (read(ends[0], text, sizeof(text)) > 0)
		;
	look("hung up", ends[0], POLLIN);
	look("not asked", ends[0], 0);
	close(ends[0]);
	look("closed", ends[0], POLLIN);
	look("negative", -5, POLLIN);
	pipe(ends);
	close(ends[0]);
	look("nobody reads", ends[1], POLLOUT);
	close(ends[1]);
}

static void waiting(struct pollfd *both, const int *ends)
{
	SHOW(poll(both, 2, -1));
	SHOW(poll(both, 1, 30));
	if (fork() == 0) {
		usleep(120000);
		write(ends[1], "late", 4);
		_exit(0);
	}
	SHOW(poll(both, 1, -1));
	SHOW(both[0].revents);
	wait(NULL);
}

static void select_finds(const int *ends)
{
	fd_set set, out;
	FD_ZERO(&set);
	FD_ZERO(&out);
	FD_SET(ends[0], &set);
	FD_SET(ends[1], &set);
	FD_SET(ends[0], &out);
	FD_SET(ends[1], &out);
	SHOW(select(ends[1] + 1, &set, &out, NULL, NULL));
	SHOW(FD_ISSET(ends[0], &set) != 0);
	SHOW(FD_ISSET(ends[1], &set) != 0);
	SHOW(FD_ISSET(ends[0], &out) != 0);
	SHOW(FD_ISSET(ends[1], &out) != 0);
	read(ends[0], text, 4);
}

static void select_waits(const int *ends)
{
	fd_set set;
	struct timeval time = { 0, 20000 };
	FD_SET(ends[0], &set);
	SHOW(select(ends[0] + 1, &set, NULL, NULL, &time));
	SHOW(FD_ISSET(ends[0], &set) != 0);
	SHOW(time.tv_sec * 1000000 + time.tv_usec);
	SHOW(select(-1, NULL, NULL, NULL, &time));
	time.tv_usec = -1;
	SHOW(select(0, NULL, NULL, NULL, &time));
	FD_ZERO(&set);
	FD_SET(60, &set);
	SHOW(select(61, &set, NULL, NULL, NULL));
	SHOW(select(0, NULL, NULL, NULL, &(struct timeval){ 0, 1000 }));
	SHOW(poll(NULL, 0, 1));
	SHOW(poll(NULL, 1, 1));
}

/* A signal ends them; ppoll lets it in for as long as it waits. */
static void signals(struct pollfd *both, const int *ends)
{
	fd_set set;
	sigset_t blocked, unblocked;
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = nothing, .sa_flags = SA_RESTART },
		  NULL);
	ualarm(20000, 0);
	SHOW(poll(both, 1, -1));
	ualarm(20000, 0);
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	SHOW(select(ends[0] + 1, &set, NULL, NULL, NULL));
	sigemptyset(&unblocked);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	raise(SIGALRM);
	SHOW(poll(both, 1, 10));
	SHOW(ppoll(both, 1, NULL, &unblocked));
	SHOW(ppoll(both, 1, &(struct timespec){ 0, 10000000 }, &unblocked));
	raise(SIGALRM);
	SHOW(pselect(ends[0] + 1, &set, NULL, NULL, NULL, &unblocked));
	SHOW(ppoll(both, 1, &(struct timespec){ 0, 1000000000 }, NULL));
	sigset_t now;
	sigprocmask(SIG_SETMASK, NULL, &now);
	SHOW(sigismember(&now, SIGALRM));
}

static void a_file_is_always_ready(void)
{
	int file = open(".", O_RDONLY);
	look("a directory", file, POLLIN | POLLOUT);
}

int main(void)
{
	int ends[2];

	states(ends);
	ends_that_close(ends);
	pipe(ends);
	struct pollfd both[2] = { { ends[0], POLLIN, 0 }, { ends[1], POLLOUT, 0 } };
	waiting(both, ends);
	select_finds(ends);
	select_waits(ends);
	signals(both, ends);
	a_file_is_always_ready();
	return 0;
}
