/* EXPECT: file_extremes.txt (how large a file may be is up to the file system) */
/* Positions and sizes at the ends of their ranges: each call that takes one, on a regular file. */
#include "files.h"
#include <stdint.h>

static const unsigned long long places[] = {
	0,
	1,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	1ull << 43,
	0xfffffffefff,
	0xffffffff000,
	0xfffffffffff,
	1ull << 44,
	1ull << 62,
	INT64_MAX - 4,
	INT64_MAX,
	1ull << 63,
	-4096ull,
};

static long long at(int call, int fd, void *to, size_t size, unsigned long long place)
{
	return syscall(call, fd, to, size, (unsigned)place, (unsigned)(place >> 32));
}

static void show_reads_and_writes(int large, int small, unsigned long long place)
{
	char bytes[8] = "abcdefg";
	struct iovec list[] = { { bytes, 3 }, { bytes, 0 }, { bytes + 3, 4 } };

	show_result(" pwrite", at(SYS_pwrite64, large, bytes, 8, place));
	show_result(" pread", at(SYS_pread64, large, bytes, 8, place));
	show_result(" pread of nothing", at(SYS_pread64, large, bytes, 0, place));
	show_result(" pwrite, small file", at(SYS_pwrite64, small, bytes, 8, place));
	show_result(" pwritev", at(SYS_pwritev, large, list, 3, place));
	show_result(" preadv", at(SYS_preadv, large, list, 3, place));
	show_result(" sendfile", syscall(SYS_sendfile64, small, large, &place, 4));
}

static void show_sizes(int fd, unsigned long long place)
{
	unsigned low = (unsigned)place, high = (unsigned)(place >> 32);
	const int hole = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;

	show_result(" truncate", syscall(SYS_ftruncate64, fd, low, high));
	show_result(" from the start", lseek64(fd, place, SEEK_SET));
	show_result(" from here", lseek64(fd, place, SEEK_CUR));
	show_result(" from the end", lseek64(fd, place, SEEK_END));
	show_result(" from the start, short", syscall(SYS_lseek, fd, low, SEEK_SET));
	show_result(" a hole", syscall(SYS_fallocate, fd, hole, low, high, low, high));
	show_result(" truncate", ftruncate(fd, 0));
}

int main(void)
{
	int large, small, maps = open("/proc/self/maps", O_RDONLY);
	char byte;

	enter("extremes");
	large = open("file", O_RDWR | O_CREAT | O_LARGEFILE, 0644);
	small = syscall(SYS_open, "file", O_RDWR);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		printf("%llx\n", places[i]);
		show_reads_and_writes(large, small, places[i]);
		lseek(small, 0, SEEK_SET);
		show_sizes(large, places[i]);
	}
	SHOW(lseek(maps, 100, SEEK_SET));
	SHOW(lseek(maps, 0, SEEK_END));
	SHOW(read(maps, &byte, 1));
	SHOW(lseek(maps, 1, SEEK_CUR));
	SHOW(lseek64(maps, 1ll << 40, SEEK_SET));
	SHOW(read(maps, &byte, 1));
	close(maps);
	close(large);
	close(small);
	leave("extremes");
	return 0;
}
