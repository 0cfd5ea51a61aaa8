/* System calls over the edge of what may be touched: how far they get, and what they leave. */
#define _GNU_SOURCE
#include "regions.h"
#include <sys/sendfile.h>
#include <sys/uio.h>

static char *at; /* rw, r, none, a hole: a page each */

static void counted(const char *what, long result)
{
	printf("%s: %ld %s\n", what, result, result == -1 ? strerrorname_np(errno) : "");
}

static void file_to_memory(void)
{
	int fd = mm_file(3 * PAGE);

	counted("read up to the edge", pread(fd, at + PAGE - 100, 100, 0));
	counted("read over the edge", pread(fd, at + PAGE - 100, 200, 0));
	counted("read over the edge, much", pread(fd, at + 50, 3 * PAGE, 0));
	counted("read at an odd place", pread(fd, at + PAGE - 33, 99, 77));
	counted("read a byte over", pread(fd, at + PAGE - 1, 2, 0));
	counted("read behind the edge", pread(fd, at + PAGE, 10, 0));
	counted("read to no rights", pread(fd, at + 2 * PAGE, 10, 0));
	counted("read to a hole", pread(fd, at + 3 * PAGE, 10, 0));
	counted("read nothing to a hole", pread(fd, at + 3 * PAGE, 0, 0));
	counted("read at the end, to a hole", pread(fd, at + 3 * PAGE, 10, 3 * PAGE));
	counted("seek", lseek(fd, 100, SEEK_SET));
	counted("read, and the position", read(fd, at + PAGE - 10, 100));
	counted("is where it got to", lseek(fd, 0, SEEK_CUR));
	close(fd);
}

static void memory_to_file(void)
{
	int fd = mm_file(0);

	memset(at, 'x', PAGE);
	counted("write up to an edge", write(fd, at + 2 * PAGE - 100, 100));
	counted("write over the edge", write(fd, at + 2 * PAGE - 100, 200));
	counted("the size", lseek(fd, 0, SEEK_END));
	counted("write over the edge, much", write(fd, at + 10, 3 * PAGE));
	counted("the size", lseek(fd, 0, SEEK_END));
	counted("write from no rights", write(fd, at + 2 * PAGE, 10));
	counted("write from a hole", write(fd, at + 3 * PAGE, 10));
	counted("write nothing from a hole", write(fd, at + 3 * PAGE, 0));
	counted("the size", lseek(fd, 0, SEEK_END));
	close(fd);
}

static void vectors(void)
{
	struct iovec list[3] = { { at, 10 }, { at + PAGE, 10 }, { at + 20, 10 } };
	int fd = mm_file(PAGE);

	counted("readv with a bad second", readv(fd, list, 3));
	counted("is where it got to", lseek(fd, 0, SEEK_CUR));
	list[0].iov_base = at + PAGE - 5;
	counted("readv over the edge", readv(fd, list, 3));
	list[0].iov_base = at + PAGE;
	counted("readv with a bad first", readv(fd, list, 3));
	list[0].iov_len = 0;
	list[1].iov_base = at + 40;
	counted("readv, the bad one is empty", readv(fd, list, 3));
	list[1].iov_base = at + 2 * PAGE - 5;
	counted("writev over the edge", writev(fd, list, 3));
	counted("readv, the list is bad", readv(fd, (void *)(at + 2 * PAGE), 1));
	counted("readv, the list goes over the edge", readv(fd, (void *)(at + 2 * PAGE - 8), 2));
	counted("readv of nothing, the list is bad", readv(fd, (void *)(at + 3 * PAGE), 0));
	close(fd);
}

static void pipes(void)
{
	int ends[2];

	if (pipe(ends))
		return;
	counted("write to a pipe over the edge", write(ends[1], at + 2 * PAGE - 100, 200));
	counted("write to a pipe from a hole", write(ends[1], at + 3 * PAGE, 10));
	counted("write 'much' to it", write(ends[1], at, 1000));
	counted("read from it over the edge", read(ends[0], at + PAGE - 100, 200));
	counted("read from it to a hole", read(ends[0], at + 3 * PAGE, 10));
	counted("read the rest", read(ends[0], at, PAGE) > 0 ? 0 : -1);
	close(ends[0]);
	close(ends[1]);
}

static void devices(void)
{
	int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR);

	memset(at, 'x', PAGE);
	counted("zeros over the edge", read(zero, at + PAGE - 100, 200));
	printf("the last is %d\n", at[PAGE - 1]);
	counted("zeros to a hole", read(zero, at + 3 * PAGE, 10));
	counted("null from a hole", write(null, at + 3 * PAGE, 10));
	counted("null to a hole", read(null, at + 3 * PAGE, 10));
	counted("zero device from a hole", write(zero, at + 3 * PAGE, 10));
	close(zero);
	close(null);
}

int main(void)
{
	at = window_make(4);
	map_at(at, 3, RW, ANON, -1, 0);
	mprotect(at + PAGE, PAGE, PROT_READ);
	mprotect(at + 2 * PAGE, PAGE, PROT_NONE);
	file_to_memory();
	memory_to_file();
	vectors();
	pipes();
	devices();
	return 0;
}
