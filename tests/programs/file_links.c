/* Hard links are names of one inode, which lives as long as a name or a file does. */
#include "files.h"

int main(void)
{
	struct stat st;
	char text[16];
	enter("links.d");
	put_file("a", "content");
	SHOW(link("a", "b"));
	SHOW(same_inode("a", "b"));
	show_stat("a");
	SHOW(link("a", "b"));
	SHOW(link("none", "c"));
	SHOW(link("a", "none/c"));
	SHOW(link("a", "c/"));
	mkdir("dir", 0755);
	SHOW(link("dir", "dir2"));
	SHOW(link("a", "a/x"));
	SHOW(link("a", "."));
	symlink("a", "s");
	SHOW(link("s", "t"));
	show_stat("s");
	SHOW(linkat(AT_FDCWD, "s", AT_FDCWD, "u", AT_SYMLINK_FOLLOW));
	show_stat("a");
	SHOW(same_inode("a", "u"));
	SHOW(linkat(AT_FDCWD, "a", AT_FDCWD, "v", 1));
	SHOW(unlink("t"));
	SHOW(unlink("u"));
	SHOW(unlink("a"));
	show_file("b");
	int fd = open("b", O_RDWR);
	SHOW(unlink("b"));
	SHOW(fstat(fd, &st));
	SHOW(st.st_nlink);
	SHOW(pwrite(fd, "CON", 3, 0));
	SHOW(pread(fd, text, 16, 0));
	SHOW(strncmp(text, "CONtent", 7) == 0);
	SHOW(open("b", O_RDONLY));
	put_file("b", "new");
	SHOW(pread(fd, text, 16, 0));
	SHOW(close(fd));
	show_file("b");
	SHOW(stat("dir", &st));
	SHOW(st.st_nlink);
	mkdir("dir/one", 0755);
	mkdir("dir/two", 0755);
	stat("dir", &st);
	SHOW(st.st_nlink);
	rmdir("dir/one");
	rmdir("dir/two");
	stat("dir", &st);
	SHOW(st.st_nlink);
	leave("links.d");
	return 0;
}
