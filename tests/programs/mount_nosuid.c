/* EXPECT: mount_nosuid.txt */
/* A set-user-id program on a nosuid mount runs as whoever executes it, elsewhere as its owner. */
#include "files.h"
#include <sys/mount.h>
#include <sys/wait.h>

static void copy_self(const char *to)
{
	char buffer[65536];
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
	ssize_t got;

	while ((got = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, got) != got)
			break;
	close(in);
	close(out);
	chown(to, 2000, 0);
	chmod(to, 04755);
}

static void try(const char *program, const char *what)
{
	char *arguments[] = { (char *)program, (char *)what, NULL };
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		setresuid(1000, 1000, 1000);
		execv(program, arguments);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		printf("%s: user %d, effective %d\n", argv[1], getuid(), geteuid());
		return 0;
	}
	enter("nosuid.d");
	mkdir("m", 0755);
	SHOW(mount("x", "m", "tmpfs", 0, "mode=755"));
	copy_self("m/raise");
	try("m/raise", "suid");
	SHOW(mount("x", "m", "tmpfs", MS_REMOUNT | MS_NOSUID, ""));
	try("m/raise", "nosuid");
	SHOW(umount("m"));
	leave("nosuid.d");
	return 0;
}
