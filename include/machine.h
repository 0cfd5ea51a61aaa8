/*
 * The machine as a whole: its name, its state, its end.
 */
#ifndef LOFT_MACHINE_H
#define LOFT_MACHINE_H

#include <types.h>

#define UTS_SYSNAME "Linux"
#define UTS_RELEASE "6.1.0-loft"
#define UTS_VERSION "#1 Loft 0.1 (i386, virtual memory)"
#define UTS_MACHINE "i686"
#define UTS_SIZE 65 /* of each name, with its end */

/* The node's and the domain's name now; for /proc/sys/kernel too. */
const char *machine_hostname(void);
const char *machine_domainname(void);

/*
 * Ctrl-Alt-Delete was pressed, from the keyboard's interrupt handler: restarts the machine or,
 * once init has asked for that with reboot(2), sends it a SIGINT.
 */
void machine_reboot_key(void);

/* ---- doorways */
struct utsname;
struct old_utsname;
struct oldold_utsname;
struct sysinfo;
int32_t sys_uname(struct utsname __user *to);
int32_t sys_old_uname(struct old_utsname __user *to);
int32_t sys_oldold_uname(struct oldold_utsname __user *to);
int32_t sys_sethostname(const char __user *name, int32_t size);
int32_t sys_setdomainname(const char __user *name, int32_t size);
int32_t sys_sysinfo(struct sysinfo __user *to);
int32_t sys_reboot(uint32_t magic, uint32_t magic2, uint32_t command, const void __user *argument);
/* kernel/syslog.c */
int32_t sys_syslog(int32_t action, char __user *buffer, int32_t size);

#endif
