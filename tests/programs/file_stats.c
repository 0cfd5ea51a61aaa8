/* The stat calls of all generations agree, and statx says more. */
#include "files.h"
#include <sys/sysmacros.h>

static void check(const char *name, int follow)
{
	struct stat st;
	struct statx stx;
	follow ? stat(name, &st) : lstat(name, &st);
	int result = statx(AT_FDCWD, name, follow ? 0 : AT_SYMLINK_NOFOLLOW, STATX_ALL, &stx);
	printf("%s: %d %d %d %d %d %d %d %d %d\n", name, result, st.st_mode == stx.stx_mode,
	       st.st_ino == stx.stx_ino, st.st_nlink == stx.stx_nlink,
	       st.st_size == (off_t)stx.stx_size, st.st_blocks == (blkcnt_t)stx.stx_blocks,
	       st.st_mtim.tv_sec == stx.stx_mtime.tv_sec &&
		       st.st_mtim.tv_nsec == (long)stx.stx_mtime.tv_nsec,
	       st.st_dev == makedev(stx.stx_dev_major, stx.stx_dev_minor),
	       (stx.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
}

int main(void)
{
	struct statx stx;
	struct stat st;
	enter("stats.d");
	put_file("file", "hello");
	symlink("file", "link");
	mkfifo("fifo", 0600);
	check("file", 1);
	check("link", 0);
	check("link", 1);
	check("fifo", 1);
	check(".", 1);
	check("/dev/null", 1);
	stat("/dev/null", &st);
	SHOW(st.st_rdev);
	SHOW(st.st_mode);
	SHOW(statx(AT_FDCWD, "none", 0, STATX_ALL, &stx));
	SHOW(statx(AT_FDCWD, "file", 0x8000, STATX_ALL, &stx));
	SHOW(statx(AT_FDCWD, "file", 0, 0x80000000, &stx));
	SHOW(statx(AT_FDCWD, "file", 0, STATX_ALL, NULL));
	int fd = open("file", O_RDONLY);
	SHOW(statx(fd, "", AT_EMPTY_PATH, STATX_ALL, &stx));
	SHOW(stx.stx_size);
	SHOW(statx(fd, "", 0, STATX_ALL, &stx));
	unsigned char old[64], large[96];
	SHOW(syscall(SYS_stat, "file", old));
	SHOW(*(unsigned short *)(old + 8));
	SHOW(*(unsigned *)(old + 20));
	SHOW(syscall(SYS_stat64, "file", large));
	SHOW(*(unsigned *)(large + 16));
	SHOW(*(unsigned *)(large + 44));
	SHOW(syscall(SYS_lstat, "link", old));
	SHOW(*(unsigned *)(old + 20));
	SHOW(syscall(SYS_fstat, fd, old));
	SHOW(syscall(SYS_fstat, 99, old));
	SHOW(syscall(SYS_stat, NULL, old));
	SHOW(syscall(SYS_stat, "file", NULL));
	truncate64("file", 3ll << 30);
	SHOW(syscall(SYS_stat, "file", old));
	SHOW(syscall(SYS_stat64, "file", large));
	leave("stats.d");
	return 0;
}
