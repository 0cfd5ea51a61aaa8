/*
 * vsyscall: a process 1 for any processor that shows the first bytes at AT_SYSINFO, makes system
 * calls through it, and switches the machine off.
 */
#include "../../user/libc/libc.h"

#define AT_SYSINFO 32
#define CODE_SIZE 13 /* three pushes, four bytes to enter, the INT, three pops, RET */
#define TCSBRK 0x5409
#define REBOOT_MAGIC1 0xfee1dead
#define REBOOT_MAGIC2 672274793
#define REBOOT_POWER_OFF 0x4321fedc

static const uint8_t *entry;

static int call_through(int number, uint32_t a, const void *b, uint32_t c)
{
	int result;
	__asm__ volatile("call *%1"
			 : "=a"(result)
			 : "D"(entry), "0"(number), "b"(a), "c"(b), "d"(c)
			 : "memory");
	return result;
}

int main(int argc, char **argv, char **envp)
{
	char **end = envp;
	(void)argc;
	(void)argv;
	while (*end)
		end++;
	for (uint32_t *pair = (uint32_t *)(end + 1); pair[0]; pair += 2)
		if (pair[0] == AT_SYSINFO)
			entry = (const uint8_t *)pair[1];
	print("code ");
	for (int i = 0; i < CODE_SIZE; i++)
		print("%x%x", entry[i] >> 4, entry[i] & 15);
	print("\npid %d\n", call_through(SYS_getpid, 0, NULL, 0));
	call_through(SYS_write, 1, "written\n", 8);
	syscall3(SYS_ioctl, 1, TCSBRK, 1);
	syscall4(SYS_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_POWER_OFF, 0);
	return 1;
}
