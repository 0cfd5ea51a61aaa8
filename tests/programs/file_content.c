/* Reading, writing, seeking, cutting and growing a file. */
#include "files.h"

int main(void)
{
	static char text[20000], back[20000];
	struct stat st;
	enter("content.d");
	int fd = open("a", O_RDWR | O_CREAT, 0644);
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = i * 31 + i / 256;
	SHOW(write(fd, text, sizeof(text)));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(read(fd, back, 10));
	SHOW(pread(fd, back, sizeof(back), 0));
	SHOW(memcmp(text, back, sizeof(text)));
	SHOW(pread(fd, back, 5000, 19000));
	SHOW(pread(fd, back, 1, 20000));
	SHOW(pread(fd, back, 1, -1));
	SHOW(lseek(fd, -1, SEEK_SET));
	SHOW(lseek(fd, 100, SEEK_END));
	SHOW(read(fd, back, 1));
	SHOW(write(fd, "end", 3));
	SHOW(fstat(fd, &st));
	SHOW(st.st_size);
	SHOW(pread(fd, back, 200, 19999));
	int zeros = 0;
	for (int i = 1; i < 101; i++)
		zeros += back[i] == 0;
	SHOW(zeros);
	SHOW(lseek(fd, 5, 9));
	SHOW(ftruncate(fd, 5000));
	SHOW(lseek(fd, 0, SEEK_END));
	SHOW(ftruncate(fd, 9000));
	SHOW(pread(fd, back, 9000, 0));
	SHOW(memcmp(text, back, 5000));
	for (int i = 5000, bad = 0; i < 9000 || (SHOW(bad), 0); i++)
		bad += back[i] != 0;
	SHOW(ftruncate(fd, -1));
	SHOW(truncate("a", 3));
	SHOW(truncate("none", 3));
	SHOW(truncate(".", 3));
	SHOW(fstat(fd, &st));
	SHOW(st.st_size);
	int reader = open("a", O_RDONLY);
	SHOW(ftruncate(reader, 0));
	SHOW(write(reader, "x", 1));
	close(reader);
	SHOW(lseek(fd, 0, SEEK_SET));
	struct iovec list[3] = { { text, 100 }, { text + 100, 0 }, { text + 100, 5000 } };
	SHOW(writev(fd, list, 3));
	struct iovec parts[2] = { { back, 4097 }, { back + 4097, 4096 } };
	SHOW(preadv(fd, parts, 2, 0));
	SHOW(memcmp(text, back, 5100));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(readv(fd, parts, 0));
	SHOW(readv(fd, parts, -1));
	SHOW(readv(fd, NULL, 1));
	list[1].iov_len = -1;
	SHOW(writev(fd, list, 3));
	SHOW(read(fd, NULL, 1));
	SHOW(read(fd, NULL, 0));
	SHOW(write(fd, (char *)8, 4));
	SHOW(lseek64(fd, 1ll << 33, SEEK_SET));
	SHOW(write(fd, "far", 3));
	SHOW(lseek64(fd, 0, SEEK_END));
	SHOW(syscall(SYS_lseek, fd, 0, SEEK_END));
	SHOW(pread64(fd, back, 10, (1ll << 33) - 2));
	SHOW(memcmp(back, "\0\0far", 5));
	SHOW(close(fd));
	SHOW(close(fd));
	SHOW(read(fd, back, 1));
	SHOW(write(-1, back, 1));
	leave("content.d");
	return 0;
}
