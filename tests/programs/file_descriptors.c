/* dup, dup2, dup3, fcntl and close_range: numbers, flags, and what is shared. */
#include "files.h"

int main(void)
{
	int a, b, on = 1, off = 0, left;
	enter("descriptors.d");
	SHOW(a = open("x", O_RDWR | O_CREAT, 0644));
	SHOW(b = dup(a));
	SHOW(write(a, "abcdef", 6));
	SHOW(lseek(b, 0, SEEK_CUR));
	SHOW(fcntl(b, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY | O_CREAT));
	SHOW(fcntl(a, F_GETFL) & ~O_LARGEFILE);
	SHOW(fcntl(a, F_SETFD, FD_CLOEXEC));
	SHOW(fcntl(b, F_GETFD));
	SHOW(dup2(a, 10));
	SHOW(fcntl(10, F_GETFD));
	SHOW(dup2(a, a));
	SHOW(fcntl(a, F_GETFD));
	SHOW(dup2(99, 99));
	SHOW(dup2(99, 3));
	SHOW(dup3(a, a, 0));
	SHOW(dup3(a, 11, O_CLOEXEC));
	SHOW(fcntl(11, F_GETFD));
	SHOW(dup3(a, 12, 1));
	SHOW(fcntl(a, F_DUPFD, 10));
	SHOW(fcntl(a, F_DUPFD_CLOEXEC, 5));
	SHOW(fcntl(5, F_GETFD));
	SHOW(fcntl(a, 9999));
	SHOW(fcntl(99, F_GETFD));
	SHOW(close(b));
	SHOW(open("x", O_RDONLY));
	SHOW(ioctl(a, FIOCLEX));
	SHOW(fcntl(a, F_GETFD));
	SHOW(ioctl(a, FIONCLEX));
	SHOW(fcntl(a, F_GETFD));
	SHOW(ioctl(a, FIONBIO, &off));
	SHOW(fcntl(a, F_GETFL) & ~O_LARGEFILE);
	SHOW(ioctl(a, FIONBIO, &on));
	SHOW(fcntl(a, F_GETFL) & ~O_LARGEFILE);
	SHOW(lseek(a, 2, SEEK_SET));
	SHOW(ioctl(a, FIONREAD, &left));
	SHOW(left);
	SHOW(ioctl(a, FIONREAD, NULL));
	SHOW(ioctl(a, TIOCGWINSZ, &left));
	SHOW(ioctl(99, FIONREAD, &left));
	SHOW(isatty(a));
	SHOW(syscall(SYS_close_range, 10, 11, 0));
	SHOW(fcntl(10, F_GETFD));
	SHOW(fcntl(12, F_GETFD));
	SHOW(syscall(SYS_close_range, 4, 100, CLOSE_RANGE_CLOEXEC));
	SHOW(fcntl(12, F_GETFD));
	SHOW(syscall(SYS_close_range, 4, ~0u, 0));
	SHOW(fcntl(12, F_GETFD));
	SHOW(syscall(SYS_close_range, 5, 4, 0));
	SHOW(syscall(SYS_close_range, 5, 6, 1));
	/* A child shares the position but not the table. */
	lseek(a, 0, SEEK_SET);
	fflush(stdout);
	if (fork() == 0) {
		lseek(a, 4, SEEK_SET);
		close(a);
		_exit(0);
	}
	wait(NULL);
	SHOW(lseek(a, 0, SEEK_CUR));
	close(a);
	leave("descriptors.d");
	return 0;
}
