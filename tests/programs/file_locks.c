/* Record locks: ranges, conflicts between processes, splitting and joining, waiting, deadlock. */
#include "files.h"

static int fd;

static int set(int type, off_t start, off_t length, int command)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length
	};
	return fcntl(fd, command, &lock);
}

/* What stands in the way of a write lock, as a child sees it. */
static void query(off_t start, off_t length)
{
	fflush(stdout);
	pid_t parent = getpid();
	if (fork() == 0) {
		struct flock lock = { F_WRLCK, SEEK_SET, start, length, 0 };
		int result = fcntl(fd, F_GETLK, &lock);
		printf("query %d+%d: %d type %d", (int)start, (int)length, result, lock.l_type);
		if (lock.l_type != F_UNLCK)
			printf(" %d+%d, the parent's %d", (int)lock.l_start, (int)lock.l_len,
			       lock.l_pid == parent);
		printf("\n");
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

/* In a child: the result of setting a lock, which goes with it. */
static void try(int type, off_t start, off_t length)
{
	fflush(stdout);
	if (fork() == 0) {
		int result = set(type, start, length, F_SETLK);
		printf("child sets %d at %d+%d: %s\n", type, (int)start, (int)length,
		       result ? strerrorname_np(errno) : "0");
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

static void deadlock(void)
{
	int ready[2];
	char byte;
	pipe(ready);
	set(F_WRLCK, 0, 1, F_SETLK);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		set(F_WRLCK, 1, 1, F_SETLK);
		write(ready[1], "x", 1);
		_exit(set(F_WRLCK, 0, 1, F_SETLKW));
	}
	read(ready[0], &byte, 1);
	usleep(400000);
	show_result("a circle", set(F_WRLCK, 1, 1, F_SETLKW));
	set(F_UNLCK, 0, 1, F_SETLK);
	int status;
	waitpid(child, &status, 0);
	show_result("the child got it", status == 0);
	show_result("and it is free now", set(F_WRLCK, 0, 2, F_SETLKW));
	set(F_UNLCK, 0, 0, F_SETLK);
	close(ready[0]);
	close(ready[1]);
}

static void nothing(int signal)
{
	(void)signal;
}

int main(void)
{
	enter("locks.d");
	fd = open("x", O_RDWR | O_CREAT, 0644);
	SHOW(set(F_WRLCK, 10, 20, F_SETLK));
	query(0, 10);
	query(0, 11);
	query(29, 5);
	query(30, 5);
	query(0, 0);
	try(F_RDLCK, 15, 1);
	try(F_WRLCK, 30, 0);
	SHOW(set(F_UNLCK, 15, 5, F_SETLK));
	query(0, 0);
	query(15, 5);
	query(20, 100);
	SHOW(set(F_RDLCK, 15, 5, F_SETLK));
	try(F_RDLCK, 16, 2);
	try(F_WRLCK, 16, 2);
	query(15, 0);
	SHOW(set(F_WRLCK, 12, 6, F_SETLK));
	query(18, 2);
	SHOW(set(F_WRLCK, 18, 2, F_SETLK));
	query(0, 0);
	SHOW(set(F_WRLCK, 30, 0, F_SETLK));
	query(0, 0);
	query(1000, 1);
	SHOW(set(F_UNLCK, 0, 0, F_SETLK));
	query(0, 0);
	SHOW(set(9, 0, 1, F_SETLK));
	SHOW(set(F_WRLCK, -1, 1, F_SETLK));
	SHOW(set(F_WRLCK, 5, -5, F_SETLK));
	query(0, 0);
	SHOW(set(F_WRLCK, 5, -6, F_SETLK));
	SHOW(set(F_UNLCK, 0, 0, F_SETLK));
	struct flock lock = { F_WRLCK, 7, 0, 0, 0 };
	SHOW(fcntl(fd, F_SETLK, &lock));
	SHOW(fcntl(fd, F_SETLK, NULL));
	int reader = open("x", O_RDONLY);
	lock = (struct flock){ F_WRLCK, SEEK_SET, 0, 1, 0 };
	SHOW(fcntl(reader, F_SETLK, &lock));
	/* Closing any descriptor of the file gives all its locks up. */
	SHOW(set(F_WRLCK, 0, 1, F_SETLK));
	close(reader);
	query(0, 0);
	deadlock();
	/* A signal ends the wait. */
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = nothing }, NULL);
	int ready[2];
	char byte;
	pipe(ready);
	pid_t child = fork();
	if (child == 0) {
		set(F_WRLCK, 0, 0, F_SETLK);
		write(ready[1], "x", 1);
		pause();
	}
	read(ready[0], &byte, 1);
	ualarm(50000, 0);
	SHOW(set(F_WRLCK, 0, 0, F_SETLKW));
	kill(child, SIGKILL);
	wait(NULL);
	SHOW(set(F_WRLCK, 0, 0, F_SETLKW));
	/* Of an open file rather than of a process. */
	int other = open("x", O_RDWR);
	lock = (struct flock){ F_WRLCK, SEEK_SET, 0, 0, 0 };
	SHOW(fcntl(other, F_OFD_SETLK, &lock));
	SHOW(set(F_UNLCK, 0, 0, F_SETLK));
	SHOW(fcntl(other, F_OFD_SETLK, &lock));
	SHOW(set(F_WRLCK, 0, 0, F_SETLK));
	lock = (struct flock){ F_WRLCK, SEEK_SET, 0, 0, 0 };
	SHOW(fcntl(fd, F_GETLK, &lock));
	SHOW(lock.l_type * 100 + (lock.l_pid == -1));
	close(other);
	SHOW(set(F_WRLCK, 0, 0, F_SETLK));
	close(fd);
	leave("locks.d");
	return 0;
}
