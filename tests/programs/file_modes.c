/* What is made has the mode asked for, less the umask; directories pass their group on. */
#include "files.h"

int main(void)
{
	enter("modes.d");
	SHOW(umask(027));
	SHOW(umask(07777));
	SHOW(umask(0));
	SHOW(close(open("a", O_CREAT | O_WRONLY, 06777)));
	umask(022);
	SHOW(close(open("b", O_CREAT | O_WRONLY, 0666)));
	SHOW(mkdir("c", 07777));
	SHOW(mkdir("d/", 0700));
	SHOW(mknod("e", S_IFREG | 0644, 0));
	SHOW(mknod("f", 0600, 0));
	SHOW(mknod("g", S_IFIFO | 0666, 0));
	SHOW(mknod("h", S_IFDIR | 0755, 0));
	SHOW(mknod("h", S_IFLNK | 0755, 0));
	SHOW(mknod("a", S_IFREG | 0755, 0));
	SHOW(mknod("n/", S_IFREG | 0755, 0));
	SHOW(symlink("x", "s"));
	for (const char *name = "abcdefgs"; *name; name++)
		show_stat((char[]){ *name, 0 });
	SHOW(chmod("a", 0400));
	show_stat("a");
	SHOW(chmod("a", 0107755));
	show_stat("a");
	SHOW(chmod("none", 0));
	SHOW(chmod("s", 0));
	SHOW(fchmodat(AT_FDCWD, "b", 0751, 0));
	show_stat("b");
	int fd = open("b", O_RDONLY);
	SHOW(fchmod(fd, 0640));
	show_stat("b");
	close(fd);
	SHOW(fchmod(fd, 0640));
	SHOW(chmod("d", 02755));
	SHOW(mkdir("d/sub", 0755));
	show_stat("d");
	show_stat("d/sub");
	SHOW(rmdir("d/sub"));
	leave("modes.d");
	return 0;
}
