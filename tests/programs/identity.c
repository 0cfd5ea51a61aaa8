/* Users and groups: who may become whom, in 32 bits and in 16, and what it does to signals. */
#include "task.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>

static void show(const char *what)
{
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid;

	syscall(SYS_getresuid32, &uid, &euid, &suid);
	syscall(SYS_getresgid32, &gid, &egid, &sgid);
	printf("%s: %d %d %d, %d %d %d\n", what, uid, euid, suid, gid, egid, sgid);
}

static void caps(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	syscall(SYS_capget, &header, data);
	printf("  capabilities: effective %s, permitted %s\n",
	       data[0].effective & 32 ? "yes" : "none", data[0].permitted & 32 ? "yes" : "none");
}

static void fresh(const char *what, void (*run)(void))
{
	pid_t child = split();

	if (child == 0) {
		run();
		leave(0);
	}
	reap(what, child);
}

static void set_uid(void)
{
	TELL(syscall(SYS_setuid32, 1000));
	show("for good");
	caps();
	TELL(syscall(SYS_setuid32, 0));
	TELL(syscall(SYS_setuid32, 1000));
	TELL(syscall(SYS_setuid32, -1));
	TELL(syscall(SYS_setreuid32, 0, -1));
	TELL(syscall(SYS_setresuid32, -1, -1, 7));
}

static void effective(void)
{
	TELL(syscall(SYS_setreuid32, -1, 1000));
	show("for a while");
	caps();
	TELL(syscall(SYS_setuid32, 0));
	show("back");
	caps();
	TELL(syscall(SYS_setreuid32, 1000, 0));
	show("turned round");
	TELL(syscall(SYS_setreuid32, 0, 1000));
	show("and again");
	TELL(syscall(SYS_setresuid32, 1, 2, 3));
	TELL(syscall(SYS_setresuid32, -1, 0, -1));
	TELL(syscall(SYS_setresuid32, 1, 2, 3));
	show("three");
	TELL(syscall(SYS_setresuid32, 3, 1, 2));
	show("in turn");
	TELL(syscall(SYS_setresuid32, -1, 4, -1));
	TELL(syscall(SYS_setreuid32, 2, -1));
	TELL(syscall(SYS_setreuid32, 1, -1));
	show("by setreuid");
}

static void fs_ids(void)
{
	printf("setfsuid %d, then %d, then %d\n", setfsuid(5), setfsuid(-1), setfsuid(0));
	printf("setfsgid %d, then %d\n", setfsgid(6), setfsgid(-1));
	syscall(SYS_setresgid32, 7, 8, 9);
	printf("setresgid leaves fsuid: %d\n", setfsuid(5));
	syscall(SYS_setresuid32, 0, 0, 0);
	printf("setresuid leaves fsgid: %d\n", setfsgid(6));
	syscall(SYS_setresuid32, 1000, 1000, 1000);
	printf("setfsuid %d, then %d, then %d\n", setfsuid(5), setfsuid(-1), setfsuid(1000));
}

static void groups(void)
{
	gid_t list[3] = { 3, 70000, 5 }, seen[40];
	unsigned short narrow[3] = { 7, 65535, 8 }, told[4];

	TELL(syscall(SYS_setgroups32, 3, list));
	printf("groups %ld:", syscall(SYS_getgroups32, 40, seen));
	printf(" %d %d %d\n", seen[0], seen[1], seen[2]);
	TELL(syscall(SYS_getgroups32, 2, seen));
	TELL(syscall(SYS_getgroups32, -1, seen));
	TELL(syscall(SYS_getgroups32, 3, 16));
	printf("only asked: %ld\n", syscall(SYS_getgroups32, 0, NULL));
	printf("16 bits %ld: ", syscall(SYS_getgroups, 4, told));
	printf("%d %d %d\n", told[0], told[1], told[2]);
	TELL(syscall(SYS_setgroups, 3, narrow));
	printf("groups %ld: ", syscall(SYS_getgroups32, 40, seen));
	printf("%d %d %d\n", seen[0], (int)seen[1], seen[2]);
	TELL(syscall(SYS_setgroups32, 70000, list));
	TELL(syscall(SYS_setgroups32, -1, list));
	TELL(syscall(SYS_setgroups32, 1, 16));
	TELL(syscall(SYS_setgroups32, 0, NULL));
	TELL(syscall(SYS_setgid32, 1000));
	show("group");
	TELL(syscall(SYS_setregid32, 5, 6));
	TELL(syscall(SYS_setresgid32, 1, 2, 3));
	syscall(SYS_setresuid32, 1000, 1000, 1000);
	show("nobody special");
	TELL(syscall(SYS_setgroups32, 0, NULL));
	TELL(syscall(SYS_setgid32, 4));
	TELL(syscall(SYS_setgid32, 3));
	TELL(syscall(SYS_setregid32, 2, 1));
	TELL(syscall(SYS_setresgid32, 3, 3, 1));
	show("groups");
}

static void narrow(void)
{
	unsigned short uid, euid, suid;

	TELL(syscall(SYS_setresgid, 100, 65535, 200));
	TELL(syscall(SYS_setresuid32, 70000, 5, 80000));
	printf("getuid %ld, geteuid %ld\n", syscall(SYS_getuid), syscall(SYS_geteuid));
	printf("getgid %ld, getegid %ld\n", syscall(SYS_getgid), syscall(SYS_getegid));
	syscall(SYS_getresuid, &uid, &euid, &suid);
	printf("getresuid %d %d %d\n", uid, euid, suid);
	TELL(syscall(SYS_setreuid, 65535, 65535));
	show("left alone");
	TELL(syscall(SYS_setuid, 5));
	TELL(syscall(SYS_setuid, 65535));
	TELL(syscall(SYS_getresuid, 16, &euid, &suid));
}

static void signals(void)
{
	pid_t root, other, child;

	root = split();
	if (root == 0)
		for (;;)
			pause();
	other = split();
	if (other == 0) {
		if (setsid() < 0 || setresuid(2000, 2000, 2000))
			_exit(1);
		for (;;)
			pause();
	}
	usleep(120000);
	child = split();
	if (child == 0) {
		if (setresuid(1000, 1000, 1000))
			_exit(1);
		printf("to root: %s, CONT: %s\n", result_name(kill(root, 0)),
		       result_name(kill(root, SIGCONT)));
		printf("to another: %s, CONT: %s\n", result_name(kill(other, SIGTERM)),
		       result_name(kill(other, SIGCONT)));
		printf("nonsense to another: %s\n", result_name(kill(other, 65)));
		printf("to process 1: %s\n", result_name(kill(1, SIGTERM)));
		leave(0);
	}
	reap("sender", child);
	child = split();
	if (child == 0) {
		if (setresuid(1000, 2000, 1000))
			_exit(1);
		printf("effective user is its user: %s\n", result_name(kill(other, 0)));
		leave(0);
	}
	reap("sender", child);
	kill(root, SIGKILL);
	kill(other, SIGKILL);
	waitpid(root, NULL, 0);
	waitpid(other, NULL, 0);
}

int main(void)
{
	if (setresgid(0, 0, 0) || setgroups(0, NULL))
		return 1;
	show("at first");
	fresh("setuid", set_uid);
	fresh("effective", effective);
	fresh("file system ids", fs_ids);
	fresh("groups", groups);
	fresh("16 bits", narrow);
	signals();
	return 0;
}
