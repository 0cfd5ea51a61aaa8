/*
 * arguments: a process 1 that shows what reached it from the kernel's command line, and switches
 * the machine off. Each argument and each pair of the environment is a line of its own.
 */
#include "../../user/libc/libc.h"

#define TCSBRK 0x5409 /* with 1: until all is sent, as tcdrain */
#define REBOOT_MAGIC1 0xfee1dead
#define REBOOT_MAGIC2 672274793
#define REBOOT_POWER_OFF 0x4321fedc

int main(int argc, char **argv, char **envp)
{
	for (int i = 0; i < argc; i++)
		print("@argument %s.\n", argv[i]);
	for (int i = 0; envp[i]; i++)
		print("@environment %s.\n", envp[i]);
	print("@end\n");
	syscall3(SYS_ioctl, 1, TCSBRK, 1);
	syscall4(SYS_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_POWER_OFF, 0);
	return 1;
}
