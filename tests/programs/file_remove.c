/* unlink and rmdir take away what they should, and refuse the rest with the right reason. */
#include "files.h"

int main(void)
{
	char text[256];
	struct stat st;
	enter("remove.d");
	put_file("file", "x");
	mkdir("dir", 0755);
	mkdir("dir/sub", 0755);
	symlink("dir", "link");
	SHOW(unlink("none"));
	SHOW(unlink("dir"));
	SHOW(unlink("dir/"));
	SHOW(unlink("file/"));
	SHOW(unlink("none/"));
	SHOW(unlink("file/x"));
	SHOW(unlink("."));
	SHOW(unlink("/"));
	SHOW(unlink(""));
	SHOW(rmdir("none"));
	SHOW(rmdir("file"));
	SHOW(rmdir("file/"));
	SHOW(rmdir("link"));
	SHOW(rmdir("link/"));
	SHOW(rmdir("dir"));
	SHOW(rmdir("dir/."));
	SHOW(rmdir("dir/sub/.."));
	SHOW(rmdir("/"));
	SHOW(unlinkat(AT_FDCWD, "dir/sub", 0));
	SHOW(unlinkat(AT_FDCWD, "dir/sub", AT_REMOVEDIR));
	SHOW(unlinkat(AT_FDCWD, "dir", 77));
	SHOW(unlink("link"));

	int fd = open("dir", O_RDONLY);
	SHOW(chdir("dir"));
	SHOW(rmdir("../dir"));
	SHOW(fstat(fd, &st));
	SHOW(st.st_nlink);
	SHOW(open("x", O_CREAT | O_WRONLY, 0644));
	SHOW(mkdir("x", 0755));
	SHOW(open("../file", O_RDONLY) >= 0);
	SHOW(syscall(SYS_getcwd, text, sizeof(text)));
	SHOW(syscall(SYS_getdents64, fd, text, sizeof(text)));
	SHOW(stat(".", &st));
	SHOW(chdir(".."));
	SHOW(stat("file", &st));
	leave("remove.d");
	return 0;
}
