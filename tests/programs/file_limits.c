/* RLIMIT_FSIZE stops writes with SIGXFSZ and EFBIG, RLIMIT_NOFILE opens with EMFILE. */
#include "files.h"

static volatile int signals;

static void count(int signal)
{
	signals += signal == SIGXFSZ;
}

int main(void)
{
	char text[200] = "";
	int fd, status;
	enter("limits.d");
	signal(SIGXFSZ, count);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 1000, RLIM_INFINITY });
	fd = open("a", O_RDWR | O_CREAT, 0644);
	SHOW(pwrite(fd, text, 200, 0));
	SHOW(pwrite(fd, text, 200, 900));
	SHOW(pwrite(fd, text, 200, 1000));
	SHOW(signals);
	SHOW(pwrite(fd, text, 0, 2000));
	SHOW(ftruncate(fd, 1001));
	SHOW(signals);
	SHOW(ftruncate(fd, 1000));
	fflush(stdout);
	if (fork() == 0) {
		signal(SIGXFSZ, SIG_DFL);
		pwrite(fd, text, 1, 1000);
		_exit(0);
	}
	wait(&status);
	SHOW(WTERMSIG(status));
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	SHOW(pwrite(fd, text, 200, 1000));

	int low = dup(fd);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ low + 3, 100 });
	SHOW(open("a", O_RDONLY) - low);
	SHOW(dup(fd) - low);
	SHOW(dup(fd));
	SHOW(open("a", O_RDONLY));
	int ends[2];
	SHOW(pipe(ends));
	close(low);
	SHOW(pipe(ends));
	SHOW(dup(fd) - low);
	SHOW(dup2(fd, low + 3));
	SHOW(fcntl(fd, F_DUPFD, low + 3));
	SHOW(dup2(fd, -1));
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 90, 100 });
	SHOW(dup2(fd, 89));
	SHOW(fcntl(fd, F_DUPFD, 80));
	SHOW(fcntl(fd, F_DUPFD, -1));
	for (int i = 3; i < 90; i++)
		close(i);
	leave("limits.d");
	return 0;
}
