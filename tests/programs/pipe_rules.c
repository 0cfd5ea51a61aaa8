/* Pipes: flags, whole writes of up to PIPE_BUF, sizes, what cannot be done to them. */
#include "files.h"

int main(void)
{
	static char text[70000];
	int ends[2], left;
	struct stat st;
	SHOW(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	SHOW(fcntl(ends[0], F_GETFD));
	SHOW(fcntl(ends[1], F_GETFL));
	SHOW(pipe2(ends, 0x1));
	SHOW(syscall(SYS_pipe2, NULL, 0));
	SHOW(lseek(ends[0], 0, SEEK_SET));
	SHOW(pread(ends[0], text, 1, 0));
	SHOW(pwrite(ends[1], text, 1, 0));
	SHOW(ftruncate(ends[1], 0));
	SHOW(fsync(ends[1]));
	SHOW(write(ends[0], text, 1));
	SHOW(read(ends[1], text, 1));
	SHOW(fstat(ends[0], &st));
	SHOW(S_ISFIFO(st.st_mode));
	SHOW(st.st_mode & 0777);
	SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, ends[0], 0) == MAP_FAILED ? -1 : 0);
	SHOW(write(ends[1], "abc", 3));
	SHOW(write(ends[1], "defg", 4));
	SHOW(ioctl(ends[0], FIONREAD, &left));
	SHOW(left);
	SHOW(read(ends[0], text, 0));
	SHOW(read(ends[0], text, 100));
	SHOW(write(ends[1], text, 0));
	SHOW(read(ends[0], text, 100));
	SHOW(write(ends[1], text, 70000));
	SHOW(write(ends[1], text, 4096));
	SHOW(read(ends[0], text, 4095));
	SHOW(write(ends[1], text, 4096));
	SHOW(write(ends[1], text, 2));
	SHOW(read(ends[0], text, 1));
	SHOW(write(ends[1], text, 4097));
	SHOW(read(ends[0], text, 70000));
	for (int i = 0; i < 20; i++)
		if (write(ends[1], text, 3000) != 3000) {
			SHOW(i);
			break;
		}
	SHOW(ioctl(ends[1], FIONREAD, &left));
	SHOW(left);
	SHOW(fcntl(ends[0], F_GETPIPE_SZ));
	SHOW(fcntl(ends[0], F_SETPIPE_SZ, 4096));
	SHOW(fcntl(ends[0], F_SETPIPE_SZ, 100000));
	SHOW(read(ends[0], text, 70000));
	SHOW(fcntl(ends[0], F_SETPIPE_SZ, 1));
	SHOW(write(ends[1], text, 5000));
	SHOW(write(ends[1], (char *)8, 10));
	SHOW(read(ends[0], (char *)8, 10));
	SHOW(read(ends[0], text, 5000));
	struct iovec list[2] = { { "ab", 2 }, { "cd", 2 } };
	SHOW(writev(ends[1], list, 2));
	SHOW(read(ends[0], text, 5000));
	char path[64];
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	int again = open(path, O_WRONLY);
	if (again >= 0) {
		SHOW(write(again, "through", 7));
		close(again);
	} else {
		SHOW(write(ends[1], "through", 7));
	}
	SHOW(read(ends[0], text, 5000));
	SHOW(fcntl(0, F_GETPIPE_SZ));
	return 0;
}
