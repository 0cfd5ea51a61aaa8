/* rename in all its cases. */
#include "files.h"
#include <linux/fs.h>

static void list(void)
{
	const char *names[] = { "a",	  "b",	   "dir",   "dir/x",  "dir2",
				"dir2/x", "empty", "moved", "moved/x" };
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		show_stat(names[i]);
}

int main(void)
{
	enter("rename.d");
	put_file("a", "aaa");
	put_file("b", "bb");
	mkdir("dir", 0755);
	put_file("dir/x", "in dir");
	mkdir("dir2", 0755);
	mkdir("empty", 0755);
	SHOW(rename("a", "a"));
	SHOW(rename("none", "x"));
	SHOW(rename("a", "none/x"));
	SHOW(rename("a", "b/x"));
	SHOW(rename("a", "dir"));
	SHOW(rename("dir", "a"));
	SHOW(rename("dir2", "dir"));
	SHOW(rename("dir", "dir/sub"));
	SHOW(rename("dir", "dir/sub/deep"));
	mkdir("dir2/sub", 0755);
	SHOW(rename("dir2/sub", "dir2"));
	SHOW(rename("dir2/sub", "dir2/../dir2/sub"));
	rmdir("dir2/sub");
	SHOW(rename(".", "x"));
	SHOW(rename("dir/.", "x"));
	SHOW(rename("dir/..", "x"));
	SHOW(rename("a", "."));
	SHOW(rename("a", ".."));
	SHOW(rename("a/", "x"));
	SHOW(rename("a", "x/"));
	SHOW(rename("dir", "empty/"));
	list();
	SHOW(rename("empty/", "moved/"));
	list();
	SHOW(rename("moved/x", "dir2/x"));
	SHOW(rename("moved", "dir2/moved"));
	show_stat("dir2");
	show_stat(".");
	SHOW(rename("dir2/moved", "moved"));
	show_file("dir2/x");
	SHOW(rename("a", "b"));
	show_file("b");
	show_stat("a");
	SHOW(link("b", "c"));
	SHOW(rename("b", "c"));
	show_stat("b");
	show_stat("c");
	unlink("c");

	put_file("a", "again");
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "n", RENAME_NOREPLACE));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "n", AT_FDCWD, "b", RENAME_EXCHANGE));
	show_file("n");
	show_file("b");
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "n", AT_FDCWD, "dir2", RENAME_EXCHANGE));
	show_file("dir2");
	show_file("n/x");
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "n", AT_FDCWD, "none", RENAME_EXCHANGE));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "n", AT_FDCWD, "n/x", RENAME_EXCHANGE));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "n", AT_FDCWD, "x",
		     RENAME_EXCHANGE | RENAME_NOREPLACE));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "n", AT_FDCWD, "x", 64));
	unlink("n/x");
	unlink("moved/x");
	leave("rename.d");
	return 0;
}
