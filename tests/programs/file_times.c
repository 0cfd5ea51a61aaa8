/* atime, mtime and ctime move when they should, and are set as asked. */
#include "files.h"

static long long ns(struct timespec time)
{
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static struct stat last;

/* Which times have moved since the last look. */
static void moved(const char *what, const char *name)
{
	struct stat st;
	lstat(name, &st);
	printf("%s:%s%s%s\n", what, ns(st.st_atim) != ns(last.st_atim) ? " atime" : "",
	       ns(st.st_mtim) != ns(last.st_mtim) ? " mtime" : "",
	       ns(st.st_ctim) != ns(last.st_ctim) ? " ctime" : "");
	last = st;
	usleep(20000);
}

static void show_times(const char *name)
{
	struct stat st;
	lstat(name, &st);
	printf("%s: %lld %lld\n", name, ns(st.st_atim), ns(st.st_mtim));
}

int main(void)
{
	char text[4];
	int fd;
	enter("times.d");
	put_file("a", "text");
	mkdir("dir", 0755);
	lstat("a", &last);
	SHOW(ns(last.st_mtim) == ns(last.st_ctim));
	usleep(20000);
	fd = open("a", O_RDWR);
	moved("open", "a");
	read(fd, text, 4);
	moved("read", "a");
	read(fd, text, 4);
	moved("read at the end", "a");
	write(fd, "more", 4);
	moved("write", "a");
	write(fd, "more", 0);
	moved("write nothing", "a");
	ftruncate(fd, 2);
	moved("truncate", "a");
	chmod("a", 0600);
	moved("chmod", "a");
	link("a", "b");
	moved("link", "a");
	unlink("b");
	moved("unlink", "a");
	rename("a", "c");
	moved("rename", "c");
	lstat("dir", &last);
	put_file("dir/x", "");
	moved("create in dir", "dir");
	put_file("dir/x", "abc");
	moved("write in dir", "dir");
	rename("dir/x", "dir/y");
	moved("rename in dir", "dir");
	unlink("dir/y");
	moved("unlink in dir", "dir");
	chmod("dir", 0700);
	moved("chmod dir", "dir");

	struct timespec times[2] = { { 1000000000, 123456789 }, { 1500000000, 987654321 } };
	SHOW(utimensat(AT_FDCWD, "c", times, 0));
	show_times("c");
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_nsec = 5;
	SHOW(utimensat(AT_FDCWD, "c", times, 0));
	show_times("c");
	times[1].tv_nsec = 1000000000;
	SHOW(utimensat(AT_FDCWD, "c", times, 0));
	times[1].tv_nsec = UTIME_OMIT;
	SHOW(utimensat(AT_FDCWD, "none", times, 0));
	SHOW(futimens(fd, (struct timespec[]){ { 7, 8 }, { 9, 10 } }));
	show_times("c");
	SHOW(utimes("c", (struct timeval[]){ { 3, 4 }, { 5, 6 } }));
	show_times("c");
	SHOW(utimes("c", (struct timeval[]){ { 3, 1000000 }, { 5, 6 } }));
	symlink("c", "s");
	SHOW(utimensat(AT_FDCWD, "s", (struct timespec[]){ { 1, 2 }, { 3, 4 } },
		       AT_SYMLINK_NOFOLLOW));
	show_times("s");
	show_times("c");
	lstat("c", &last);
	usleep(20000);
	SHOW(utimensat(AT_FDCWD, "c", NULL, 0));
	moved("set to now", "c");
	leave("times.d");
	return 0;
}
