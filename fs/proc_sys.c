/*
 * /proc/sys: what the kernel goes by, in Linux's places (Documentation/admin-guide/sysctl). A
 * number that can be set is a struct proc_number beside what uses it, and a line in a table here.
 */
#include "proc.h"

#include <commit.h>
#include <ipc.h>
#include <fail.h>
#include <machine.h>
#include <mm.h>
#include <mount.h>
#include <oom.h>
#include <random.h>
#include <reclaim.h>
#include <task.h>
#include <writeback.h>

#define SHOW_TEXT(name, value) \
	static int name(struct proc_text *text, struct process *process) \
	{ \
		(void)process; \
		proc_print(text, "%s\n", value); \
		return 0; \
	}
#define SHOW_NUMBER(name, value) \
	static int name(struct proc_text *text, struct process *process) \
	{ \
		(void)process; \
		proc_print(text, "%u\n", (unsigned)(value)); \
		return 0; \
	}

SHOW_TEXT(show_hostname, machine_hostname())
SHOW_TEXT(show_domainname, machine_domainname())
SHOW_TEXT(show_osrelease, UTS_RELEASE)
SHOW_TEXT(show_ostype, UTS_SYSNAME)
SHOW_TEXT(show_uts_version, UTS_VERSION)
SHOW_NUMBER(show_pid_max, PID_MAX)
SHOW_NUMBER(show_ngroups_max, NGROUPS_MAX)
SHOW_NUMBER(show_map_count, MM_REGIONS_MAX)
SHOW_NUMBER(show_mmap_min, USER_LOWEST)

static int show_uuid(struct proc_text *text, struct process *process)
{
	uint8_t b[16];

	(void)process;
	random_bytes(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40; /* version 4, RFC 4122 4.4 */
	b[8] = (b[8] & 0x3f) | 0x80;
	for (unsigned i = 0; i < sizeof(b); i++)
		proc_print(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
	proc_print(text, "\n");
	return 0;
}

/* ---- promised memory: of the two ways to say how much may be the last one said counts ---- */

static int ratio_is_set(int32_t value)
{
	(void)value;
	commit_policy.limit_kb = 0;
	return 0;
}

static int limit_is_set(int32_t value)
{
	(void)value;
	commit_policy.ratio = 0;
	return 0;
}

static const struct proc_number overcommit = { .value = &commit_policy.overcommit,
					       .minimum = COMMIT_GUESS,
					       .maximum = COMMIT_NEVER };
static const struct proc_number overcommit_ratio = { .value = &commit_policy.ratio,
						     .minimum = INT32_MIN,
						     .maximum = INT32_MAX,
						     .set = ratio_is_set };
static const struct proc_number overcommit_kbytes = { .natural = &commit_policy.limit_kb,
						      .set = limit_is_set };
static const struct proc_number admin_reserve = { .natural = &commit_policy.admin_reserve_kb };
static const struct proc_number user_reserve = { .natural = &commit_policy.user_reserve_kb };

static const struct proc_number shmmax = { .natural = &shm_limits.max };
static const struct proc_number shmall = { .natural = &shm_limits.all };
static const struct proc_number shmmni = { .value = &shm_limits.mni, .maximum = IPC_PLACES };

static int set_fail_nth(int32_t nth)
{
	fail_set_system((uint32_t)nth);
	return 0;
}

static const struct proc_number fail_nth = { .value = &fail_system_nth,
					     .maximum = INT32_MAX,
					     .set = set_fail_nth };

static const struct proc_number fail_io = { .value = &fail_io_nth, .maximum = INT32_MAX };
static const struct proc_number fail_io_often = { .value = &fail_io_interval,
						  .maximum = INT32_MAX };

/* ---- caches ---- */

static int32_t dropped_last;

/* As on Linux 1 is pages, 2 names and inodes, 4 no line in the log. */
static int drop_caches(int32_t what)
{
	if (what & 1)
		caches_drop_pages();
	if (what & 2)
		caches_drop_names();
	return 0;
}

static const struct proc_number drop_caches_number = {
	.value = &dropped_last, .minimum = 1, .maximum = 4, .set = drop_caches
};

/* ---- reclaim ---- */

static int set_min_free(int32_t kb)
{
	reclaim_set_min_free((uint32_t)kb);
	return 0;
}

static const struct proc_number min_free = { .value = &reclaim_min_free_kb,
					     .maximum = INT32_MAX,
					     .set = set_min_free };
static const struct proc_number swappiness = { .value = &reclaim_swappiness, .maximum = 200 };

/* ---- dirty pages: of a ratio and a number of bytes the last one set counts ---- */

/* Called before the number is stored. Linux's bounds: two pages, a byte. */
static int dirty_bytes_set(int32_t value)
{
	if ((uint32_t)value < 2 * PAGE_SIZE)
		return -EINVAL;
	writeback_policy.ratio = 0;
	writeback_policy_changed();
	return 0;
}

static int background_bytes_set(int32_t value)
{
	if (!value)
		return -EINVAL;
	writeback_policy.background_ratio = 0;
	writeback_policy_changed();
	return 0;
}

static int dirty_ratio_set(int32_t value)
{
	(void)value;
	writeback_policy.bytes = 0;
	writeback_policy_changed();
	return 0;
}

static int background_ratio_set(int32_t value)
{
	(void)value;
	writeback_policy.background_bytes = 0;
	writeback_policy_changed();
	return 0;
}

static int interval_set(int32_t value)
{
	(void)value;
	writeback_wake();
	return 0;
}

static const struct proc_number dirty_ratio = { .value = &writeback_policy.ratio,
						.maximum = 100,
						.set = dirty_ratio_set };
static const struct proc_number background_ratio = { .value = &writeback_policy.background_ratio,
						     .maximum = 100,
						     .set = background_ratio_set };
static const struct proc_number dirty_bytes = { .natural = &writeback_policy.bytes,
						.set = dirty_bytes_set };
static const struct proc_number background_bytes = { .natural = &writeback_policy.background_bytes,
						     .set = background_bytes_set };
static const struct proc_number dirty_expire = { .value = &writeback_policy.expire_cs,
						 .maximum = INT32_MAX };
static const struct proc_number dirty_interval = { .value = &writeback_policy.interval_cs,
						   .maximum = INT32_MAX,
						   .set = interval_set };

/* ---- when memory is out ---- */

static const struct proc_number oom_dump = { .value = &oom_policy.dump_tasks,
					     .minimum = INT32_MIN,
					     .maximum = INT32_MAX };
static const struct proc_number oom_kill_allocating = { .value = &oom_policy.kill_allocating,
							.minimum = INT32_MIN,
							.maximum = INT32_MAX };
static const struct proc_number panic_on_oom = { .value = &oom_policy.panic, .maximum = 2 };

/* ---- the tables ---- */

static const struct proc_entry random_entries[] = { PROC_FILE("uuid", 0444, show_uuid),
						    { .name = NULL } };

static const struct proc_entry sys_fs_entries[] = {
	PROC_FILE("dentry-state", 0444, proc_show_dentry_state),
	PROC_FILE("inode-nr", 0444, proc_show_inode_nr),
	PROC_FILE("inode-state", 0444, proc_show_inode_state),
	{ .name = NULL }
};

static const struct proc_entry sys_kernel_entries[] = {
	PROC_FILE("domainname", 0444, show_domainname),
	PROC_FILE("hostname", 0444, show_hostname),
	PROC_FILE("ngroups_max", 0444, show_ngroups_max),
	PROC_FILE("osrelease", 0444, show_osrelease),
	PROC_FILE("ostype", 0444, show_ostype),
	PROC_FILE("pid_max", 0444, show_pid_max),
	PROC_DIRECTORY("random", random_entries),
	PROC_NUMBER("shmall", 0644, &shmall),
	PROC_NUMBER("shmmax", 0644, &shmmax),
	PROC_NUMBER("shmmni", 0644, &shmmni),
	PROC_FILE("version", 0444, show_uts_version),
	{ .name = NULL }
};

static const struct proc_entry sys_vm_entries[] = {
	PROC_NUMBER("admin_reserve_kbytes", 0644, &admin_reserve),
	PROC_NUMBER("fail_io", 0644, &fail_io),
	PROC_NUMBER("fail_io_interval", 0644, &fail_io_often),
	PROC_NUMBER("dirty_background_bytes", 0644, &background_bytes),
	PROC_NUMBER("dirty_background_ratio", 0644, &background_ratio),
	PROC_NUMBER("dirty_bytes", 0644, &dirty_bytes),
	PROC_NUMBER("dirty_expire_centisecs", 0644, &dirty_expire),
	PROC_NUMBER("dirty_ratio", 0644, &dirty_ratio),
	PROC_NUMBER("dirty_writeback_centisecs", 0644, &dirty_interval),
	PROC_NUMBER("drop_caches", 0200, &drop_caches_number),
	PROC_NUMBER("fail_nth", 0644, &fail_nth),
	PROC_FILE("max_map_count", 0444, show_map_count),
	PROC_NUMBER("min_free_kbytes", 0644, &min_free),
	PROC_FILE("mmap_min_addr", 0444, show_mmap_min),
	PROC_NUMBER("oom_dump_tasks", 0644, &oom_dump),
	PROC_NUMBER("oom_kill_allocating_task", 0644, &oom_kill_allocating),
	PROC_NUMBER("overcommit_kbytes", 0644, &overcommit_kbytes),
	PROC_NUMBER("overcommit_memory", 0644, &overcommit),
	PROC_NUMBER("overcommit_ratio", 0644, &overcommit_ratio),
	PROC_NUMBER("panic_on_oom", 0644, &panic_on_oom),
	PROC_NUMBER("swappiness", 0644, &swappiness),
	PROC_NUMBER("user_reserve_kbytes", 0644, &user_reserve),
	{ .name = NULL }
};

const struct proc_entry proc_sys_entries[] = { PROC_DIRECTORY("fs", sys_fs_entries),
					       PROC_DIRECTORY("kernel", sys_kernel_entries),
					       PROC_DIRECTORY("vm", sys_vm_entries),
					       { .name = NULL } };
