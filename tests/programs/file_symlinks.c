/* Symbolic links: their text, where they lead, how deep, and what a slash behind them means. */
#include "files.h"

int main(void)
{
	char text[300], name[32], target[32];
	struct stat st;
	enter("symlinks.d");
	put_file("file", "file");
	mkdir("dir", 0755);
	put_file("dir/in", "in");
	SHOW(symlink("file", "a"));
	SHOW(symlink("file", "a"));
	SHOW(symlink("", "empty"));
	SHOW(symlink("x", ""));
	SHOW(symlink("x", "n/"));
	memset(text, 0, sizeof(text));
	SHOW(readlink("a", text, sizeof(text)));
	SHOW(strcmp(text, "file"));
	SHOW(readlink("a", text, 2));
	SHOW(readlink("a", text, 0));
	SHOW(readlink("file", text, 9));
	SHOW(readlink("none", text, 9));
	SHOW(readlink("a/", text, 9));
	SHOW(readlink("a", NULL, 9));
	SHOW(lstat("a", &st));
	SHOW(st.st_size);
	SHOW(stat("a/", &st));
	SHOW(lstat("a/", &st));
	symlink("dir", "d");
	symlink("dir/", "ds");
	symlink("../symlinks.d/./dir/../dir", "long");
	SHOW(lstat("d", &st) == 0 && S_ISLNK(st.st_mode));
	SHOW(lstat("d/", &st) == 0 && S_ISDIR(st.st_mode));
	show_file("d/in");
	show_file("ds/in");
	show_file("long/in");
	show_file("d/../d/in");
	symlink("loop2", "loop1");
	symlink("loop1", "loop2");
	symlink("self/x", "self");
	SHOW(open("loop1", O_RDONLY));
	SHOW(open("loop1", O_RDONLY | O_CREAT, 0644));
	SHOW(stat("self", &st));
	SHOW(lstat("loop1", &st));
	SHOW(unlink("loop1"));
	/* A chain of forty is followed, of forty-one not. */
	for (int i = 0; i <= 40; i++) {
		sprintf(name, "c%d", i);
		sprintf(target, "c%d", i - 1);
		symlink(i ? target : "file", name);
	}
	SHOW(stat("c39", &st));
	SHOW(stat("c40", &st));
	SHOW(lstat("c40", &st));
	/* And forty in different parts of one path. */
	symlink(".", "h");
	char path[400] = "";
	for (int i = 0; i < 40; i++)
		strcat(path, "h/");
	strcat(path, "file");
	show_result("40 links on the way", stat(path, &st));
	memmove(path + 2, path, strlen(path) + 1);
	memcpy(path, "h/", 2);
	show_result("41 links on the way", stat(path, &st));
	memset(text, 'x', 256);
	text[256] = 0;
	SHOW(symlink("file", text));
	SHOW(symlink(text, "big"));
	SHOW(stat("big", &st));
	unlink("dir/in");
	leave("symlinks.d");
	return 0;
}
