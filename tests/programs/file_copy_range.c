/* copy_file_range, preadv2, pwritev2: where bytes go, positions, limits, errors. */
#include "files.h"

#include <stdint.h>

static int make(const char *name, const char *text)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0644);
	write(fd, text, strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void copies(void)
{
	int from = make("from", "0123456789"), to = make("to", "");
	off64_t in = 2, out = 5;
	SHOW(copy_file_range(from, NULL, to, NULL, 4, 0));
	SHOW(lseek(from, 0, SEEK_CUR));
	SHOW(lseek(to, 0, SEEK_CUR));
	SHOW(copy_file_range(from, NULL, to, NULL, 100, 0));
	SHOW(copy_file_range(from, NULL, to, NULL, 100, 0));
	show_file("to");
	SHOW(copy_file_range(from, &in, to, &out, 3, 0));
	printf("%d %d\n", (int)in, (int)out);
	SHOW(lseek(from, 0, SEEK_CUR));
	show_file("to");
	out = 20;
	in = 0;
	SHOW(copy_file_range(from, &in, to, &out, 3, 0));
	show_file("to");
	in = 50;
	SHOW(copy_file_range(from, &in, to, &out, 3, 0));
	in = 0;
	out = 3;
	SHOW(copy_file_range(from, &in, from, &out, 5, 0));
	SHOW(copy_file_range(from, &in, from, &out, 3, 0));
	show_file("from");
	SHOW(copy_file_range(from, &in, to, &out, 0, 0));
	SHOW(copy_file_range(from, &in, to, &out, 3, 1));
	in = -1;
	SHOW(copy_file_range(from, &in, to, &out, 3, 0));
	in = INT64_MAX;
	SHOW(copy_file_range(from, &in, to, &out, 3, 0));
	SHOW(copy_file_range(from, (void *)16, to, &out, 3, 0));
	SHOW(copy_file_range(-1, NULL, to, NULL, 3, 0));
	SHOW(copy_file_range(from, NULL, -1, NULL, 3, 0));
	int only = open("to", O_WRONLY), ends[2], folder = open(".", O_RDONLY);
	SHOW(copy_file_range(only, NULL, to, NULL, 3, 0));
	close(only);
	only = open("to", O_RDONLY);
	SHOW(copy_file_range(from, NULL, only, NULL, 3, 0));
	close(only);
	only = open("to", O_WRONLY | O_APPEND);
	SHOW(copy_file_range(from, NULL, only, NULL, 3, 0));
	close(only);
	pipe(ends);
	SHOW(copy_file_range(from, NULL, ends[1], NULL, 3, 0));
	SHOW(copy_file_range(ends[0], NULL, to, NULL, 3, 0));
	SHOW(copy_file_range(folder, NULL, to, NULL, 3, 0));
	close(folder);
	close(ends[0]);
	close(ends[1]);
	close(from);
	close(to);
}

static void flags(void)
{
	int fd = make("file", "0123456789");
	char one[4] = "", two[4] = "";
	struct iovec vec[2] = { { one, 2 }, { two, 3 } };
	SHOW(preadv2(fd, vec, 2, 4, 0));
	printf("%s %s\n", one, two);
	SHOW(preadv2(fd, vec, 2, -1, 0));
	printf("%s %s\n", one, two);
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(preadv2(fd, vec, 2, -2, 0));
	SHOW(preadv2(fd, vec, 2, 0, RWF_HIPRI));
	SHOW(preadv2(fd, vec, 2, 0, 0x8000));
	SHOW(preadv2(fd, vec, 0, 0, 0x8000));
	SHOW(pwritev2(fd, vec, 2, 0, RWF_SYNC | RWF_DSYNC));
	show_file("file");
	SHOW(pwritev2(fd, vec, 2, 0, RWF_APPEND));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(pwritev2(fd, vec, 2, -1, RWF_APPEND));
	SHOW(lseek(fd, 0, SEEK_CUR));
	show_file("file");
	int ends[2];
	pipe(ends);
	SHOW(pwritev2(ends[1], vec, 2, -1, 0));
	SHOW(pwritev2(ends[1], vec, 2, 0, 0));
	SHOW(preadv2(ends[0], vec, 2, -1, 0));
	SHOW(preadv2(-1, vec, 2, -1, 0));
	SHOW(pwritev2(ends[0], vec, 2, -1, 0));
	close(ends[0]);
	close(ends[1]);
	close(fd);
}

int main(void)
{
	enter("copy");
	copies();
	flags();
	leave("copy");
	return 0;
}
