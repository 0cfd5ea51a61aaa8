/* Mounting file systems in memory, their limits and flags, and taking them away; as root alone. EXPECT: mount_memory.txt */
#include "files.h"
#include <sys/mount.h>
#include <sys/statfs.h>

static void fill(const char *name)
{
	static char text[10000];
	int fd = open(name, O_WRONLY | O_CREAT, 0644);
	SHOW(write(fd, text, 10000));
	SHOW(write(fd, text, 10000));
	SHOW(write(fd, text, 1));
	close(fd);
	show_stat(name);
}

static void mounting(void)
{
	struct statfs fs;
	struct stat a, b;

	mkdir("m", 0755);
	put_file("m/under", "covered");
	SHOW(mount("none", "none", "tmpfs", 0, NULL));
	SHOW(mount("none", "m/under", "tmpfs", 0, NULL));
	SHOW(mount("none", "m", "nosuchfs", 0, NULL));
	SHOW(mount("none", "m", NULL, 0, NULL));
	SHOW(mount("none", "m", "tmpfs", 0, "nonsense=1"));
	SHOW(umount("m"));
	SHOW(mount("some", "m", "tmpfs", 0, "size=16k,mode=700"));
	show_stat("m");
	show_file("m/under");
	SHOW(statfs("m", &fs));
	SHOW(fs.f_type == 0x01021994);
	SHOW(fs.f_bsize);
	SHOW(fs.f_blocks);
	SHOW(fs.f_bfree);
	stat(".", &a);
	stat("m", &b);
	SHOW(a.st_dev != b.st_dev);
	stat("m/..", &b);
	SHOW(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static void what_is_in_it(void)
{
	char here[4096];

	fill("m/full");
	SHOW(mkdir("m/dir", 0755));
	SHOW(truncate("m/full", 100));
	fill("m/more");
	SHOW(unlink("m/full"));
	SHOW(unlink("m/more"));
	SHOW(link("m/dir", "x"));
	put_file("m/f", "1");
	SHOW(link("m/f", "f"));
	SHOW(rename("m/f", "f"));
	SHOW(rmdir("m"));
	SHOW(rename("m", "n"));
	SHOW(chdir("m/dir"));
	getcwd(here, sizeof(here));
	printf("%s\n", strstr(here, "/mount.d"));
	SHOW(umount("../../m"));
	SHOW(chdir("../.."));
	int fd = open("m/f", O_RDONLY);
	SHOW(umount("m"));
	close(fd);
	SHOW(umount("m/dir"));
}

static void read_only(void)
{
	SHOW(mount("x", "m", "x", MS_REMOUNT | MS_RDONLY, NULL));
	SHOW(open("m/f", O_WRONLY));
	SHOW(open("m/new", O_WRONLY | O_CREAT, 0644));
	SHOW(mkdir("m/new", 0755));
	SHOW(mkdir("m/dir", 0755));
	SHOW(unlink("m/f"));
	SHOW(unlink("m/none"));
	SHOW(chmod("m/f", 0600));
	SHOW(rename("m/f", "m/g"));
	SHOW(access("m/f", W_OK));
	SHOW(truncate("m/f", 0));
	SHOW(utimes("m/f", NULL));
	show_file("m/f");
	SHOW(mount("x", "m", "x", MS_REMOUNT, NULL));
	SHOW(unlink("m/f"));
}

static void devices_and_programs(void)
{
	struct stat a;
	char here[4096];
	int fd;

	SHOW(mount("inner", "m/dir", "tmpfs", MS_NODEV | MS_NOEXEC, NULL));
	SHOW(mknod("m/dir/null", S_IFCHR | 0666, 0x103));
	SHOW(open("m/dir/null", O_RDONLY));
	put_file("m/dir/prog", "#!/bin/sh\n");
	chmod("m/dir/prog", 0755);
	SHOW(access("m/dir/prog", X_OK));
	SHOW(execl("m/dir/prog", "prog", NULL));
	SHOW(umount("m"));
	SHOW(umount("m/dir"));
	SHOW(mknod("m/null", S_IFCHR | 0666, 0x103));
	SHOW(fd = open("m/null", O_RDWR));
	SHOW(write(fd, "gone", 4));
	SHOW(read(fd, here, 10));
	close(fd);
	SHOW(mknod("m/nobody", S_IFCHR | 0666, 0xfa00));
	SHOW(open("m/nobody", O_RDONLY));
	SHOW(mknod("m/block", S_IFBLK | 0666, 0xfa00));
	SHOW(open("m/block", O_RDONLY));
	stat("m/null", &a);
	SHOW(a.st_rdev);
}

static void over_and_detached(void)
{
	char here[4096];
	int fd;

	SHOW(mount("over", "m", "tmpfs", 0, NULL));
	SHOW(access("m/null", F_OK));
	SHOW(umount("m"));
	SHOW(access("m/null", F_OK));
	fd = open("m/kept", O_RDWR | O_CREAT, 0644);
	SHOW(umount2("m", MNT_DETACH));
	show_file("m/under");
	SHOW(write(fd, "alive", 5));
	SHOW(pread(fd, here, 10, 0));
	close(fd);
	SHOW(umount2("m", 64));
}

static void other_options(void)
{
	SHOW(mount("t", "m", "tmpfs", 0, "nr_inodes=3"));
	SHOW(mkdir("m/1", 0755));
	SHOW(mkdir("m/2", 0755));
	SHOW(mkdir("m/3", 0755));
	SHOW(rmdir("m/1"));
	SHOW(mkdir("m/3", 0755));
	SHOW(umount("m"));
	SHOW(mount("t", "m", "ramfs", 0, "whatever"));
	put_file("m/big", "x");
	SHOW(umount("m"));
	SHOW(unlink("m/under"));
}

/* ".." ends there. */
static void own_root(void)
{
	struct stat a, b;
	char here[4096];

	enter("root.d");
	mkdir("in", 0755);
	if (fork() == 0) {
		SHOW(chroot("in"));
		SHOW(chroot("/none"));
		stat("/", &a);
		stat("/..", &b);
		SHOW(a.st_ino == b.st_ino);
		SHOW(syscall(SYS_getcwd, here, sizeof(here)) > 0);
		SHOW(strncmp(here, "(unreachable)/", 14));
		SHOW(chdir("/"));
		SHOW(chdir("../../.."));
		SHOW(syscall(SYS_getcwd, here, sizeof(here)));
		printf("%s\n", here);
		_exit(0);
	}
	wait(NULL);
	leave("root.d");
}

int main(void)
{
	enter("mount.d");
	mounting();
	what_is_in_it();
	read_only();
	devices_and_programs();
	over_and_detached();
	other_options();
	leave("mount.d");
	own_root();
	return 0;
}
