/*
 * init: process 1 of an image without busybox, or on a processor that cannot run it.
 *
 * Mounts /proc, keeps a shell running on the console, collects the children that others left
 * behind, and on SIGUSR2 (which is what `poweroff` sends, here and in busybox), SIGUSR1 (halt)
 * or SIGTERM (reboot) ends everything.
 */
#include "libc/libc.h"

#define TIOCSCTTY 0x540e
#define MS_NOSUID 2
#define MS_NODEV 4

enum { SYS_mkdir = 39 };

#define REBOOT_MAGIC1 0xfee1dead
#define REBOOT_MAGIC2 672274793
#define REBOOT_POWER_OFF 0x4321fedc
#define REBOOT_HALT 0xcdef0123
#define REBOOT_RESTART 0x01234567

static volatile int asked; /* the signal that asked for the end */

static void note_signal(int sig, struct siginfo *info, struct ucontext *context)
{
	(void)info;
	(void)context;
	asked = sig;
}

static void open_console(void)
{
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	if (open("/dev/console", O_RDWR, 0) < 0)
		open("/dev/null", O_RDWR, 0);
	syscall3(SYS_dup2, 0, 1, 0);
	syscall3(SYS_dup2, 0, 2, 0);
}

static bool has_busybox(void)
{
	int fd = open("/bin/busybox", O_RDONLY, 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int start_shell(char **envp)
{
	int child = fork();
	if (child != 0)
		return child;
	static char *const arguments[] = { "-sh", NULL };
	syscall3(SYS_setsid, 0, 0, 0);
	open_console();
	syscall3(SYS_ioctl, 0, TIOCSCTTY, 0);
	syscall3(SYS_chdir, "/", 0, 0);
	int32_t error = syscall3(SYS_execve, "/bin/loft-sh", arguments, envp);
	print("init: /bin/loft-sh: error %d\n", -error);
	exit(1);
}

static void __attribute__((noreturn)) end_everything(void)
{
	uint32_t command = asked == SIGUSR2   ? REBOOT_POWER_OFF
			   : asked == SIGUSR1 ? REBOOT_HALT
					      : REBOOT_RESTART;
	kill(-1, SIGTERM);
	syscall3(SYS_sync, 0, 0, 0);
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	syscall4(SYS_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, command, 0);
	print("init: the machine cannot be switched off\n");
	for (;;)
		waitpid(-1, NULL, 0);
}

int main(int argc, char **argv, char **envp)
{
	static char *const environment[] = { "PATH=/bin:/sbin", "HOME=/root", "TERM=linux", NULL };
	(void)argc;
	(void)argv;
	(void)envp;
	open_console();
	if (syscall6(SYS_mount, (uint32_t) "proc", (uint32_t) "/proc", (uint32_t) "proc", 0, 0, 0))
		print("init: /proc cannot be mounted\n");
	/* POSIX shared memory has its names here. */
	syscall3(SYS_mkdir, "/dev/shm", 0755, 0);
	if (syscall6(SYS_mount, (uint32_t) "tmpfs", (uint32_t) "/dev/shm", (uint32_t) "tmpfs",
		     MS_NOSUID | MS_NODEV, (uint32_t) "mode=1777", 0))
		print("init: /dev/shm cannot be mounted\n");
	on_signal(SIGUSR1, note_signal, 0);
	on_signal(SIGUSR2, note_signal, 0);
	on_signal(SIGTERM, note_signal, 0);
	print("%s: here are Loft's own init and a small shell.\n"
	      "help lists its commands; poweroff ends it.\n",
	      has_busybox() ? "Debian's busybox wants an i686 processor"
			    : "This image has no busybox");

	int shell = start_shell((char **)environment);
	while (!asked) {
		int ended = waitpid(-1, NULL, 0);
		if (ended == shell && ended > 0 && !asked)
			shell = start_shell((char **)environment);
	}
	end_everything();
}
