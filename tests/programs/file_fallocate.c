/* fallocate: room, holes, and what it refuses. */
#include "files.h"

int main(void)
{
	static char text[20000];
	struct stat st;
	enter("fallocate.d");
	int fd = open("x", O_RDWR | O_CREAT, 0644), ends[2];
	SHOW(fallocate(fd, 0, 0, 10000));
	fstat(fd, &st);
	SHOW(st.st_size);
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 50000));
	fstat(fd, &st);
	SHOW(st.st_size);
	memset(text, 'x', sizeof(text));
	SHOW(pwrite(fd, text, 20000, 0));
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3000, 10000));
	SHOW(pread(fd, text, 20000, 0));
	int zeros = 0, first = -1, last = -1;
	for (int i = 0; i < 20000; i++)
		if (!text[i]) {
			zeros++;
			first = first < 0 ? i : first;
			last = i;
		}
	printf("%d zeros, %d to %d\n", zeros, first, last);
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10));
	SHOW(fallocate(fd, 0, -1, 10));
	SHOW(fallocate(fd, 0, 0, 0));
	SHOW(fallocate(fd, 0, 10, -1));
	int reader = open("x", O_RDONLY);
	SHOW(fallocate(reader, 0, 0, 10));
	pipe(ends);
	SHOW(fallocate(ends[1], 0, 0, 10));
	SHOW(fallocate(99, 0, 0, 10));
	SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
	SHOW(posix_fadvise(fd, 0, 0, 77));
	SHOW(posix_fadvise(ends[0], 0, 0, 0));
	SHOW(fsync(fd));
	SHOW(fdatasync(fd));
	SHOW(fsync(99));
	leave("fallocate.d");
	return 0;
}
