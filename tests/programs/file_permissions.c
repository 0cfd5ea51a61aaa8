/* What the mode bits allow somebody who is not root, and what owning allows. */
#include "files.h"

static void part(void)
{
	SHOW(open("secret", O_RDONLY));
	SHOW(open("open", O_RDONLY) >= 0);
	SHOW(open("open", O_WRONLY));
	SHOW(open("open", O_RDONLY | O_TRUNC));
	SHOW(truncate("open", 0));
	SHOW(access("open", R_OK));
	SHOW(access("open", W_OK));
	SHOW(access("open", X_OK));
	SHOW(access("none", F_OK));
	SHOW(access("open", 8));
	SHOW(open("closed/x", O_RDONLY));
	SHOW(access("closed", F_OK));
	SHOW(access("closed/x", F_OK));
	SHOW(chdir("closed"));
	SHOW(open("blind/x", O_RDONLY) >= 0);
	SHOW(open("blind", O_RDONLY));
	SHOW(unlink("open"));
	SHOW(rename("open", "open2"));
	SHOW(mkdir("mine", 0755));
	SHOW(close(open("mine", O_WRONLY | O_CREAT, 0644)));
	SHOW(chmod("open", 0777));
	SHOW(chown("open", 1000, -1));
	SHOW(utimes("open", NULL));
	SHOW(unlink("sticky/theirs"));
	SHOW(rename("sticky/theirs", "sticky/x"));
	SHOW(close(open("sticky/mine", O_CREAT | O_WRONLY, 0600)));
	SHOW(chmod("sticky/mine", 04755));
	show_stat("sticky/mine");
	int fd = open("sticky/mine", O_WRONLY);
	SHOW(write(fd, "x", 1));
	show_stat("sticky/mine");
	SHOW(chown("sticky/mine", 0, -1));
	SHOW(chown("sticky/mine", 1000, 1000));
	SHOW(chown("sticky/mine", -1, -1));
	SHOW(chmod("sticky/mine", 0077));
	SHOW(open("sticky/mine", O_RDONLY));
	SHOW(close(open("sticky/fresh", O_CREAT | O_RDWR, 0000)));
	SHOW(open("sticky/fresh", O_RDWR));
	SHOW(unlink("sticky/fresh"));
	SHOW(unlink("sticky/mine"));
	SHOW(open("writable", O_WRONLY) >= 0);
	SHOW(open("writable", O_RDONLY));
	SHOW(utimes("writable", NULL));
	SHOW(utimes("writable", (struct timeval[]){ { 1, 0 }, { 2, 0 } }));
	SHOW(mknod("sticky/dev", S_IFCHR | 0666, 0x103));
	SHOW(chroot("."));
}

int main(void)
{
	enter("permissions.d");
	if (geteuid() != 0)
		return 0;
	put_file("secret", "s");
	chmod("secret", 0600);
	put_file("open", "o");
	put_file("writable", "w");
	chmod("writable", 0622);
	mkdir("closed", 0700);
	put_file("closed/x", "");
	mkdir("blind", 0711);
	put_file("blind/x", "");
	mkdir("sticky", 0777);
	chmod("sticky", 01777);
	put_file("sticky/theirs", "");
	/* The folders above must let it through. */
	chmod("..", 0755);
	as_user(part);
	SHOW(access("secret", R_OK | W_OK));
	SHOW(access("secret", X_OK));
	SHOW(access("closed", X_OK));
	unlink("closed/x");
	unlink("blind/x");
	unlink("sticky/theirs");
	leave("permissions.d");
	return 0;
}
