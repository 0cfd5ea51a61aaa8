/* Paths: long ones, odd ones, and finding the way back. */
#include "files.h"

int main(void)
{
	static char text[5000], name[300];
	char start[4096], here[4096];
	struct stat st;
	getcwd(start, sizeof(start));
	enter("paths.d");
	memset(name, 'n', 255);
	SHOW(close(open(name, O_CREAT | O_WRONLY, 0644)));
	SHOW(unlink(name));
	name[255] = 'n';
	SHOW(stat(name, &st));
	SHOW(mkdir(name, 0755));
	SHOW(unlink(name));
	memset(text, '/', 4095);
	text[4094] = '.';
	SHOW(stat(text, &st));
	text[4095] = '/';
	SHOW(stat(text, &st));
	mkdir("a", 0755);
	mkdir("a/b", 0755);
	put_file("file", "f");
	SHOW(stat("a//b///.//../b", &st));
	SHOW(stat("file/.", &st));
	SHOW(stat("file/..", &st));
	SHOW(stat("none/..", &st));
	SHOW(stat("../../../../../../../../../../../../../../../../..", &st));
	SHOW(stat("/../..", &st));
	SHOW(chdir("file"));
	SHOW(chdir("none"));
	SHOW(chdir("a/b"));
	getcwd(here, sizeof(here));
	SHOW(strncmp(here, start, strlen(start)));
	printf("%s\n", here + strlen(start));
	SHOW(syscall(SYS_getcwd, here, 3));
	SHOW(syscall(SYS_getcwd, NULL, 4096));
	SHOW(syscall(SYS_getcwd, here, sizeof(here)) == (long)strlen(here) + 1);
	int up = open("..", O_RDONLY | O_DIRECTORY);
	SHOW(rename("../../a", "../../c"));
	getcwd(here, sizeof(here));
	printf("%s\n", here + strlen(start));
	SHOW(fchdir(up));
	getcwd(here, sizeof(here));
	printf("%s\n", here + strlen(start));
	SHOW(chdir(".."));
	int fd = open("file", O_RDONLY);
	SHOW(fchdir(fd));
	SHOW(openat(fd, "x", O_RDONLY));
	SHOW(openat(77, "x", O_RDONLY));
	SHOW(close(openat(77, "/", O_RDONLY)));
	SHOW(fstatat(up, "b", &st, 0));
	SHOW(fstatat(up, "", &st, 0));
	SHOW(fstatat(up, "", &st, AT_EMPTY_PATH));
	SHOW(fstatat(fd, "", &st, AT_EMPTY_PATH));
	SHOW(st.st_size);
	SHOW(mkdirat(up, "new", 0700));
	SHOW(unlinkat(up, "new", AT_REMOVEDIR));
	SHOW(rmdir("c/b"));
	/* Two hundred folders, one in the other. */
	int depth;
	for (depth = 0; depth < 200; depth++)
		if (mkdir("deep", 0755) != 0 || chdir("deep") != 0)
			break;
	SHOW(depth);
	getcwd(here, sizeof(here));
	SHOW(strlen(here) - strlen(start));
	for (; depth > 0; depth--)
		if (chdir("..") != 0 || rmdir("deep") != 0)
			break;
	SHOW(depth);
	leave("paths.d");
	return 0;
}
