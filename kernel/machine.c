/*
 * The machine as a whole: what it is called, how it is doing, and turning it off.
 */
#include <machine.h>

#include <abi/errno.h>
#include <abi/machine.h>
#include <assert.h>
#include <boot.h>
#include <clock.h>
#include <drivers.h>
#include <frame.h>
#include <log.h>
#include <mount.h>
#include <signal.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>

#define LOAD_SHIFT 11	      /* fraction bits of sched_load, */
#define SYSINFO_LOAD_SHIFT 16 /* and of sysinfo */
#define RESTART_TEXT_MAX 256

static char hostname[UTS_SIZE] = "loft";
static bool reboot_key_enabled = true;
static char domainname[UTS_SIZE] = "(none)";

_Static_assert(sizeof(((struct utsname *)NULL)->nodename) == UTS_SIZE, "names fit");

const char *machine_hostname(void)
{
	return hostname;
}

const char *machine_domainname(void)
{
	return domainname;
}

/* ---- names */

int32_t sys_uname(struct utsname __user *to)
{
	struct utsname names = {
		.sysname = UTS_SYSNAME,
		.release = UTS_RELEASE,
		.version = UTS_VERSION,
		.machine = UTS_MACHINE,
	};

	strlcpy(names.nodename, hostname, sizeof(names.nodename));
	strlcpy(names.domainname, domainname, sizeof(names.domainname));
	return copy_to_user(to, &names, sizeof(names));
}

int32_t sys_old_uname(struct old_utsname __user *to)
{
	struct old_utsname names = {
		.sysname = UTS_SYSNAME,
		.release = UTS_RELEASE,
		.version = UTS_VERSION,
		.machine = UTS_MACHINE,
	};

	strlcpy(names.nodename, hostname, sizeof(names.nodename));
	return copy_to_user(to, &names, sizeof(names));
}

/* The first one's names are cut to eight characters. */
int32_t sys_oldold_uname(struct oldold_utsname __user *to)
{
	struct oldold_utsname names;

	memset(&names, 0, sizeof(names));
	strlcpy(names.sysname, UTS_SYSNAME, sizeof(names.sysname));
	strlcpy(names.nodename, hostname, sizeof(names.nodename));
	strlcpy(names.release, UTS_RELEASE, sizeof(names.release));
	strlcpy(names.version, UTS_VERSION, sizeof(names.version));
	strlcpy(names.machine, UTS_MACHINE, sizeof(names.machine));
	return copy_to_user(to, &names, sizeof(names));
}

static int32_t set_name(char *name, const char __user *from, int32_t size)
{
	char fresh[UTS_SIZE] = "";

	if (!current_is_root())
		return -EPERM;
	if (size < 0 || size >= UTS_SIZE)
		return -EINVAL;
	if (copy_from_user(fresh, from, size) != 0)
		return -EFAULT;
	memcpy(name, fresh, UTS_SIZE);
	return 0;
}

int32_t sys_sethostname(const char __user *name, int32_t size)
{
	return set_name(hostname, name, size);
}

int32_t sys_setdomainname(const char __user *name, int32_t size)
{
	return set_name(domainname, name, size);
}

/* ---- state */

/* What is there to be used: not the firmware's memory and not the kernel's image. */
static uint32_t usable_frames(const struct frame_counts *counts)
{
	return counts->total - counts->by_kind[FRAME_RESERVED] - counts->by_kind[FRAME_IMAGE];
}

static uint32_t high_bytes(void)
{
	uint32_t bytes = 0;

	for (unsigned i = 0; i < boot_info.nram; i++) {
		const struct boot_range *ram = &boot_info.ram[i];

		bytes += ram->end - MIN(ram->end, MAX(ram->start, frame_low_end()));
	}
	return bytes;
}

/* As many pages as bytes of them can be told in 32 bits; with more, pages are told. */
#define NPAGES_IN_BYTES (1u << (32 - PAGE_SHIFT))

int32_t sys_sysinfo(struct sysinfo __user *to)
{
	struct sysinfo info;
	struct frame_counts counts;
	unsigned running, total;
	uint32_t unit;

	memset(&info, 0, sizeof(info));
	frame_count(&counts);
	sched_load(info.loads, &running, &total);
	for (unsigned i = 0; i < ARRAY_SIZE(info.loads); i++)
		info.loads[i] <<= SYSINFO_LOAD_SHIFT - LOAD_SHIFT;
	info.uptime = DIV_ROUND_UP(clock_monotonic_ns(), NSEC_PER_SEC);
	unit = usable_frames(&counts) + swap_total_npages < NPAGES_IN_BYTES ? 1 : PAGE_SIZE;
	info.total_ram = usable_frames(&counts) * (PAGE_SIZE / unit);
	info.free_ram = (counts.free_low + counts.free_high) * (PAGE_SIZE / unit);
	info.total_swap = swap_total_npages * (PAGE_SIZE / unit);
	info.free_swap = swap_free_npages * (PAGE_SIZE / unit);
	info.total_high = high_bytes() / unit;
	info.free_high = counts.free_high * (PAGE_SIZE / unit);
	info.processes = process_count();
	info.mem_unit = unit;
	return copy_to_user(to, &info, sizeof(info));
}

/* ---- the end */

void machine_reboot_key(void)
{
	struct process *init;

	if (reboot_key_enabled)
		power_reboot();
	init = process_find(1);
	if (init)
		signal_send_process(init, SIGINT, NULL);
}

static bool magic_is_right(uint32_t magic, uint32_t magic2)
{
	return magic == REBOOT_MAGIC && (magic2 == REBOOT_MAGIC2 || magic2 == REBOOT_MAGIC2A ||
					 magic2 == REBOOT_MAGIC2B || magic2 == REBOOT_MAGIC2C);
}

static int32_t restart_with_text(const char __user *text)
{
	char copy[RESTART_TEXT_MAX];
	int size = strncpy_from_user(copy, text, sizeof(copy));

	if (size == -EFAULT)
		return -EFAULT;
	copy[sizeof(copy) - 1] = '\0';
	superblocks_shut_down();
	log_notice("machine: restarting, \"%s\"", copy);
	power_reboot();
}

int32_t sys_reboot(uint32_t magic, uint32_t magic2, uint32_t command, const void __user *argument)
{
	if (!current_is_root())
		return -EPERM;
	if (!magic_is_right(magic, magic2))
		return -EINVAL;
	switch (command) {
	case REBOOT_CMD_CAD_ON:
	case REBOOT_CMD_CAD_OFF:
		reboot_key_enabled = command == REBOOT_CMD_CAD_ON;
		return 0;
	case REBOOT_CMD_RESTART:
		superblocks_shut_down();
		log_notice("machine: restarting");
		power_reboot();
	case REBOOT_CMD_RESTART2:
		return restart_with_text(argument);
	case REBOOT_CMD_HALT:
		superblocks_shut_down();
		log_notice("machine: halted");
		power_halt();
	case REBOOT_CMD_POWER_OFF:
		superblocks_shut_down();
		log_notice("machine: power off");
		power_off();
	}
	return -EINVAL;
}
