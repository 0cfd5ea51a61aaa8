/*
 * Structures and numbers of uname, sysinfo, reboot and syslog in the Linux i386 ABI
 * (linux/utsname.h, linux/sysinfo.h, linux/reboot.h, linux/syslog.h).
 */
#ifndef LOFT_ABI_MACHINE_H
#define LOFT_ABI_MACHINE_H

#include <types.h>

struct utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

struct old_utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65];
};

struct oldold_utsname {
	char sysname[9], nodename[9], release[9], version[9], machine[9];
};

struct sysinfo {
	int32_t uptime;					      /* seconds */
	uint32_t loads[3];				      /* 16 fraction bits */
	uint32_t total_ram, free_ram, shared_ram, buffer_ram; /* in mem_unit bytes */
	uint32_t total_swap, free_swap;
	uint16_t processes, pad;
	uint32_t total_high, free_high;
	uint32_t mem_unit;
	char fill[8];
};
_Static_assert(sizeof(struct sysinfo) == 64, "as the ABI has it");

#define REBOOT_MAGIC 0xfee1deadu
#define REBOOT_MAGIC2 672274793u
#define REBOOT_MAGIC2A 85072278u
#define REBOOT_MAGIC2B 369367448u
#define REBOOT_MAGIC2C 537993216u

#define REBOOT_CMD_RESTART 0x01234567u
#define REBOOT_CMD_HALT 0xcdef0123u
#define REBOOT_CMD_CAD_ON 0x89abcdefu
#define REBOOT_CMD_CAD_OFF 0u
#define REBOOT_CMD_POWER_OFF 0x4321fedcu
#define REBOOT_CMD_RESTART2 0xa1b2c3d4u

enum syslog_action {
	SYSLOG_CLOSE,
	SYSLOG_OPEN,
	SYSLOG_READ,
	SYSLOG_READ_ALL,
	SYSLOG_READ_CLEAR,
	SYSLOG_CLEAR,
	SYSLOG_CONSOLE_OFF,
	SYSLOG_CONSOLE_ON,
	SYSLOG_CONSOLE_LEVEL,
	SYSLOG_SIZE_UNREAD,
	SYSLOG_SIZE_BUFFER
};

#endif
