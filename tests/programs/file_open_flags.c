/* Every flag of open does what it says, alone and together. */
#include "files.h"

static void creating_and_access(void)
{
	int fd;

	SHOW(open("none", O_RDONLY));
	SHOW(fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0666));
	SHOW(fcntl(fd, F_GETFL) & ~O_LARGEFILE);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(write(fd, "hello", 5));
	SHOW(open("a", O_RDWR | O_CREAT | O_EXCL, 0666));
	SHOW(close(fd));
	SHOW(fd = open("a", O_WRONLY | O_APPEND));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(write(fd, " world", 6));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(read(fd, &fd, 1));
	SHOW(close(fd));
	show_file("a");
	SHOW(fd = open("a", O_RDONLY | O_CLOEXEC | O_NONBLOCK));
	SHOW(fcntl(fd, F_GETFL) & ~O_LARGEFILE);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(write(fd, "x", 1));
	SHOW(close(fd));
	SHOW(fd = open("a", O_WRONLY | O_TRUNC));
	SHOW(close(fd));
	show_stat("a");
}

static void directories(void)
{
	int fd;

	SHOW(mkdir("dir", 0755));
	SHOW(open("dir", O_WRONLY));
	SHOW(open("dir", O_RDWR));
	SHOW(open("dir", O_RDONLY | O_TRUNC));
	SHOW(open("dir", O_RDONLY | O_CREAT, 0666));
	SHOW(open("dir", O_RDONLY | O_CREAT | O_EXCL, 0666));
	SHOW(open("a", O_RDONLY | O_DIRECTORY));
	SHOW(fd = open("dir", O_RDONLY | O_DIRECTORY));
	SHOW(read(fd, &fd, 0));
	SHOW(write(fd, "x", 1));
	SHOW(close(fd));
	SHOW(open("a/b", O_RDONLY));
	SHOW(open("a/", O_RDONLY));
	SHOW(open("new/", O_RDONLY | O_CREAT, 0666));
	SHOW(open("dir/", O_RDONLY | O_CREAT, 0666));
	SHOW(open(".", O_RDONLY | O_CREAT, 0666));
	SHOW(open("..", O_RDONLY | O_CREAT | O_EXCL, 0666));
	SHOW(open("", O_RDONLY));
	SHOW(open(NULL, O_RDONLY));
}

static void symbolic_links(void)
{
	int fd;

	symlink("a", "link");
	symlink("made", "dangling");
	symlink("dir/", "slash");
	SHOW(open("link", O_RDONLY | O_NOFOLLOW));
	SHOW(open("link", O_RDONLY | O_CREAT | O_EXCL, 0666));
	SHOW(open("dangling", O_RDONLY));
	SHOW(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0666));
	SHOW(open("dangling", O_WRONLY | O_CREAT | O_NOFOLLOW, 0666));
	SHOW(fd = open("dangling", O_WRONLY | O_CREAT, 0640));
	SHOW(close(fd));
	show_stat("made");
	SHOW(fd = open("slash", O_RDONLY));
	SHOW(close(fd));
}

static void places_alone(void)
{
	int fd;
	char text[8];

	SHOW(fd = open("a", O_PATH));
	SHOW(read(fd, &fd, 1));
	SHOW(fcntl(fd, F_GETFL));
	SHOW(fchmod(fd, 0600));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(close(fd));
	SHOW(fd = open("link", O_PATH | O_NOFOLLOW));
	SHOW(readlinkat(fd, "", text, sizeof(text)));
	SHOW(close(fd));
}

static void without_a_name(void)
{
	int fd;
	struct stat st;
	char path[64];

	SHOW(fd = open(".", O_TMPFILE | O_RDWR, 0600));
	SHOW(write(fd, "tmp", 3));
	SHOW(fstat(fd, &st));
	SHOW(st.st_nlink);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (access("/proc/self", F_OK) == 0)
		linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW);
	else
		linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH);
	show_file("named");
	SHOW(close(fd));
	SHOW(open(".", O_TMPFILE | O_RDONLY, 0600));
}

int main(void)
{
	enter("open_flags.d");
	creating_and_access();
	directories();
	symbolic_links();
	places_alone();
	without_a_name();
	leave("open_flags.d");
	return 0;
}
