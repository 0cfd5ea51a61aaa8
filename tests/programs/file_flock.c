/* flock: shared and exclusive, by open file, not by process. */
#include "files.h"

int main(void)
{
	enter("flock.d");
	int a = open("x", O_RDWR | O_CREAT, 0644), b = open("x", O_RDONLY), c = dup(a);
	SHOW(flock(a, LOCK_SH));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(flock(a, LOCK_EX | LOCK_NB));
	SHOW(flock(b, LOCK_UN));
	SHOW(flock(a, LOCK_EX | LOCK_NB));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(flock(c, LOCK_EX | LOCK_NB));
	SHOW(close(a));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(close(c));
	SHOW(flock(b, LOCK_EX | LOCK_NB));
	SHOW(flock(b, 3));
	SHOW(flock(99, LOCK_EX));
	fflush(stdout);
	if (fork() == 0) {
		usleep(200000);
		flock(b, LOCK_UN);
		_exit(0);
	}
	a = open("x", O_RDONLY);
	SHOW(flock(a, LOCK_SH));
	wait(NULL);
	struct flock lock = { F_RDLCK, SEEK_SET, 0, 0, 0 };
	SHOW(fcntl(b, F_SETLK, &lock));
	leave("flock.d");
	return 0;
}
